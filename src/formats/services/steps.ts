import type { GroupSettings } from '../../manifest/service-settings.ts';
import type { Accounts, PackagedService, ServiceStep } from '../../packages/service-plan.ts';
import { quoteShell } from '../quote-shell.ts';
import { renderTemplate } from '../templates.ts';

/** The command that makes a package's accounts where there is systemd-sysusers; empty where there is no systemd. */
export function sysusersCommand({ sysusers, file }: Accounts): string {
  if (file === undefined) return '';
  const lines = sysusers.map(quoteShell).join(' ');
  return `printf '%s\\n' ${lines} | systemd-sysusers --replace=${quoteShell(file)} -`;
}

/** Every group that the accounts need, once: those that are declared, then the users' own and further ones. */
export function groupsOf({ users, groups }: Accounts): readonly GroupSettings[] {
  const named = users.flatMap((user) => [user.group, ...user.groups]).map((name) => ({ name, gid: undefined }));
  const all = [...groups, ...named];
  return all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index);
}

function words(services: readonly PackagedService[]): string {
  return services.map(({ unit }) => quoteShell(unit)).join(' ');
}

/** What systemd calls all that runs of a service: the instances of a template are matched by a pattern. */
function running(services: readonly PackagedService[]): string {
  return services.map((service) => quoteShell(patternOf(service))).join(' ');
}

function patternOf({ unit, template }: PackagedService): string {
  return template ? unit.replace('@.', '@*.') : unit;
}

/** What is done for a service when a Debian package is configured again, after its new files were unpacked. */
interface UpgradeAction {
  readonly unit: string;
  readonly verb: 'start' | 'restart' | 'try-restart';
  /** The file that says that it ran before it was stopped; empty when it was not stopped. */
  readonly marker: string;
}

/** A file that is there while a service is stopped for an upgrade. */
function markerOf({ unit }: Pick<PackagedService, 'unit'>): string {
  return `/run/${unit}.halted`;
}

/**
 * As debhelper's dh_installsystemd: what is started at installation is restarted whether it runs or not, so that a
 * service which the new version has added is started; deb-systemd-invoke leaves alone what is disabled.
 */
function upgradeActions(services: readonly PackagedService[]): readonly UpgradeAction[] {
  return services.flatMap((service): readonly UpgradeAction[] => {
    const { unit, template, start, restartOnUpgrade, stopOnUpgrade } = service;
    if (template) return restartOnUpgrade ? [{ unit: patternOf(service), verb: 'try-restart', marker: '' }] : [];
    if (stopOnUpgrade) return [{ unit, verb: 'start', marker: markerOf(service) }];
    if (restartOnUpgrade) return [{ unit, verb: start ? 'restart' : 'try-restart', marker: '' }];
    return start ? [{ unit, verb: 'start', marker: '' }] : [];
  });
}

/** The shell text of what a script does for services. */
export function renderServiceStep({ format, init, moment, services }: ServiceStep): string {
  const plain = services.filter(({ template }) => !template);
  return renderTemplate(
    `spec-templates/services/scripts/${format}-${init}.ejs`,
    {
      moment,
      services,
      units: words(services),
      running: running(services),
      restarted: running(services.filter(({ restartOnUpgrade, stopOnUpgrade }) => restartOnUpgrade && !stopOnUpgrade)),
      actions: upgradeActions(services),
      halted: services.filter(({ stopOnUpgrade }) => stopOnUpgrade),
      plain,
      enabled: plain.filter(({ enable }) => enable === true),
      disabled: plain.filter(({ enable }) => enable === false),
      preset: plain.filter(({ enable }) => enable === 'preset'),
      started: plain.filter(({ start }) => start),
      join: words,
      marker: markerOf,
    },
    quoteShell,
  );
}

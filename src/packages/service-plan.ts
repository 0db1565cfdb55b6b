import type { Distribution } from '../distributions/distribution.ts';
import type { GroupSettings, ServicePolicy, UserSettings } from '../manifest/service-settings.ts';
import type { PackageFormat } from '../model/format.ts';

/** A service as the scripts of a package handle it. */
export interface PackagedService extends ServicePolicy {
  /** What its init system calls it: `fleet-control.service`, or `fleet-control` for upstart and sysv. */
  readonly unit: string;
  /** Whether it is one that can be enabled and started by this name: a template cannot. */
  readonly template: boolean;
}

/** The accounts that a package makes. */
export interface Accounts {
  readonly users: readonly UserSettings[];
  readonly groups: readonly GroupSettings[];
  /** Lines of sysusers.d(5) that say the same, for systems that have systemd-sysusers. */
  readonly sysusers: readonly string[];
  /** The file of the package that holds these lines; undefined where there is no systemd. */
  readonly file: string | undefined;
  /** The shell of users that may not log in. */
  readonly nologin: string;
}

/** What the scripts of a package do for its services. */
export interface ServicePlan {
  readonly init: Distribution['init'];
  readonly services: readonly PackagedService[];
  readonly accounts: Accounts;
  /** Absolute paths of directories that go with all in them when a package is purged. */
  readonly purged: readonly string[];
  /** Those that go after them if they are empty, innermost first. */
  readonly purgedParents: readonly string[];
}

/** The plan of a package without services and users. */
export const noServices: ServicePlan = {
  init: 'systemd',
  services: [],
  accounts: { users: [], groups: [], sysusers: [], file: undefined, nologin: '/usr/sbin/nologin' },
  purged: [],
  purgedParents: [],
};

/** Whether a package makes users or groups. */
export function hasAccounts({ accounts }: ServicePlan): boolean {
  return accounts.users.length + accounts.groups.length > 0;
}

/**
 * When something is done for services:
 * `configure` (deb) after the first installation or an upgrade, `resume` (deb) when the package stays after all,
 * `install` (rpm) after the first installation, `refresh` (rpm) after an upgrade, by the new version's scriptlet,
 * `replaced` (rpm) after an upgrade, by the old version's, `halt` before the files of an upgrade are unpacked,
 * `continue` (rpm) after everything, `remove` before the files go, `removed` afterwards, `purge` (deb).
 */
export type ServiceMoment =
  'configure' | 'resume' | 'install' | 'refresh' | 'replaced' | 'halt' | 'continue' | 'remove' | 'removed' | 'purge';

/** What a script does for services at one moment. */
export interface ServiceStep {
  readonly kind: 'services';
  readonly format: PackageFormat;
  readonly init: Distribution['init'];
  readonly moment: ServiceMoment;
  readonly services: readonly PackagedService[];
}

/** Whether a moment concerns a service at all. */
function concerns(moment: ServiceMoment, { restartOnUpgrade, stopOnUpgrade }: PackagedService): boolean {
  if (moment === 'halt' || moment === 'continue') return stopOnUpgrade;
  return moment === 'replaced' ? restartOnUpgrade && !stopOnUpgrade : true;
}

/** The step of a script for the services of a package; none when there is nothing to do. */
export function serviceSteps(moment: ServiceMoment, plan: ServicePlan, format: PackageFormat): readonly ServiceStep[] {
  const services = plan.services.filter((service) => concerns(moment, service));
  const { init } = plan;
  const idle = services.length === 0 || (init !== 'systemd' && idleWithoutSystemd[format].includes(moment));
  return idle ? [] : [{ kind: 'services', format, init, moment, services }];
}

/** upstart sees its jobs by itself; init scripts are registered and removed at other moments. */
const idleWithoutSystemd: Readonly<Record<PackageFormat, readonly ServiceMoment[]>> = {
  deb: ['removed'],
  rpm: ['refresh', 'removed'],
};

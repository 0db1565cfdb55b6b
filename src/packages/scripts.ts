import type { PackageFormat } from '../model/format.ts';
import type { BytecodePolicy, ContentEntry, PackageDefinition, PackageScripts } from './definition.ts';
import { integrationSteps, type IntegrationMoment, type IntegrationStep } from './integration/steps.ts';
import { hasAccounts, serviceSteps, type Accounts, type ServiceMoment, type ServiceStep } from './service-plan.ts';

/** One thing that a script does; each kind has a template of the same name in `spec-templates/shell/`. */
export type ShellStep =
  | { readonly kind: 'fragment'; readonly text: string }
  | { readonly kind: 'compile-bytecode'; readonly bytecode: BytecodePolicy }
  | { readonly kind: 'discard-bytecode'; readonly bytecode: BytecodePolicy }
  | { readonly kind: 'remove-leftovers'; readonly bytecode: BytecodePolicy }
  | { readonly kind: 'remove-prefix'; readonly bytecode: BytecodePolicy }
  | { readonly kind: 'apply-owners'; readonly entries: readonly OwnedEntry[] }
  | { readonly kind: 'mark-installation'; readonly marker: string }
  | { readonly kind: 'forget-installation'; readonly marker: string }
  | {
      readonly kind: 'after-configuration';
      readonly marker: string;
      readonly first: readonly ShellStep[];
      readonly again: readonly ShellStep[];
    }
  | IntegrationStep
  | { readonly kind: 'create-accounts'; readonly accounts: Accounts }
  | {
      readonly kind: 'purge-directories';
      readonly name: string;
      readonly paths: readonly string[];
      readonly parents: readonly string[];
    }
  | ServiceStep;

/** A path that has to be given to somebody else than root. */
interface OwnedEntry {
  readonly path: string;
  /** `owner:group`. */
  readonly owner: string;
  /** Octal digits. */
  readonly mode: string;
}

/** What a script does for some of the states in which the package manager calls it. */
export interface ScriptBranch {
  /** deb: first arguments. rpm: one of `install`, `upgrade`, `removal`, `replacement`, `always`. */
  readonly states: readonly string[];
  readonly steps: readonly ShellStep[];
}

export interface PlannedScript {
  /** `postinst`, `%preun` without its percent sign. */
  readonly name: string;
  readonly branches: readonly ScriptBranch[];
}

type Moment =
  | keyof PackageScripts
  | 'compile-bytecode'
  | 'discard-bytecode'
  | 'remove-leftovers'
  | 'remove-prefix'
  | 'apply-owners'
  | 'mark-installation'
  | 'forget-installation'
  | 'after-configuration'
  | IntegrationMoment
  | 'create-accounts'
  | 'purge-directories'
  | `services-${ServiceMoment}`;

type StateTable = Readonly<
  Record<string, readonly { readonly states: readonly string[]; readonly moments: readonly Moment[] }[]>
>;

/**
 * What dpkg calls and when (Debian Policy 6.5, 6.6). In every state that is not listed a script has nothing to do and
 * succeeds: `triggered`, `abort-*`, `failed-upgrade`, `deconfigure`, `disappear`.
 *
 * dpkg tells `postinst` the last configured version also when a package comes back after `remove` without `purge`, so
 * `preinst install` leaves a mark by which the two are told apart.
 *
 * Services come after the hooks of the same script, as debhelper's part of a script comes after the maintainer's: what
 * a hook prepares is there when they start, and what it takes leave of still runs.
 */
const debianStates = {
  preinst: [
    { states: ['install'], moments: ['mark-installation', 'beforeInstall'] },
    { states: ['upgrade'], moments: ['beforeUpgrade'] },
  ],
  postinst: [
    {
      states: ['configure'],
      moments: [
        'create-accounts',
        'apply-owners',
        'compile-bytecode',
        'create-tmpfiles',
        'after-configuration',
        'reload-rsyslog',
        'services-configure',
      ],
    },
    // prerm discarded the bytecode of a package that now stays after all, and stopped its services.
    { states: ['abort-upgrade', 'abort-remove'], moments: ['compile-bytecode', 'services-resume'] },
    { states: ['abort-deconfigure'], moments: ['services-resume'] },
  ],
  prerm: [
    { states: ['remove'], moments: ['beforeRemove', 'services-remove', 'discard-bytecode'] },
    // The old package's directories have to be empty when dpkg removes them after unpacking the new one.
    { states: ['upgrade'], moments: ['services-halt', 'discard-bytecode'] },
    // The earlier version's prerm has failed, and has perhaps stopped nothing.
    { states: ['failed-upgrade'], moments: ['services-halt'] },
  ],
  postrm: [
    { states: ['remove'], moments: ['afterRemove', 'remove-leftovers', 'services-removed'] },
    {
      states: ['purge'],
      moments: [
        'afterPurge',
        'remove-prefix',
        'services-purge',
        'purge-directories',
        'remove-tmpfiles',
        // Configuration files, those for rsyslog too, stay until now.
        'reload-rsyslog',
      ],
    },
    { states: ['abort-install'], moments: ['forget-installation'] },
  ],
} as const satisfies StateTable;

/**
 * What rpm calls and when (RPM documentation, "Scriptlets"; `$1` is the number of instances that will be installed).
 * The new package's `%pre` and `%post` run while the old package's files are still there, therefore bytecode is
 * compiled in `%posttrans` only: compiled earlier, it would keep the old package's directories from being removed.
 * For the same reason nothing is discarded in `%preun`: of a package that another one obsoletes it runs when the bytecode
 * there is the other one's already. RPM knows no purge, so nothing runs afterPurge. Other programs are told to read the
 * package's files in `%posttrans`, when those of the old package are gone.
 * Accounts are made before the files are unpacked, because rpm gives each file its owner at once.
 */
const rpmStates = {
  pre: [
    { states: ['always'], moments: ['create-accounts'] },
    { states: ['install'], moments: ['beforeInstall'] },
    { states: ['upgrade'], moments: ['beforeUpgrade', 'services-halt', 'discard-bytecode'] },
  ],
  post: [
    { states: ['install'], moments: ['create-tmpfiles', 'afterInstall', 'services-install'] },
    { states: ['upgrade'], moments: ['create-tmpfiles', 'afterUpgrade', 'services-refresh'] },
  ],
  preun: [{ states: ['removal'], moments: ['beforeRemove', 'services-remove'] }],
  postun: [
    {
      states: ['removal'],
      moments: [
        'afterRemove',
        'remove-leftovers',
        'services-removed',
        'remove-tmpfiles',
        'reload-rsyslog',
        'reload-firewalld',
      ],
    },
    { states: ['replacement'], moments: ['services-replaced'] },
  ],
  posttrans: [
    { states: ['always'], moments: ['compile-bytecode', 'reload-rsyslog', 'reload-firewalld', 'services-continue'] },
  ],
} as const satisfies StateTable;

const tables = { deb: debianStates, rpm: rpmStates } as const satisfies Record<PackageFormat, StateTable>;

/** Octal digits of permission bits, four of them, as chmod and %attr take them. */
export function octalMode(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function belongsToRoot({ owner, group }: ContentEntry): boolean {
  return owner === 'root' && group === 'root';
}

function fragments(texts: readonly string[]): readonly ShellStep[] {
  return texts.map((text) => ({ kind: 'fragment', text }));
}

function isServiceMoment(moment: Moment): moment is `services-${ServiceMoment}` {
  return moment.startsWith('services-');
}

function stepsOf(moment: Moment, definition: PackageDefinition): readonly ShellStep[] {
  const { bytecode, scripts, services } = definition;
  if (isServiceMoment(moment)) {
    const which = moment.slice('services-'.length) as ServiceMoment;
    return serviceSteps(which, services, definition.distribution.format);
  }
  const marker = `/run/${definition.name}.installing`;
  // Only where after-install and after-upgrade differ does it matter which of them it is.
  const marked = scripts.afterInstall.length + scripts.afterUpgrade.length > 0;
  switch (moment) {
    case 'compile-bytecode':
      return bytecode?.compileAtInstall === true ? [{ kind: moment, bytecode }] : [];
    case 'discard-bytecode':
    case 'remove-leftovers':
    case 'remove-prefix':
      return bytecode === undefined ? [] : [{ kind: moment, bytecode }];
    case 'apply-owners': {
      // A symbolic link's owner is of no consequence, and chown would follow it to somebody else's file.
      const entries = definition.contents
        .filter((entry) => entry.kind !== 'symlink' && !belongsToRoot(entry))
        .map(({ path, owner, group, mode }) => ({ path, owner: `${owner}:${group}`, mode: octalMode(mode) }));
      return entries.length === 0 ? [] : [{ kind: moment, entries }];
    }
    case 'mark-installation':
    case 'forget-installation':
      return marked ? [{ kind: moment, marker }] : [];
    case 'after-configuration':
      return marked
        ? [{ kind: moment, marker, first: fragments(scripts.afterInstall), again: fragments(scripts.afterUpgrade) }]
        : [];
    case 'create-accounts':
      return hasAccounts(services) ? [{ kind: moment, accounts: services.accounts }] : [];
    case 'purge-directories':
      return services.purged.length === 0
        ? []
        : [{ kind: moment, name: definition.name, paths: services.purged, parents: services.purgedParents }];
    case 'beforeInstall':
    case 'afterInstall':
    case 'beforeUpgrade':
    case 'afterUpgrade':
    case 'beforeRemove':
    case 'afterRemove':
    case 'afterPurge':
      return fragments(scripts[moment]);
    case 'create-tmpfiles':
    case 'remove-tmpfiles':
    case 'reload-rsyslog':
    case 'reload-firewalld':
      return integrationSteps(moment, definition.integration);
  }
}

/**
 * The scripts that a package needs, each with what it does in which state; scripts that would do nothing are left out.
 * Pure: `formats/` turns them into shell.
 */
export function planScripts(definition: PackageDefinition): readonly PlannedScript[] {
  const table: StateTable = tables[definition.distribution.format];
  return Object.entries(table)
    .map(([name, branches]) => ({
      name,
      branches: branches
        .map(({ states, moments }) => ({ states, steps: moments.flatMap((moment) => stepsOf(moment, definition)) }))
        .filter(({ steps }) => steps.length > 0),
    }))
    .filter(({ branches }) => branches.length > 0);
}

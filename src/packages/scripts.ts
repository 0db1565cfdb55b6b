import type { PackageFormat } from '../model/format.ts';
import type { BytecodePolicy, ContentEntry, PackageDefinition, PackageScripts } from './definition.ts';
import { integrationSteps, type IntegrationMoment, type IntegrationStep } from './integration/steps.ts';

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
  | IntegrationStep;

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
  /** deb: first arguments. rpm: one of `install`, `upgrade`, `removal`, `always`. */
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
  | IntegrationMoment;

type StateTable = Readonly<
  Record<string, readonly { readonly states: readonly string[]; readonly moments: readonly Moment[] }[]>
>;

/**
 * What dpkg calls and when (Debian Policy 6.5, 6.6). In every state that is not listed a script has nothing to do and
 * succeeds: `triggered`, `abort-*`, `failed-upgrade`, `deconfigure`, `disappear`.
 *
 * dpkg tells `postinst` the last configured version also when a package comes back after `remove` without `purge`, so
 * `preinst install` leaves a mark by which the two are told apart.
 */
const debianStates = {
  preinst: [
    { states: ['install'], moments: ['mark-installation', 'beforeInstall'] },
    { states: ['upgrade'], moments: ['beforeUpgrade'] },
  ],
  postinst: [
    {
      states: ['configure'],
      moments: ['apply-owners', 'compile-bytecode', 'create-tmpfiles', 'after-configuration', 'reload-rsyslog'],
    },
    // prerm discarded the bytecode of a package that now stays after all.
    { states: ['abort-upgrade', 'abort-remove'], moments: ['compile-bytecode'] },
  ],
  prerm: [
    { states: ['remove'], moments: ['beforeRemove', 'discard-bytecode'] },
    // The old package's directories have to be empty when dpkg removes them after unpacking the new one.
    { states: ['upgrade'], moments: ['discard-bytecode'] },
  ],
  postrm: [
    { states: ['remove'], moments: ['afterRemove', 'remove-leftovers'] },
    // Configuration files, those for rsyslog too, stay until now.
    { states: ['purge'], moments: ['afterPurge', 'remove-prefix', 'remove-tmpfiles', 'reload-rsyslog'] },
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
 */
const rpmStates = {
  pre: [
    { states: ['install'], moments: ['beforeInstall'] },
    { states: ['upgrade'], moments: ['beforeUpgrade', 'discard-bytecode'] },
  ],
  post: [
    { states: ['install'], moments: ['create-tmpfiles', 'afterInstall'] },
    { states: ['upgrade'], moments: ['create-tmpfiles', 'afterUpgrade'] },
  ],
  preun: [{ states: ['removal'], moments: ['beforeRemove'] }],
  postun: [
    {
      states: ['removal'],
      moments: ['afterRemove', 'remove-leftovers', 'remove-tmpfiles', 'reload-rsyslog', 'reload-firewalld'],
    },
  ],
  posttrans: [{ states: ['always'], moments: ['compile-bytecode', 'reload-rsyslog', 'reload-firewalld'] }],
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

function stepsOf(moment: Moment, definition: PackageDefinition): readonly ShellStep[] {
  const { bytecode, scripts } = definition;
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

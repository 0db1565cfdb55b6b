import type { Distribution } from '../../distributions/distribution.ts';
import { quoteShell } from '../../formats/quote-shell.ts';

/** A package in a version of its own. */
export interface NamedVersion {
  readonly name: string;
  /** `[epoch:]version-release`. */
  readonly version: string;
}

/**
 * The commands of a package manager, one line each, for root's shell. None of them asks: what is pasted as one block
 * would be taken for the answer.
 */
export interface ManagerCommands {
  readonly install: (names: readonly string[]) => readonly string[];
  /** Another version than the newest, also over a newer one; the first is what is meant, the others go with it. */
  readonly installVersion: (packages: readonly NamedVersion[]) => readonly string[];
  /** A sentence: what becomes of a newer version that is installed. */
  readonly overNewer: string;
  readonly upgrade: (names: readonly string[], repository: string) => readonly string[];
  /**
   * What is newest in a repository that is switched off, also over what is installed; the repository stays off.
   * Undefined where no option does that.
   */
  readonly installFrom: ((repository: string, names: readonly string[]) => readonly string[]) | undefined;
  /** With what only they needed. */
  readonly remove: (names: readonly string[]) => readonly string[];
}

const replaced = 'Where a newer one is installed, it takes its place.';

function words(...parts: readonly (string | readonly string[])[]): string {
  return parts.flat().map(quoteShell).join(' ');
}

const versions = (packages: readonly NamedVersion[], separator: string): readonly string[] =>
  packages.map(({ name, version }) => `${name}${separator}${version}`);

/**
 * Another version with apt-get(8), which resolves to the newest version of each package: those that go together are all
 * named. What is named counts as wanted for its own sake; apt-mark(8) takes that back for the companions, or they would
 * stay for ever.
 */
function aptVersion(packages: readonly NamedVersion[], options: readonly string[]): readonly string[] {
  const companions = packages.slice(1).map(({ name }) => name);
  return [
    'apt-get update',
    words('apt-get', 'install', '-y', options, versions(packages, '=')),
    ...(companions.length === 0 ? [] : [words('apt-mark', 'auto', companions)]),
  ];
}

const apt: ManagerCommands = {
  install: (names) => ['apt-get update', words('apt-get', 'install', '-y', names)],
  installVersion: (packages) => aptVersion(packages, ['--allow-downgrades']),
  overNewer: replaced,
  upgrade: (names) => ['apt-get update', words('apt-get', 'install', '-y', '--only-upgrade', names)],
  installFrom: undefined,
  remove: (names) => [words('apt-get', 'purge', '-y', '--auto-remove', names)],
};

/**
 * Before apt 1.1 there was no `--allow-downgrades`; dpkg 1.18 came with that one. With `-y` it goes back only when
 * `--force-yes` is there, which also takes what is not signed (apt-get(8)): so a person has to be asked.
 */
const oldApt: ManagerCommands = {
  ...apt,
  installVersion: (packages) => aptVersion(packages, []),
  overNewer: 'Where a newer one is installed, leave out -y, and say yes when apt asks whether to go back.',
};

/** dnf(8), of dnf 4 and 5; what a version needs comes along, in its version. */
const dnf: ManagerCommands = {
  install: (names) => [words('dnf', 'install', '-y', names)],
  installVersion: (packages) => [words('dnf', 'install', '-y', versions(packages.slice(0, 1), '-'))],
  overNewer: replaced,
  upgrade: (names) => [words('dnf', 'upgrade', '-y', '--refresh', names)],
  // Without --best dnf is content with what is installed.
  installFrom: (repository, names) => [words('dnf', 'install', '-y', '--best', `--enablerepo=${repository}`, names)],
  remove: (names) => [words('dnf', 'remove', '-y', names)],
};

/** yum(8), of yum 3: its `install` never goes back to an older version, that is `downgrade`. */
const yum: ManagerCommands = {
  install: (names) => [words('yum', 'install', '-y', names)],
  installVersion: (packages) => [words('yum', 'install', '-y', versions(packages, '-'))],
  overNewer: 'Where a newer one is installed, say downgrade instead of install.',
  upgrade: (names) => ['yum clean expire-cache', words('yum', 'upgrade', '-y', names)],
  installFrom: (repository, names) => [words('yum', 'install', '-y', `--enablerepo=${repository}`, names)],
  remove: (names) => [words('yum', 'remove', '-y', '--setopt=clean_requirements_on_remove=1', names)],
};

/**
 * zypper(8). A package that is named counts as asked for, and outlives what it came for; one that only has to follow an
 * older version may do so by `--allow-downgrade`.
 */
const zypper: ManagerCommands = {
  install: (names) => [words('zypper', '--non-interactive', 'install', names)],
  installVersion: (packages) => [
    words(
      'zypper',
      '--non-interactive',
      'install',
      '--oldpackage',
      '--allow-downgrade',
      versions(packages.slice(0, 1), '='),
    ),
  ],
  overNewer: replaced,
  upgrade: (names, repository) => [
    words('zypper', '--non-interactive', 'refresh', repository),
    words('zypper', '--non-interactive', 'update', names),
  ],
  installFrom: undefined,
  remove: (names) => [words('zypper', '--non-interactive', 'remove', '--clean-deps', names)],
};

const managers = { apt, dnf, dnf5: dnf, yum, zypper } as const satisfies Record<
  Distribution['packageManager'],
  ManagerCommands
>;

/** Whether apt installs package files by their path, `./acme-release.deb`: from 1.1 on, which came with dpkg 1.18. */
export function aptTakesFiles({ dpkg }: { readonly dpkg: string }): boolean {
  return !/^1\.1[0-7]\./.test(dpkg);
}

/** The commands of a distribution's package manager. */
export function managerOf(distribution: Distribution): ManagerCommands {
  if (distribution.format === 'deb' && !aptTakesFiles(distribution.deb)) return oldApt;
  return managers[distribution.packageManager];
}

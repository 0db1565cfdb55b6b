import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { Distribution } from '../../src/distributions/distribution.ts';
import { failureText, mustRun, requireTools, type Outcome } from './machine.ts';
import { debianRoot, Root, type DebianRelease } from './roots.ts';

/** The Debian release whose own Python is of the given minor version. */
const releaseWithPython: Readonly<Record<string, DebianRelease>> = {
  '3.9': 'debian-11',
  '3.11': 'debian-12',
  '3.13': 'debian-13',
};

function isAtMost(version: string, limit: string): boolean {
  const [left, right] = [version, limit].map((text) => text.split('.').map(Number)) as [number[], number[]];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return true;
}

function counted(prefix: string, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${prefix}${String(from + index)}`);
}

/** Symbol versions as the libraries' own documentation counts them; a distribution has those up to its limit. */
const symbolVersions = {
  GLIBC: ['2.2.5', '2.3', '2.3.2', '2.3.3', '2.3.4', ...counted('2.', 4, 60)],
  GCC: [
    '3.0',
    '3.3',
    '3.3.1',
    '3.4',
    '3.4.2',
    '3.4.4',
    '4.0.0',
    '4.2.0',
    '4.3.0',
    '4.7.0',
    '4.8.0',
    '7.0.0',
    '12.0.0',
    '13.0.0',
    '14.0.0',
  ],
  GLIBCXX: ['3.4', ...counted('3.4.', 1, 40)],
  CXXABI: ['1.3', ...counted('1.3.', 1, 20)],
  ZLIB: ['1.2.0', '1.2.2', '1.2.2.3', '1.2.3.4', '1.2.5.2', '1.2.9', '1.2.12'],
} as const;

const libraries = {
  'libc.so.6': 'GLIBC',
  'libm.so.6': 'GLIBC',
  'libdl.so.2': 'GLIBC',
  'libpthread.so.0': 'GLIBC',
  'librt.so.1': 'GLIBC',
  'libutil.so.1': 'GLIBC',
  'libresolv.so.2': 'GLIBC',
  'libnsl.so.1': 'GLIBC',
  'libanl.so.1': 'GLIBC',
  'libmvec.so.1': 'GLIBC',
  // glibc's up to EL 7; afterwards libxcrypt's, or of libxcrypt-compat, with the same symbols.
  'libcrypt.so.1': 'GLIBC',
  'ld-linux-x86-64.so.2': 'GLIBC',
  'libgcc_s.so.1': 'GCC',
  'libstdc++.so.6': 'GLIBCXX',
  'libz.so.1': 'ZLIB',
} as const;

/** The capabilities that a distribution's libraries provide, as rpm's elfdeps writes them. */
function libraryCapabilities(distribution: Distribution): readonly string[] {
  const capabilities = ['rtld(GNU_HASH)'];
  for (const [library, family] of Object.entries(libraries)) {
    capabilities.push(`${library}()(64bit)`);
    const families = family === 'GLIBCXX' ? (['GLIBCXX', 'CXXABI'] as const) : ([family] as const);
    for (const each of families) {
      const limit = distribution.abi[each];
      const versions = symbolVersions[each].filter((version) => limit !== undefined && isAtMost(version, limit));
      capabilities.push(...versions.map((version) => `${library}(${each}_${version})(64bit)`));
    }
  }
  return capabilities;
}

function minorOf(distribution: Distribution): string {
  return distribution.python.version.split('.').slice(0, 2).join('.');
}

/**
 * A package without files that stands for the distribution: it provides its interpreter, the symbol versions of its
 * libraries up to the distribution's own, and the given names. What needs more than the distribution has is refused.
 */
function baseSpec(distribution: Distribution, names: readonly string[]): string {
  const provides = [
    `python(abi) = ${minorOf(distribution)}`,
    distribution.python.path,
    distribution.python.package,
    '/bin/sh',
    '/usr/bin/sh',
    '/usr/bin/find',
    'shadow-utils',
    ...names,
    ...libraryCapabilities(distribution),
  ];
  return [
    'Name: standin-base',
    'Version: 1',
    'Release: 1',
    'Summary: Stands for the base of a distribution',
    'License: MIT',
    'BuildArch: noarch',
    ...provides.map((capability) => `Provides: ${capability}`),
    '%description',
    'For tests.',
    '%files',
    '',
  ].join('\n');
}

/** A root in which rpm and dnf of this machine install packages, with something that stands for the base system. */
export class RpmRoot extends Root {
  /** Whether the interpreter is what its name says; otherwise it is a link to another minor version. */
  readonly hasRealPython: boolean;
  readonly #home: string;
  #dnfRuns = 0;

  constructor(path: string, hasRealPython: boolean) {
    super(path);
    this.hasRealPython = hasRealPython;
    this.#home = join(path, 'var/tmp/rpm-home');
  }

  /** Debian's rpm keeps its database in the caller's home; here every tool has to use the root's. */
  async prepare(): Promise<void> {
    await mkdir(this.#home, { recursive: true });
    await writeFile(join(this.#home, '.rpmmacros'), '%_dbpath /var/lib/rpm\n%_pkgverify_level digest\n');
    await this.mustRpm('--initdb');
  }

  /** Runs this machine's rpm on the root. */
  async rpm(...args: readonly string[]): Promise<Outcome> {
    return this.beside(['rpm', '--root', this.path, ...args], { env: { HOME: this.#home } });
  }

  /** As {@link rpm}, for what has to succeed. Returns its stdout. */
  async mustRpm(...args: readonly string[]): Promise<string> {
    const outcome = await this.rpm(...args);
    if (outcome.exitCode !== 0) throw new Error(failureText(['rpm', ...args], outcome));
    return outcome.stdout;
  }

  /** Runs this machine's dnf on the root; its only repository is the given directory, which createrepo_c indexed. */
  async dnf(repository: string, ...args: readonly string[]): Promise<Outcome> {
    return this.beside(
      [
        'dnf',
        '--assumeyes',
        `--installroot=${this.path}`,
        `--repofrompath=local,file://${repository}`,
        '--disablerepo=*',
        '--enablerepo=local',
        '--nogpgcheck',
        '--noplugins',
        '--releasever=1',
        '--setopt=reposdir=/nonexistent',
        '--setopt=install_weak_deps=False',
        // One of its own each time: dnf takes an index of the same second for the one that it knows.
        `--setopt=cachedir=${join(this.#home, `dnf-${String(++this.#dnfRuns)}`)}`,
        ...args,
      ],
      { env: { HOME: this.#home } },
    );
  }

  /** As {@link dnf}, for what has to succeed. Returns its stdout. */
  async mustDnf(repository: string, ...args: readonly string[]): Promise<string> {
    const outcome = await this.dnf(repository, ...args);
    if (outcome.exitCode !== 0) throw new Error(failureText(['dnf', ...args], outcome));
    return outcome.stdout;
  }

  /** Writes and installs the package that stands for the distribution. */
  async installBase(distribution: Distribution, names: readonly string[]): Promise<void> {
    await this.mustRpm('--install', ...(await buildBase(distribution, names, join(this.#home, 'base'))));
  }
}

/** Builds the package that stands for a distribution in a directory, which is made; returns its path. */
async function buildBase(
  distribution: Distribution,
  names: readonly string[],
  work: string,
): Promise<readonly string[]> {
  await mkdir(work, { recursive: true });
  await writeFile(join(work, 'base.spec'), baseSpec(distribution, names));
  await mustRun([
    'rpmbuild',
    '-bb',
    '--define',
    `_topdir ${work}`,
    '--define',
    '_rpmdir %{_topdir}',
    join(work, 'base.spec'),
  ]);
  return (await readdir(join(work, 'noarch'))).map((name) => join(work, 'noarch', name));
}

/**
 * Writes a tarball of a root that passes for a distribution with rpm and, unlike {@link rpmRoot}, has an rpm of its own.
 * @param output absolute path of the tarball
 */
export async function rpmTarball(distribution: Distribution, names: readonly string[], output: string): Promise<void> {
  await requireTools('rpmbuild');
  const release = releaseWithPython[minorOf(distribution)];
  if (release === undefined) throw new Error(`no release of Debian has the Python of ${distribution.id}`);
  await using root = await debianRoot(release, ['python3', 'rpm']);
  await writeFile(join(root.path, 'root/.rpmmacros'), '%_dbpath /var/lib/rpm\n%_pkgverify_level digest\n');
  await root.must(['rpm', '--initdb']);
  const base = await root.copyIn(await buildBase(distribution, names, join(root.path, 'var/tmp/base')));
  await root.must(['rpm', '--install', ...base]);
  // Every distribution with rpm has these; the release of Debian that stands for it may not.
  for (const directory of ['lib/systemd/system', 'lib/sysusers.d', 'lib/tmpfiles.d', 'share/licenses'])
    await mkdir(join(root.path, 'usr', directory), { recursive: true });
  await mustRun(['tar', '--directory', root.path, '--create', '--gzip', '--file', output, '.']);
}

/**
 * A fresh root that passes for a distribution with rpm: Debian's programs and libraries, the distribution's interpreter
 * where a Debian release has the same minor version, and a package that provides what the distribution's base does.
 * @param names further packages that the distribution has
 */
export async function rpmRoot(distribution: Distribution, names: readonly string[] = []): Promise<RpmRoot> {
  await requireTools('rpm', 'rpmbuild', 'dnf', 'createrepo_c');
  const release = releaseWithPython[minorOf(distribution)];
  const { path } = await debianRoot(release ?? 'debian-12', ['python3']);
  const root = new RpmRoot(path, release !== undefined);
  const interpreter = join(path, distribution.python.path);
  if (!existsSync(interpreter)) await symlink('python3', interpreter);
  await root.prepare();
  await root.installBase(distribution, names);
  return root;
}

/** Makes a directory of packages a repository. */
export async function createYumRepository(directory: string): Promise<void> {
  await mustRun(['createrepo_c', '--quiet', '--compatibility', directory]);
}

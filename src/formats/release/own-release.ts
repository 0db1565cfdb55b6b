import { cp, lstat, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';

import type { Distribution } from '../../distributions/distribution.ts';
import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import type { ReleaseSettings } from '../../manifest/manifest.ts';
import { independentArchitecture } from '../../model/format.ts';
import { formatPackageName } from '../../packages/names.ts';
import type { OwnRelease, PlannedRelease } from '../../plan/build-plan.ts';
import type { CommandResult, CommandSpec } from '../../system/command.ts';
import { isErrno, temporaryDirectory } from '../../system/files.ts';
import { specQueryCommand, type SpecBuild } from '../../system/tools/rpmbuild.ts';
import type { PackagerPorts } from '../packager.ts';
import { releaseDate } from './package.ts';

const place = 'release-packaging';

function invalid(path: string, what: string, hint: string, details: readonly string[] = []): CoachbuilderError {
  return new CoachbuilderError('manifest-invalid', `${path} ${what}`, { hint, details });
}

async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** What cannot be copied is refused by its name, before a tool fails on it. */
async function requireCopyable(own: OwnRelease): Promise<OwnRelease> {
  // As `openWorkshop` takes them: the links of a tree go into the package as they are.
  const look = own.kind === 'spec' ? stat : lstat;
  for (const file of own.files) {
    const facts = await look(file).catch((error: unknown) => {
      if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
      throw error;
    });
    if (facts === undefined)
      throw invalid(file, 'is a link that leads nowhere', 'remove it, or put there what it names');
    if (facts.isFile() || facts.isDirectory() || facts.isSymbolicLink()) continue;
    throw invalid(file, 'is a pipe, a socket or a device', 'remove it: a release package is made of files');
  }
  return own;
}

/**
 * Looks for a release package that the project describes itself: `release-packaging/<vendor>/`, a directory for each
 * repository key, with a spec and its sources; or with a tree as dpkg-deb packs it, `DEBIAN/control` and all.
 * @param manifestDirectory absolute
 * @returns undefined when there is no such directory: then the release package is ours to define
 * @throws CoachbuilderError `manifest-invalid` when the directory holds nothing to build, more than one spec, a pipe, or a
 * link beside a spec that leads nowhere
 */
export async function findOwnRelease(
  manifestDirectory: string,
  { vendor, format }: Pick<Distribution, 'vendor' | 'format'>,
): Promise<OwnRelease | undefined> {
  const directory = join(manifestDirectory, place, vendor);
  const facts = await stat(directory).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  });
  if (facts?.isDirectory() !== true) return undefined;
  const files = await filesBelow(directory);
  if (format === 'deb') {
    const control = join(directory, 'DEBIAN/control');
    if (files.includes(control)) return await requireCopyable({ kind: 'tree', directory, files: [control, ...files] });
    throw invalid(
      directory,
      'has no DEBIAN/control',
      'a release package of your own for apt is a directory as dpkg-deb --build packs it: DEBIAN/control, DEBIAN/conffiles, etc/, usr/; remove the directory to have the release package made of the manifest',
    );
  }
  const specs = files.filter((file) => /^[^/]+\.spec$/.test(relative(directory, file)));
  const [spec, second] = specs;
  if (spec !== undefined && second === undefined)
    return await requireCopyable({ kind: 'spec', directory, files: [spec, ...files] });
  throw invalid(
    directory,
    spec === undefined ? 'has no spec' : 'has more than one spec',
    'keep one .spec there, with its sources beside it; without the directory the release package is made of the manifest',
    specs.map((file) => basename(file)),
  );
}

/** Macros that a spec for a distribution may ask for, as the distribution's own rpm has them. */
function macrosOf(distribution: Distribution): Readonly<Record<string, string>> {
  if (distribution.format !== 'rpm') return {};
  const { dist } = distribution.rpm;
  const [, family, major] = /^\.(el|fc)(\d+)/.exec(dist) ?? [];
  return {
    dist,
    // Every rpm reads it; what this machine's would choose, the distribution's may not.
    _binary_payload: 'w9.gzdio',
    ...(family === undefined || major === undefined ? {} : { [family === 'el' ? 'rhel' : 'fedora']: major }),
  };
}

/** A copy of a directory of the project's, in which tools may work. */
export interface Workshop extends AsyncDisposable {
  /** Absolute path of the directory for what tools write. */
  readonly path: string;
  /** Absolute path of the copy. */
  readonly copy: string;
}

/** Copies a release package of the project's own to a place without characters that mean more to a shell. */
export async function openWorkshop(own: OwnRelease, ports: PackagerPorts): Promise<Workshop> {
  const directory = await temporaryDirectory(ports.environments.base['TMPDIR'] ?? '/tmp', 'coachbuilder-release');
  const copy = join(directory.path, 'SOURCES');
  try {
    await mkdir(join(directory.path, 'BUILD'), { recursive: true });
    // A spec installs what it names; a tree is packed as it stands, with its links.
    const links = own.kind === 'spec' ? { dereference: true } : { verbatimSymlinks: true };
    await cp(own.directory, copy, { recursive: true, ...links });
  } catch (error) {
    await directory[Symbol.asyncDispose]();
    throw error;
  }
  return { path: directory.path, copy, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}

/** What to tell rpm's tools of a spec in a workshop. */
export function specBuild(
  own: OwnRelease,
  distribution: Distribution,
  { workshop, ports }: { readonly workshop: Workshop; readonly ports: PackagerPorts },
): SpecBuild {
  return {
    spec: join(workshop.copy, basename(own.files[0])),
    topdir: workshop.path,
    macros: macrosOf(distribution),
    epoch: releaseDate,
    env: ports.environments.base,
  };
}

/** The last words of a tool, with the project's own paths. */
function wordsOf({ stdout, stderr }: CommandResult, own: OwnRelease, workshop: Workshop): readonly string[] {
  const said = (text: string): readonly string[] =>
    text
      .replaceAll(workshop.copy, own.directory)
      // The shell's script that rpmbuild makes of a section.
      .replaceAll(/\/\S+\/rpm-tmp\.\w+/g, own.files[0])
      .split('\n')
      .map((line) => line.trim())
      // A trace of the shell that runs a section.
      .filter((line) => line !== '' && !line.startsWith('+ '));
  const errors = said(stderr);
  const lines = errors.length > 0 ? errors : said(stdout);
  // rpmbuild says some of it twice.
  return [...new Set(lines)].filter((line) => !lines.includes(`error: ${line}`)).slice(-12);
}

/**
 * Runs a tool on a release package of the project's own.
 * @throws CoachbuilderError `command-failed` with the tool's words, and the file that they are about
 */
export async function runOn(
  own: OwnRelease,
  command: CommandSpec,
  { workshop, ports }: { readonly workshop: Workshop; readonly ports: PackagerPorts },
): Promise<CommandResult> {
  const result = await ports.commands.tryRun(command);
  if (result.exitCode === 0) return result;
  throw new CoachbuilderError('command-failed', `${command.tool} cannot build ${own.files[0]}`, {
    details: wordsOf(result, own, workshop),
    hint: 'correct the file; it is built as it is, with the files beside it as its sources',
  });
}

interface Described {
  readonly name: string;
  readonly epoch: string;
  readonly version: string;
  readonly release: string;
  readonly architecture: string;
}

async function describeSpec(
  own: OwnRelease,
  distribution: Distribution,
  ports: PackagerPorts,
): Promise<readonly Described[]> {
  await using workshop = await openWorkshop(own, ports);
  const command = specQueryCommand(specBuild(own, distribution, { workshop, ports }));
  const { stdout } = await runOn(own, command, { workshop, ports });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', epoch = '', version = '', release = '', architecture = ''] = line.split('|');
      return { name, epoch, version, release, architecture };
    });
}

/** Of the first paragraph of a control file (Debian Policy 5.1): enough to name the package. */
async function describeTree(own: OwnRelease): Promise<readonly Described[]> {
  const text = await readFile(own.files[0], 'utf8');
  const field = (name: string): string => new RegExp(`^${name}:[ \\t]*(\\S+)`, 'im').exec(text)?.[1] ?? '';
  // Debian Policy 5.6.12: the epoch ends at the first colon, the revision begins after the last hyphen.
  const [, epoch = '0', version = '', release = ''] = /^(?:(\d+):)?(.+?)(?:-([^-]*))?$/.exec(field('Version')) ?? [];
  return [{ name: field('Package'), epoch, version, release, architecture: field('Architecture') }];
}

/**
 * Finds out what a release package of the project's own is called.
 * @throws CoachbuilderError `command-failed` when rpm does not understand the spec, `manifest-invalid` when it is not one
 * package of the name that the manifest gives it, for every architecture
 */
export async function planOwnRelease(
  own: OwnRelease,
  {
    release,
    distribution,
  }: { readonly release: Pick<ReleaseSettings, 'packageName'>; readonly distribution: Distribution },
  ports: PackagerPorts,
): Promise<PlannedRelease> {
  const { format } = distribution;
  const [file] = own.files;
  const described = own.kind === 'spec' ? await describeSpec(own, distribution, ports) : await describeTree(own);
  const [only, ...others] = described;
  if (only === undefined)
    throw invalid(file, 'makes no package', 'a package needs a section %files; an empty one will do');
  if (others.length > 0) {
    const names = described.map(({ name }) => name);
    throw invalid(file, `makes ${String(names.length)} packages`, 'a release package is one: remove the others', names);
  }
  const name = formatPackageName(format, release.packageName);
  if (only.name !== name) {
    throw invalid(
      file,
      `makes the package "${only.name}", and the manifest's is "${name}"`,
      `call it ${name}, or say package-name: ${only.name} under release: in the manifest`,
    );
  }
  if (only.version === '') throw invalid(file, 'has no version', 'write the field Version');
  const architecture = independentArchitecture(format);
  if (only.architecture !== architecture) {
    const line = own.kind === 'spec' ? 'BuildArch: noarch' : 'Architecture: all';
    throw invalid(file, `makes a package for ${only.architecture || 'no architecture'}`, `say "${line}" in it`);
  }
  const version = { epoch: Number(only.epoch), version: only.version, release: only.release };
  const numbers = [version.version, version.release].filter((part) => part !== '').join('-');
  const fileName = format === 'rpm' ? `${name}-${numbers}.noarch.rpm` : `${name}_${numbers}_all.deb`;
  return { version, fileName, own };
}

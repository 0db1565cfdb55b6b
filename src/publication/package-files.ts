import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import type { Distribution } from '../distributions/distribution.ts';
import type { DistributionTable } from '../distributions/table.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PackageFile } from '../repository/index-format.ts';
import type { ChildEnvironments, CommandRunner } from '../system/command.ts';
import { digestFile, isErrno, mapConcurrently } from '../system/files.ts';
import { readRpmFacts } from '../system/rpm-file.ts';
import { debFieldsCommand } from '../system/tools/dpkg-deb.ts';
import { distributionsOf } from '../verification/package-files.ts';

/** The doors that reading packages takes. */
export interface PackageReaderPorts {
  readonly commands: CommandRunner;
  readonly environments: Pick<ChildEnvironments, 'base'>;
}

/** Files that are read at once. */
const limit = 4;

const packageNames = /\.(?:deb|rpm)$/;

/**
 * The packages that were named, and those of directories that were named, with all that is below; what is no package by
 * its name is passed over there.
 * @param paths absolute
 * @returns absolute paths, each once, in byte order
 * @throws CoachbuilderError `usage` for what is not there, is no package, or is a directory without packages
 */
export async function findPackages(paths: readonly string[]): Promise<readonly string[]> {
  const found = await mapConcurrently(paths, limit, async (path) => {
    const facts = await stat(path).catch((error: unknown) => {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    });
    if (facts?.isDirectory() !== true) return [requirePackage(path, facts?.isFile() === true)];
    const names = await readdir(path, { recursive: true });
    const packages = names.filter((name) => packageNames.test(name) && !name.endsWith('.src.rpm'));
    if (packages.length === 0) throw nothingThere(`${path} holds no .deb and no .rpm files`);
    return packages.map((name) => join(path, name));
  });
  return [...new Set(found.flat())].sort();
}

function nothingThere(message: string): CoachbuilderError {
  return new CoachbuilderError('usage', message, {
    hint: 'give the packages that build-package made, or their directory',
  });
}

function requirePackage(path: string, isFile: boolean): string {
  if (!isFile) throw nothingThere(`there is no package ${path}`);
  if (!packageNames.test(path)) throw nothingThere(`${path} is neither a .deb nor an .rpm file`);
  return path;
}

function damaged(path: string, cause?: unknown): CoachbuilderError {
  return new CoachbuilderError('archive-invalid', `${path} is no package, or a damaged one`, {
    hint: 'build it again',
    cause,
  });
}

async function debFacts(
  path: string,
  { commands, environments }: PackageReaderPorts,
): Promise<Pick<PackageFile, 'name' | 'version' | 'architecture'>> {
  const command = debFieldsCommand(path, { cwd: dirname(path), env: environments.base });
  const { exitCode, stdout, stderr } = await commands.tryRun(command);
  const [name = '', version = '', architecture = ''] = stdout.split('\n');
  if (exitCode !== 0 || name === '' || version === '' || architecture === '') throw damaged(path, new Error(stderr));
  return { name, version, architecture };
}

async function rpmFacts(path: string): Promise<Pick<PackageFile, 'name' | 'version' | 'architecture'>> {
  const facts = await readRpmFacts(path);
  if (facts === undefined) throw damaged(path);
  if (facts.isSource) throw nothingThere(`${path} is a package of sources, which nobody installs`);
  const { name, version, architecture } = facts;
  return { name, version, architecture };
}

/**
 * What package files say of themselves, in the order of the paths.
 * @param paths absolute
 * @throws CoachbuilderError `archive-invalid` for a file that is no package, `usage` for one of sources, `tool-missing`
 *   when dpkg-deb is
 */
export async function readPackageFiles(
  paths: readonly string[],
  ports: PackageReaderPorts,
): Promise<readonly PackageFile[]> {
  return mapConcurrently(paths, limit, async (path): Promise<PackageFile> => {
    const format = path.endsWith('.deb') ? 'deb' : 'rpm';
    const facts = format === 'deb' ? await debFacts(path, ports) : await rpmFacts(path);
    return { path, format, ...facts, ...(await digestFile(path)) };
  });
}

/**
 * The distributions that a package is published for: those that were named; else the one whose tag its name holds; else
 * the one whose id its directory is called by.
 * @param named that `--distribution` gave; empty for none
 * @throws CoachbuilderError `unknown-distribution` when nothing tells
 */
export function distributionsFor(
  { path, format }: Pick<PackageFile, 'path' | 'format'>,
  { named, table }: { readonly named: readonly Distribution[]; readonly table: DistributionTable },
): readonly Distribution[] {
  const ofFormat = named.filter((distribution) => distribution.format === format);
  if (ofFormat.length > 0) return ofFormat;
  const tagged = distributionsOf(path, table).filter((distribution) => distribution.format === format);
  const [only] = tagged;
  if (named.length === 0 && only !== undefined && tagged.length === 1) return [only];
  const byDirectory = table.get(basename(dirname(path)));
  if (named.length === 0 && byDirectory?.format === format) return [byDirectory];
  const ids = (tagged.length > 0 ? tagged : [...table.values()].filter((each) => each.format === format)).map(
    ({ id }) => id,
  );
  throw new CoachbuilderError('unknown-distribution', `nothing tells which distribution ${basename(path)} is for`, {
    details: [
      named.length > 0
        ? `none of ${named.map(({ id }) => id).join(', ')} takes .${format} files`
        : tagged.length > 0
          ? `its name fits ${ids.join(' and ')}`
          : `its name holds no tag of a distribution, and its directory is not called by one: ${ids.join(', ')}`,
    ],
    hint: 'name it with --distribution',
  });
}

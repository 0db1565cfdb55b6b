import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import type { Distribution } from '../distributions/distribution.ts';
import type { DistributionTable } from '../distributions/table.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { isErrno } from '../system/files.ts';

/** The release that a file's name ends in, before its architecture: deb(5), and rpm's `%_build_name_fmt`. */
const releases = {
  deb: /_[^_]*-(?<release>[^_-]+)_[^_]+\.deb$/,
  rpm: /-[^-]+-(?<release>[^-]+)\.[^.-]+\.rpm$/,
} as const;

/** Whether a file's name is that of a package for a distribution: its release ends in the distribution's tag. */
function isFor(distribution: Distribution, file: string): boolean {
  const release = releases[distribution.format].exec(basename(file))?.groups?.['release'];
  return release?.endsWith(distribution.tag) === true;
}

/**
 * The distributions that a package may be for, by the tag in its file's name.
 * `+debian1` ends no tag that `+debian11` ends, but a user's tags may be the ends of others: the longest one counts.
 */
export function distributionsOf(file: string, table: DistributionTable): readonly Distribution[] {
  const candidates = [...table.values()].filter((distribution) => isFor(distribution, file));
  const longest = Math.max(...candidates.map(({ tag }) => tag.length));
  return candidates.filter(({ tag }) => tag.length === longest);
}

/**
 * The distribution that packages are for, by the tag in their names.
 * @throws CoachbuilderError `unknown-distribution` when there is none, or several that the names do not tell apart
 */
export function deriveDistribution(files: readonly string[], table: DistributionTable): Distribution {
  const found = files.map((file) => distributionsOf(file, table));
  const [first = [], ...rest] = found;
  const common = first.filter((distribution) => rest.every((each) => each.includes(distribution)));
  const [only] = common;
  if (only !== undefined && common.length === 1) return only;
  const names = files.map((file, index) => {
    const ids = (found[index] ?? []).map(({ id }) => id);
    return `${basename(file)}: ${ids.length === 0 ? 'its name holds no tag of a distribution that we know' : ids.join(' or ')}`;
  });
  throw new CoachbuilderError('unknown-distribution', 'the packages do not tell which distribution they are for', {
    details: [...names, `distributions: ${[...table.keys()].join(', ')}`],
    hint: 'name it with --distribution; packages of several distributions are tested one distribution at a time',
  });
}

/** @throws CoachbuilderError `usage` for a file that is no package of the distribution's format */
export function requireFormat(files: readonly string[], distribution: Distribution): void {
  const wrong = files.filter((file) => !file.endsWith(`.${distribution.format}`));
  if (wrong.length === 0) return;
  throw new CoachbuilderError('usage', `${wrong.join(', ')} cannot be installed on ${distribution.title}`, {
    hint: `give .${distribution.format} files, or another distribution`,
  });
}

/** The packages of a directory of earlier ones that are for a distribution, absolute and sorted. */
export async function previousFiles(directory: string, distribution: Distribution): Promise<readonly string[]> {
  let names: readonly string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw new CoachbuilderError('usage', `there is no directory ${directory}`, {
      hint: 'give the directory that holds the packages of the previous version',
      cause: error,
    });
  }
  const files = names.filter((name) => isFor(distribution, name)).sort();
  const ofFormat = names.filter((name) => name.endsWith(`.${distribution.format}`)).sort();
  // Packages that were built without the tag are the only ones of their format.
  const found = files.length > 0 ? files : ofFormat;
  if (found.length > 0) return found.map((name) => resolve(join(directory, name)));
  throw new CoachbuilderError('usage', `${directory} holds no packages for ${distribution.title}`, {
    hint: 'give the directory that holds the packages of the previous version',
  });
}

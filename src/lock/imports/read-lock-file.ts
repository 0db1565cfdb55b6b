import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { lockFormatOf, type LockFormat } from '../../python/lock-format.ts';
import { normalizeName } from '../../python/name.ts';
import { isErrno } from '../../system/files.ts';
import { readRequirementsFiles } from '../requirements-file.ts';
import { unusable, type ImportedPackage, type LockReader, type LockScope } from './imported-lock.ts';
import { makePins, type ImportedLock } from './pins.ts';
import { readPoetryLock } from './poetry-lock.ts';
import { readPylock } from './pylock.ts';
import { markerHolds } from './scoped-marker.ts';
import { readUvLock } from './uv-lock.ts';
import { formatMarker } from '../../python/marker.ts';

const readers = {
  uv: readUvLock,
  poetry: readPoetryLock,
  pylock: readPylock,
} as const satisfies Record<Exclude<LockFormat, 'requirements'>, LockReader>;

async function readToml(path: string, read: LockReader, scope: LockScope): Promise<readonly ImportedPackage[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES')) throw error;
    throw unusable('it cannot be read', 'correct python.lock-file in the manifest');
  }
  try {
    return read(text, scope);
  } catch (error) {
    if (error instanceof CoachbuilderError || !(error instanceof Error)) throw error;
    throw unusable(`it is not valid TOML: ${error.message}`, 'restore it from version control, or lock again');
  }
}

/** What a requirements file has for a target; every line has to be pinned to one version, or to one file. */
async function readRequirements(path: string, scope: LockScope): Promise<readonly ImportedPackage[]> {
  const file = await readRequirementsFiles({ requirements: [path], constraints: [] }, { passOverProject: true });
  if (file.diagnostics.length > 0) {
    throw new CoachbuilderError('lock-file-unusable', 'it holds lines that cannot be locked', {
      hint: 'correct these lines',
      diagnostics: file.diagnostics,
    });
  }
  const markerScope = { markers: scope.markers, extras: new Set(scope.extras), groups: new Set<string>() };
  return file.requirements
    .filter(({ requirement: { marker } }) => markerHolds(marker && formatMarker(marker), markerScope))
    .map(({ requirement, hashes }) => ({
      name: normalizeName(requirement.name),
      version: /^===?([^,*]+)$/.exec(requirement.specifiers)?.[1] ?? '',
      url: requirement.url,
      files: hashes.map((sha256) => ({ fileName: undefined, sha256 })),
      unpinnable: undefined,
    }));
}

/** Names the file in whatever was found wrong with it. */
function about(path: string, error: unknown): unknown {
  if (!(error instanceof CoachbuilderError) || error.message.includes(path)) return error;
  const { code, message, hint, details, diagnostics } = error;
  return new CoachbuilderError(code, `${path} cannot be used: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    details,
    diagnostics,
    cause: error,
  });
}

/**
 * Reads a lock of another tool for one target: `uv.lock`, `poetry.lock`, `pylock.toml`, or requirements with hashes.
 * @param path absolute
 * @throws CoachbuilderError `lock-file-unusable`, `requires-python`
 */
export async function readLockFile(path: string, scope: LockScope): Promise<ImportedLock> {
  const format = lockFormatOf(path);
  try {
    if (format === undefined) {
      throw unusable(
        `${basename(path)} is not the name of a lock that is known`,
        'name a uv.lock, a poetry.lock, a pylock.toml, or a .txt with requirements and hashes',
      );
    }
    const packages =
      format === 'requirements' ? await readRequirements(path, scope) : await readToml(path, readers[format], scope);
    return { path, ...makePins(packages, scope.own) };
  } catch (error) {
    throw about(path, error);
  }
}

import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { LockedFile } from '../lock/lock.ts';
import { digestFile, isErrno, moveFileAtomic } from '../system/files.ts';

/** Where a file of the given content is kept: `wheels/<sha256>/<file name>`. */
function cachedPath(file: LockedFile, cacheDirectory: string): string {
  return join(cacheDirectory, 'wheels', file.sha256, file.fileName);
}

/**
 * Looks for a file in the cache and reads it whole, so that a damaged one is found out: it is removed.
 * @returns its absolute path; undefined when it has to be fetched
 */
export async function findCached(file: LockedFile, cacheDirectory: string): Promise<string | undefined> {
  const path = cachedPath(file, cacheDirectory);
  try {
    if ((await digestFile(path)).sha256 === file.sha256) return path;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  await rm(path, { force: true });
  return undefined;
}

/**
 * Moves a file whose content was checked into the cache; it appears there whole or not at all.
 * @param source on the cache's file system
 * @throws CoachbuilderError `disk-full`, `output-unwritable`
 */
export async function keepCached(source: string, file: LockedFile, cacheDirectory: string): Promise<string> {
  const path = cachedPath(file, cacheDirectory);
  await moveFileAtomic(source, path);
  return path;
}

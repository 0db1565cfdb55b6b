import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { digestFile, isErrno } from '../system/files.ts';
import type { BuiltWheel } from './sdist-builder.ts';

async function list(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/**
 * The wheel that an earlier build left in a directory of the cache, as `<sha256 of the wheel>/<file>`. It is read whole;
 * a damaged one is thrown away.
 */
export async function findBuiltWheel(directory: string): Promise<BuiltWheel | undefined> {
  for (const sha256 of await list(directory)) {
    const wheel = (await list(join(directory, sha256))).find((file) => file.endsWith('.whl'));
    const path = join(directory, sha256, wheel ?? '');
    if (wheel !== undefined && (await digestFile(path)).sha256 === sha256) return { path, sha256 };
    await rm(join(directory, sha256), { recursive: true, force: true });
  }
  return undefined;
}

/**
 * Moves a wheel into a directory of the cache, where {@link findBuiltWheel} finds it.
 * @param wheel alone in its directory, on the cache's file system
 */
export async function keepBuiltWheel(wheel: string, directory: string): Promise<BuiltWheel> {
  const { sha256 } = await digestFile(wheel);
  const place = join(directory, sha256);
  await mkdir(directory, { recursive: true });
  try {
    // The whole directory at once, so that there is never one with half a file.
    await rename(dirname(wheel), place);
  } catch (error) {
    // Another run was faster with the same result.
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  }
  return { path: join(place, basename(wheel)), sha256 };
}

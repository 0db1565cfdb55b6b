import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { digestFile, temporaryName, writeFailure } from '../system/files.ts';
import type { ToolPorts } from './ports.ts';

/** A file of this machine, and its digest. */
export interface KeptFile {
  /** Absolute. */
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

/**
 * Moves a file that an application's source was made into to the cache, by its content: the second of the same content
 * finds its place taken and changes nothing.
 * @param file on the cache's file system
 * @throws CoachbuilderError `disk-full`, `output-unwritable`
 */
export async function keepApplicationFile(file: string, ports: Pick<ToolPorts, 'cacheDirectory'>): Promise<KeptFile> {
  const { sha256 } = await digestFile(file);
  const directory = join(ports.cacheDirectory, 'applications', sha256);
  const path = join(directory, basename(file));
  const temporary = temporaryName(path);
  try {
    await mkdir(directory, { recursive: true });
    await rename(file, temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw writeFailure(error, path);
  }
  return { path, sha256 };
}

import { basename, join } from 'node:path';

import { digestFile, moveFileAtomic } from '../system/files.ts';
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
  const path = join(ports.cacheDirectory, 'applications', sha256, basename(file));
  await moveFileAtomic(file, path);
  return { path, sha256 };
}

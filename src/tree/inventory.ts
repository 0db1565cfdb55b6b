import { createReadStream, type Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';

import { sortByBytes } from './byte-order.ts';
import { ContentMeter } from './content-meter.ts';
import type { TreeEntry } from './tree.ts';

/**
 * Reads a tree back from the disk, to compare it with what assembling said. Nothing on the disk says which distribution a file
 * belongs to.
 * @param root absolute path of the staging root
 * @returns the prefix and everything below it, sorted by path in byte order
 */
export async function inventory(root: string, prefix: string): Promise<readonly TreeEntry[]> {
  const entries: TreeEntry[] = [];
  const visit = async (path: string): Promise<void> => {
    const absolute = join(root, path);
    const status = await lstat(absolute);
    entries.push(await describe(path, absolute, status));
    if (!status.isDirectory()) return;
    for (const name of await readdir(absolute)) await visit(posix.join(path, name));
  };
  await visit(prefix);
  return sortByBytes(entries, ({ path }) => path);
}

async function describe(path: string, absolute: string, status: Stats): Promise<TreeEntry> {
  const common = { path, mode: status.mode & 0o7777 };
  if (status.isDirectory()) return { kind: 'directory', ...common };
  if (status.isSymbolicLink()) return { kind: 'symlink', ...common, target: await readlink(absolute) };
  const meter = new ContentMeter();
  for await (const chunk of createReadStream(absolute) as AsyncIterable<Buffer>) meter.update(chunk);
  return { kind: 'file', ...common, ...meter.finish(), distribution: undefined };
}

import { chmod, copyFile, lutimes, mkdir, readdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { isErrno, mapConcurrently, writeFailure } from '../system/files.ts';
import type { ContentEntry, PackageDefinition } from './definition.ts';

/** Files of the operating system that are handled at once. */
const concurrency = 16;

/** Every directory that has to be there, outermost first; the staging root itself is the empty path. */
function directoriesOf(contents: readonly ContentEntry[]): readonly string[] {
  const directories = new Set<string>(['']);
  for (const { path, kind } of contents) {
    if (kind === 'directory') directories.add(path);
    for (let parent = dirname(path); parent !== '/' && !directories.has(parent); parent = dirname(parent)) {
      directories.add(parent);
    }
  }
  return [...directories].sort((a, b) => a.length - b.length);
}

async function materialise(entry: ContentEntry, place: string): Promise<void> {
  if (entry.kind === 'directory') return;
  if (entry.kind === 'symlink') {
    try {
      await symlink(entry.target, place);
    } catch (error) {
      const same = isErrno(error, 'EEXIST') && (await readlink(place).catch(() => undefined)) === entry.target;
      if (!same) throw error;
    }
    return;
  }
  const { source } = entry;
  switch (source.kind) {
    case 'staged':
      return;
    case 'file':
      await copyFile(source.path, place);
      break;
    case 'text':
      await writeFile(place, source.text);
      break;
    case 'bytes':
      await writeFile(place, source.bytes);
      break;
  }
  // The umask has its say when a file is made.
  await chmod(place, entry.mode);
}

/**
 * Makes a staging root hold exactly what a definition lists, with final modes and times. What the tree's assembly has
 * laid out already stays. Parents that the package does not own are made as well, 0755.
 * @param root absolute path of the staging root
 * @throws CoachbuilderError `disk-full`, `output-unwritable`
 */
export async function stagePackage(
  definition: Pick<PackageDefinition, 'contents' | 'epoch'>,
  root: string,
): Promise<void> {
  const { contents, epoch } = definition;
  const directories = directoriesOf(contents);
  const modes = new Map(contents.map(({ path, mode }) => [path, mode]));
  try {
    for (const directory of directories) {
      await mkdir(join(root, directory), { recursive: true });
      await chmod(join(root, directory), modes.get(directory) ?? 0o755);
    }
    await mapConcurrently(contents, concurrency, async (entry) => {
      await materialise(entry, join(root, entry.path));
    });
    // Last, because making an entry changes its directory's time.
    const paths = new Set([...contents.map(({ path }) => path), ...directories]);
    await mapConcurrently([...paths], concurrency, async (path) => {
      await lutimes(join(root, path), epoch, epoch);
    });
  } catch (error) {
    throw writeFailure(error, root);
  }
}

/**
 * Makes sure that a staging root holds the paths of a definition and no others: dpkg-deb packs whatever is there, and
 * rpmbuild whatever is listed.
 * @throws Error, a defect of ours, naming some of the paths
 */
export async function checkStage(
  definition: Pick<PackageDefinition, 'name' | 'contents'>,
  root: string,
): Promise<void> {
  const expected = new Map<string, ContentEntry['kind']>(
    directoriesOf(definition.contents)
      .filter((path) => path !== '')
      .map((path) => [path, 'directory']),
  );
  for (const { path, kind } of definition.contents) expected.set(path, kind);
  const strays: string[] = [];
  for (const found of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(found.parentPath, found.name).slice(root.length);
    const kind = found.isSymbolicLink() ? 'symlink' : found.isDirectory() ? 'directory' : 'file';
    if (expected.get(path) === kind) expected.delete(path);
    else strays.push(path);
  }
  if (strays.length === 0 && expected.size === 0) return;
  const some = (paths: readonly string[]): string => paths.slice(0, 5).join(', ') || 'none';
  throw new Error(
    `Internal error: the staging root of ${definition.name} differs from its definition ` +
      `(not in the definition: ${some(strays)}; not in the root: ${some([...expected.keys()])})`,
  );
}

import { posix } from 'node:path';

import type { TreeEntry, UnsearchedLibrary } from '../tree/tree.ts';
import { privateLibraries, resolveLibrary, type LoadedObject } from './loader.ts';

/** Who owns what lies at a path: of a link, whoever has files beside it or beside what it leads to. */
function ownersByPath(entries: readonly TreeEntry[]): (path: string) => readonly (string | undefined)[] {
  const files = new Map(entries.flatMap((entry) => (entry.kind === 'file' ? [[entry.path, entry.distribution]] : [])));
  const links = new Map(entries.flatMap((entry) => (entry.kind === 'symlink' ? [[entry.path, entry.target]] : [])));
  const byDirectory = new Map<string, Set<string | undefined>>();
  for (const [path, distribution] of files) {
    const directory = posix.dirname(path);
    byDirectory.set(directory, (byDirectory.get(directory) ?? new Set()).add(distribution));
  }
  const around = (path: string): Iterable<string | undefined> => byDirectory.get(posix.dirname(path)) ?? [];
  return (path) => {
    const target = links.get(path);
    if (target === undefined) return [files.get(path)];
    return [...new Set([...around(path), ...around(posix.resolve(posix.dirname(path), target))])];
  };
}

/**
 * The libraries that objects of one distribution need, that only others in the tree have, and to which no path of the
 * objects leads. Within one distribution that is its author's affair: what bundles libraries without paths of their own
 * (auditwheel's below `numpy.libs`) has them loaded by the module that needs them.
 */
export function unsearchedLibraries(
  objects: readonly LoadedObject[],
  entries: readonly TreeEntry[],
): readonly UnsearchedLibrary[] {
  const paths = entries.filter(({ kind }) => kind !== 'directory').map(({ path }) => path);
  const own = privateLibraries(paths, objects);
  const ownersOf = ownersByPath(entries);
  const named = new Map<string, Set<string>>();
  const add = (name: string, path: string): void => {
    named.set(name, (named.get(name) ?? new Set<string>()).add(path));
  };
  for (const path of paths) add(posix.basename(path), path);
  for (const { path, elf } of objects) if (elf.soname !== undefined) add(elf.soname, path);
  return objects.flatMap((object) => {
    const [owner] = ownersOf(object.path);
    return [...new Set(object.elf.needed)].flatMap((library): readonly UnsearchedLibrary[] => {
      const resolution = resolveLibrary(library, object, own);
      if (resolution.kind === 'external' || resolution.searched) return [];
      const found = [...(named.get(posix.basename(library)) ?? [])].map((path) => ({ path, owners: ownersOf(path) }));
      if (found.some(({ path, owners }) => path === object.path || owners.includes(owner))) return [];
      return [{ file: object.path, distribution: owner, library, found }];
    });
  });
}

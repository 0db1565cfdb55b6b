import { posix } from 'node:path';

import type { TreeEntry, TreeFile } from '../tree.ts';

/** A library that another file of the tree equals byte for byte. */
export interface Duplicate {
  readonly file: TreeFile;
  /** Relative, from the directory of the file. */
  readonly target: string;
}

/** `libgfortran-040039e1.so.5.0.0`; extension modules are called otherwise, and Python tells them apart by their paths. */
const libraryName = /^lib[^/]*\.so(?:\.[0-9.]+)?$/;

/**
 * Private libraries that several wheels bring, as NumPy and SciPy do with the run-time library of Fortran. The first
 * one, in the order of the paths, stays.
 *
 * What takes the place of the others is a relative symbolic link of the same name, not a hard link: the dynamic
 * loader finds it through `$ORIGIN` of whoever needs it, and takes `$ORIGIN` of the library itself from the path that it was
 * found by (ld.so(8)), so that its neighbours are found as before; RECORD stays true, because the content behind the
 * path has the same digest; and packages hold links as they are, whereas the names of one file come apart when it is
 * copied, and not every package manager puts them together again.
 */
export function findDuplicates(entries: readonly TreeEntry[], sitePackages: string): readonly Duplicate[] {
  const first = new Map<string, TreeFile>();
  const duplicates: Duplicate[] = [];
  for (const entry of entries) {
    if (entry.kind !== 'file' || entry.elf === undefined || !entry.path.startsWith(`${sitePackages}/`)) continue;
    if (!libraryName.test(posix.basename(entry.path))) continue;
    const key = `${entry.sha256} ${String(entry.mode)}`;
    const original = first.get(key);
    if (original === undefined) first.set(key, entry);
    else duplicates.push({ file: entry, target: posix.relative(posix.dirname(entry.path), original.path) });
  }
  return duplicates;
}

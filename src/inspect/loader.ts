import { posix } from 'node:path';

import type { ElfFile } from './elf.ts';

/** An ELF object of a tree, with what it tells the dynamic linker. */
export interface LoadedObject {
  /** Absolute path on the target. */
  readonly path: string;
  readonly elf: ElfFile;
}

/** Where a library that an object asks for comes from. */
export type Resolution =
  /** A file of the tree; `searched` when the dynamic linker finds it by the object's own paths. */
  { readonly kind: 'private'; readonly path: string; readonly searched: boolean } | { readonly kind: 'external' };

/** What a tree holds, as far as the dynamic linker can be led to it. */
export interface PrivateLibraries {
  /** Paths of files and links. */
  readonly paths: ReadonlySet<string>;
  /** A path for every SONAME that an object carries, and for every name of a file or link. */
  readonly byName: ReadonlyMap<string, string>;
}

/** The first path in byte order stands for a name that several files have. */
export function privateLibraries(paths: readonly string[], objects: readonly LoadedObject[]): PrivateLibraries {
  const byName = new Map<string, string>();
  const add = (name: string | undefined, path: string): void => {
    if (name !== undefined && !byName.has(name)) byName.set(name, path);
  };
  // An object that says that it is a library is a better answer than a file that happens to be named like it.
  for (const { path, elf } of objects) add(elf.soname, path);
  for (const path of paths) add(posix.basename(path), path);
  return { paths: new Set(paths), byName };
}

function expand(directory: string, path: string): string {
  const origin = posix.dirname(path);
  return posix.normalize(directory.replaceAll(/\$(?:ORIGIN|\{ORIGIN\})/g, origin));
}

/**
 * Resolves what an object names in `DT_NEEDED` as the dynamic linker does (ld.so(8)): a name with a slash is a path,
 * others are looked for in `DT_RUNPATH` or, without it, in `DT_RPATH`. What is not found there but lies elsewhere in the
 * tree is the tree's all the same: another object loads it first, or a module does with ctypes.
 */
export function resolveLibrary(library: string, { path, elf }: LoadedObject, own: PrivateLibraries): Resolution {
  if (library.includes('/')) {
    const wanted = expand(library, path);
    if (own.paths.has(wanted)) return { kind: 'private', path: wanted, searched: true };
  } else {
    for (const directory of elf.runpath.length > 0 ? elf.runpath : elf.rpath) {
      const candidate = posix.join(expand(directory, path), library);
      if (own.paths.has(candidate)) return { kind: 'private', path: candidate, searched: true };
    }
  }
  const elsewhere = own.byName.get(posix.basename(library));
  return elsewhere === undefined
    ? { kind: 'external' }
    : { kind: 'private', path: elsewhere, searched: elsewhere === path };
}

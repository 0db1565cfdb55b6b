import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { NeededLibrary, SystemNeeds, Tree } from '../tree/tree.ts';
import { readElf } from './elf.ts';
import { privateLibraries, resolveLibrary, type LoadedObject } from './loader.ts';

/**
 * The objects of a tree that the dynamic linker of a machine can load, by path.
 * @param machine `e_machine`; what is built for another one is left to the check that refuses it
 */
export async function loadObjects(tree: Tree, machine: number): Promise<readonly LoadedObject[]> {
  const objects: LoadedObject[] = [];
  for (const file of tree.entries) {
    if (file.kind !== 'file' || file.elf?.machine !== machine) continue;
    const elf = readElf(await readFile(join(tree.root, file.path)));
    if (elf !== undefined) objects.push({ path: file.path, elf });
  }
  return objects;
}

class Finding {
  readonly files = new Set<string>();
  readonly versions = new Map<string, Set<string>>();

  addVersion(version: string, path: string): void {
    const files = this.versions.get(version) ?? new Set();
    this.versions.set(version, files.add(path));
  }
}

/** By the bytes of the keys, which are ASCII. */
function sorted<Value>(map: ReadonlyMap<string, Value>): readonly (readonly [string, Value])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * What objects need from the system that they are installed on: every library that is not among them, with the versions
 * of its symbols. Weak versions do not count: the dynamic linker goes on without them.
 * @param paths of all files and links of the tree, absolute on the target
 */
export function needsOf(objects: readonly LoadedObject[], paths: readonly string[]): SystemNeeds {
  const own = privateLibraries(paths, objects);
  const found = new Map<string, Finding>();
  for (const object of objects) {
    const { path, elf } = object;
    const isExternal = (library: string): boolean => resolveLibrary(library, object, own).kind === 'external';
    const findingOf = (library: string): Finding => {
      const finding = found.get(library) ?? new Finding();
      found.set(library, finding);
      finding.files.add(path);
      return finding;
    };
    for (const library of elf.needed) if (isExternal(library)) findingOf(library);
    for (const { library, version, weak } of elf.versionNeeds) {
      if (weak !== true && isExternal(library)) findingOf(library).addVersion(version, path);
    }
  }
  const libraries = sorted(found).map(([library, { files, versions }]): NeededLibrary => ({
    library,
    files: [...files],
    versions: sorted(versions).map(([version, users]) => ({ version, files: [...users] })),
  }));
  return { libraries, gnuHash: objects.some(({ elf }) => elf.gnuHashOnly === true) };
}

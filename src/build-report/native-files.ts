import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { readElf } from '../inspect/elf.ts';
import { privateLibraries, resolveLibrary, type LoadedObject } from '../inspect/loader.ts';
import { compareDotted } from '../model/dotted.ts';
import { mapConcurrently } from '../system/files.ts';
import type { Tree } from '../tree/tree.ts';

/** A library that a program or library asks the dynamic linker for. */
export interface LibraryNeed {
  /** SONAME. */
  readonly library: string;
  /** Versions of symbols, such as `GLIBC_2.17`; sorted. */
  readonly versions: readonly string[];
  /** Path of the file of the package that is it; undefined when the system has to have it. */
  readonly privatePath: string | undefined;
}

/** A program or library of the main package. */
export interface NativeFile {
  readonly path: string;
  /** As of {@link ReportedFile}. */
  readonly owner: string;
  readonly soname: string | undefined;
  /** Where it looks first: `DT_RUNPATH`, else `DT_RPATH`. */
  readonly searched: readonly string[];
  readonly needs: readonly LibraryNeed[];
}

/** One library, and all that need it. */
export interface LibrarySummary {
  readonly library: string;
  readonly privatePath: string | undefined;
  /** How many files need it. */
  readonly users: number;
  /** Of each family of symbol versions the highest that is needed: `GLIBC_2.17`. */
  readonly highest: readonly string[];
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Reads every ELF file of a tree that lies on the disk, one after the other as they are large. */
export async function readNativeFiles(tree: Tree, ownerOf: (path: string) => string): Promise<readonly NativeFile[]> {
  const candidates = tree.entries.filter((entry) => entry.kind === 'file' && entry.elf !== undefined);
  const found = await mapConcurrently(candidates, 2, async ({ path }): Promise<LoadedObject | undefined> => {
    const elf = readElf(await readFile(join(tree.root, path)));
    return elf === undefined ? undefined : { path, elf };
  });
  return relateNativeFiles(
    found.filter((file) => file !== undefined),
    tree.entries.map(({ path }) => path),
    ownerOf,
  );
}

/**
 * Says of every library that is needed whether the package has it itself.
 * @param paths of everything in the package
 */
export function relateNativeFiles(
  files: readonly LoadedObject[],
  paths: readonly string[],
  ownerOf: (path: string) => string,
): readonly NativeFile[] {
  const own = privateLibraries([...paths].sort(byText), files);
  return [...files]
    .sort((a, b) => byText(a.path, b.path))
    .map((file): NativeFile => {
      const { path, elf } = file;
      const privatePath = (library: string): string | undefined => {
        const resolution = resolveLibrary(library, file, own);
        return resolution.kind === 'private' ? resolution.path : undefined;
      };
      const libraries = [...new Set([...elf.needed, ...elf.versionNeeds.map(({ library }) => library)])];
      return {
        path,
        owner: ownerOf(path),
        soname: elf.soname,
        searched: elf.runpath.length > 0 ? elf.runpath : elf.rpath,
        needs: libraries.map((library) => ({
          library,
          versions: sortVersions(
            elf.versionNeeds.filter((need) => need.library === library).map(({ version }) => version),
          ),
          privatePath: privatePath(library),
        })),
      };
    });
}

/** `GLIBC_` and `2.17`; what does not end in a number is a family of its own. */
function splitVersion(version: string): readonly [family: string, number: string] {
  const match = /^(.*_)(\d+(?:\.\d+)*)$/.exec(version);
  return [match?.[1] ?? version, match?.[2] ?? '0'];
}

function sortVersions(versions: readonly string[]): readonly string[] {
  return [...new Set(versions)].sort((a, b) => {
    const [[familyA, numberA], [familyB, numberB]] = [splitVersion(a), splitVersion(b)];
    return byText(familyA, familyB) || compareDotted(numberA, numberB);
  });
}

/** Sums up what files need, library by library: those of the system first, then by name. */
export function summarizeLibraries(files: readonly NativeFile[]): readonly LibrarySummary[] {
  const byLibrary = new Map<string, LibraryNeed[]>();
  for (const need of files.flatMap(({ needs }) => needs))
    byLibrary.set(need.library, [...(byLibrary.get(need.library) ?? []), need]);
  return [...byLibrary]
    .map(([library, needs]): LibrarySummary => {
      const highest = new Map<string, string>();
      for (const version of sortVersions(needs.flatMap(({ versions }) => versions)))
        highest.set(splitVersion(version)[0], version);
      return { library, privatePath: needs[0]?.privatePath, users: needs.length, highest: [...highest.values()] };
    })
    .sort((a, b) => {
      const [privateA, privateB] = [a, b].map(({ privatePath }) => Number(privatePath !== undefined));
      return (privateA ?? 0) - (privateB ?? 0) || byText(a.library, b.library);
    });
}

import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { SystemNeeds, Tree, TreeFile } from '../tree/tree.ts';
import { readElf } from './elf.ts';

/** Something that a file needs from the C library of the system. */
interface Need {
  readonly file: TreeFile;
  /** SONAME, such as `libc.so.6`. */
  readonly library: string;
  /** `GLIBC_2.17`. */
  readonly symbol: string;
  /** `2.17`. */
  readonly version: string;
}

/** Marks of glibc that name a feature, and the version that has it (glibc's NEWS). */
const featureMarks: Readonly<Record<string, string>> = { GLIBC_ABI_DT_RELR: '2.36' };

/** `2.17` of `GLIBC_2.17`; undefined for what is of another library, and for `GLIBC_PRIVATE`. */
export function glibcVersionOf(symbol: string): string | undefined {
  return featureMarks[symbol] ?? /^GLIBC_(\d+(?:\.\d+)+)$/.exec(symbol)?.[1];
}

/** As numbers, part by part: 2.4 is older than 2.17. */
export function compareGlibc(left: string, right: string): number {
  const [a, b] = [left.split('.').map(Number), right.split('.').map(Number)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Libraries that glibc itself is made of; the dynamic linker has another name on each machine. */
const ownLibraries =
  /^(?:ld(?:64)?-linux.*|ld(?:64)?|lib(?:c|m|dl|pthread|rt|util|resolv|nsl|anl|mvec|BrokenLocale|thread_db))\.so(?:\.\d+)?$/;

interface Findings {
  readonly needs: readonly Need[];
  /** SONAMEs that neither glibc nor the tree has, each with a file that needs it. */
  readonly foreign: ReadonlyMap<string, string>;
}

async function examine(tree: Tree, machine: number): Promise<Findings> {
  const needs: Need[] = [];
  const wanted = new Map<string, string>();
  const present = new Set<string>();
  for (const file of tree.entries) {
    present.add(posix.basename(file.path));
    if (file.kind !== 'file' || file.elf?.machine !== machine) continue;
    const elf = readElf(await readFile(join(tree.root, file.path)));
    if (elf === undefined) continue;
    if (elf.soname !== undefined) present.add(elf.soname);
    for (const library of elf.needed) if (!wanted.has(library)) wanted.set(library, file.path);
    for (const { library, version: symbol } of elf.versionNeeds) {
      const version = glibcVersionOf(symbol);
      if (version !== undefined) needs.push({ file, library, symbol, version });
    }
  }
  return {
    needs,
    foreign: new Map([...wanted].filter(([library]) => !present.has(library) && !ownLibraries.test(library))),
  };
}

/** Of every file but one the worst need, in words. */
function otherFiles(needs: readonly Need[], named: TreeFile): readonly string[] {
  const worst = new Map<string, string>();
  for (const { file, symbol } of needs) {
    if (file !== named && !worst.has(file.path)) worst.set(file.path, `${file.path} needs ${symbol}`);
  }
  return [...worst.values()];
}

export interface NeedsRequest {
  /** For messages: `CentOS 7`. */
  readonly title: string;
  /** The target's, such as `2.17`. */
  readonly glibc: string;
  /** `e_machine` of the target. */
  readonly machine: number;
}

/**
 * What the programs and libraries of a tree need from the system.
 * @throws CoachbuilderError `unsupported-by-target` naming the file and the symbol when the target's C library is too old
 */
export async function findSystemNeeds(tree: Tree, request: NeedsRequest): Promise<SystemNeeds> {
  const { needs, foreign } = await examine(tree, request.machine);
  const tooNew = needs
    .filter(({ version }) => compareGlibc(version, request.glibc) > 0)
    .sort((a, b) => compareGlibc(b.version, a.version));
  const [worst] = tooNew;
  if (worst !== undefined) {
    const owner = worst.file.distribution === undefined ? '' : ` of ${worst.file.distribution}`;
    throw new CoachbuilderError(
      'unsupported-by-target',
      `${worst.file.path}${owner} needs ${worst.symbol} of ${worst.library}, and ${request.title} has glibc ${request.glibc}`,
      {
        hint:
          worst.file.distribution === undefined
            ? 'bundle an interpreter that was built for an older glibc, such as one of python-build-standalone'
            : `choose a version of ${worst.file.distribution} whose wheel was built for glibc ${request.glibc} or older`,
        details: otherFiles(tooNew, worst.file).slice(0, 20),
      },
    );
  }
  const highest = new Map<string, Need>();
  for (const need of needs) {
    const before = highest.get(need.library);
    if (before === undefined || compareGlibc(need.version, before.version) > 0) highest.set(need.library, need);
  }
  const symbols = [...highest.values()]
    .map(({ library, symbol }) => ({ library, symbol }))
    .sort((a, b) => (a.library < b.library ? -1 : 1));
  const glibc = needs
    .map(({ version }) => version)
    .sort(compareGlibc)
    .at(-1);
  return {
    ...(glibc === undefined ? {} : { glibc }),
    symbols,
    foreign: [...foreign].map(([library, path]) => ({ library, path })),
  };
}

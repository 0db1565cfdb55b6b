import { closeSync, openSync, readSync } from 'node:fs';
import { join, posix } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Tree, TreeEntry } from '../tree/tree.ts';

/** A place of the tree that names a path of the build machine. */
export interface Leak {
  /** Absolute path on the target. */
  readonly path: string;
  /** `content`: in the bytes of a file; `target`: where a link leads to; `name`: in its own name. */
  readonly where: 'content' | 'target' | 'name';
  /** The path of the build machine. */
  readonly names: string;
  /** The distribution that the file belongs to. */
  readonly distribution: string | undefined;
}

export interface BuildMachinePaths {
  /** Absolute paths of this build: staging root, build directory, sources, cache, temporary files. */
  readonly directories: readonly string[];
  /** The user's home. */
  readonly home?: string | undefined;
  /** The prefix on the target, which may well be named. */
  readonly prefix: string;
}

/** With fewer parts than this (`/src`, `/root`), a path says nothing about this machine: any text may name it. */
const specificParts = 2;
/** `/home/runner` and its like stand in the binaries of half the index, built on public builders. */
const specificHomeParts = 3;

/**
 * Which paths must not be named in a tree. Left out are those that any file may name for reasons of its own (`/root`, `/src`,
 * `/home/runner`), those that contain the prefix, and those that lie below another one.
 */
export function forbiddenPaths(paths: BuildMachinePaths): readonly string[] {
  const candidates = [
    ...paths.directories.map((path) => ({ path: clean(path), parts: specificParts })),
    ...(paths.home === undefined ? [] : [{ path: clean(paths.home), parts: specificHomeParts }]),
  ]
    .filter(({ path, parts }) => path.startsWith('/') && path.split('/').length > parts)
    .map(({ path }) => path)
    .filter((path) => !isWithin(paths.prefix, path));
  return [...new Set(candidates)].filter(
    (path) => !candidates.some((other) => other !== path && isWithin(path, other)),
  );
}

function clean(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/+$/, '');
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

/** Bytes that are read at once. */
const blockSize = 1024 * 1024;
/** How much before a match is looked at to tell a path from the end of a longer one. */
const contextSize = 256;
/** Files after which the event loop gets a turn: reading blocks, which is several times as fast for many small files. */
const filesPerTurn = 64;

interface Needle {
  readonly text: string;
  readonly bytes: Buffer;
}

/**
 * Looks through every byte, link and name of a tree.
 * @param forbidden absolute paths, as {@link forbiddenPaths} gives them
 * @returns at most one leak for each entry, in the order of the entries
 */
export async function findLeaks(tree: Tree, forbidden: readonly string[]): Promise<readonly Leak[]> {
  if (forbidden.length === 0) return [];
  const scanner = scannerFor(forbidden);
  const leaks: Leak[] = [];
  let files = 0;
  for (const entry of tree.entries) {
    const leak = leakOf(entry, tree, scanner);
    if (leak !== undefined) leaks.push(leak);
    if (entry.kind === 'file' && ++files % filesPerTurn === 0) await setImmediate();
  }
  return leaks;
}

/**
 * Looks through the content of files that lie elsewhere on this machine.
 * @param files absolute paths: on the target, and here
 * @param forbidden as for {@link findLeaks}
 */
export async function findFileLeaks(
  files: readonly { readonly path: string; readonly source: string }[],
  forbidden: readonly string[],
): Promise<readonly Leak[]> {
  if (forbidden.length === 0) return [];
  const scanner = scannerFor(forbidden);
  const leaks: Leak[] = [];
  for (const [index, { path, source }] of files.entries()) {
    const names = scanner.inFile(source);
    if (names !== undefined) leaks.push({ path, where: 'content', names, distribution: undefined });
    if (index % filesPerTurn === filesPerTurn - 1) await setImmediate();
  }
  return leaks;
}

function scannerFor(forbidden: readonly string[]): Scanner {
  const needles = forbidden.map((text): Needle => ({ text, bytes: Buffer.from(text) }));
  const longest = Math.max(...needles.map(({ bytes }) => bytes.length));
  return new Scanner(needles, Buffer.allocUnsafe(blockSize + contextSize + longest + 1));
}

function leakOf(entry: TreeEntry, { root, prefix }: Tree, scanner: Scanner): Leak | undefined {
  const distribution = entry.kind === 'file' ? entry.distribution : undefined;
  const leak = (where: Leak['where'], names: string | undefined): Leak | undefined =>
    names === undefined ? undefined : { path: entry.path, where, names, distribution };
  return (
    // Below the prefix, a name repeats a path of this machine as if the prefix were its root.
    leak('name', scanner.inText(entry.path.slice(prefix.length))) ??
    (entry.kind === 'symlink' ? leak('target', scanner.inText(entry.target)) : undefined) ??
    (entry.kind === 'file' ? leak('content', scanner.inFile(join(root, entry.path))) : undefined)
  );
}

/** Letters, digits and what else names of files often hold; anything above ASCII is a part of a letter. */
function isNameByte(byte: number | undefined): boolean {
  return byte !== undefined && (byte >= 0x80 || /[\w+~@%-]/.test(String.fromCharCode(byte)));
}

const elfMagic = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

/**
 * Whether a file is binary and mixes its texts with other data, as bytecode and pickles do: the byte before a text is its length
 * there and the one after it an instruction, and any letter may stand for them. ELF files end their texts with null bytes.
 */
function isStructured(beginning: Buffer): boolean {
  return beginning.includes(0) && !beginning.subarray(0, elfMagic.length).equals(elfMagic);
}

interface SearchOptions {
  /** Where matches may begin; what lies before is context, and was searched already. */
  readonly from: number;
  /** Whether nothing follows the bytes. */
  readonly last: boolean;
  /** Whether the bytes around a match say nothing about it. */
  readonly structured: boolean;
}

class Scanner {
  readonly #needles: readonly Needle[];
  readonly #buffer: Buffer;

  constructor(needles: readonly Needle[], buffer: Buffer) {
    this.#needles = needles;
    this.#buffer = buffer;
  }

  inText(text: string): string | undefined {
    return this.#search(Buffer.from(text), { from: 0, last: true, structured: false });
  }

  /** Reads block by block; what may be the beginning of a match, and some context, is kept from block to block. */
  inFile(path: string): string | undefined {
    const buffer = this.#buffer;
    const keep = buffer.length - blockSize;
    const descriptor = openSync(path, 'r');
    try {
      let structured: boolean | undefined;
      for (let kept = 0; ; kept = keep) {
        const read = readSync(descriptor, buffer, kept, blockSize, null);
        const bytes = buffer.subarray(0, kept + read);
        structured ??= isStructured(bytes);
        // Regular files give less than was asked for at their end only.
        const last = read < blockSize;
        const found = this.#search(bytes, { from: kept === 0 ? 0 : contextSize, last, structured });
        if (found !== undefined || last) return found;
        bytes.copy(buffer, 0, bytes.length - keep);
      }
    } finally {
      closeSync(descriptor);
    }
  }

  #search(bytes: Buffer, { from, last, structured }: SearchOptions): string | undefined {
    for (const needle of this.#needles) {
      for (let at = bytes.indexOf(needle.bytes, from); at !== -1; at = bytes.indexOf(needle.bytes, at + 1)) {
        const end = at + needle.bytes.length;
        if (structured) return needle.text;
        // Whether it ends here shows in the next block, where it is found again.
        if (end + 1 >= bytes.length && !last) break;
        if (!endsName(bytes, end) || isTail(bytes, at)) continue;
        return needle.text;
      }
    }
    return undefined;
  }
}

/** Whether the name that ends at `end` goes no further: `/build/a` is not named by `/build/ab` and `/build/a.old`. */
function endsName(bytes: Buffer, end: number): boolean {
  if (bytes[end] === dot) return !isNameByte(bytes[end + 1]);
  return !isNameByte(bytes[end]);
}

const slash = 0x2f;
const hyphen = 0x2d;
const dot = 0x2e;

/**
 * Whether what begins at `start` is only the end of a longer path or URL, as in `/mnt/build/a`, `../build/a` and `host/build/a`.
 * An option stuck to a path, as in `-I/build/a`, is none.
 */
function isTail(bytes: Buffer, start: number): boolean {
  let first = start;
  while (first > 0 && start - first < contextSize && (isNameByte(bytes[first - 1]) || bytes[first - 1] === dot)) {
    first -= 1;
  }
  return first < start && (bytes[first] !== hyphen || bytes[first - 1] === slash);
}

/** How many further leaks an error shows. */
const shownLeaks = 20;

/** A leak in one sentence. */
export function describeLeak(leak: Leak): string {
  const owner = leak.distribution === undefined ? '' : ` (of ${leak.distribution})`;
  const verb = { content: 'names', target: 'leads to', name: 'has in its own name' }[leak.where];
  return `${leak.path}${owner} ${verb} ${leak.names}, a path of the build machine`;
}

/**
 * Proves that nothing in a tree names the machine that it was built on.
 * @throws CoachbuilderError `path-leak` naming the files, the paths, and the distributions they belong to
 */
export async function refuseLeaks(tree: Tree, forbidden: readonly string[]): Promise<void> {
  const error = leakError(await findLeaks(tree, forbidden));
  if (error !== undefined) throw error;
}

/** What to do about a leak. */
export function leakHint({ distribution }: Pick<Leak, 'distribution'>): string {
  return distribution === undefined
    ? 'build in a directory with another name; if it stays so, report it as a defect of Coachbuilder'
    : `build the wheel of ${distribution} so that it does not record where it was built`;
}

/** The error `path-leak` for some leaks; undefined when there are none. */
export function leakError([first, ...others]: readonly Leak[]): CoachbuilderError | undefined {
  if (first === undefined) return undefined;
  return new CoachbuilderError('path-leak', describeLeak(first), {
    hint: leakHint(first),
    details: [
      ...others.slice(0, shownLeaks).map(describeLeak),
      ...(others.length > shownLeaks ? [`and ${String(others.length - shownLeaks)} more`] : []),
    ],
  });
}

import { lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { readTar } from '../system/tar.ts';
import { openZip } from '../system/zip.ts';

/** An application's own changelog. */
export interface ChangelogFile {
  /** Base name. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A source on this machine. */
interface FoundSource {
  readonly kind: 'directory' | 'sdist' | 'wheel';
  /** Absolute. */
  readonly path: string;
}

/** What projects call it, the likeliest first. */
const stems = ['changelog', 'changes', 'history', 'news', 'release-notes', 'release_notes', 'releasenotes'] as const;
const shape = /^([a-z_-]+)(?:\.(?:md|markdown|rst|txt))?$/i;

/** What is longer is something else by such a name. */
const longest = 8 * 1024 * 1024;

/** Place in the order of preference; undefined for what is no changelog. */
function rank(name: string): number | undefined {
  const stem = shape.exec(name)?.[1]?.toLowerCase() ?? '';
  const index = (stems as readonly string[]).indexOf(stem);
  return index === -1 ? undefined : index;
}

/** The best of some names; of two alike the first in byte order. */
function best(names: readonly string[]): string | undefined {
  const ranked = names.flatMap((name) => {
    const place = rank(name);
    return place === undefined ? [] : [{ name, place }];
  });
  ranked.sort((a, b) => a.place - b.place || (a.name < b.name ? -1 : 1));
  return ranked[0]?.name;
}

async function inDirectory(directory: string): Promise<ChangelogFile | undefined> {
  const name = best(await readdir(directory));
  if (name === undefined) return undefined;
  const path = join(directory, name);
  // A link may lead out of somebody else's checkout.
  const facts = await lstat(path);
  if (!facts.isFile() || facts.size > longest) return undefined;
  return { name, bytes: await readFile(path) };
}

/** A member that lies directly in the one directory that an sdist consists of (source distribution format). */
function topName(path: string): string | undefined {
  return /^[^/]+\/([^/]+)$/.exec(path)?.[1];
}

async function inZip(path: string): Promise<ChangelogFile | undefined> {
  await using archive = await openZip(path);
  const files = archive.entries.filter(
    ({ isDirectory, isSymlink, size }) => !isDirectory && !isSymlink && size <= longest,
  );
  const name = best(files.flatMap((entry) => topName(entry.name) ?? []));
  const entry = files.find((each) => topName(each.name) === name);
  return name === undefined || entry === undefined ? undefined : { name, bytes: await archive.read(entry) };
}

async function inTar(path: string): Promise<ChangelogFile | undefined> {
  const found = new Map<string, Uint8Array>();
  for await (const member of readTar(path)) {
    const name = topName(member.path);
    if (name === undefined || member.kind !== 'file' || rank(name) === undefined) continue;
    if (member.content.length <= longest) found.set(name, Uint8Array.from(member.content));
  }
  const name = best([...found.keys()]);
  const bytes = name === undefined ? undefined : found.get(name);
  return name === undefined || bytes === undefined ? undefined : { name, bytes };
}

/**
 * Finds the changelog of a source: `CHANGELOG.md`, `CHANGES.rst`, `HISTORY`, `NEWS.txt` and the like, at the top of the
 * project. Wheels have none.
 * @returns undefined when there is none, and for an archive that cannot be read: building it says what is wrong with it
 */
export async function findChangelog({ kind, path }: FoundSource): Promise<ChangelogFile | undefined> {
  if (kind === 'wheel') return undefined;
  if (kind === 'directory') return inDirectory(path);
  try {
    return await (path.endsWith('.zip') ? inZip(path) : inTar(path));
  } catch (error) {
    if (error instanceof CoachbuilderError) return undefined;
    throw error;
  }
}

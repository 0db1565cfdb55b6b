import { readFileSync, rmdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { lutimes } from 'node:fs/promises';
import { join, posix } from 'node:path';

import type { SlimSettings } from '../../manifest/tree-settings.ts';
import { formatRecord, parseRecord } from '../../python/record.ts';
import { writeFailure } from '../../system/files.ts';
import { measure } from '../content-meter.ts';
import { isInstalledRecord } from '../installed-record.ts';
import type { Slimming, Tree, TreeEntry, TreeFile } from '../tree.ts';
import type { TreePlaces } from '../tree-glob.ts';
import { findDuplicates, type Duplicate } from './duplicates.ts';
import { selectRemovals, type SlimReason } from './select.ts';

export interface SlimRequest {
  readonly settings: SlimSettings;
  readonly places: TreePlaces;
  /** SOURCE_DATE_EPOCH, seconds. */
  readonly epoch: number;
  /** Directory of a bundled interpreter, relative to the prefix. */
  readonly interpreter?: string | undefined;
}

/** Whether anything is to be left out: a tree that nobody wants slimmer is not even looked at. */
export function wantsSlimming({ remove, exclude, locales }: SlimSettings): boolean {
  return remove.length > 0 || exclude.length > 0 || locales !== undefined;
}

function sizeOf(entry: TreeEntry): number {
  return entry.kind === 'file' ? entry.size : 0;
}

/** Directories that lost what they held; those that were empty before stay. Deepest first. */
function emptied(tree: Tree, removed: ReadonlyMap<string, SlimReason>): readonly string[] {
  const held = new Map<string, number>();
  for (const { path } of tree.entries) {
    const parent = posix.dirname(path);
    held.set(parent, (held.get(parent) ?? 0) + 1);
  }
  const gone: string[] = [];
  const lose = (path: string): void => {
    const parent = posix.dirname(path);
    const left = (held.get(parent) ?? 0) - 1;
    held.set(parent, left);
    if (left > 0 || parent === tree.prefix || !parent.startsWith(`${tree.prefix}/`)) return;
    gone.push(parent);
    lose(parent);
  };
  for (const path of removed.keys()) lose(path);
  return gone;
}

/** Takes the lines of files that are gone out of each RECORD that has them; several distributions may list one file. */
function rewriteRecords(
  tree: Tree,
  removed: ReadonlyMap<string, SlimReason>,
  { places, epoch }: SlimRequest,
): readonly TreeFile[] {
  const rewritten: TreeFile[] = [];
  for (const entry of tree.entries) {
    if (entry.kind !== 'file' || !isInstalledRecord(entry.path, places.sitePackages)) continue;
    const path = join(tree.root, entry.path);
    const lines = parseRecord(readFileSync(path, 'utf8'));
    const left = lines.filter((line) => !removed.has(posix.join(places.sitePackages, line.path)));
    if (left.length === lines.length) continue;
    const text = Buffer.from(formatRecord(left));
    writeFileSync(path, text);
    utimesSync(path, epoch, epoch);
    rewritten.push({ ...entry, ...measure(text) });
  }
  return rewritten;
}

/** Counts what goes, by reason, in byte order of the reasons. */
function tally(
  tree: Tree,
  removed: ReadonlyMap<string, SlimReason>,
  duplicates: readonly Duplicate[],
): Slimming['parts'] {
  const sums = new Map<SlimReason, { files: number; bytes: number }>();
  const add = (reason: SlimReason, bytes: number): void => {
    const sum = sums.get(reason) ?? { files: 0, bytes: 0 };
    sums.set(reason, { files: sum.files + 1, bytes: sum.bytes + bytes });
  };
  for (const entry of tree.entries) {
    const reason = removed.get(entry.path);
    if (reason !== undefined) add(reason, sizeOf(entry));
  }
  for (const { file } of duplicates) add('duplicate-libraries', file.size);
  return [...sums].sort(([left], [right]) => (left < right ? -1 : 1)).map(([part, sum]) => ({ part, ...sum }));
}

/**
 * Leaves out of a tree, before its bytecode is compiled, what the manifest says. Nothing of `.dist-info` goes, and each RECORD
 * lists what is left.
 * @returns the tree that is left, with what it saved; the one given describes the staging root no more
 * @throws CoachbuilderError `output-unwritable`
 */
export async function slimTree(tree: Tree, request: SlimRequest): Promise<Tree> {
  const { settings, places, epoch } = request;
  const { removed, idle } = selectRemovals(tree, settings, places, request.interpreter);
  const left = tree.entries.filter(({ path }) => !removed.has(path));
  const duplicates = settings.remove.includes('duplicate-libraries') ? findDuplicates(left, places.sitePackages) : [];
  const directories = emptied(tree, removed);
  try {
    for (const path of removed.keys()) rmSync(join(tree.root, path));
    for (const path of directories) rmdirSync(join(tree.root, path));
    for (const { file, target } of duplicates) {
      const place = join(tree.root, file.path);
      rmSync(place);
      symlinkSync(target, place);
      await lutimes(place, epoch, epoch);
    }
    const changed = new Map<string, TreeEntry>();
    for (const { file, target } of duplicates) {
      changed.set(file.path, { kind: 'symlink', path: file.path, mode: 0o777, target });
    }
    for (const record of rewriteRecords(tree, removed, request)) changed.set(record.path, record);
    const gone = new Set(directories);
    const entries = left.filter(({ path }) => !gone.has(path)).map((entry) => changed.get(entry.path) ?? entry);
    for (const entry of entries) {
      if (entry.kind === 'directory') utimesSync(join(tree.root, entry.path), epoch, epoch);
    }
    return { ...tree, entries, slimming: { parts: tally(tree, removed, duplicates), idle } };
  } catch (error) {
    throw writeFailure(error, tree.root);
  }
}

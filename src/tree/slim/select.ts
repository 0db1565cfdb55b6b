import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

import type { SlimPart, SlimSettings } from '../../manifest/tree-settings.ts';
import { compileTreeGlob, anyTreeGlob, type TreePlaces } from '../tree-glob.ts';
import type { Tree, TreeEntry, TreeFile } from '../tree.ts';
import { filesOfName, importedNames, readsOwnStub } from './imports.ts';
import { keepsLocale, localeDirectories, localeOf, partOfName, testDirectories, testDirectoryOf } from './parts.ts';

/** Why something is left out. */
export type SlimReason = SlimPart | 'exclude' | 'locales';

export interface Selection {
  /** What goes, by absolute path on the target. */
  readonly removed: ReadonlyMap<string, SlimReason>;
  /** Globs of `slim.exclude` that take nothing in. */
  readonly idle: readonly string[];
}

/** `foo-1.0.dist-info`: licences, and what pip and importlib.metadata read. */
const metadataDirectory = /\.dist-info(?:\/|$)/;

/** What may go at all: what came out of a wheel, and the files of an interpreter that the package brings. */
function isRemovable(entry: TreeEntry, { prefix, sitePackages }: TreePlaces, interpreter: string | undefined): boolean {
  if (entry.kind === 'directory') return false;
  if (entry.path.startsWith(`${sitePackages}/`)) {
    return !metadataDirectory.test(entry.path.slice(sitePackages.length + 1).split('/')[0] ?? '');
  }
  if (entry.kind === 'file' && entry.distribution !== undefined) return true;
  return interpreter !== undefined && entry.path.startsWith(`${prefix}/${interpreter}/`);
}

/**
 * Decides what is left out of a tree. Modules in directories of tests stay when a module that stays imports them: NumPy's
 * `numpy.testing`, for one, imports `numpy._core.tests._natype`.
 * @param interpreter directory of a bundled interpreter, relative to the prefix
 */
export function selectRemovals(
  tree: Tree,
  settings: SlimSettings,
  places: TreePlaces,
  interpreter: string | undefined,
): Selection {
  const candidates = tree.entries.filter((entry) => isRemovable(entry, places, interpreter));
  const removed = new Map<string, SlimReason>();
  const idle: string[] = [];
  for (const glob of settings.exclude) {
    const matches = compileTreeGlob(glob, places);
    const taken = candidates.filter(({ path }) => matches(path));
    if (taken.length === 0) idle.push(glob);
    for (const { path } of taken) if (!removed.has(path)) removed.set(path, 'exclude');
  }
  const kept = anyTreeGlob(settings.keep, places);
  for (const [path, reason] of selectByKind(candidates, settings, places)) {
    if (!removed.has(path) && !kept(path)) removed.set(path, reason);
  }
  if (wantsText(settings)) restoreNeeded(tree, removed, places);
  return { removed, idle };
}

function wantsText({ remove }: SlimSettings): boolean {
  return remove.includes('tests') || remove.includes('type-stubs');
}

function* selectByKind(
  candidates: readonly TreeEntry[],
  { remove, locales }: SlimSettings,
  { prefix, sitePackages }: TreePlaces,
): Iterable<[string, SlimReason]> {
  const below = candidates.flatMap((entry) =>
    entry.path.startsWith(`${sitePackages}/`)
      ? [{ path: entry.path, relative: entry.path.slice(sitePackages.length + 1) }]
      : [],
  );
  const relatives = below.map(({ relative }) => relative);
  const tests = remove.includes('tests') ? testDirectories(relatives) : new Set<string>();
  for (const { path, relative } of below) {
    const part = partOfName(relative);
    if (testDirectoryOf(relative, tests) !== undefined) yield [path, 'tests'];
    else if (part !== undefined && remove.includes(part)) yield [path, part];
  }
  for (const { path } of candidates) {
    // Where wheels put their C headers (`.data/headers`).
    if (remove.includes('headers') && path.startsWith(`${prefix}/include/`)) yield [path, 'headers'];
  }
  if (locales === undefined) return;
  const all = candidates.map(({ path }) => path);
  const directories = localeDirectories(all);
  for (const path of all) {
    const locale = localeOf(path, directories);
    if (locale !== undefined && !keepsLocale(locale, locales)) yield [path, 'locales'];
  }
}

/** Takes back what modules that stay need: test modules that they import, one after the other, and stubs that they read. */
function restoreNeeded(tree: Tree, removed: Map<string, SlimReason>, { sitePackages }: TreePlaces): void {
  const queue = tree.entries.filter(
    (entry): entry is TreeFile =>
      entry.kind === 'file' &&
      entry.path.endsWith('.py') &&
      entry.path.startsWith(`${sitePackages}/`) &&
      !removed.has(entry.path),
  );
  const files = new Map(tree.entries.flatMap((entry) => (entry.kind === 'file' ? [[entry.path, entry]] : [])));
  for (let module = queue.pop(); module !== undefined; module = queue.pop()) {
    const text = readFileSync(join(tree.root, module.path), 'utf8');
    const stub = `${module.path}i`;
    if (removed.get(stub) === 'type-stubs' && readsOwnStub(text)) removed.delete(stub);
    for (const name of importedNames(module.path.slice(sitePackages.length + 1), text)) {
      for (const file of filesOfName(name)) {
        const path = posix.join(sitePackages, file);
        const needed = files.get(path);
        if (needed === undefined || removed.get(path) !== 'tests') continue;
        removed.delete(path);
        queue.push(needed);
      }
    }
  }
}

import { posix } from 'node:path';

import { sortByBytes } from '../tree/byte-order.ts';
import type { Tree, TreeEntry } from '../tree/tree.ts';

/** What a directory holds: the files of one distribution, of several, or (undefined) none. */
type Holder = { readonly only: string | undefined } | 'mixed';

/** Whose the files below each directory are. A link belongs to nobody, and stands in nobody's way. */
function holders(entries: readonly TreeEntry[], prefix: string): ReadonlyMap<string, Holder> {
  const found = new Map<string, Holder>();
  for (const entry of entries) {
    if (entry.kind !== 'file') continue;
    for (let path = posix.dirname(entry.path); ; path = posix.dirname(path)) {
      const known = found.get(path);
      if (known === undefined) found.set(path, { only: entry.distribution });
      else if (known !== 'mixed' && known.only !== entry.distribution) found.set(path, 'mixed');
      if (path === prefix || path === '/') break;
    }
  }
  return found;
}

/**
 * Which files belong to which distribution, in as few patterns as say exactly that: a directory that is one
 * distribution's alone is named as a whole (`opt/fleet/lib/…/attr/*`), other files one by one.
 * @returns by distribution (PEP 503 name), sorted by bytes; not escaped but for the asterisk at the end
 */
export function filePatterns({
  entries,
  prefix,
}: Pick<Tree, 'entries' | 'prefix'>): ReadonlyMap<string, readonly string[]> {
  const whose = holders(entries, prefix);
  const patterns = new Map<string, Set<string>>();
  for (const entry of entries) {
    if (entry.kind !== 'file' || entry.distribution === undefined) continue;
    let whole: string | undefined;
    for (let path = posix.dirname(entry.path); path !== prefix && path !== '/'; path = posix.dirname(path)) {
      if (whose.get(path) === 'mixed') break;
      whole = path;
    }
    const own = patterns.get(entry.distribution) ?? new Set<string>();
    own.add(whole === undefined ? escapePattern(entry.path) : `${escapePattern(whole)}/*`);
    patterns.set(entry.distribution, own);
  }
  return new Map([...patterns].map(([name, own]) => [name, sortByBytes([...own], (text) => text)]));
}

/**
 * A path as a Files field has to name it: from the root, without a slash before it; `*`, `?` and the backslash are escaped by a backslash, and white space, which
 * would begin another pattern, is any one character ("Machine-readable debian/copyright file", 1.0, "Files").
 */
function escapePattern(path: string): string {
  return path
    .slice(1)
    .replaceAll(/[\\*?]/g, String.raw`\$&`)
    .replaceAll(/[\s\u0000-\u001f\u007f]/gu, '?');
}

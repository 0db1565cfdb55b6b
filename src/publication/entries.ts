import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { IndexEntry } from '../repository/index-format.ts';

/** What a repository may hold one of: name, version (with epoch and release) and architecture. */
export function identityOf(entry: Pick<IndexEntry, 'name' | 'version' | 'architecture'>): string {
  return `${entry.name} ${entry.version} ${entry.architecture}`;
}

function refused(entry: IndexEntry, existing: IndexEntry, title: string): CoachbuilderError {
  const same = identityOf(entry) === identityOf(existing);
  const message = same
    ? `${identityOf(entry)} is published already, with other bytes (${title})`
    : `${identityOf(entry)} would replace the file of ${identityOf(existing)} (${title})`;
  return new CoachbuilderError('publication-refused', message, {
    details: [
      `published: ${existing.file}, ${String(existing.size)} bytes, sha256 ${existing.sha256}`,
      `to publish: ${entry.file}, ${String(entry.size)} bytes, sha256 ${entry.sha256}`,
    ],
    // Clients that have the one never take the other: for them nothing has changed.
    hint: same
      ? 'what was published never changes: give the new package a higher version or release'
      : 'give one of the two another version: their file names are the same in the repository',
  });
}

/**
 * The entries of an index together with new ones.
 * @param title of the place, for messages
 * @returns `entries` itself when all of `added` are among them: name, version, architecture and bytes
 * @throws CoachbuilderError `publication-refused` when the index has a package of the same name, version and
 *   architecture with other bytes, or another package in the same file
 */
export function addEntries(
  entries: readonly IndexEntry[],
  added: readonly IndexEntry[],
  title: string,
): readonly IndexEntry[] {
  const byIdentity = new Map(entries.map((entry) => [identityOf(entry), entry]));
  const byFile = new Map(entries.map((entry) => [entry.file, entry]));
  const fresh: IndexEntry[] = [];
  for (const entry of added) {
    const existing = byIdentity.get(identityOf(entry)) ?? byFile.get(entry.file);
    if (existing === undefined) {
      fresh.push(entry);
      byIdentity.set(identityOf(entry), entry);
      byFile.set(entry.file, entry);
    } else if (existing.sha256 !== entry.sha256 || identityOf(existing) !== identityOf(entry)) {
      throw refused(entry, existing, title);
    }
  }
  return fresh.length === 0 ? entries : [...entries, ...fresh];
}

import { lstatSync } from 'node:fs';
import { join, posix } from 'node:path';

import { parseRecord } from '../../python/record.ts';
import { normalizeName } from '../../python/name.ts';
import type { Tree, TreeEntry } from '../../tree/tree.ts';
import type { HealthFinding } from './finding.ts';
import type { InstalledDistribution } from './installed.ts';

/** `sha256=…` as RECORD has it; other algorithms are not compared, because the inventory has none. */
function digestOf(entry: TreeEntry): string | undefined {
  return entry.kind === 'file' ? `sha256=${Buffer.from(entry.sha256, 'hex').toString('base64url')}` : undefined;
}

/** The file that a path is the content of, through links of the tree. */
function follow(path: string, entries: ReadonlyMap<string, TreeEntry>): TreeEntry | undefined {
  const entry = entries.get(path);
  if (entry?.kind !== 'symlink') return entry;
  const next = posix.resolve(posix.dirname(path), entry.target);
  return next === path ? undefined : entries.get(next);
}

/**
 * Whether RECORD of each distribution is whole and true (PEP 376, recording installed projects): every file that it lists is
 * there with the digest and the size that it gives, and every file of a distribution is listed.
 */
export function checkRecords(
  tree: Tree,
  installed: readonly InstalledDistribution[],
  sitePackages: string,
): readonly HealthFinding[] {
  const entries = new Map(tree.entries.map((entry) => [entry.path, entry]));
  const listed = new Set<string>();
  const findings: HealthFinding[] = [];
  const found = (path: string, message: string): void => {
    findings.push({ check: 'record', severity: 'error', path, message });
  };
  for (const { distribution, directory, metadata, record } of installed) {
    const who = `RECORD of ${metadata.name} ${metadata.version}`;
    if (normalizeName(metadata.name) !== distribution) {
      found(directory, `${directory} says that ${metadata.name} is installed, and came with ${distribution}`);
    }
    if (record === undefined) {
      found(directory, `${metadata.name} ${metadata.version} has no RECORD in ${directory}`);
      continue;
    }
    for (const { path: written, hash, size } of parseRecord(record)) {
      const path = posix.resolve(sitePackages, written);
      listed.add(path);
      const entry = follow(path, entries);
      const digest = entry === undefined ? undefined : digestOf(entry);
      if (entry?.kind !== 'file') found(path, `${path} is not there, and ${who} lists it`);
      else if (hash?.startsWith('sha256=') === true && hash !== digest) found(path, `${path} is not what ${who} says`);
      else if (size !== undefined && size !== entry.size) found(path, `${path} has another size than ${who} says`);
    }
  }
  for (const entry of tree.entries) {
    if (entry.kind !== 'file' || entry.distribution === undefined || listed.has(entry.path)) continue;
    found(entry.path, `${entry.path} of ${entry.distribution} stands in no RECORD`);
  }
  return [...findings, ...checkDisk(tree)];
}

/** Whether the staging root still holds what the inventory says: somebody else may have been at it. */
function checkDisk(tree: Tree): readonly HealthFinding[] {
  return tree.entries.flatMap((entry): HealthFinding[] => {
    const status = lstatSync(join(tree.root, entry.path), { throwIfNoEntry: false });
    const same = status !== undefined && (entry.kind !== 'file' || (status.isFile() && status.size === entry.size));
    if (same) return [];
    const message = `${entry.path} was changed or removed while the package was being built`;
    return [{ check: 'record', severity: 'error', path: entry.path, message }];
  });
}

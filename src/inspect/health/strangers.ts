import { lstatSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { join, posix } from 'node:path';

import type { Tree } from '../../tree/tree.ts';
import type { HealthFinding } from './finding.ts';

/**
 * Puts a tree in order after other people's code ran beside it: what it wrote is removed, and told, because the program
 * will try the same where it is installed; a file that it changed cannot be put right.
 * @param epoch SOURCE_DATE_EPOCH, seconds: the date of everything in a tree
 */
export function removeStrangers(tree: Tree, epoch: number): readonly HealthFinding[] {
  const known = new Set(tree.entries.map(({ path }) => path));
  const findings: HealthFinding[] = [];
  for (const entry of tree.entries) {
    const place = join(tree.root, entry.path);
    if (entry.kind === 'file') {
      const status = lstatSync(place, { throwIfNoEntry: false });
      if (status?.size === entry.size && status.mtimeMs === epoch * 1000) continue;
      const message = `importing entry points changed ${entry.path}`;
      findings.push({ check: 'record', severity: 'error', path: entry.path, message });
    }
    if (entry.kind !== 'directory') continue;
    for (const name of readdirSync(place)) {
      const path = posix.join(entry.path, name);
      if (known.has(path)) continue;
      rmSync(join(tree.root, path), { recursive: true, force: true });
      const message = `importing entry points wrote ${path}, which is not packaged`;
      findings.push({ check: 'imports', severity: 'warning', path, message });
    }
    utimesSync(place, epoch, epoch);
  }
  return findings;
}

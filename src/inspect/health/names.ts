import type { Tree } from '../../tree/tree.ts';
import { ownerOf, type HealthFinding } from './finding.ts';

/**
 * Names that differ in the case of letters or in how Unicode spells them only. A Linux file system keeps them apart; people,
 * and the file systems of other machines that a package may be unpacked on, do not. What an interpreter brings, such as the
 * terminal database, is meant so.
 */
export function findTwinNames(tree: Tree): readonly HealthFinding[] {
  const seen = new Map<string, string>();
  const findings: HealthFinding[] = [];
  for (const entry of tree.entries) {
    if (entry.kind !== 'file' || entry.distribution === undefined) continue;
    const key = entry.path.normalize('NFC').toLowerCase();
    const twin = seen.get(key);
    seen.set(key, entry.path);
    if (twin === undefined) continue;
    const how = twin.normalize('NFC') === entry.path.normalize('NFC') ? 'the normalisation of Unicode' : 'case';
    findings.push({
      check: 'names',
      severity: 'warning',
      path: entry.path,
      message: `${entry.path}${ownerOf(entry.distribution)} differs from ${twin} in ${how} only`,
    });
  }
  return findings;
}

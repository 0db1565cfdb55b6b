import { posix } from 'node:path';

import type { Tree } from '../../tree/tree.ts';
import type { HealthFinding } from './finding.ts';

/** More links in a row than any real chain has; the kernel gives up after 40 (path_resolution(7)). */
const longestChain = 40;

/**
 * Links that lead out of the tree or nowhere. The one to the interpreter that the distribution packages is meant to
 * lead out.
 * @param interpreter absolute path on the target
 */
export function findBadLinks(tree: Tree, interpreter: string): readonly HealthFinding[] {
  const kinds = new Map(tree.entries.map((entry) => [entry.path, entry]));
  const isInside = (path: string): boolean => path === tree.prefix || path.startsWith(`${tree.prefix}/`);

  /** The path with the links above it resolved; undefined when one of them leads out, nowhere or in a circle. */
  const resolve = (path: string, depth = 0): string | undefined => {
    if (!isInside(path) || depth > longestChain) return undefined;
    let current = tree.prefix;
    const rest = path.slice(tree.prefix.length).split('/').filter(Boolean);
    for (const [index, part] of rest.entries()) {
      current = posix.join(current, part);
      const entry = kinds.get(current);
      if (entry === undefined) return undefined;
      if (entry.kind !== 'symlink') continue;
      if (entry.target === interpreter && index === rest.length - 1) return entry.target;
      const target = posix.resolve(posix.dirname(current), entry.target);
      return resolve(posix.join(target, ...rest.slice(index + 1)), depth + 1);
    }
    return current;
  };

  const findings: HealthFinding[] = [];
  for (const entry of tree.entries) {
    if (entry.kind !== 'symlink' || entry.target === interpreter) continue;
    const target = posix.resolve(posix.dirname(entry.path), entry.target);
    const found = (problem: string): void => {
      findings.push({
        check: 'links',
        severity: 'error',
        path: entry.path,
        message: `${entry.path} leads to ${entry.target}, ${problem}`,
      });
    };
    if (!isInside(target)) found('out of the virtual environment');
    else if (resolve(entry.path) === undefined) found('which is not there');
  }
  return findings;
}

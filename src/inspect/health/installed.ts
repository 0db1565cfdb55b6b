import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

import { parseCoreMetadata, type CoreMetadata } from '../../python/core-metadata.ts';
import { parseEntryPoints, type ScriptEntryPoint } from '../../python/entry-points.ts';
import type { Tree, TreeFile } from '../../tree/tree.ts';

/** A distribution as a tree has it (recording installed projects). */
export interface InstalledDistribution {
  /** The distribution (PEP 503 name) whose wheel it came out of. */
  readonly distribution: string;
  /** Absolute path of its `.dist-info` on the target. */
  readonly directory: string;
  readonly metadata: CoreMetadata;
  readonly scripts: readonly ScriptEntryPoint[];
  /** The text of RECORD; undefined when there is none. */
  readonly record: string | undefined;
}

/** Every distribution of a tree, in byte order of their directories. */
export function readInstalled(tree: Tree, sitePackages: string): readonly InstalledDistribution[] {
  const files = new Map(tree.entries.flatMap((entry) => (entry.kind === 'file' ? [[entry.path, entry]] : [])));
  const text = (path: string): string | undefined =>
    files.has(path) ? readFileSync(join(tree.root, path), 'utf8') : undefined;
  return [...files.values()]
    .filter((file) => isMetadata(file, sitePackages))
    .map((file) => {
      const directory = posix.dirname(file.path);
      return {
        distribution: file.distribution ?? '',
        directory,
        metadata: parseCoreMetadata(text(file.path) ?? ''),
        scripts: parseEntryPoints(text(posix.join(directory, 'entry_points.txt')) ?? ''),
        record: text(posix.join(directory, 'RECORD')),
      };
    });
}

function isMetadata({ path }: TreeFile, sitePackages: string): boolean {
  const parts = path.startsWith(`${sitePackages}/`) ? path.slice(sitePackages.length + 1).split('/') : [];
  return parts.length === 2 && parts[1] === 'METADATA' && parts[0]?.endsWith('.dist-info') === true;
}

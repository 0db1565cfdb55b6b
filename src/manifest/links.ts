import type { ManifestPath } from './places.ts';
import type { WrittenPackageOverride } from './schema.ts';

export interface LinkEntry {
  readonly directory: string;
  readonly name: string;
  /** A script of the virtual environment, or an absolute path. */
  readonly target: string;
  /** Below the package: `links`, the directory, the position, and the name where it is written as a map. */
  readonly place: ManifestPath;
}

/** The links of a package, one by one. */
export function linkEntries(settings: WrittenPackageOverride): LinkEntry[] {
  return Object.entries(settings.links ?? {}).flatMap(([directory, entries]) =>
    entries.flatMap((entry, index): LinkEntry[] => {
      const place = ['links', directory, index];
      if (typeof entry === 'string') return [{ directory, name: entry, target: entry, place }];
      return Object.entries(entry).map(([name, target]) => ({ directory, name, target, place: [...place, name] }));
    }),
  );
}

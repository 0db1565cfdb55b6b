import { parseSize } from '../model/size.ts';
import type { WrittenHealth, WrittenSlim } from './schema.ts';
import type { HealthSettings, SlimSettings } from './tree-settings.ts';

/** What is left out of a tree: nothing, unless the manifest says so. */
export function normalizeSlim(written: WrittenSlim = {}): SlimSettings {
  const limit = written['size-limit'];
  return {
    remove: written.remove ?? [],
    exclude: written.exclude ?? [],
    keep: written.keep ?? [],
    locales: written.locales,
    sizeLimit: limit === undefined ? undefined : parseSize(limit),
  };
}

/** How a finished tree is checked. */
export function normalizeHealth(written: WrittenHealth = {}): HealthSettings {
  return { imports: written.imports ?? 'auto', accept: written.accept ?? [] };
}

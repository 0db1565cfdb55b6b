import type { Distribution } from '../distributions/distribution.ts';
import type { DistributionTable } from '../distributions/table.ts';
import { packageFormats } from '../model/format.ts';
import { selectorsOf } from './manifest.ts';
import type { WrittenManifest, WrittenOverride, WrittenPackage, WrittenPackageOverride } from './schema.ts';

/** Selectors from the least to the most specific: format, vendor, distribution. */
export type SelectorChain = readonly string[];

/** The selectors that a table of distributions knows. */
export function knownSelectors(table: DistributionTable): string[] {
  return [...new Set([...packageFormats, ...[...table.values()].flatMap((each) => selectorsOf(each))])];
}

/**
 * What a target of a selector takes its overrides from: `[deb]`, `[deb, debian]`, `[deb, debian, debian-12]`.
 * A vendor that stands for two formats has a chain for each.
 */
export function selectorChains(selector: string, table: DistributionTable): SelectorChain[] {
  const chains = [...table.values()]
    .map((distribution: Distribution) => selectorsOf(distribution))
    .filter((chain) => chain.includes(selector))
    .map((chain) => chain.slice(0, chain.indexOf(selector) + 1));
  return [...new Map(chains.map((chain) => [chain.join(' '), chain])).values()];
}

/** The keys at the manifest's top that overrides can change. */
export type CommonSettings = WrittenOverride;

/** The top of the manifest with the overrides of a chain laid over it. */
export function mergeCommon(written: WrittenManifest, chain: SelectorChain): CommonSettings {
  return merge(written, chosen(written.overrides, chain));
}

/** A package with the overrides of a chain laid over it. Maps are merged key by key, anything else is replaced. */
export function mergePackage(written: WrittenPackage, chain: SelectorChain): WrittenPackageOverride {
  return merge(written, chosen(written.overrides, chain));
}

function chosen<Value>(overrides: Readonly<Record<string, Value>> | undefined, chain: SelectorChain): Value[] {
  return chain.flatMap((selector) => {
    const value = overrides !== undefined && Object.hasOwn(overrides, selector) ? overrides[selector] : undefined;
    return value === undefined ? [] : [value];
  });
}

/** Maps that are one value: a part of one interpreter makes no sense beside a part of another. */
const wholes = new Set(['interpreter']);
/** Maps of entries of which each is one value. */
const collections = new Set(['files', 'libraries', 'links', 'scripts']);

function merge(base: object, layers: readonly object[]): Record<string, unknown> {
  const result: Record<string, unknown> = { ...base };
  for (const layer of layers) {
    for (const [key, value] of Object.entries(layer)) {
      const before = result[key];
      if (value === undefined) continue;
      if (collections.has(key) && isMap(before) && isMap(value)) result[key] = { ...before, ...value };
      else if (!wholes.has(key) && isMap(before) && isMap(value)) result[key] = merge(before, [value]);
      else result[key] = value;
    }
  }
  return result;
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

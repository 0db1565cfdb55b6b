import { packageFormats, type PackageFormat } from '../../model/format.ts';
import { mergePackage, selectorChains, type SelectorChain } from '../overrides.ts';
import type { ManifestPath } from '../places.ts';
import type { WrittenPackage, WrittenPackageOverride } from '../schema.ts';
import type { RuleInput } from './rule.ts';

/** A package as the targets of one selector see it. */
export interface PackageView {
  readonly id: string;
  readonly settings: WrittenPackageOverride;
  /** The formats that its targets can have. */
  readonly formats: readonly PackageFormat[];
  /** The place in the manifest where a setting of the view was written. */
  readonly where: (key: keyof WrittenPackageOverride, ...rest: ManifestPath) => ManifestPath;
}

/** All packages, once without overrides and once for every selector that overrides any of them. */
export function packageViews(input: RuleInput): PackageView[][] {
  const packages = Object.entries(input.written.packages ?? {});
  const selectors = new Set(packages.flatMap(([, settings]) => Object.keys(settings.overrides ?? {})));
  const chains: SelectorChain[] = [
    [],
    ...[...selectors].flatMap((selector) => selectorChains(selector, input.distributions)),
  ];
  return chains.map((chain) =>
    packages.map(([id, settings]) => ({
      id,
      settings: mergePackage(settings, chain),
      formats: packageFormats.filter((format) => chain.length === 0 || chain[0] === format),
      where: (key, ...rest) => ['packages', id, ...originOf(settings, chain, [key, ...rest]), key, ...rest],
    })),
  );
}

function originOf(settings: WrittenPackage, chain: SelectorChain, path: ManifestPath): ManifestPath {
  const selector = chain.findLast((each) => holds(settings.overrides?.[each], path));
  return selector === undefined ? [] : ['overrides', selector];
}

function holds(value: unknown, path: ManifestPath): boolean {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return false;
    current = (current as Readonly<Record<string | number, unknown>>)[key];
  }
  return true;
}

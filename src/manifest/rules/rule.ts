import type { DistributionTable } from '../../distributions/table.ts';
import type { Finding } from '../finding.ts';
import type { ManifestPath } from '../places.ts';
import type { WrittenManifest, WrittenOverride, WrittenPackageOverride } from '../schema.ts';
import type { SourceContext } from '../source-files.ts';

export interface RuleInput extends SourceContext {
  readonly written: WrittenManifest;
  /** Whether parts of the wrong shape were left out: then nothing can be said about what is missing. */
  readonly complete: boolean;
  /** With the manifest's own ones. */
  readonly distributions: DistributionTable;
}

/** Something that a manifest of the right shape may still get wrong. Rules are pure and do not depend on each other. */
export type Rule = (input: RuleInput) => readonly Finding[];

export interface Part<Settings> {
  readonly path: ManifestPath;
  readonly settings: Settings;
}

/** The manifest's top, and each of its overrides. */
export function commonParts(written: WrittenManifest): Part<WrittenOverride>[] {
  const overrides = Object.entries(written.overrides ?? {});
  return [
    { path: [], settings: written },
    ...overrides.map(([selector, settings]) => ({ path: ['overrides', selector], settings })),
  ];
}

/** Each package, and each of its overrides. */
export function packageParts(written: WrittenManifest): (Part<WrittenPackageOverride> & { readonly id: string })[] {
  return Object.entries(written.packages ?? {}).flatMap(([id, settings]) => [
    { id, path: ['packages', id], settings },
    ...Object.entries(settings.overrides ?? {}).map(([selector, override]) => ({
      id,
      path: ['packages', id, 'overrides', selector],
      settings: override,
    })),
  ]);
}

/** An error, with a hint where there is one. */
export function problem(path: ManifestPath, message: string, hint?: string): Finding {
  return { severity: 'error', path, message, ...(hint === undefined ? {} : { hint }) };
}

/** An error about a key rather than its value. */
export function keyProblem(path: ManifestPath, message: string, hint?: string): Finding {
  return { ...problem(path, message, hint), part: 'key' };
}

import type { CompanionFile, PackageArtifact } from '../formats/packager.ts';

/** What lies beside a package and describes it. */
export function companionsOf({ sbom, report }: Pick<PackageArtifact, 'sbom' | 'report'>): readonly CompanionFile[] {
  return [...(sbom ?? []), ...(report === undefined ? [] : [report])];
}

/** A package and what lies beside it. */
export function filesOfArtifact(artifact: PackageArtifact): readonly CompanionFile[] {
  return [artifact, ...companionsOf(artifact)];
}

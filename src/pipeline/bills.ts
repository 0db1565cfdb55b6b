import { dirname, join } from 'node:path';

import type { CompanionFile, PackageArtifact } from '../formats/packager.ts';
import type { PackageDefinition } from '../packages/definition.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { outputNames } from '../plan/plan-build.ts';
import { sbomFileName, withDigest, sbomSuffixes, type BillOfMaterials, type SbomFormat } from '../sbom/bill.ts';
import { cycloneDx } from '../sbom/cyclonedx.ts';
import { spdx } from '../sbom/spdx.ts';
import { digestFile, writeFileAtomic } from '../system/files.ts';

/** How each format is written, and what stands at the end of its files' names. */
export const billWriters = {
  cyclonedx: { write: cycloneDx, suffix: sbomSuffixes.cyclonedx },
  spdx: { write: spdx, suffix: sbomSuffixes.spdx },
} as const satisfies Record<SbomFormat, { write: (bill: BillOfMaterials) => string; suffix: string }>;

/** The files that bills of materials of a target come to, relative to the destination. */
export function billNames(target: BuildTarget, formats: readonly SbomFormat[]): readonly string[] {
  const [main] = outputNames(target);
  return main === undefined ? [] : formats.map((format) => sbomFileName({ fileName: main }, format));
}

/**
 * Writes bills of materials beside a main package.
 * @throws CoachbuilderError `disk-full`, `output-unwritable`
 */
export async function writeBills(
  definition: PackageDefinition,
  { path, sha256 }: Pick<PackageArtifact, 'path' | 'sha256'>,
  bill: BillOfMaterials,
  formats: readonly SbomFormat[],
): Promise<readonly CompanionFile[]> {
  const written: CompanionFile[] = [];
  for (const format of formats) {
    const file = join(dirname(path), sbomFileName(definition, format));
    await writeFileAtomic(file, billWriters[format].write(withDigest(bill, sha256)));
    written.push({ path: file, ...(await digestFile(file)) });
  }
  return written;
}

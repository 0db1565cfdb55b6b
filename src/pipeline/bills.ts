import { dirname, join } from 'node:path';

import type { Application } from '../application/application.ts';
import type { CompanionFile, PackageArtifact } from '../formats/packager.ts';
import type { LockedEnvironment } from '../lock/lock.ts';
import type { PackageDefinition } from '../packages/definition.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { outputNames } from '../plan/plan-build.ts';
import type { Reporter } from '../report/event.ts';
import { sbomFileName, type BillOfMaterials, type SbomFormat } from '../sbom/bill.ts';
import { cycloneDx } from '../sbom/cyclonedx.ts';
import { licenseWarnings } from '../sbom/license-warnings.ts';
import { spdx } from '../sbom/spdx.ts';
import { takeStock } from '../sbom/take-stock.ts';
import { digestFile, writeFileAtomic } from '../system/files.ts';
import type { Wheelhouse } from '../wheelhouse/wheelhouse.ts';

const writers = { cyclonedx: cycloneDx, spdx } as const satisfies Record<SbomFormat, (bill: BillOfMaterials) => string>;

export interface BillOrder {
  readonly applicationFor: (target: BuildTarget) => Pick<Application, 'metadata'>;
  readonly sbom: readonly SbomFormat[];
  readonly ports: { readonly reporter: Reporter };
}

/** The files that bills of materials of a target come to, relative to the destination. */
export function billNames(target: BuildTarget, formats: readonly SbomFormat[]): readonly string[] {
  const [main] = outputNames(target);
  return main === undefined ? [] : formats.map((format) => sbomFileName({ fileName: main }, format));
}

/**
 * Writes bills of materials beside a main package, and warns of licences that cannot be told in SPDX's words.
 * @throws CoachbuilderError `wheel-invalid`, `disk-full`, `output-unwritable`
 */
export async function writeBills(
  definition: PackageDefinition,
  { path, sha256 }: Pick<PackageArtifact, 'path' | 'sha256'>,
  content: {
    readonly target: BuildTarget;
    readonly environment: LockedEnvironment;
    readonly wheelhouse: Wheelhouse;
  },
  { applicationFor, sbom, ports }: BillOrder,
): Promise<readonly CompanionFile[]> {
  const { target } = content;
  const application = applicationFor(target).metadata.name;
  const bill = await takeStock({ ...content, definition, sha256, application });
  for (const warning of licenseWarnings(bill))
    ports.reporter.report({ type: 'warning', target: target.label, ...warning });
  const written: CompanionFile[] = [];
  for (const format of sbom) {
    const file = join(dirname(path), sbomFileName(definition, format));
    await writeFileAtomic(file, writers[format](bill));
    written.push({ path: file, ...(await digestFile(file)) });
  }
  return written;
}

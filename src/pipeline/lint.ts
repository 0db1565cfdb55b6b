import { join } from 'node:path';

import type { PackageArtifact } from '../formats/packager.ts';
import { lintFailure } from '../lint/failure.ts';
import { lintPackages, stands, type JudgedFinding, type LintedPackage, type LintPorts } from '../lint/lint-packages.ts';
import type { LintMode } from '../lint/mode.ts';
import type { LintOverride, OverrideTally } from '../lint/override.ts';
import { overridesOf, renderRpmlintrc, rpmlintrcName, withLintianOverrides } from '../lint/shipped.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { linters, type PackageFormat } from '../model/format.ts';
import type { PackageDefinition } from '../packages/definition.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { newNames } from '../plan/plan-build.ts';
import { formatCount } from '../report/format.ts';
import type { Reporter } from '../report/event.ts';
import { digestFile, writeFileAtomic } from '../system/files.ts';
import { runStage } from './stage.ts';

/** How packages are linted in a run. */
export interface LintOrder {
  readonly mode: LintMode;
  /** Formats whose linter is there and wanted. */
  readonly formats: ReadonlySet<PackageFormat>;
  /** Which overrides of the manifest were needed. */
  readonly tally: OverrideTally;
}

/** A package with what is meant to be found in it. */
export interface Lintable {
  readonly definition: PackageDefinition;
  readonly overrides: readonly LintOverride[];
}

/** A package on disk, with what is meant to be found in it. */
export interface FinishedPackage extends Lintable {
  readonly artifact: PackageArtifact;
}

/** Decides what is meant to be found in a package, and puts it in where the format has a place for it. */
export function prepareLint(definition: PackageDefinition, manifest: Pick<Manifest, 'prefix' | 'lint'>): Lintable {
  const overrides = overridesOf({ definition, prefix: manifest.prefix }, manifest.lint.overrides);
  return { definition: withLintianOverrides(definition, overrides), overrides };
}

/**
 * Writes the filters for rpmlint beside an rpm, whether or not there is an rpmlint here.
 * @throws CoachbuilderError `disk-full`, `output-unwritable`
 */
export async function withRpmlintrc(
  artifact: PackageArtifact,
  { definition, overrides }: Lintable,
  { directory, mode }: { readonly directory: string; readonly mode: LintMode },
): Promise<PackageArtifact> {
  if (artifact.format !== 'rpm' || mode === 'off') return artifact;
  const path = join(directory, rpmlintrcName(definition));
  await writeFileAtomic(path, renderRpmlintrc(definition, overrides));
  return { ...artifact, rpmlintrc: { path, ...(await digestFile(path)) } };
}

/** The files that {@link withRpmlintrc} writes for a target, relative to the destination. */
export function filterNames(target: BuildTarget, mode: LintMode): readonly string[] {
  if (target.distribution.format !== 'rpm' || mode === 'off') return [];
  return newNames(target).map((fileName) => rpmlintrcName({ fileName }));
}

interface LintStage {
  readonly label: string;
  /** Absolute; a directory of its own. */
  readonly scratch: string;
  readonly order: LintOrder;
  readonly ports: LintPorts & { readonly reporter: Reporter };
}

function summarize(format: PackageFormat, findings: readonly JudgedFinding[]): string {
  const meant = findings.filter((finding) => !stands(finding)).length;
  return meant === 0
    ? `${linters[format]} finds nothing`
    : `${linters[format]}: ${formatCount(meant, 'finding')}, all explained`;
}

/**
 * Has the linter of their format look at finished packages of one target.
 * @param record is told all findings, also when they fail the build
 * @returns the findings, all of them explained; undefined when no linter looked
 * @throws CoachbuilderError `lint-failed` for what is neither put right nor explained, `command-failed`
 */
export async function lintTarget(
  packages: readonly LintedPackage[],
  { label, scratch, order, ports }: LintStage,
  record: (findings: readonly JudgedFinding[]) => Promise<void>,
): Promise<readonly JudgedFinding[] | undefined> {
  const format = packages[0]?.definition.distribution.format;
  if (format === undefined || !order.formats.has(format)) return undefined;
  const summary = (findings: readonly JudgedFinding[]): string => summarize(format, findings);
  return runStage(ports.reporter, { stage: 'lint', target: label, summary }, async () => {
    const findings = await lintPackages(packages, { scratch, ports });
    for (const { override } of findings) if (override !== undefined) order.tally.use(override);
    await record(findings);
    const standing = findings.filter(stands);
    if (standing.length > 0) throw await lintFailure({ label, format }, standing, { scratch, ports });
    return findings;
  });
}

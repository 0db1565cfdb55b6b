import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { ToolPorts } from '../application/ports.ts';
import { integratePackages } from '../formats/integration/integrate.ts';
import type { PackageArtifact } from '../formats/packager.ts';
import { packagers } from '../formats/packagers.ts';
import { buildOwnRelease } from '../formats/release/own-build.ts';
import { defineReleasePackage, readReleaseKey } from '../formats/release/package.ts';
import { servicePlanner } from '../formats/services/plan.ts';
import type { JudgedFinding } from '../lint/lint-packages.ts';
import { definePackages } from '../packages/define.ts';
import type { PackageDefinition } from '../packages/definition.ts';
import { readPackageSources } from '../packages/sources.ts';
import { stagePackage } from '../packages/stage.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { formatCount } from '../report/format.ts';
import type { Tree } from '../tree/tree.ts';
import { writeBills } from './bills.ts';
import { below, emitInto } from './destination.ts';
import { documentPackages, documentRelease, type DocumentedPackages } from './document.ts';
import { lintTarget, prepareLint, withRpmlintrc, type FinishedPackage, type Lintable } from './lint.ts';
import { reportLibraries } from './needs.ts';
import { writeProvenance } from './provenance.ts';
import { withReport } from './report-page.ts';
import { runStage } from './stage.ts';

import type { TargetBuild, TargetContent } from './target-build.ts';

/** The packages of a target, the release package included. */
export async function defineAll(content: TargetContent, tree: Tree, build: TargetBuild): Promise<DocumentedPackages> {
  const { target } = content;
  const sources = await readPackageSources(target.manifest);
  const integrations = await integratePackages(target);
  const planServices = servicePlanner(target, sources);
  const packages = definePackages({ target, tree, sources, planServices, integrations, epoch: build.epoch });
  reportLibraries(target, tree, build.ports.reporter);
  const { bill, definitions } = await documentPackages(packages, { content, tree }, build);
  const release = await defineRelease(target);
  return { bill, definitions: release === undefined ? definitions : [...definitions, release] };
}

/** The release package of a target, when its manifest describes a repository and the project does not define it itself. */
export async function defineRelease(
  target: Pick<BuildTarget, 'manifest' | 'distribution' | 'release'>,
): Promise<PackageDefinition | undefined> {
  const { release } = target.manifest;
  if (release === undefined || target.release?.own !== undefined) return undefined;
  const definition = defineReleasePackage(target, await readReleaseKey(release));
  return definition === undefined ? undefined : documentRelease(definition, release.version);
}

/** Builds the release package that the project defines itself, where it does. */
export async function emitOwnRelease(
  target: Pick<BuildTarget, 'manifest' | 'distribution' | 'release'>,
  { output, ports }: Pick<Emission, 'output' | 'ports'>,
): Promise<readonly PackageArtifact[]> {
  const { manifest, distribution, release: planned } = target;
  if (manifest.release === undefined || planned?.own === undefined) return [];
  const path = join(output, planned.fileName);
  return [await buildOwnRelease(planned, manifest.release, { own: planned.own, distribution, ports, output: path })];
}

export interface Emission {
  /** Absolute directory in which the package appears. */
  readonly output: string;
  /** Absolute; an empty directory of its own for staging and intermediate files. */
  readonly scratch: string;
  readonly ports: Pick<ToolPorts, 'commands' | 'environments'>;
}

/** Stages one package and writes it. `tree` is what its staging root holds already: only the main package has one. */
export async function emitPackage(
  definition: PackageDefinition,
  emission: Emission,
  tree?: Pick<Tree, 'root'>,
): Promise<PackageArtifact> {
  const root = tree?.root ?? join(emission.scratch, 'root');
  await stagePackage(definition, root);
  const packager = packagers[definition.distribution.format];
  const output = join(emission.output, definition.fileName);
  const work = join(emission.scratch, 'work');
  await mkdir(work, { recursive: true });
  return packager.build(definition, root, output, work, emission.ports);
}

/** What is emitted: the packages of one target. */
interface Emitted {
  readonly content: TargetContent;
  readonly tree: Tree;
  /** Absolute directory of the target's records. */
  readonly directory: string;
}

async function emitEach(
  packages: readonly Lintable[],
  {
    bill,
    tree,
    directory,
    staging,
  }: Pick<Emitted, 'tree' | 'directory'> & {
    readonly bill: DocumentedPackages['bill'];
    readonly staging: string;
  },
  build: TargetBuild,
): Promise<readonly FinishedPackage[]> {
  const finished: FinishedPackage[] = [];
  for (const lintable of packages) {
    const { definition } = lintable;
    const emission = { output: staging, scratch: join(directory, definition.id), ports: build.ports };
    const isMain = definition.id === 'main';
    const built = await emitPackage(definition, emission, isMain ? tree : undefined);
    const artifact = await withRpmlintrc(built, lintable, { directory: staging, mode: build.lint.mode });
    const hasBills = isMain && build.sbom.length > 0;
    const bills = hasBills ? { sbom: await writeBills(definition, artifact, bill, build.sbom) } : {};
    finished.push({ ...lintable, artifact: { ...artifact, ...bills } });
  }
  return finished;
}

/**
 * Writes packages and has them linted; all of them appear together in the destination, and none when the linter finds
 * what is not explained.
 * @param define makes the packages, as a part of the stage
 * @param record keeps what the linter has found
 */
export async function emitAll(
  define: () => Promise<DocumentedPackages>,
  { content, tree, directory }: Emitted,
  {
    build,
    record,
  }: { readonly build: TargetBuild; readonly record: (findings: readonly JudgedFinding[]) => Promise<void> },
): Promise<readonly PackageArtifact[]> {
  const { target } = content;
  const { ports } = build;
  const summary = (made: { readonly packages: readonly FinishedPackage[] }): string =>
    formatCount(made.packages.length, 'package');
  return emitInto(below(build.destination, target.subdirectory), async (staging) => {
    const stage = { stage: 'package', target: target.label, summary } as const;
    const { bill, packages } = await runStage(ports.reporter, stage, async () => {
      const documented = await define();
      const lintable = documented.definitions.map((definition) => prepareLint(definition, target.manifest));
      const finished = await emitEach(lintable, { bill: documented.bill, tree, directory, staging }, build);
      return { bill: documented.bill, packages: finished };
    });
    const scratch = join(directory, 'lint');
    const lint = await lintTarget(packages, { label: target.label, scratch, order: build.lint, ports }, record);
    const own = await emitOwnRelease(target, { output: staging, ports });
    const made = [...packages.map(({ artifact }) => artifact), ...own];
    const artifacts = await writeProvenance(made, { ...content, tree }, build);
    if (!build.report) return artifacts;
    const definitions = packages.map(({ definition }) => definition);
    return withReport(artifacts, definitions, { target, bill, tree, lint }, build);
  });
}

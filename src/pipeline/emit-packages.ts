import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { ToolPorts } from '../application/ports.ts';
import { integratePackages } from '../formats/integration/integrate.ts';
import type { PackageArtifact } from '../formats/packager.ts';
import { packagers } from '../formats/packagers.ts';
import { defineReleasePackage, readReleaseKey } from '../formats/release/package.ts';
import { servicePlanner } from '../formats/services/plan.ts';
import { definePackages } from '../packages/define.ts';
import type { PackageDefinition } from '../packages/definition.ts';
import { readPackageSources } from '../packages/sources.ts';
import { stagePackage } from '../packages/stage.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import type { Tree } from '../tree/tree.ts';
import { writeBills } from './bills.ts';
import { below, emitInto } from './destination.ts';
import { documentPackages, documentRelease, type DocumentedPackages } from './document.ts';
import { reportLibraries } from './needs.ts';
import { withReport } from './report-page.ts';
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

/** The release package of a target, when its manifest describes a repository. */
export async function defineRelease(
  target: Pick<BuildTarget, 'manifest' | 'distribution' | 'release'>,
): Promise<PackageDefinition | undefined> {
  const { release } = target.manifest;
  if (release === undefined) return undefined;
  const definition = defineReleasePackage(target, await readReleaseKey(release));
  return definition === undefined ? undefined : documentRelease(definition, release.version);
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

/** Writes packages into the destination: all of them appear together. */
export async function emitAll(
  { bill, definitions }: DocumentedPackages,
  { content, tree, directory }: { readonly content: TargetContent; readonly tree: Tree; readonly directory: string },
  build: TargetBuild,
): Promise<readonly PackageArtifact[]> {
  const { target } = content;
  return emitInto(below(build.destination, target.subdirectory), async (staging) => {
    const artifacts: PackageArtifact[] = [];
    for (const definition of definitions) {
      const emission = { output: staging, scratch: join(directory, definition.id), ports: build.ports };
      const isMain = definition.id === 'main';
      const artifact = await emitPackage(definition, emission, isMain ? tree : undefined);
      if (!isMain || build.sbom.length === 0) artifacts.push(artifact);
      else artifacts.push({ ...artifact, sbom: await writeBills(definition, artifact, bill, build.sbom) });
    }
    return build.report ? withReport(artifacts, definitions, { ...content, bill, tree }, build) : artifacts;
  });
}

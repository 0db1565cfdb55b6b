import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Application } from '../application/application.ts';
import type { ToolPorts } from '../application/ports.ts';
import type { PackageArtifact } from '../formats/packager.ts';
import { packagers } from '../formats/packagers.ts';
import { defineReleasePackage, readReleaseKey } from '../formats/release/package.ts';
import { forbiddenPaths, refuseLeaks } from '../inspect/leaks.ts';
import { checkPlatform } from '../inspect/platform.ts';
import type { InterpreterCandidate } from '../lock/requires-python.ts';
import type { LockedEnvironment } from '../lock/lock.ts';
import type { LockStore } from '../lock/lock-store.ts';
import { platformOf } from '../lock/platform.ts';
import type { LockPorts } from '../lock/sdist-builder.ts';
import { definePackages } from '../packages/define.ts';
import type { PackageDefinition } from '../packages/definition.ts';
import { readPackageSources } from '../packages/sources.ts';
import { stagePackage } from '../packages/stage.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { formatCount, formatSize } from '../report/format.ts';
import type { SbomFormat } from '../sbom/bill.ts';
import { writeFileAtomic } from '../system/files.ts';
import { assembleTree } from '../tree/assemble.ts';
import { canCompileAhead, chooseBytecode, compileBytecode } from '../tree/bytecode.ts';
import type { Tree } from '../tree/tree.ts';
import { gather } from '../wheelhouse/gather.ts';
import { verifyClosure } from '../wheelhouse/verify-closure.ts';
import type { Wheelhouse } from '../wheelhouse/wheelhouse.ts';
import { writeBills } from './bills.ts';
import { bringInterpreter, findCompiler, findNeeds, ownLibraries } from './bundled.ts';
import { below, emitInto, type Destination } from './destination.ts';
import { digestInputs, type FinishedTargets } from './finished.ts';
import type { FinishedRecord } from './finished-schema.ts';
import type { SharedTrees } from './shared-trees.ts';
import type { Slots } from './slots.ts';
import { labelled, runStage } from './stage.ts';

/** What all targets of one run share. */
export interface TargetBuild {
  /** The application as the target gets it: one that an index offers may differ between targets. */
  readonly applicationFor: (target: BuildTarget) => Application;
  readonly lock: LockStore;
  /** Other distributions' interpreters, for the advice of an error. */
  readonly candidates: readonly InterpreterCandidate[];
  /** Whether wheels can be found without the network. */
  readonly hasLocalFiles: boolean;
  readonly destination: Destination;
  /** SOURCE_DATE_EPOCH, seconds. */
  readonly epoch: number;
  /** Absolute; records stay in it, trees only when `keepTrees` says so. */
  readonly runDirectory: string;
  readonly keepTrees: boolean;
  /** Absolute paths of this machine that no package may name. */
  readonly buildPaths: readonly string[];
  readonly home: string | undefined;
  readonly trees: SharedTrees;
  /** Limits how many targets are laid out and packaged at once. */
  readonly slots: Slots;
  readonly finished: FinishedTargets;
  /** Whether targets that are finished already are left as they are. */
  readonly resume: boolean;
  /** Bills of materials that are written beside the main package. */
  readonly sbom: readonly SbomFormat[];
  /** Which Coachbuilder this is; packages of another one are not taken for finished. */
  readonly program: string;
  readonly ports: LockPorts;
}

async function lockEnvironment(target: BuildTarget, build: TargetBuild): Promise<LockedEnvironment> {
  const { ports, lock } = build;
  const application = build.applicationFor(target);
  const { label, manifest } = target;
  const { python } = manifest;
  const platform = platformOf(target);
  const reporter = labelled(ports.reporter, label);
  return runStage(
    ports.reporter,
    { stage: 'lock', target: label, summary: ({ distributions }) => `${String(distributions.length)} pinned` },
    () => lock.environmentFor({ application, platform, python, candidates: build.candidates, reporter }),
  );
}

async function collectWheels(
  target: BuildTarget,
  environment: LockedEnvironment,
  build: TargetBuild,
): Promise<Wheelhouse> {
  const { ports } = build;
  const application = build.applicationFor(target);
  const { label } = target;
  const platform = platformOf(target);
  return runStage(
    ports.reporter,
    { stage: 'gather', target: label, summary: ({ wheels }) => formatCount(wheels.length, 'wheel') },
    async () => {
      const wheelhouse = await gather(
        environment,
        { platform, application, hasLocalFiles: build.hasLocalFiles },
        { ...ports, reporter: labelled(ports.reporter, label) },
      );
      await verifyClosure(wheelhouse, environment, platform);
      return wheelhouse;
    },
  );
}

function countFiles(tree: Tree): string {
  const files = tree.entries.filter((entry) => entry.kind === 'file');
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  return `${formatCount(files.length, 'file')}, ${formatSize(bytes)}`;
}

async function layOut(target: BuildTarget, wheelhouse: Wheelhouse, root: string, build: TargetBuild): Promise<Tree> {
  const { manifest, interpreter, architecture, distribution, label } = target;
  const brought = await bringInterpreter(target, build.ports);
  return runStage(build.ports.reporter, { stage: 'assemble', target: label, summary: countFiles }, () =>
    assembleTree({
      wheelhouse,
      target: {
        prefix: manifest.prefix,
        interpreter,
        architecture,
        glibc: distribution.glibc,
        lib64: distribution.lib64,
      },
      root,
      epoch: build.epoch,
      requested: [manifest.name],
      ...(brought === undefined ? {} : { interpreter: brought }),
    }),
  );
}

async function compile(target: BuildTarget, tree: Tree, build: TargetBuild): Promise<Tree> {
  const { commands, environments, reporter } = build.ports;
  const { minor } = target.interpreter;
  const setting = target.manifest.python.bytecode;
  const wanted = canCompileAhead(minor) && (setting === 'auto' || setting === 'build');
  const interpreter = wanted ? await findCompiler(target, tree, { commands, environments }) : undefined;
  const choice = chooseBytecode(setting, { minor, interpreter });
  if (choice !== 'shipped' || interpreter === undefined) return { ...tree, bytecode: choice };
  return runStage(
    reporter,
    { stage: 'bytecode', target: target.label, summary: () => `compiled with CPython ${interpreter.version}` },
    () =>
      compileBytecode(tree, {
        interpreter,
        epoch: build.epoch,
        commands,
        environments,
        libraries: ownLibraries(target),
      }),
  );
}

async function inspect(target: BuildTarget, tree: Tree, build: TargetBuild): Promise<Tree> {
  return runStage(build.ports.reporter, { stage: 'inspect', target: target.label }, async () => {
    checkPlatform(tree, target.architecture);
    const directories = [tree.root, ...build.buildPaths];
    await refuseLeaks(tree, forbiddenPaths({ directories, home: build.home, prefix: tree.prefix }));
    return findNeeds(target, tree, build.ports.reporter);
  });
}

async function defineAll(target: BuildTarget, tree: Tree, build: TargetBuild): Promise<readonly PackageDefinition[]> {
  const sources = await readPackageSources(target.manifest);
  const packages = definePackages({ target, tree, sources, epoch: build.epoch });
  const release = await defineRelease(target);
  return release === undefined ? packages : [...packages, release];
}

/** The release package of a target, when its manifest describes a repository. */
export async function defineRelease(
  target: Pick<BuildTarget, 'manifest' | 'distribution' | 'release'>,
): Promise<PackageDefinition | undefined> {
  const { release } = target.manifest;
  if (release === undefined) return undefined;
  return defineReleasePackage(target, await readReleaseKey(release));
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

async function emitAll(
  definitions: readonly PackageDefinition[],
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
      else artifacts.push({ ...artifact, sbom: await writeBills(definition, artifact, content, build) });
    }
    return artifacts;
  });
}

/** Writes what a stage made, so that a run can be explained afterwards. */
async function record(directory: string, name: string, value: object): Promise<void> {
  await writeFileAtomic(join(directory, name), `${JSON.stringify({ schemaVersion: 1, ...value }, null, 1)}\n`);
}

/** What the main package of a target is made of. */
interface TargetContent {
  readonly target: BuildTarget;
  readonly environment: LockedEnvironment;
  readonly wheelhouse: Wheelhouse;
}

/** A target of which it is known what it will be made of. */
export interface ResolvedTarget {
  readonly target: BuildTarget;
  readonly environment: LockedEnvironment;
  /** sha256 (hexadecimal) of everything that decides the packages. */
  readonly inputs: string;
  /** The packages of an earlier run, when all of them are there and were not altered since. */
  readonly present: FinishedRecord | undefined;
  /** Undefined when what is present was made from the same inputs. */
  readonly wheelhouse: Wheelhouse | undefined;
}

/**
 * The first half of building a target: lock, gather.
 * @throws CoachbuilderError of either stage
 */
export async function resolveTarget(target: BuildTarget, build: TargetBuild): Promise<ResolvedTarget> {
  const { epoch, sbom, program } = build;
  const environment = await lockEnvironment(target, build);
  const application = build.applicationFor(target);
  const inputs = await digestInputs({ target, application, environment, epoch, sbom, program });
  const present = build.resume ? await build.finished.find(target) : undefined;
  if (present?.inputs === inputs) return { target, environment, inputs, present, wheelhouse: undefined };
  return { target, environment, inputs, present, wheelhouse: await collectWheels(target, environment, build) };
}

/** What came of a target. */
export interface BuiltTarget {
  readonly artifacts: readonly PackageArtifact[];
  /** The target whose tree was used, when it was another's. */
  readonly sharedWith: string | undefined;
  /** Whether the packages are those of an earlier run. */
  readonly kept: boolean;
}

/**
 * The second half: assemble, inspect, package.
 * @param order of the target in the request: what comes first gets a slot first
 * @returns the packages at their final paths; they appear together, and none of them when anything fails
 * @throws CoachbuilderError of any stage
 */
export async function finishTarget(
  { target, environment, inputs, present, wheelhouse }: ResolvedTarget,
  order: number,
  build: TargetBuild,
): Promise<BuiltTarget> {
  if (wheelhouse === undefined) return { artifacts: present?.artifacts ?? [], sharedWith: undefined, kept: true };
  const { trees, slots, epoch } = build;
  const directory = targetDirectory(target, build);
  const root = join(directory, 'root');
  // A build directory that the user keeps may hold the trees of an earlier run.
  await removeTrees(directory, target);
  try {
    const { tree: common, sharedWith } = await trees.obtain({ target, wheelhouse, root, epoch }, (place) =>
      slots.run(order, async () => {
        const tree = await compile(target, await layOut(target, wheelhouse, place, build), build);
        return inspect(target, tree, build);
      }),
    );
    const artifacts = await slots.run(order, async () => {
      const tree = await trees.adopt(common, { root, epoch });
      await record(directory, 'tree.json', tree);
      return packageTree({ target, environment, wheelhouse }, tree, build);
    });
    await build.finished.keep(target, inputs, artifacts);
    return { artifacts, sharedWith, kept: false };
  } finally {
    if (!build.keepTrees) await removeTrees(directory, target);
  }
}

async function packageTree(
  content: TargetContent,
  tree: Tree,
  build: TargetBuild,
): Promise<readonly PackageArtifact[]> {
  const { target } = content;
  const { reporter } = build.ports;
  const directory = targetDirectory(target, build);
  const artifacts = await runStage(
    reporter,
    { stage: 'package', target: target.label, summary: (made) => formatCount(made.length, 'package') },
    async () => emitAll(await defineAll(target, tree, build), { content, tree, directory }, build),
  );
  await record(directory, 'artifacts.json', { artifacts });
  for (const { path, size } of artifacts) reporter.report({ type: 'artifact-built', target: target.label, path, size });
  return artifacts;
}

/** Where the records of a target are kept, and its trees while they are needed. */
function targetDirectory(target: BuildTarget, build: TargetBuild): string {
  return join(build.runDirectory, target.label.replace('/', '-'));
}

async function removeTrees(directory: string, target: BuildTarget): Promise<void> {
  const ids = ['root', 'release', ...target.packages.map((planned) => planned.settings.id)];
  for (const id of ids) await rm(join(directory, id), { recursive: true, force: true });
}

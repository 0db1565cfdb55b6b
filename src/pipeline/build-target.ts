import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { PackageArtifact } from '../formats/packager.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { writeFileAtomic } from '../system/files.ts';
import type { Tree } from '../tree/tree.ts';

import type { TargetBuild, TargetContent } from './target-build.ts';
import { makeTree } from './make-tree.ts';
import { checkPayload } from './payload.ts';
import { defineAll, emitAll } from './emit-packages.ts';
import type { ResolvedTarget } from './resolve-target.ts';
/** Writes what a stage made, so that a run can be explained afterwards. */
async function record(directory: string, name: string, value: object): Promise<void> {
  await writeFileAtomic(join(directory, name), `${JSON.stringify({ schemaVersion: 1, ...value }, null, 1)}\n`);
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
  { target, environment, history, inputs, present, wheelhouse }: ResolvedTarget,
  order: number,
  build: TargetBuild,
): Promise<BuiltTarget> {
  if (wheelhouse === undefined) return { artifacts: present?.artifacts ?? [], sharedWith: undefined, kept: true };
  await checkPayload(target, build);
  const { trees, slots, epoch } = build;
  const directory = targetDirectory(target, build);
  const root = join(directory, 'root');
  // A build directory that the user keeps may hold the trees of an earlier run.
  await removeTrees(directory, target);
  try {
    const { tree: common, sharedWith } = await trees.obtain({ target, wheelhouse, root, epoch }, (place) =>
      slots.run(order, () => makeTree(target, wheelhouse, place, build)),
    );
    const artifacts = await slots.run(order, async () => {
      const tree = await trees.adopt(common, { root, epoch });
      await record(directory, 'tree.json', tree);
      return packageTree({ target, environment, history, wheelhouse }, tree, build);
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
  const artifacts = await emitAll(
    () => defineAll(content, tree, build),
    { content, tree, directory },
    {
      build,
      record: (findings) => record(directory, 'lint.json', { findings }),
    },
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
  const ids = ['root', 'release', 'lint', ...target.packages.map((planned) => planned.settings.id)];
  for (const id of ids) await rm(join(directory, id), { recursive: true, force: true });
}

import { checkPlatform } from '../inspect/platform.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { formatCount, formatSize } from '../report/format.ts';
import { assembleTree } from '../tree/assemble.ts';
import { chooseBytecode, compileBytecode } from '../tree/bytecode.ts';
import type { Tree } from '../tree/tree.ts';
import type { Wheelhouse } from '../wheelhouse/wheelhouse.ts';
import { bringInterpreter, findCompiler, ownLibraries, wantsBytecode } from './bundled.ts';
import { checkHealth } from './health.ts';
import { findNeeds } from './needs.ts';
import { slim } from './slim.ts';
import { runStage } from './stage.ts';
import type { TargetBuild } from './target-build.ts';

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
      exclude: manifest.slim.exclude,
      ...(brought === undefined ? {} : { interpreter: brought }),
    }),
  );
}

async function compile(target: BuildTarget, tree: Tree, build: TargetBuild): Promise<Tree> {
  const { commands, environments, reporter } = build.ports;
  const { minor } = target.interpreter;
  const setting = target.manifest.python.bytecode;
  const interpreter = wantsBytecode(target) ? await findCompiler(target, tree, { commands, environments }) : undefined;
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
    return findNeeds(target, tree);
  });
}

/**
 * The tree of a target: laid out at `root`, made slimmer, compiled where that is possible, and inspected.
 * @throws CoachbuilderError of the stages assemble, slim, bytecode, inspect and health
 */
export async function makeTree(
  target: BuildTarget,
  wheelhouse: Wheelhouse,
  root: string,
  build: TargetBuild,
): Promise<Tree> {
  const slender = await slim(target, await layOut(target, wheelhouse, root, build), build);
  const inspected = await inspect(target, await compile(target, slender, build), build);
  return checkHealth(target, inspected, build);
}

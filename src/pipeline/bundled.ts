import { join, posix } from 'node:path';

import type { ToolPorts } from '../application/ports.ts';
import { fetchInterpreter } from '../interpreter/fetch.ts';
import { openInterpreter, type InterpreterFiles } from '../interpreter/interpreter-files.ts';
import { bundledDirectory } from '../plan/bundled-interpreter.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { canCompileAhead } from '../tree/bytecode.ts';
import {
  askInterpreter,
  findInterpreter,
  type FoundInterpreter,
  type InterpreterSearch,
} from '../tree/interpreters.ts';
import type { Tree } from '../tree/tree.ts';
import { runStage } from './stage.ts';

/** The interpreter that a target's package brings; undefined when it uses one that the distribution packages. */
export async function bringInterpreter(target: BuildTarget, ports: ToolPorts): Promise<InterpreterFiles | undefined> {
  const { interpreter, manifest, label } = target;
  if (interpreter.bundle === undefined) return undefined;
  const summary = (): string => `CPython ${interpreter.version}`;
  return runStage(ports.reporter, { stage: 'interpreter', target: label, summary }, async () => {
    const archive = await fetchInterpreter(interpreter.bundle, ports);
    return openInterpreter({ archive, interpreter, prefix: manifest.prefix });
  });
}

/**
 * The interpreter of this machine that compiles a tree: the tree's own where it runs here, else one of its minor.
 */
export async function findCompiler(
  target: BuildTarget,
  tree: Pick<Tree, 'root'>,
  search: InterpreterSearch,
): Promise<FoundInterpreter | undefined> {
  const { interpreter } = target;
  const own =
    interpreter.bundle === undefined ? undefined : await askInterpreter(join(tree.root, interpreter.path), search);
  return own?.minor === interpreter.minor ? own : findInterpreter(interpreter.minor, search);
}

/** Whether bytecode is compiled here when an interpreter for it can be found. */
export function wantsBytecode({ interpreter, manifest }: Pick<BuildTarget, 'interpreter' | 'manifest'>): boolean {
  const { bytecode } = manifest.python;
  return canCompileAhead(interpreter.minor) && (bytecode === 'auto' || bytecode === 'build');
}

/**
 * The interpreter of this machine by which a target's bytecode is decided, as far as that is known before there is a
 * tree. A bundled interpreter that runs here compiles its own; whether it does is seen only then.
 * @returns undefined when there is none, or none is wanted
 */
export async function findHostCompiler(
  target: Pick<BuildTarget, 'interpreter' | 'manifest'>,
  search: InterpreterSearch,
): Promise<FoundInterpreter | undefined> {
  return wantsBytecode(target) ? findInterpreter(target.interpreter.minor, search) : undefined;
}

/** Directories beside site-packages whose modules are compiled: the standard library, when the package brings it. */
export function ownLibraries({ interpreter, manifest }: BuildTarget): readonly string[] {
  if (interpreter.bundle === undefined) return [];
  return [posix.join(manifest.prefix, bundledDirectory, `lib/python${interpreter.minor}`)];
}

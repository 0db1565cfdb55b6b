import { refuseNewerProcessors, refuseNewerSymbols } from '../inspect/levels.ts';
import { loadObjects, needsOf } from '../inspect/system-needs.ts';
import { unsearchedLibraries } from '../inspect/unsearched.ts';
import { architectures } from '../model/architecture.ts';
import { libraryRelations } from '../packages/library-relations.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import type { Reporter } from '../report/event.ts';
import type { Tree } from '../tree/tree.ts';

/**
 * Adds to a tree what its programs and libraries need from the system.
 * @throws CoachbuilderError `unsupported-by-target` when that is more than the target has: its libraries, its processors
 */
export async function findNeeds(target: BuildTarget, tree: Tree): Promise<Tree> {
  const { distribution, architecture } = target;
  const objects = await loadObjects(tree, architectures[architecture].elfMachine);
  const paths = tree.entries.filter(({ kind }) => kind !== 'directory').map(({ path }) => path);
  const systemNeeds = needsOf(objects, paths);
  refuseNewerSymbols(tree, systemNeeds, distribution);
  refuseNewerProcessors(tree, objects, target);
  const unsearched = unsearchedLibraries(objects, tree.entries);
  return { ...tree, systemNeeds, ...(unsearched.length === 0 ? {} : { unsearched }) };
}

/**
 * Tells what there is to tell about the libraries that a target's package asks for.
 * @throws CoachbuilderError as `libraryRelations`
 */
export function reportLibraries(
  target: BuildTarget,
  { systemNeeds }: Pick<Tree, 'systemNeeds'>,
  reporter: Reporter,
): void {
  if (systemNeeds === undefined) return;
  for (const note of libraryRelations(target, systemNeeds).notes) {
    reporter.report({ type: 'warning', target: target.label, ...note });
  }
}

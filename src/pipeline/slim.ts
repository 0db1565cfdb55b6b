import type { BuildTarget } from '../plan/build-plan.ts';
import { bundledDirectory } from '../plan/bundled-interpreter.ts';
import { formatCount, formatSize } from '../report/format.ts';
import { slimTree, wantsSlimming } from '../tree/slim/slim.ts';
import { placesOf } from '../tree/tree-glob.ts';
import type { Slimming, Tree } from '../tree/tree.ts';
import { runStage } from './stage.ts';
import type { TargetBuild } from './target-build.ts';

function summarize({ parts }: Slimming): string {
  const sum = (key: 'files' | 'bytes'): number => parts.reduce((total, part) => total + part[key], 0);
  const each = parts.map(({ part, files, bytes }) => `${part} ${formatSize(bytes)} in ${formatCount(files, 'file')}`);
  const list = each.length === 0 ? '' : ` (${each.join(', ')})`;
  return `left out ${formatCount(sum('files'), 'file')}, ${formatSize(sum('bytes'))}${list}`;
}

/**
 * Leaves out of a tree what the manifest says, and tells what it saved.
 * @throws CoachbuilderError `output-unwritable`
 */
export async function slim(target: BuildTarget, tree: Tree, build: TargetBuild): Promise<Tree> {
  const { manifest, interpreter, label } = target;
  if (!wantsSlimming(manifest.slim)) return tree;
  const { reporter } = build.ports;
  const stage = {
    stage: 'slim',
    target: label,
    summary: ({ slimming }: Tree) => (slimming === undefined ? '' : summarize(slimming)),
  } as const;
  const slimmed = await runStage(reporter, stage, () =>
    slimTree(tree, {
      settings: manifest.slim,
      places: placesOf(tree.prefix, interpreter.minor),
      epoch: build.epoch,
      interpreter: interpreter.bundle === undefined ? undefined : bundledDirectory,
    }),
  );
  for (const glob of slimmed.slimming?.idle ?? []) {
    const message = `slim.exclude has "${glob}", which no file matches`;
    reporter.report({ type: 'warning', target: label, message, hint: 'correct it, or take it out of the manifest' });
  }
  return slimmed;
}

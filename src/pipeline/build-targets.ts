import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PackageArtifact } from '../formats/packager.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { finishTarget, type BuiltTarget } from './build-target.ts';
import { lockAll, resolveTarget } from './resolve-target.ts';
import type { TargetBuild } from './target-build.ts';

/** What came of a target, whatever it was. */
export interface TargetOutcome {
  readonly target: BuildTarget;
  /** Absent when it failed or was not begun. */
  readonly built?: BuiltTarget;
  readonly error?: CoachbuilderError;
  /** Whether a second build made the same packages; absent when there was none. */
  readonly reproducible?: boolean;
  /** Milliseconds from its first stage to its end; 0 when it was not begun. */
  readonly duration: number;
}

export interface TargetsResult {
  /** One for each target, in the order of the targets. */
  readonly outcomes: readonly TargetOutcome[];
  /** What ended the run before its time and is no CoachbuilderError: an interruption, or a defect. */
  readonly fatal: { readonly reason: unknown } | undefined;
}

export interface TargetsBuild extends TargetBuild {
  /** Whether the others are built after one has failed. */
  readonly keepGoing: boolean;
}

/**
 * Builds many targets: resolves one after the other, while those that are resolved are laid out and packaged, as many at
 * once as there are slots. Without `keepGoing` nothing new is begun after a failure, and what has begun is brought to its end.
 * @returns what came of each, when nothing runs any more; what failed is not thrown
 */
export async function buildTargets(targets: readonly BuildTarget[], build: TargetsBuild): Promise<TargetsResult> {
  const outcomes = new Map<BuildTarget, TargetOutcome>();
  const running: Promise<void>[] = [];
  const run: { stopped: boolean; fatal: TargetsResult['fatal'] } = { stopped: false, fatal: undefined };

  const conclude = (target: BuildTarget, started: number, result: Pick<TargetOutcome, 'built' | 'error'>): void => {
    const duration = performance.now() - started;
    outcomes.set(target, { target, duration, ...result });
    const outcome = result.error !== undefined ? 'failed' : result.built?.kept === true ? 'kept' : 'built';
    build.ports.reporter.report({ type: 'target-finished', target: target.label, duration, outcome });
  };
  const fail = (target: BuildTarget, started: number, error: unknown): void => {
    if (!build.keepGoing) run.stopped = true;
    if (error instanceof CoachbuilderError) conclude(target, started, { error });
    else {
      run.stopped = true;
      run.fatal ??= { reason: error };
    }
  };

  await build.trees.clear();
  if (build.provenance !== undefined && targets.length > 1) await lockAll(targets, build);
  for (const [order, target] of targets.entries()) {
    if (run.stopped) break;
    const started = performance.now();
    try {
      const resolved = await resolveTarget(target, build);
      const finish = async (): Promise<void> => {
        try {
          conclude(target, started, { built: await finishTarget(resolved, order, build) });
        } catch (error) {
          fail(target, started, error);
        } finally {
          await build.trees.leave(target);
        }
      };
      running.push(finish());
    } catch (error) {
      fail(target, started, error);
      await build.trees.leave(target);
    }
  }
  await Promise.all(running);
  await build.trees.clear();
  return { outcomes: targets.map((target) => outcomes.get(target) ?? { target, duration: 0 }), fatal: run.fatal };
}

/** All packages of some outcomes, in the order of the targets; what two targets share is named once. */
export function artifactsOf(outcomes: readonly TargetOutcome[]): readonly PackageArtifact[] {
  const byPath = new Map<string, PackageArtifact>();
  for (const { built } of outcomes) {
    for (const artifact of built?.artifacts ?? []) if (!byPath.has(artifact.path)) byPath.set(artifact.path, artifact);
  }
  return [...byPath.values()];
}

import { readHistory, type History } from '../documents/history.ts';
import type { LockedEnvironment } from '../lock/lock.ts';
import { platformOf } from '../lock/platform.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { formatCount } from '../report/format.ts';
import { gather } from '../wheelhouse/gather.ts';
import { verifyClosure } from '../wheelhouse/verify-closure.ts';
import type { Wheelhouse } from '../wheelhouse/wheelhouse.ts';
import { findHostCompiler } from './bundled.ts';
import { digestInputs } from './finished.ts';
import type { FinishedRecord } from './finished-schema.ts';
import { labelled, runStage } from './stage.ts';

import type { TargetBuild } from './target-build.ts';
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

/**
 * Locks every target before anything is made of the first: a statement names the digest of the whole lock. What cannot be
 * locked fails again when it is its turn, and is told then.
 */
export async function lockAll(targets: readonly BuildTarget[], build: TargetBuild): Promise<void> {
  for (const target of targets) {
    try {
      await lockEnvironment(target, build);
    } catch {
      // Told later.
    }
  }
}

/** A target of which it is known what it will be made of. */
export interface ResolvedTarget {
  readonly target: BuildTarget;
  readonly environment: LockedEnvironment;
  readonly history: History;
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
  const { epoch, sbom, report, program, lint, ports } = build;
  const environment = await lockEnvironment(target, build);
  const application = build.applicationFor(target);
  const history = await readHistory(application, target.manifest, ports);
  const inputs = await digestInputs({
    ...{ target, application, environment, epoch, sbom, lint: lint.mode, report, program },
    history,
    linted: lint.formats.has(target.distribution.format),
    provenance: await build.provenance?.(),
    compiler: await findHostCompiler(target, ports),
  });
  const present = build.resume ? await build.finished.find(target) : undefined;
  const known = { target, environment, history, inputs, present };
  if (present?.inputs === inputs) return { ...known, wheelhouse: undefined };
  return { ...known, wheelhouse: await collectWheels(target, environment, build) };
}

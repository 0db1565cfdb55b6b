import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PackageArtifact } from '../formats/packager.ts';
import type { LockStore } from '../lock/lock-store.ts';
import type { LockPorts } from '../lock/sdist-builder.ts';
import type { BuiltTarget } from '../pipeline/build-target.ts';
import type { TargetOutcome, TargetsResult } from '../pipeline/build-targets.ts';
import { runStage, type Progress } from '../pipeline/stage.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import type { Reporter } from '../report/event.ts';
import { formatCount } from '../report/format.ts';
import { explainRebuild, type Comparison } from './explain-rebuild.ts';
import type { BuildOptions } from './build-options.ts';
import type { Session } from './session.ts';

/** How a second build is done. */
export interface SecondBuild {
  /** Absolute; a directory of its own, longer than that of the first build. */
  readonly directory: string;
  /** Absolute directory of its packages. */
  readonly packages: string;
  /** The first build's, in another time zone and locale, and silent. */
  readonly ports: LockPorts;
}

/** As far from UTC as time zones are, in the form that needs no time zone database (POSIX, XBD 8.3: the sign is the other way round). */
const elsewhere = { TZ: 'GMT-14', LANG: 'C', LC_ALL: 'C' } as const;

/** The first build has told it all; what goes on is said as progress of the comparison. */
function silent(reporter: Reporter, progress: Progress): Reporter {
  return {
    report: (event) => {
      if (event.type === 'command-finished') reporter.report(event);
      if (event.type === 'stage-started') progress([event.target, event.stage].filter(Boolean).join(': '));
    },
    close: () => undefined,
  };
}

/** Where programs of the second build put what is temporary. */
function temporaryIn(directory: string): string {
  return join(directory, 'tmp');
}

function variedPorts(ports: LockPorts, directory: string, progress: Progress): LockPorts {
  const { base, network } = ports.environments;
  const varied = { ...elsewhere, TMPDIR: temporaryIn(directory) };
  return {
    ...ports,
    environments: { base: { ...base, ...varied }, network: { ...network, ...varied } },
    reporter: silent(ports.reporter, progress),
  };
}

/** Ports by which nothing is found that was built before: neither by us, nor by pip, which keeps wheels of its own making. */
function withoutBuiltWheels(ports: LockPorts, directory: string): LockPorts {
  const { base, network } = ports.environments;
  const fresh = { PIP_CACHE_DIR: join(directory, 'pip') };
  return {
    ...ports,
    environments: { base: { ...base, ...fresh }, network: { ...network, ...fresh } },
    builtWheels: join(directory, 'built'),
  };
}

function notReproducible(target: BuildTarget, what: string, details: readonly string[]): CoachbuilderError {
  return new CoachbuilderError('not-reproducible', `a second build of ${target.label} ${what}`, {
    details,
    hint: 'have the project take times from SOURCE_DATE_EPOCH, and leave out what is random or depends on the directory, the time zone or the locale',
  });
}

/** A target of the first build, and what came of it in the second. */
interface Pair {
  readonly built: BuiltTarget;
  readonly again: BuiltTarget | undefined;
  readonly failure: CoachbuilderError | undefined;
}

async function compareTarget(
  target: BuildTarget,
  { built, again: rebuilt, failure }: Pair,
  comparison: Comparison,
): Promise<readonly PackageArtifact[]> {
  if (rebuilt === undefined) {
    const { message, details } = failure ?? { message: 'it was not begun', details: [] };
    throw notReproducible(target, 'failed, and the first one did not', [message, ...details]);
  }
  const again = rebuilt.artifacts;
  const { differing, lines } = await explainRebuild(target, [built.artifacts, again], comparison);
  const [artifact] = again;
  if (differing.length === 0 || artifact === undefined) return built.artifacts;
  throw notReproducible(target, `made other packages: ${differing.join(', ')}`, [
    ...lines,
    `the second build's packages are kept in ${dirname(artifact.path)}`,
  ]);
}

export interface ReproducibilityJob {
  readonly session: Pick<Session, 'run'>;
  readonly ports: LockPorts;
  /** What the first build locked. */
  readonly lock: LockStore;
  readonly options: Pick<BuildOptions, 'checkCompiled'>;
}

/** What came of a second build, or why there was no application for any target. */
interface Rebuilt extends TargetsResult {
  readonly lock?: LockStore;
  readonly failure?: CoachbuilderError;
}

function summarize({ outcomes }: Rebuilt): string {
  return `${formatCount(outcomes.filter(({ built }) => built !== undefined).length, 'target')} built again`;
}

/**
 * Builds everything a second time and compares the packages with those of the first build, byte by byte. The second
 * build's packages stay in the run directory when some differ, so that they can be looked at.
 * @param outcomes of the first build; what it did not build is not compared
 * @param rebuild does the second build, from the application's wheel on
 * @returns the outcomes, with an error `not-reproducible` where packages differ
 * @throws what ends the second build before its time
 */
export async function checkReproducible(
  outcomes: readonly TargetOutcome[],
  rebuild: (second: SecondBuild) => Promise<Rebuilt>,
  { session, ports, lock, options }: ReproducibilityJob,
): Promise<readonly TargetOutcome[]> {
  const directory = join(session.run.path, 'second-build');
  const { reporter } = ports;
  // A build directory that the user keeps may hold that of an earlier run.
  await rm(directory, { recursive: true, force: true });
  await mkdir(temporaryIn(directory), { recursive: true });
  const second = await runStage(
    reporter,
    { stage: 'reproduce', summary: summarize },
    async (progress): Promise<Rebuilt> => {
      const same = variedPorts(ports, directory, progress);
      const varied = options.checkCompiled ? withoutBuiltWheels(same, directory) : same;
      const again = { directory, packages: join(directory, 'packages'), ports: varied };
      try {
        return await rebuild(again);
      } catch (error) {
        // There was an application before, so this is a difference as any other.
        if (error instanceof CoachbuilderError) return { outcomes: [], fatal: undefined, failure: error };
        throw error;
      }
    },
  );
  if (second.fatal !== undefined) throw second.fatal.reason;
  const locks = { first: lock, second: second.lock };
  const comparison = { ports, scratch: join(directory, 'comparison'), locks };
  const results: TargetOutcome[] = [];
  for (const outcome of outcomes) {
    const { target, built } = outcome;
    if (built === undefined) results.push(outcome);
    else {
      const again = second.outcomes.find((each) => each.target.label === target.label);
      const pair = { built, again: again?.built, failure: again?.error ?? second.failure };
      results.push({ ...outcome, ...(await verdict(target, () => compareTarget(target, pair, comparison), reporter)) });
    }
  }
  if (results.every(({ error }) => error?.code !== 'not-reproducible'))
    await rm(directory, { recursive: true, force: true });
  return results;
}

async function verdict(
  target: BuildTarget,
  compare: () => Promise<readonly PackageArtifact[]>,
  reporter: Reporter,
): Promise<Pick<TargetOutcome, 'error' | 'reproducible'>> {
  const summary = (same: readonly PackageArtifact[]): string =>
    `${formatCount(same.length, 'package')} the same, byte for byte`;
  try {
    await runStage(reporter, { stage: 'reproduce', target: target.label, summary }, compare);
    return { reproducible: true };
  } catch (error) {
    if (error instanceof CoachbuilderError) return { reproducible: false, error };
    throw error;
  }
}

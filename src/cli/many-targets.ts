import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { TargetOutcome } from '../pipeline/build-targets.ts';
import type { Capacity } from '../pipeline/slots.ts';
import type { RunFacts } from '../provenance/facts.ts';
import { errorText } from '../report/error-text.ts';
import { summaryTable, type SummaryRow } from '../report/summary.ts';
import { isErrno } from '../system/files.ts';
import type { BuildOptions } from './build-options.ts';
import { withLog, type Session } from './session.ts';
import type { World } from './world.ts';

/** What this machine, or the container that we run in, has left for us. */
export function machineCapacity(): Capacity {
  return { cores: availableParallelism(), memory: process.availableMemory() };
}

const root = fileURLToPath(new URL('../..', import.meta.url));

async function contentOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return Buffer.alloc(0);
    throw error;
  }
}

/**
 * The version of this program and the digest of what it consists of: names and contents of the compiled program, of what
 * it runs and of its templates. The same on every machine, unlike the stamp, which goes by dates.
 */
export async function programFacts(): Promise<RunFacts['program']> {
  const hash = createHash('sha256');
  const names: string[] = ['package.json'];
  for (const [directory, pattern] of [
    ['dist', /\.js$/],
    ['spec-templates', /\.\w+$/],
    ['src', /\.(?:py|sh|yaml|json)$/],
  ] as const) {
    const found = await readdir(join(root, directory), { recursive: true });
    names.push(...found.filter((name) => pattern.test(name)).map((name) => `${directory}/${name}`));
  }
  for (const name of names.sort()) hash.update(`${name}\0`).update(sha256Of(await contentOf(join(root, name))));
  const { version } = JSON.parse((await contentOf(join(root, 'package.json'))).toString('utf8')) as { version: string };
  return { version, sha256: hash.digest('hex') };
}

function sha256Of(content: Buffer): Buffer {
  return createHash('sha256').update(content).digest();
}

/** Which Coachbuilder this is: its version, the stamp of the compiled program, its templates. */
export async function programIdentity(): Promise<string> {
  const hash = createHash('sha256');
  const templates = (await readdir(join(root, 'spec-templates'), { recursive: true })).filter((name) =>
    /\.\w+$/.test(name),
  );
  const files = ['package.json', 'dist/.stamp', ...templates.sort().map((name) => join('spec-templates', name))];
  for (const name of files) hash.update(`${name}\0`).update(await contentOf(join(root, name)));
  return hash.digest('hex');
}

function outcomeWord({ built, error, reproducible }: TargetOutcome): SummaryRow['outcome'] {
  if (built === undefined) return error === undefined ? 'not begun' : 'failed';
  if (reproducible !== undefined) return reproducible ? 'reproducible' : 'not reproducible';
  return built.kept ? 'kept' : 'built';
}

function summaryRow(outcome: TargetOutcome): SummaryRow {
  const { target, built, duration } = outcome;
  const artifacts = built?.artifacts ?? [];
  return {
    target: target.label,
    outcome: outcomeWord(outcome),
    packages: artifacts.length,
    size: artifacts.reduce((sum, { size }) => sum + size, 0),
    duration,
    sharedWith: built?.sharedWith,
  };
}

export interface Conclusion {
  readonly options: Pick<BuildOptions, 'verbosity' | 'progress' | 'keepGoing'>;
  /** Milliseconds since the beginning. */
  readonly elapsed: number;
}

interface Place {
  readonly session: Session;
  readonly world: Pick<World, 'stderr'>;
}

/**
 * Ends a run: a table when there were several targets, and what went wrong.
 * @throws CoachbuilderError that of the only failure, or `targets-failed` after all of several were printed
 */
export function concludeTargets(
  outcomes: readonly TargetOutcome[],
  { options, elapsed }: Conclusion,
  { session, world }: Place,
): void {
  const failures = outcomes.flatMap(({ target, error }) => (error === undefined ? [] : [{ target, error }]));
  const several = outcomes.length > 1;
  if (several && options.verbosity !== 'quiet' && options.progress !== 'json')
    world.stderr(summaryTable(outcomes.map(summaryRow), elapsed));
  const [first] = failures;
  if (first === undefined) return;
  if (failures.length === 1 && !(several && options.keepGoing)) throw first.error;
  for (const { target, error } of failures) {
    const logged = withLog(error, session);
    world.stderr(`\n${target.label}: ${logged instanceof CoachbuilderError ? errorText(logged) : String(logged)}\n`);
  }
  world.stderr('\n');
  throw new CoachbuilderError(
    'targets-failed',
    `${String(failures.length)} of ${String(outcomes.length)} targets failed: ${failures.map(({ target }) => target.label).join(', ')}`,
    { hint: 'put right what is said above, and run the same command again with --resume' },
  );
}

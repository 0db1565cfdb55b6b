import type { DistributionTable } from '../distributions/table.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { CoreMetadata } from '../python/core-metadata.ts';
import { satisfies } from '../python/specifiers.ts';
import type { TargetPlatform } from './platform.ts';

/** The interpreter of a distribution, for the advice that an error gives. */
export interface InterpreterCandidate {
  /** `Debian 12`. */
  readonly title: string;
  readonly pythonVersion: string;
}

/** The interpreters of all distributions of a table. */
export function interpreterCandidates(table: DistributionTable): readonly InterpreterCandidate[] {
  return [...table.values()].map(({ title, python }) => ({ title, pythonVersion: python.version }));
}

/** Whether a `Requires-Python` takes an interpreter; of `3.6`, without a patch level, 3.6.0 is meant. */
export function accepts(requiresPython: string, interpreter: Pick<TargetPlatform, 'pythonVersion'>): boolean {
  const version =
    interpreter.pythonVersion.split('.').length < 3 ? `${interpreter.pythonVersion}.0` : interpreter.pythonVersion;
  try {
    return satisfies(version, requiresPython, { prereleases: true });
  } catch (error) {
    // Old projects declare things that no tool can read; installers then go on, and so do we.
    if (error instanceof CoachbuilderError) return true;
    throw error;
  }
}

/**
 * Whether the target's interpreter is one that the application accepts.
 * @param candidates where it would do
 * @throws CoachbuilderError `requires-python` naming what the target has, what is wanted and where it would do
 */
export function requireInterpreter(
  { name, version, requiresPython }: Pick<CoreMetadata, 'name' | 'version' | 'requiresPython'>,
  platform: TargetPlatform,
  candidates: readonly InterpreterCandidate[],
): void {
  if (requiresPython === undefined || accepts(requiresPython, platform)) return;
  const fitting = candidates.filter((candidate) => accepts(requiresPython, candidate));
  const other =
    'name another interpreter under python.interpreter in the manifest, packaged by the distribution or bundled, or package a version that runs on this one';
  throw new CoachbuilderError(
    'requires-python',
    `${name} ${version} wants Python ${requiresPython}, and ${platform.title} has Python ${platform.pythonVersion}`,
    {
      hint: fitting.length === 0 ? other : `choose one of the distributions above, ${other}`,
      details: fitting.map(({ title, pythonVersion }) => `${title}: Python ${pythonVersion}`),
    },
  );
}

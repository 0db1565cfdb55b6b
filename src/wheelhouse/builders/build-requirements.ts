import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { fingerprintOf } from '../../lock/fingerprint.ts';
import type { LockedDistribution, LockedEnvironment } from '../../lock/lock.ts';
import { applying, markersOf, type LockQuestion } from '../../lock/lock-request.ts';
import { lockQuestion } from '../../lock/lock-target.ts';
import { platformKey, pythonMinor, type TargetPlatform } from '../../lock/platform.ts';
import type { LockPorts } from '../../lock/sdist-builder.ts';
import { formatRequirement, parseRequirement, type Requirement } from '../../python/requirement.ts';

/** The frontend that builds: the target's own may be too old, or not there. */
const frontend = 'pip';

function ask(requirements: readonly Requirement[], platform: TargetPlatform): LockQuestion {
  return {
    platform,
    markers: markersOf(platform),
    requirements,
    constraints: [],
    hashes: new Map(),
    own: undefined,
    imported: undefined,
    inputs: inputsOf(requirements.map(formatRequirement), platform),
  };
}

function inputsOf(requirements: readonly string[], platform: TargetPlatform): LockQuestion['inputs'] {
  const { glibc, architecture } = platform;
  return { python: pythonMinor(platform), glibc, architecture, requirements, constraints: [], indexes: [] };
}

/** The requirements that hold for the target's interpreter, which is the one that builds. */
function forTarget(texts: readonly string[], platform: TargetPlatform): readonly Requirement[] {
  return applying(texts.map(parseRequirement), [], markersOf(platform)).map((each) => ({ ...each, marker: undefined }));
}

/**
 * Resolves what building an sdist takes, for the target's interpreter: every file is pinned by its sha256, which pip
 * itself does for no build requirement.
 * @param texts requirements as the project writes them
 * @throws CoachbuilderError of `lockQuestion`, naming the project
 */
export async function pinBuildRequirements(
  texts: readonly string[],
  subject: string,
  platform: TargetPlatform,
  ports: LockPorts,
): Promise<LockedEnvironment> {
  try {
    return await lockQuestion(ask(forTarget([frontend, ...texts], platform), platform), ports);
  } catch (error) {
    if (!(error instanceof CoachbuilderError) || error.code !== 'unresolvable') throw error;
    throw new CoachbuilderError('unresolvable', `what building ${subject} takes cannot be had: ${error.message}`, {
      hint: 'constrain the project to a version whose build requirements can be met',
      details: error.details,
      cause: error,
    });
  }
}

/** An environment of files that were pinned earlier. */
export function pinnedEnvironment(
  distributions: readonly LockedDistribution[],
  platform: TargetPlatform,
): LockedEnvironment {
  const key = platformKey(platform);
  const inputs = inputsOf([], platform);
  return { key, inputs, fingerprint: fingerprintOf(key, inputs, distributions), distributions };
}

/**
 * The requirement that a build asked for while it ran (PEP 517, `get_requires_for_build_wheel`) and did not find among
 * its wheels, by what pip prints.
 */
export function missingRequirement(output: string): string | undefined {
  const text = /No matching distribution found for ([^\n]+)/.exec(output)?.[1];
  return text?.replace(/\s\(from .*$/, '').trim();
}

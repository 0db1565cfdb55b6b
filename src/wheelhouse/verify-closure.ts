import { readWheel } from '../application/wheel-reader.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { LockedEnvironment } from '../lock/lock.ts';
import { applying, markersOf } from '../lock/lock-request.ts';
import { accepts } from '../lock/requires-python.ts';
import { describePlatform, type TargetPlatform } from '../lock/platform.ts';
import type { CoreMetadata } from '../python/core-metadata.ts';
import { normalizeName } from '../python/name.ts';
import { formatRequirement, parseRequirement, type Requirement } from '../python/requirement.ts';
import { satisfies } from '../python/specifiers.ts';
import { mapConcurrently } from '../system/files.ts';
import type { Wheelhouse } from './wheelhouse.ts';

interface Need {
  readonly requirement: Requirement;
  /** Who requires it, for messages. */
  readonly by: string;
}

function problemOf(need: Need, found: CoreMetadata | undefined): string | undefined {
  const { requirement, by } = need;
  const wanted = formatRequirement({ ...requirement, marker: undefined });
  if (found === undefined) return `${by} requires ${wanted}, which is not among the wheels`;
  // A pre-release that a resolver chose was asked for somewhere.
  if (satisfies(found.version, requirement.specifiers, { prereleases: true })) return undefined;
  return `${by} requires ${wanted}, and the wheel is ${found.version}`;
}

/** Follows every requirement that holds on the platform, from the roots, with the extras that are asked for on the way. */
function followRequirements(
  roots: readonly Requirement[],
  wheels: ReadonlyMap<string, CoreMetadata>,
  platform: TargetPlatform,
): readonly string[] {
  const markers = markersOf(platform);
  const problems = new Set<string>();
  const seen = new Set<string>();
  const queue: Need[] = roots.map((requirement) => ({ requirement, by: 'the application' }));
  for (let need = queue.pop(); need !== undefined; need = queue.pop()) {
    const name = normalizeName(need.requirement.name);
    const found = wheels.get(name);
    const problem = problemOf(need, found);
    if (problem !== undefined) problems.add(problem);
    if (found === undefined) continue;
    const extras = need.requirement.extras.map(normalizeName).sort();
    const visit = `${name}[${extras.join(',')}]`;
    if (seen.has(visit)) continue;
    seen.add(visit);
    const declared = applying(found.requiresDist.map(parseRequirement), extras, markers);
    queue.push(...declared.map((requirement) => ({ requirement, by: `${found.name} ${found.version}` })));
  }
  return [...problems].sort();
}

/**
 * Checks that a wheelhouse is closed for its target: that every requirement of every wheel, its markers evaluated for
 * the target, is among the wheels in a version that satisfies it. Resolvers are trusted to choose well, not to be right.
 * @throws CoachbuilderError `unresolvable` with every requirement that is not met, `requires-python` when a wheel does
 * not accept the target's interpreter
 */
export async function verifyClosure(
  wheelhouse: Wheelhouse,
  environment: LockedEnvironment,
  platform: TargetPlatform,
): Promise<void> {
  const contents = await mapConcurrently(wheelhouse.wheels, 4, async (wheel) => (await readWheel(wheel.path)).metadata);
  const wheels = new Map(contents.map((metadata) => [normalizeName(metadata.name), metadata]));
  const unwilling = contents.filter(
    ({ requiresPython }) => requiresPython !== undefined && !accepts(requiresPython, platform),
  );
  if (unwilling.length > 0) {
    throw new CoachbuilderError(
      'requires-python',
      `${platform.title} has Python ${platform.pythonVersion}, which not every dependency accepts`,
      {
        hint: 'delete the environment from coachbuilder.lock and lock again',
        details: unwilling.map(
          ({ name, version, requiresPython }) => `${name} ${version} wants Python ${requiresPython ?? ''}`,
        ),
      },
    );
  }
  const roots = environment.inputs.requirements.map((text) => parseRequirement(text.replace(/\s--hash=.*$/, '')));
  const problems = followRequirements(roots, wheels, platform);
  if (problems.length === 0) return;
  throw new CoachbuilderError(
    'unresolvable',
    `the wheels for ${describePlatform(platform)} do not satisfy each other`,
    {
      hint: 'delete the environment from coachbuilder.lock and lock again; if it stays so, constrain the projects below',
      details: problems,
    },
  );
}

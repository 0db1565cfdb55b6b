import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import type { MarkerEnvironment } from '../../python/environment.ts';
import { satisfies } from '../../python/specifiers.ts';
import { unusable } from './imported-lock.ts';
import { markerHolds } from './scoped-marker.ts';

/** Poetry's own notations (`^3.9`, `~3.9`) as PEP 440 writes them; `||` separates alternatives. */
function alternatives(range: string): readonly string[] {
  return range.split('||').map((alternative) =>
    alternative
      .trim()
      .replaceAll(/\^\s*(\d+)((?:\.\d+)*)/g, (_, major: string, rest: string) => {
        return `>=${major}${rest},<${String(Number(major) + 1)}`;
      })
      .replaceAll(/~\s*(\d+)\.(\d+)((?:\.\d+)*)(?![\d.=])/g, (_, major: string, minor: string, rest: string) => {
        return `>=${major}.${minor}${rest},<${major}.${String(Number(minor) + 1)}`;
      }),
  );
}

function accepted(range: string, version: string): boolean {
  try {
    return range === '' || range === '*' || satisfies(version, range, { prereleases: true });
  } catch (error) {
    // A notation that we do not know says nothing against the target.
    if (error instanceof CoachbuilderError) return true;
    throw error;
  }
}

/** Whether a version is in a range as Poetry writes it; one that we cannot read says nothing against it. */
export function isInRange(version: string, range: string): boolean {
  return alternatives(range).some((alternative) => accepted(alternative, version));
}

/**
 * Insists that a lock was made for the target's Python too. Its markers were simplified for the Pythons that it covers, so
 * that for another one they tell nothing.
 * @throws CoachbuilderError `requires-python`
 */
export function checkPython(range: string | undefined, markers: MarkerEnvironment): void {
  const version = markers.python_full_version;
  if (range === undefined || isInRange(version, range)) return;
  throw new CoachbuilderError('requires-python', `it was made for Python ${range}, and the target has ${version}`, {
    hint: 'widen requires-python in pyproject.toml and lock again, or name another interpreter under python.interpreter in the manifest',
  });
}

/**
 * Insists that a target is one of the environments that a lock is limited to.
 * @param environments markers; undefined when the lock is for all
 * @throws CoachbuilderError `lock-file-unusable`
 */
export function checkEnvironments(environments: readonly string[] | undefined, markers: MarkerEnvironment): void {
  if (environments === undefined || environments.length === 0) return;
  const scope = { markers, extras: new Set<string>(), groups: new Set<string>() };
  if (environments.some((environment) => markerHolds(environment, scope))) return;
  throw unusable(
    'it was made for other environments than the target',
    'lock again for Linux and the Python of the target',
    environments.map((environment) => `it is for ${environment}`),
  );
}

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { normalizeName } from '../python/name.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { LockedEnvironment, LockInputs } from './lock.ts';

/** The project that a locked requirement is about: the text up to the first sign that no name has. */
function projectOf(requirement: string): string {
  return normalizeName(/^[A-Za-z0-9._-]+/.exec(requirement)?.[0] ?? requirement);
}

function listChanges(word: string, locked: readonly string[], wanted: readonly string[]): readonly string[] {
  const removed = locked.filter((text) => !wanted.includes(text));
  const added = wanted.filter((text) => !locked.includes(text));
  const changes: string[] = [];
  for (const text of added) {
    const index = removed.findIndex((other) => projectOf(other) === projectOf(text));
    if (index === -1) changes.push(`${word} added: ${text}`);
    else changes.push(`${word} changed: ${removed.splice(index, 1)[0] ?? ''} -> ${text}`);
  }
  return [...changes, ...removed.map((text) => `${word} removed: ${text}`)];
}

function lockFileChange(locked: string | undefined, wanted: string | undefined): readonly string[] {
  if (locked === wanted) return [];
  if (locked === undefined || wanted === undefined) {
    return [wanted === undefined ? `lock file removed: ${locked ?? ''}` : `lock file added: ${wanted}`];
  }
  return [`lock file changed: ${locked} -> ${wanted}`];
}

/**
 * What is different between the inputs of a locked environment and those of now, a line each.
 * @returns nothing when the environment is fresh
 */
export function changedInputs(locked: LockInputs, wanted: LockInputs): readonly string[] {
  const single = (['python', 'glibc', 'architecture'] as const)
    .filter((key) => locked[key] !== wanted[key])
    .map((key) => `${key} changed: ${locked[key]} -> ${wanted[key]}`);
  const sameIndexes = JSON.stringify(locked.indexes) === JSON.stringify(wanted.indexes);
  const show = (indexes: readonly string[]): string =>
    indexes.length === 0 ? 'those of pip and uv' : indexes.join(', ');
  return [
    ...single,
    ...listChanges('requirement', locked.requirements, wanted.requirements),
    ...listChanges('constraint', locked.constraints, wanted.constraints),
    ...lockFileChange(locked.lockFile, wanted.lockFile),
    ...(sameIndexes ? [] : [`indexes changed: ${show(locked.indexes)} -> ${show(wanted.indexes)}`]),
  ];
}

/** Whether an environment was altered after it was locked. */
export function isAltered(environment: LockedEnvironment): boolean {
  const { key, inputs, distributions } = environment;
  return fingerprintOf(key, inputs, distributions) !== environment.fingerprint;
}

/**
 * Insists that a lock holds an environment, unaltered and for just these inputs: what `--locked` asks for.
 * @param path the lock's, for messages
 * @throws CoachbuilderError `lock-missing`, `lock-stale` or `lock-invalid`, saying what changed
 */
export function requireFresh(
  environments: readonly LockedEnvironment[] | undefined,
  wanted: { readonly key: string; readonly inputs: LockInputs },
  path: string,
): LockedEnvironment {
  const again = 'run the same command without --locked, look at the difference, and commit the lock';
  const environment = environments?.find(({ key }) => key === wanted.key);
  if (environments === undefined) {
    throw new CoachbuilderError('lock-missing', `--locked was given, and there is no ${path}`, { hint: again });
  }
  if (environment === undefined) {
    throw new CoachbuilderError('lock-missing', `--locked was given, and ${path} has no environment ${wanted.key}`, {
      hint: again,
      details: environments.map(({ key }) => `it has ${key}`),
    });
  }
  if (isAltered(environment)) {
    throw new CoachbuilderError(
      'lock-invalid',
      `${path} was altered by hand: the fingerprint of ${wanted.key} is another`,
      {
        hint: 'restore the file from version control, or lock again without --locked',
      },
    );
  }
  const changes = changedInputs(environment.inputs, wanted.inputs);
  if (changes.length === 0) return environment;
  throw new CoachbuilderError('lock-stale', `${path} is stale for ${wanted.key}`, { hint: again, details: changes });
}

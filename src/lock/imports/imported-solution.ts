import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { describePlatform, type TargetPlatform } from '../platform.ts';
import type { ResolvedDistribution } from '../resolution.ts';
import type { ImportedLock } from './pins.ts';

const again = 'lock again with the tool that made it, for Linux and the Python of the target';

/** A question whose answer has to be what a lock of another tool pins. */
export interface PinnedQuestion {
  readonly imported: ImportedLock | undefined;
  readonly platform: TargetPlatform;
  /** Normalized name of an application that was built here. */
  readonly own: string | undefined;
}

/**
 * Insists that nothing was chosen that a lock of another tool does not pin.
 * @throws CoachbuilderError `lock-file-unusable`
 */
export function refuseStrangers(distributions: readonly ResolvedDistribution[], question: PinnedQuestion): void {
  const { imported, own, platform } = question;
  if (imported === undefined) return;
  const pinned = new Set(imported.pins.map(({ requirement }) => requirement.name));
  const strangers = distributions.filter(({ name }) => name !== own && !pinned.has(name));
  if (strangers.length === 0) return;
  throw new CoachbuilderError(
    'lock-file-unusable',
    `${imported.path} does not pin all that its packages require on ${describePlatform(platform)}`,
    { hint: again, details: strangers.map(({ name, version }) => `${name} is required (${version} would do)`) },
  );
}

/** Of pins there is one solution or none; when there is none, the lock is at fault, and the resolver says why. */
export function blameLock(error: unknown, { imported, platform }: PinnedQuestion): unknown {
  if (imported === undefined || !(error instanceof CoachbuilderError) || error.code !== 'unresolvable') return error;
  return new CoachbuilderError(
    'lock-file-unusable',
    `what ${imported.path} pins cannot be installed on ${describePlatform(platform)}`,
    { hint: again, details: error.details, cause: error },
  );
}

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Reporter } from '../report/event.ts';
import type { PlaceChange } from './change-place.ts';
import { identityOf } from './entries.ts';
import { findSelected, type Found, type Selection } from './selection.ts';
import type { PublishedPlace } from './published.ts';

/** Changes of places, and what each is about. */
export interface PlannedChanges {
  readonly changes: readonly PlaceChange[];
  /** In the order of the places. */
  readonly entries: readonly Found[];
}

export interface YankPlan extends PlannedChanges {
  /**
   * Why nothing is taken out: no index has any of it. That is so when it never was there, and when an earlier run was
   * stopped after it had written the last index; `requireFinished` says which.
   */
  readonly refusal: CoachbuilderError | undefined;
}

/** What is found, by the place that it is in. */
export function byPlace(found: readonly Found[]): ReadonlyMap<Found['place'], readonly Found[]> {
  const places = new Map<Found['place'], Found[]>();
  for (const one of found) places.set(one.place, [...(places.get(one.place) ?? []), one]);
  return places;
}

/** The refusal of something that is not published; anything else goes on. */
function refusalOf(action: () => unknown): CoachbuilderError | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof CoachbuilderError && error.code === 'publication-refused') return error;
    throw error;
  }
}

function findAll(
  selections: readonly Selection[],
  published: readonly PublishedPlace[],
): { readonly entries: readonly Found[]; readonly refusal: CoachbuilderError | undefined } {
  const refusals = selections.flatMap((one) => refusalOf(() => findSelected([one], published, 'there')) ?? []);
  const [refusal] = refusals;
  if (refusal === undefined) return { entries: findSelected(selections, published, 'there'), refusal };
  if (refusals.length < selections.length)
    throw refusal.withDetails('if an earlier run has yanked it, leave it out: nothing was yanked now');
  if (published.length === 0) throw refusal;
  return { entries: [], refusal };
}

/**
 * Takes packages out of indexes. The packages themselves stay where they are until garbage collection: clients that have
 * not looked since still install them. What a stopped run has left behind in any of the places is repaired.
 * @param validFor seconds for which clients trust an apt index; undefined means for ever
 * @throws CoachbuilderError `publication-refused` for what is not published, while other selections are, or while nothing
 *   is; `usage` for what is ambiguous
 */
export function planYank(
  selections: readonly Selection[],
  published: readonly PublishedPlace[],
  validFor: number | undefined,
): YankPlan {
  if (selections.length === 0)
    throw new CoachbuilderError('usage', 'nothing is said to be yanked', { hint: 'name packages: NAME=VERSION' });
  const { entries, refusal } = findAll(selections, published);
  const changes = [...byPlace(entries)].map(([place, found]): PlaceChange => {
    // By name, version and bytes: what somebody publishes anew under that name meanwhile is another package.
    const gone = new Set(found.map(({ entry }) => `${identityOf(entry)} ${entry.sha256}`));
    return {
      place,
      arrivals: [],
      edit: (now) => {
        const left = now.filter((entry) => !gone.has(`${identityOf(entry)} ${entry.sha256}`));
        return left.length === now.length ? now : left;
      },
      write: 'when-changed',
      validFor,
    };
  });
  const changed = new Set(changes.map(({ place }) => place));
  const repairs = published
    .filter(({ place, index }) => !changed.has(place) && (index?.staleAliases.length ?? 0) > 0)
    .map(({ place }): PlaceChange => ({ place, arrivals: [], edit: (now) => now, write: 'when-changed', validFor }));
  return { changes: [...changes, ...repairs], entries, refusal };
}

/**
 * Tells a yank that was stopped from one of what never was there: something was left to be written, or nothing was.
 * @param written whether this run has written anything
 * @throws the refusal, when there is one and nothing was left
 */
export function requireFinished({ refusal }: Pick<YankPlan, 'refusal'>, written: boolean, reporter: Reporter): void {
  if (refusal === undefined) return;
  if (!written) throw refusal;
  const message = `${refusal.message.replace(/\.$/, '')}; what an earlier run had left undone is finished now`;
  reporter.report({ type: 'warning', message });
}

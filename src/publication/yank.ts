import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
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

/** What is found, by the place that it is in. */
export function byPlace(found: readonly Found[]): ReadonlyMap<Found['place'], readonly Found[]> {
  const places = new Map<Found['place'], Found[]>();
  for (const one of found) places.set(one.place, [...(places.get(one.place) ?? []), one]);
  return places;
}

/**
 * Takes packages out of indexes. The packages themselves stay where they are until garbage collection: clients that have
 * not looked since still install them.
 * @param validFor seconds for which clients trust an apt index; undefined means for ever
 * @throws CoachbuilderError `publication-refused` for what is not published, `usage` for what is ambiguous
 */
export function planYank(
  selections: readonly Selection[],
  published: readonly PublishedPlace[],
  validFor: number | undefined,
): PlannedChanges {
  if (selections.length === 0)
    throw new CoachbuilderError('usage', 'nothing is said to be yanked', { hint: 'name packages: NAME=VERSION' });
  const entries = findSelected(selections, published, 'there');
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
  return { changes, entries };
}

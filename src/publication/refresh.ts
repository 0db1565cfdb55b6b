import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PlaceChange } from './change-place.ts';
import type { PublishedPlace } from './published.ts';

/**
 * Signs indexes again, with a newer date: their Valid-Until moves on, and aliases that a killed publisher has left
 * behind are written. Places where nothing is published stay so.
 * @param validFor seconds for which clients trust an apt index; undefined means for ever
 * @throws CoachbuilderError `publication-refused` when nothing is published at all
 */
export function planRefresh(
  published: readonly PublishedPlace[],
  validFor: number | undefined,
): readonly PlaceChange[] {
  const there = published.filter(({ index }) => index !== undefined);
  if (there.length === 0)
    throw new CoachbuilderError('publication-refused', 'there is nothing to refresh: nothing is published there', {
      hint: 'publish first: admin/publish-packages <package>…; or look whether --to and the manifest name the right store',
    });
  return there.map(({ place }) => ({ place, arrivals: [], edit: (entries) => entries, write: 'always', validFor }));
}

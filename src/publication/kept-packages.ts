import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { IndexEntry } from '../repository/index-format.ts';
import type { Place } from '../repository/place.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { mapConcurrently } from '../system/files.ts';
import { placeTitle } from './place-rules.ts';

/*
 * Packages that an index names and the next one names again. Nobody of ours removes them, so that they are looked at as
 * cheaply as can be: listed, a thousand a request, and not each by itself.
 */

/** A package that an index names, and that is not there with the bytes that it has to have. */
export interface DamagedPackage {
  readonly entry: IndexEntry;
  /** Relative to the store. */
  readonly key: string;
  /** Bytes that are there instead; undefined: nothing is. */
  readonly found: number | undefined;
}

/** Requests at once. */
const limit = 4;

/** What all keys begin with: as little as possible of what else is in the store is listed. */
function commonPrefix(keys: readonly string[]): string {
  const sorted = keys.toSorted();
  const [first = '', last = ''] = [sorted.at(0), sorted.at(-1)];
  let length = 0;
  while (length < first.length && first.charAt(length) === last.charAt(length)) length += 1;
  return first.slice(0, length);
}

/** Which of a place's packages are not there, or have another size. */
export async function findDamaged(
  entries: readonly IndexEntry[],
  { root }: Pick<Place, 'root'>,
  store: ObjectStore,
): Promise<readonly DamagedPackage[]> {
  if (entries.length === 0) return [];
  const wanted = new Map(entries.map((entry) => [`${root}/${entry.file}`, entry]));
  const sizes = new Map<string, number>();
  for await (const { key, size } of store.list(commonPrefix([...wanted.keys()])))
    if (wanted.has(key)) sizes.set(key, size);
  const doubtful = [...wanted].filter(([key, { size }]) => sizes.get(key) !== size);
  // A server whose lists lag behind what it has should stop nobody: what a list lacks is asked for by itself.
  const looked = await mapConcurrently(doubtful, limit, async ([key, entry]) => ({
    ...{ key, entry },
    found: (await store.head(key))?.size,
  }));
  return looked.filter(({ entry, found }) => found !== entry.size);
}

function describe({ key, entry, found }: DamagedPackage): string {
  if (found === undefined) return `${key} is not there`;
  return `${key} has ${String(found)} bytes, and ${String(entry.size)} in the index`;
}

/** What is wrong with a place, and what to do about it: for an error or a warning. */
export function damageReport(
  damaged: readonly DamagedPackage[],
  place: Place,
): { readonly message: string; readonly details: readonly string[]; readonly hint: string } {
  const names = [...new Set(damaged.map(({ entry }) => `${entry.name}=${entry.version}`))];
  const other = damaged.some(({ found }) => found !== undefined) ? 'delete what has other bytes, ' : '';
  return {
    message: `packages that the index of ${placeTitle(place)} names are not there as it says`,
    details: damaged.map(describe),
    hint: [
      `${other}put the same files back where they were,`,
      `or take them out of the index: admin/publish-packages yank --distribution=${place.distribution.id} --channel=${place.channel} ${names.join(' ')};`,
      `after that they can be published again`,
    ].join(' '),
  };
}

/** The error for an index that would name more, and vouch anew for what clients cannot get. */
export function damagedPackages(damaged: readonly DamagedPackage[], place: Place): CoachbuilderError {
  const { message, details, hint } = damageReport(damaged, place);
  return new CoachbuilderError('repository-invalid', message, {
    details,
    hint: `nothing was published there; ${hint}`,
  });
}

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { independentArchitecture } from '../model/format.ts';
import type { IndexEntry } from '../repository/index-format.ts';
import type { Channel, Place } from '../repository/place.ts';
import type { PlaceChange } from './change-place.ts';
import { addEntries } from './entries.ts';
import { placeTitle } from './place-rules.ts';
import { compareVersions, type PublishedPlace } from './published.ts';
import { findSelected, type Found, type Selection } from './selection.ts';
import type { Arrival } from './uploads.ts';
import { byPlace, type PlannedChanges } from './yank.ts';

export interface PromoteRequest {
  readonly selections: readonly Selection[];
  readonly from: Channel;
  readonly to: Channel;
  /** Whether a version may come to a channel that has a higher one. */
  readonly allowOlder: boolean;
  /** Seconds for which clients trust an apt index; undefined means for ever. */
  readonly validFor: number | undefined;
}

/** Whether two places differ in nothing but their channel. */
function isCounterpart(one: Place, other: Place): boolean {
  return (
    one.channel !== other.channel &&
    one.distribution.id === other.distribution.id &&
    one.layout === other.layout &&
    (one.layout === 'classic' || one.architectures.join(' ') === other.architectures.join(' '))
  );
}

/**
 * What is published, and the places that packages of it could be promoted to, whether anything is there yet or not.
 * @param candidates every place that there could be
 */
export function withCounterparts(
  published: readonly PublishedPlace[],
  candidates: readonly Place[],
): readonly PublishedPlace[] {
  const missing = published
    .filter(({ place }) => !published.some((other) => isCounterpart(place, other.place)))
    .flatMap(({ place }): readonly PublishedPlace[] =>
      candidates
        .filter((other) => isCounterpart(place, other))
        .map((other) => ({ place: { ...other, architectures: place.architectures }, index: undefined })),
    );
  return [...published, ...missing];
}

/** Clients of a channel never go back by themselves: they would not see a version that is older than one that is there. */
function refuseOlder(entries: readonly IndexEntry[], promoted: readonly IndexEntry[], place: Place): void {
  for (const entry of promoted) {
    const isThere = entries.some((other) => other.file === entry.file && other.sha256 === entry.sha256);
    const higher = entries.find(
      (other) =>
        other.name === entry.name &&
        other.architecture === entry.architecture &&
        compareVersions(entry.format, other.version, entry.version) > 0,
    );
    if (isThere || higher === undefined) continue;
    throw new CoachbuilderError(
      'publication-refused',
      `${placeTitle(place)} has ${higher.name} ${higher.version} already, which is higher than ${entry.version}`,
      { hint: 'promote a higher version, or give --allow-older: users get it by naming the version only' },
    );
  }
}

/** A place of apt's classic layout is for the architectures of what comes as well, whatever it was for before. */
function placeWith(to: Place, promoted: readonly IndexEntry[]): Place {
  if (to.layout === 'flat') return to;
  const words = promoted.map(({ architecture }) => architecture);
  const own = words.filter((word) => word !== independentArchitecture(to.format));
  return { ...to, architectures: [...new Set([...to.architectures, ...own])].sort() };
}

function changeOf(to: Place, found: readonly Found[], request: PromoteRequest): PlaceChange {
  const promoted = found.map(({ entry }) => entry);
  const arrivals = found.flatMap(({ place: from, entry }): readonly Arrival[] =>
    // The channels of apt's classic layout share their packages.
    from.root === to.root ? [] : [{ kind: 'copy', entry, from: `${from.root}/${entry.file}` }],
  );
  return {
    place: placeWith(to, promoted),
    arrivals,
    edit: (entries) => {
      if (!request.allowOlder) refuseOlder(entries, promoted, to);
      return addEntries(entries, promoted, placeTitle(to));
    },
    write: 'when-changed',
    validFor: request.validFor,
  };
}

/**
 * Brings packages from one channel to the other: the same bytes, and what the index says of them, without building or
 * signing them again. The channel that they come from stays as it is.
 * @param published places of both channels
 * @throws CoachbuilderError `publication-refused` for what is not published in `from`, when the other channel has the same
 *   version with other bytes or a higher one, or has no place for a distribution; `usage` for what is ambiguous
 */
export function planPromotion(request: PromoteRequest, published: readonly PublishedPlace[]): PlannedChanges {
  const { selections, from, to } = request;
  if (from === to)
    throw new CoachbuilderError('usage', `packages are in the ${from} channel already`, {
      hint: 'give --from and --to different channels',
    });
  if (selections.length === 0)
    throw new CoachbuilderError('usage', 'there is nothing to promote', { hint: 'name packages: NAME=VERSION' });
  const sources = published.filter(({ place }) => place.channel === from);
  const entries = findSelected(selections, sources, `in the ${from} channel`);
  const changes = [...byPlace(entries)].map(([place, found]) => {
    const target = published.find((other) => isCounterpart(place, other.place));
    if (target === undefined)
      throw new CoachbuilderError('publication-refused', `there is no ${to} channel for ${place.distribution.id}`);
    const change = changeOf(target.place, found, request);
    // Before anything is written anywhere: all places take their packages, or none does.
    change.edit(target.index?.entries ?? []);
    return change;
  });
  return { changes, entries };
}

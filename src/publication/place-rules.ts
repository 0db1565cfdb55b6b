import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { independentArchitecture } from '../model/format.ts';
import type { PublishedIndex } from '../repository/index-format.ts';
import type { Place } from '../repository/place.ts';
import type { Clock } from './clock.ts';

/** Seconds by which our clock may be behind the last publication's. */
const tolerance = 300;

/** A place as people know it: `debian-testing/12/amd64`, `debian, suite bookworm`. */
export function placeTitle(place: Pick<Place, 'layout' | 'root' | 'suite'>): string {
  return place.layout === 'flat' ? place.root : `${place.root}, suite ${place.suite}`;
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

/**
 * The date of the next index, seconds since 1970: later than the last one's, because apt ignores an index that is older
 * than the one it has (apt-secure(8); apt-pkg/deb/debmetaindex.cc).
 * @throws CoachbuilderError `publication-refused` when our clock is more than five minutes behind the last publication:
 *   dates would run ahead of it, or of everybody else's; clients refuse what is dated in their future
 */
export function nextDate(
  place: Place,
  published: Pick<PublishedIndex, 'date'> | undefined,
  clock: Pick<Clock, 'now'>,
): number {
  const now = clock.now();
  if (published === undefined) return now;
  if (now < published.date - tolerance) {
    throw new CoachbuilderError(
      'publication-refused',
      `the clock of this machine (${iso(now)}) is behind the last publication of ${placeTitle(place)} (${iso(published.date)})`,
      { hint: 'set the clock: clients ignore an index that is older than the one they have' },
    );
  }
  return Math.max(now, published.date + 1);
}

/**
 * What apt compares: a client refuses a repository whose fields change ("changed its 'Origin' value", apt-secure(8)).
 * @throws CoachbuilderError `publication-refused`
 */
export function requireUnchangedFields(place: Place, published: Pick<PublishedIndex, 'frozen'>): void {
  const { origin, label, suite } = place;
  const ours: Readonly<Record<string, string>> = { Origin: origin, Label: label, Suite: suite, Codename: suite };
  const changed = Object.entries(ours).filter(([field, value]) => {
    const before = published.frozen[field];
    return before !== undefined && before !== value;
  });
  if (changed.length === 0) return;
  const words = changed.map(
    ([field, value]) => `${field} is "${published.frozen[field] ?? ''}" and would become "${value}"`,
  );
  throw new CoachbuilderError(
    'publication-refused',
    `${changed.map(([field]) => field).join(', ')} of ${placeTitle(place)} would change`,
    {
      details: words,
      hint: 'set repository.origin and repository.label in the manifest to what is published: every client would refuse the change',
    },
  );
}

/** A place of apt's classic layout is for the architectures of its packages, and for those that it was for before. */
export function widen(place: Place, published: PublishedIndex | undefined): Place {
  if (place.layout === 'flat' || published === undefined) return place;
  const independent = independentArchitecture(place.format);
  const earlier = published.objects.map((key) => /\/binary-(?<name>[a-z0-9-]+)\//.exec(key)?.groups?.['name']);
  const named = published.entries.map(({ architecture }) => architecture).filter((name) => name !== independent);
  const all = [...place.architectures, ...named, ...earlier.filter((name) => name !== undefined)];
  return { ...place, architectures: [...new Set(all)].sort() };
}

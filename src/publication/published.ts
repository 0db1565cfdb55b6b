import type { PackageFormat } from '../model/format.ts';
import type { IndexEntry, IndexFormat, PublishedIndex } from '../repository/index-format.ts';
import type { Place } from '../repository/place.ts';
import type { Verifier } from '../signing/signer.ts';
import type { ObjectReader } from '../store/object-store.ts';
import { widen } from './place-rules.ts';
import { compareDebVersions } from '../model/deb-version.ts';
import { compareRpmVersions } from '../model/rpm-version.ts';
import { mapConcurrently } from '../system/files.ts';

/** How the indexes of each format are read and written. */
export type IndexFormats = Readonly<Record<PackageFormat, IndexFormat>>;

/** What reading a repository takes. */
export interface ReadingPorts {
  readonly reader: ObjectReader;
  readonly formats: IndexFormats;
  readonly verifier: Verifier;
}

/** A place, and what is published there. */
export interface PublishedPlace {
  readonly place: Place;
  /** Undefined: nothing yet. */
  readonly index: PublishedIndex | undefined;
}

/** Places that are read at once. */
const limit = 4;

/** Compares two versions as the package manager of the format does: negative, zero or positive. */
export function compareVersions(format: PackageFormat, left: string, right: string): number {
  return format === 'deb' ? compareDebVersions(left, right) : compareRpmVersions(left, right);
}

/** By name, then from the newest version to the oldest, then by architecture. */
export function sortEntries(entries: readonly IndexEntry[]): readonly IndexEntry[] {
  const compare = (left: string, right: string): number => (left < right ? -1 : Number(left > right));
  return [...entries].sort(
    (a, b) =>
      compare(a.name, b.name) ||
      compareVersions(a.format, b.version, a.version) ||
      compare(a.architecture, b.architecture),
  );
}

/** Reads the index of each place, in the order of the places. @throws what `IndexFormat.read` throws */
export async function readPlaces(places: readonly Place[], ports: ReadingPorts): Promise<readonly PublishedPlace[]> {
  return await mapConcurrently(places, limit, async (place) => ({
    place,
    index: await ports.formats[place.format].read(place, ports.reader, ports.verifier),
  }));
}

/** Places that have a head: at all others nothing is published. */
export async function withHeads(
  candidates: readonly Place[],
  { reader, formats }: Pick<ReadingPorts, 'reader' | 'formats'>,
): Promise<readonly Place[]> {
  const found = await mapConcurrently(candidates, 2 * limit, async (place) =>
    (await reader.head(formats[place.format].headOf(place))) === undefined ? [] : [place],
  );
  return found.flat();
}

/**
 * The places of a repository where something is published, of all that the manifest could publish to; their heads are
 * looked at. Those of apt's classic layout have the architectures that their indexes are for.
 * @param candidates every place that there could be
 */
export async function readPublished(
  candidates: readonly Place[],
  ports: ReadingPorts,
): Promise<readonly PublishedPlace[]> {
  const published = await readPlaces(await withHeads(candidates, ports), ports);
  return published.map(({ place, index }) => ({
    place: place.layout === 'flat' ? place : widen({ ...place, architectures: [] }, index),
    index,
  }));
}

/** For which of a place's architectures something is published there, in the format's words. @throws what `IndexFormat.read` throws */
export async function publishedArchitectures(place: Place, ports: ReadingPorts): Promise<readonly string[]> {
  // One head of apt's classic layout is for several architectures, and only its index tells for which.
  if (place.layout === 'classic')
    return (await readPublished([place], ports)).flatMap((each) => each.place.architectures);
  return (await withHeads([place], ports)).flatMap(({ architectures }) => architectures);
}

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PublishedIndex } from '../repository/index-format.ts';
import type { Place } from '../repository/place.ts';
import type { Verifier } from '../signing/signer.ts';
import type { ListedObject, ObjectStore } from '../store/object-store.ts';
import { generationsOf, historyDate, namedBy, readGeneration } from './history.ts';
import type { IndexFormats } from './published.ts';

export interface GarbageRequest {
  /** All places of the store, whatever is published there. */
  readonly places: readonly Place[];
  /** How many replaced indexes are kept besides the present one. */
  readonly generations: number;
  /** Seconds. */
  readonly grace: number;
  readonly dryRun: boolean;
}

export interface GarbagePorts {
  readonly store: ObjectStore;
  readonly formats: IndexFormats;
  readonly verifier: Verifier;
  readonly clock: {
    /** Seconds since 1970. */
    now(): number;
  };
}

/** A place with its head as it was read. */
export interface JudgedPlace {
  readonly place: Place;
  readonly head: string;
  readonly etag: string;
  readonly index: PublishedIndex;
}

/** What is below a root, judged. */
export interface Judgement {
  /** Empty when nothing is published there. */
  readonly places: readonly JudgedPlace[];
  /** In the order in which it has to go. */
  readonly garbage: readonly ListedObject[];
  /** Objects that are there. */
  readonly total: number;
}

/** No publication takes longer; whatever the manifest says. */
const leastGrace = 3600;

/** What a place consists of that never changes; the same that `bucket-policy` forbids to overwrite. */
function isCollectable(place: Place, key: string): boolean {
  const path = key.slice(place.root.length + 1);
  if (place.layout === 'classic' && !/^(?:pool|dists)\//.test(path)) return false;
  return (
    historyDate(key) !== undefined ||
    /(?:^|\/)(?:\.snap|by-hash)\/|(?:^|[^0-9a-f])[0-9a-f]{64}(?:[^0-9a-f/][^/]*)?$|\.(?:deb|rpm)$/.test(path)
  );
}

/** First the word that an index was there, then that index, then packages: killed anywhere, what is named is there. */
function rank({ key }: ListedObject): number {
  if (historyDate(key) !== undefined) return 0;
  return /\.(?:deb|rpm)$/.test(key) ? 2 : 1;
}

function unjudgeable(message: string): CoachbuilderError {
  return new CoachbuilderError('repository-invalid', message);
}

/** Places that we do not know may have packages here, too: a distribution that the manifest does not name any more. */
function requireNoStrangers(places: readonly Place[], listed: Iterable<string>, formats: IndexFormats): void {
  const heads = new Set(places.map((place) => formats[place.format].headOf(place)));
  const names = new Set([...heads].map((head) => head.slice(head.lastIndexOf('/') + 1)));
  for (const key of listed) {
    if (names.has(key.slice(key.lastIndexOf('/') + 1)) && !heads.has(key))
      throw unjudgeable(`${key} is the head of a repository that the manifest does not name`);
  }
}

/** @returns undefined when nothing is published there */
async function judgePlace(
  place: Place,
  listed: ReadonlySet<string>,
  ports: GarbagePorts,
): Promise<JudgedPlace | undefined> {
  const format = ports.formats[place.format];
  const head = format.headOf(place);
  const index = await format.read(place, ports.store, ports.verifier);
  if (index === undefined) {
    // S3 may answer alike for what is not there and for what may not be read.
    if (listed.has(head)) throw unjudgeable(`${head} is there and cannot be read`);
    return undefined;
  }
  if (index.etag === undefined) throw unjudgeable('it was made by another program; publish once, and it is ours');
  return { place, head, etag: index.etag, index };
}

async function mark(
  { place, head, index }: JudgedPlace,
  listed: ReadonlySet<string>,
  request: GarbageRequest,
  ports: GarbagePorts,
): Promise<readonly string[]> {
  // What is told of the present index already is a publisher's that is about to replace it.
  const early = [...listed].filter((key) => (historyDate(key) ?? 0) >= index.date);
  const marked = [head, ...namedBy(place, index), ...early];
  const oldest = ports.clock.now() - Math.max(request.grace, leastGrace);
  for (const [age, generation] of generationsOf(head, listed, index.date).entries()) {
    for (const told of generation) {
      if (age >= request.generations && told.replaced < oldest) continue;
      marked.push(told.key, ...(await readGeneration(told, ports.store)));
    }
  }
  return marked;
}

/**
 * Says which objects below a root no client can ask for any more; removes nothing.
 * @param places all that have this root
 * @throws CoachbuilderError `repository-invalid`, `signature-invalid` when it cannot be judged; what the store throws
 */
export async function judgeGarbage(
  root: string,
  places: readonly Place[],
  request: GarbageRequest,
  ports: GarbagePorts,
): Promise<Judgement> {
  const limit = ports.clock.now() - Math.max(request.grace, leastGrace);
  const objects: ListedObject[] = [];
  for await (const object of ports.store.list(`${root}/`)) objects.push(object);
  const listed = new Set(objects.map(({ key }) => key));
  requireNoStrangers(places, listed, ports.formats);
  const judged: JudgedPlace[] = [];
  for (const place of places) {
    const one = await judgePlace(place, listed, ports);
    if (one !== undefined) judged.push(one);
  }
  if (judged.length === 0) return { places: [], garbage: [], total: objects.length };
  const marked = new Set<string>();
  for (const one of judged) for (const key of await mark(one, listed, request, ports)) marked.add(key);
  const garbage = objects
    .filter(({ key, lastModified }) => !marked.has(key) && lastModified.getTime() / 1000 < limit)
    .filter(({ key }) => places.some((place) => isCollectable(place, key)))
    .sort((a, b) => rank(a) - rank(b));
  return { places: judged, garbage, total: objects.length };
}

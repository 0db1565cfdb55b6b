import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PublishedIndex } from '../repository/index-format.ts';
import type { Place } from '../repository/place.ts';
import type { Verifier } from '../signing/signer.ts';
import type { ObjectStore, StoredObject } from '../store/object-store.ts';
import { generationsOf, readGeneration } from './generations.ts';
import { historyDate } from './history.ts';
import type { IndexFormats } from './published.ts';

/*
 * What is removed, and why nobody misses it.
 *
 * An object goes when it is named by its content (a package, by-hash, hash-named repodata, a snapshot, the history), when
 * neither the head nor one of the last generations names it, and when it is older than the grace. Heads, aliases, pages,
 * keys and release packages are none of these. "The last generations" are the last G heads that were replaced, and every
 * head that was replaced within the grace: a client that still has one of them installs what its index names.
 *
 * A publisher that is at work loses nothing that it has put: between its first upload and its exchange of the head there is
 * less than the grace, which is never less than an hour. Objects are listed before heads are read: who exchanges a head in
 * between has it read; who does so later is noticed by the head's etag, which is compared again before each few removals.
 * What is left is a publisher that relies on an object which nothing has named for longer than the grace (a package that
 * was yanked, or left by a killed publisher, weeks ago) and which exchanges the head in the very moment of its removal. The
 * publisher looks at such objects once more right before the exchange; here, the head is read once more afterwards, and
 * what it misses is named in an error.
 *
 * Whatever cannot be read, or is not there, removes nothing.
 */

export interface GarbageRequest {
  /** All places of the store, whatever is published there. */
  readonly places: readonly Place[];
  /** How many replaced heads are kept besides the present one. */
  readonly generations: number;
  /** Seconds. */
  readonly grace: number;
  readonly dryRun: boolean;
}

export interface GarbagePorts {
  readonly store: ObjectStore;
  readonly formats: IndexFormats;
  readonly verifier: Verifier;
  readonly clock: { /** Seconds since 1970. */ now(): number };
}

/** What came of the places that share a root. */
export interface SweptRoot {
  readonly root: string;
  /** `empty`: nothing is published there. `left`: it cannot be judged, or is being published; nothing was removed since. */
  readonly outcome: 'swept' | 'empty' | 'left';
  /** Of `left`: why. */
  readonly reason: string | undefined;
  /** What was removed, or would be; in the order of removal. */
  readonly removed: readonly Pick<StoredObject, 'key' | 'size'>[];
  /** Objects that stay. */
  readonly kept: number;
}

/** No publication takes longer; whatever the manifest says. */
const leastGrace = 3600;

/** Removals between two looks at the heads. */
const batch = 20;

/** What a place consists of that never changes; the same that `bucket-policy` forbids to overwrite. */
function isCollectable(place: Place, key: string): boolean {
  const path = key.slice(place.root.length + 1);
  if (place.layout === 'classic' && !/^(?:pool|dists)\//.test(path)) return false;
  return (
    historyDate(key) !== undefined || /(?:^|\/)\.snap\/|[0-9a-f]{64}[^/]*$|(?:^|\/)by-hash\/|\.(?:deb|rpm)$/.test(path)
  );
}

/** First the word that a generation was there, then its index, then packages: killed anywhere, what is named is there. */
function rank(key: string): number {
  if (historyDate(key) !== undefined) return 0;
  return /\.(?:deb|rpm)$/.test(key) ? 2 : 1;
}

/** A place with its head as it was read. */
interface Judged {
  readonly place: Place;
  readonly head: string;
  readonly etag: string;
  readonly index: PublishedIndex;
}

class Left extends Error {}

function named(place: Place, index: PublishedIndex): readonly string[] {
  return [...index.objects, ...index.entries.map(({ file }) => `${place.root}/${file}`)];
}

/** @returns undefined when nothing is published there */
async function judge(place: Place, listed: ReadonlySet<string>, ports: GarbagePorts): Promise<Judged | undefined> {
  const format = ports.formats[place.format];
  const head = format.headOf(place);
  const index = await format.read(place, ports.store, ports.verifier);
  if (index === undefined) {
    // S3 answers alike for what is not there and for what may not be read.
    if (listed.has(head)) throw new Left(`${head} is there and cannot be read`);
    return undefined;
  }
  if (index.etag === undefined) throw new Left('it was made by another tool; publish once, and it is ours');
  return { place, head, etag: index.etag, index };
}

async function mark(judged: Judged, listed: ReadonlySet<string>, request: GarbageRequest, ports: GarbagePorts) {
  const { place, head, index } = judged;
  const marked = new Set([head, ...named(place, index)]);
  const grace = Math.max(request.grace, leastGrace);
  for (const [position, generation] of generationsOf(head, listed, index.date).entries()) {
    const isKept = position < request.generations || generation.replaced >= ports.clock.now() - grace;
    if (!isKept) continue;
    marked.add(generation.key);
    const earlier = await readGeneration(place, generation, { reader: ports.store, formats: ports.formats });
    if (earlier === undefined) throw new Left(`${generation.key} is there and cannot be read`);
    for (const key of named(place, earlier)) marked.add(key);
  }
  return marked;
}

/** Places that we do not know may have packages here, too: a distribution that the manifest does not name any more. */
function requireNoStrangers(places: readonly Place[], listed: Iterable<string>, formats: IndexFormats): void {
  const heads = new Set(places.map((place) => formats[place.format].headOf(place)));
  const names = new Set([...heads].map((head) => head.slice(head.lastIndexOf('/') + 1)));
  for (const key of listed) {
    if (names.has(key.slice(key.lastIndexOf('/') + 1)) && !heads.has(key) && !key.includes('/.snap/'))
      throw new Left(`${key} is the head of a repository that the manifest does not name`);
  }
}

async function isUnchanged(judged: readonly Judged[], store: ObjectStore): Promise<boolean> {
  for (const { head, etag } of judged) if ((await store.head(head))?.etag !== etag) return false;
  return true;
}

/** Removes an object if it is still the one that was listed: the same bytes that somebody has put anew are not. */
async function remove(object: StoredObject, store: ObjectStore): Promise<boolean> {
  const now = await store.head(object.key);
  if (now?.etag !== object.etag || now.lastModified.getTime() !== object.lastModified.getTime()) return false;
  return (await store.delete(object.key, object.etag)) === 'deleted';
}

/** A publisher may have named what was just removed: then somebody has to know. */
async function requireNothingMissed(
  judged: readonly Judged[],
  removed: readonly Pick<StoredObject, 'key'>[],
  ports: GarbagePorts,
): Promise<void> {
  if (removed.length === 0 || (await isUnchanged(judged, ports.store))) return;
  for (const { place } of judged) {
    const index = await ports.formats[place.format].read(place, ports.store, ports.verifier);
    const keys = new Set(index === undefined ? [] : named(place, index));
    const missed = removed.filter(({ key }) => keys.has(key)).map(({ key }) => key);
    if (missed.length === 0) continue;
    throw new CoachbuilderError(
      'repository-invalid',
      `${place.root} was published while garbage was collected, and names what had been nobody's for long`,
      {
        details: missed,
        hint: 'yank these packages and publish them again; never run gc while packages are published',
      },
    );
  }
}

async function sweep(
  judged: readonly Judged[],
  garbage: readonly StoredObject[],
  ports: GarbagePorts,
): Promise<{ readonly removed: readonly StoredObject[]; readonly reason: string | undefined }> {
  const removed: StoredObject[] = [];
  let reason: string | undefined;
  for (const [position, object] of garbage.entries()) {
    if (position % batch === 0 && !(await isUnchanged(judged, ports.store))) {
      reason = 'it was published meanwhile; run gc again';
      break;
    }
    if (await remove(object, ports.store)) removed.push(object);
  }
  await requireNothingMissed(judged, removed, ports);
  return { removed, reason };
}

async function collectRoot(
  root: string,
  places: readonly Place[],
  request: GarbageRequest,
  ports: GarbagePorts,
): Promise<SweptRoot> {
  const now = ports.clock.now();
  const objects: StoredObject[] = [];
  for await (const object of ports.store.list(`${root}/`)) objects.push(object);
  const listed = new Set(objects.map(({ key }) => key));
  requireNoStrangers(places, listed, ports.formats);
  const judged: Judged[] = [];
  for (const place of places) {
    const one = await judge(place, listed, ports);
    if (one !== undefined) judged.push(one);
  }
  const none = { root, reason: undefined, removed: [], kept: objects.length };
  if (judged.length === 0) return { ...none, outcome: 'empty' };
  const marked = new Set<string>();
  for (const one of judged) for (const key of await mark(one, listed, request, ports)) marked.add(key);
  const limit = now - Math.max(request.grace, leastGrace);
  const garbage = objects
    .filter(({ key, lastModified }) => !marked.has(key) && lastModified.getTime() / 1000 < limit)
    .filter(({ key }) => places.some((place) => isCollectable(place, key)))
    .sort((a, b) => rank(a.key) - rank(b.key));
  if (request.dryRun) return { ...none, outcome: 'swept', removed: garbage, kept: objects.length - garbage.length };
  const { removed, reason } = await sweep(judged, garbage, ports);
  return {
    root,
    outcome: reason === undefined ? 'swept' : 'left',
    reason,
    removed,
    kept: objects.length - removed.length,
  };
}

/**
 * Removes what no client can ask for any more. Places whose root is the same (apt's classic layout) are judged together.
 * @returns a report for each root; what cannot be judged is left as it is, and said
 * @throws CoachbuilderError `store-unavailable`, `store-denied`, `store-missing`; `repository-invalid` when a publication at
 *   the same moment lost something
 */
export async function collectGarbage(request: GarbageRequest, ports: GarbagePorts): Promise<readonly SweptRoot[]> {
  const roots = [...new Set(request.places.map(({ root }) => root))];
  const reports: SweptRoot[] = [];
  for (const root of roots) {
    const places = request.places.filter((place) => place.root === root);
    try {
      reports.push(await collectRoot(root, places, request, ports));
    } catch (error) {
      const isDamage =
        error instanceof Left ||
        (error instanceof CoachbuilderError && ['signature-invalid', 'repository-invalid'].includes(error.code));
      if (!isDamage) throw error;
      reports.push({ root, outcome: 'left', reason: error.message, removed: [], kept: 0 });
    }
  }
  return reports;
}

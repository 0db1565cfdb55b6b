import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Place } from '../repository/place.ts';
import type { ListedObject, ObjectStore } from '../store/object-store.ts';
import { judgeGarbage, type GarbagePorts, type GarbageRequest, type JudgedPlace, type Judgement } from './garbage.ts';
import { namedBy } from './history.ts';

/*
 * What is removed, and why nobody misses it.
 *
 * An object goes when it is named by its content (a package, by-hash, hash-named repodata, a snapshot, the history), when
 * neither the present index nor one of the last generations names it, and when it is older than the grace. Heads,
 * aliases, pages, keys and release packages are none of these. "The last generations" are the last G indexes that were
 * replaced, and every one that was replaced within the grace: a client that still has one installs what it names.
 *
 * A publisher that is at work loses nothing that it has put: between its first upload and its exchange of the head lies
 * less than the grace, which is never less than an hour. (The clocks of store and collector may differ by minutes: S3
 * refuses requests whose clock differs by more than fifteen.) Objects are listed before heads are read: who exchanges a
 * head in between has it read; who does so later is noticed by the head's etag, which is compared before each few
 * removals. What is left is a publisher that relies on an object which nothing has named for longer than the grace (a
 * package that was yanked, or left by a killed publisher, long ago), and exchanges the head in the very moment of its
 * removal. The publisher looks at such objects once more right before the exchange; here the heads are read once more
 * at the end, and what they miss is named in an error.
 *
 * Whatever cannot be read, or is not there, removes nothing.
 */

/** What came of the places that share a root. */
export interface SweptRoot {
  readonly root: string;
  /** `empty`: nothing is published there. `left`: it cannot be judged, or was published meanwhile. */
  readonly outcome: 'swept' | 'empty' | 'left';
  /** Of `left`: why. */
  readonly reason: string | undefined;
  /** What was removed, or would be; in the order of removal. */
  readonly removed: readonly Pick<ListedObject, 'key' | 'size'>[];
  /** How many objects stay. */
  readonly kept: number;
}

/** Removals between two looks at the heads. */
const batch = 20;

async function areUnchanged(judged: readonly JudgedPlace[], store: ObjectStore): Promise<boolean> {
  for (const { head, etag } of judged) if ((await store.head(head))?.etag !== etag) return false;
  return true;
}

/**
 * Milliseconds by which the time that a listing tells of an object and the one that its metadata tell may differ: servers
 * list fractions of a second, and round them in the header.
 */
const rounding = 2000;

/**
 * Removes an object if it is still the one that was listed; the same bytes, put anew meanwhile, are another one.
 *
 * Its time tells them apart: garbage is older than the least grace, and what was put since it was listed is not. An etag
 * could not: of the same bytes it is the same. It only sees to it that what is deleted is what was looked at here.
 */
async function remove(object: ListedObject, store: ObjectStore): Promise<boolean> {
  const now = await store.head(object.key);
  if (now?.size !== object.size) return false;
  if (Math.abs(now.lastModified.getTime() - object.lastModified.getTime()) >= rounding) return false;
  return (await store.delete(object.key, now.etag)) === 'deleted';
}

/** A publisher may have named what was just removed: then somebody has to know. */
async function requireNothingMissed(
  { places }: Judgement,
  removed: readonly Pick<ListedObject, 'key'>[],
  ports: GarbagePorts,
): Promise<void> {
  if (removed.length === 0 || (await areUnchanged(places, ports.store))) return;
  for (const { place } of places) {
    const index = await ports.formats[place.format].read(place, ports.store, ports.verifier);
    const keys = new Set(index === undefined ? [] : namedBy(place, index));
    const missed = removed.filter(({ key }) => keys.has(key)).map(({ key }) => key);
    if (missed.length === 0) continue;
    throw new CoachbuilderError(
      'repository-invalid',
      `${place.root} was published while garbage was collected, and names what nothing had named for long`,
      {
        details: missed,
        hint: 'yank these packages and publish them again; do not run gc while packages are published',
      },
    );
  }
}

async function sweep(judgement: Judgement, root: string, ports: GarbagePorts): Promise<SweptRoot> {
  const { places, garbage, total } = judgement;
  const removed: ListedObject[] = [];
  let reason: string | undefined;
  for (const [position, object] of garbage.entries()) {
    if (position % batch === 0 && !(await areUnchanged(places, ports.store))) {
      reason = 'it was published meanwhile; run gc again';
      break;
    }
    if (await remove(object, ports.store)) removed.push(object);
  }
  await requireNothingMissed(judgement, removed, ports);
  return { root, outcome: reason === undefined ? 'swept' : 'left', reason, removed, kept: total - removed.length };
}

/** What is damaged is left as it is, so that the other roots are swept nevertheless. */
async function tryJudge(
  root: string,
  places: readonly Place[],
  request: GarbageRequest,
  ports: GarbagePorts,
): Promise<Judgement | CoachbuilderError> {
  try {
    return await judgeGarbage(root, places, request, ports);
  } catch (error) {
    if (error instanceof CoachbuilderError && ['signature-invalid', 'repository-invalid'].includes(error.code))
      return error;
    throw error;
  }
}

/**
 * Removes what no client can ask for any more. Places whose root is the same (apt's classic layout) are judged together.
 * @returns a report for each root; what cannot be judged is left as it is, and said
 * @throws CoachbuilderError `store-unavailable`, `store-denied`, `store-missing`; `repository-invalid` when a publication
 *   at the same moment lost something
 */
export async function collectGarbage(request: GarbageRequest, ports: GarbagePorts): Promise<readonly SweptRoot[]> {
  const reports: SweptRoot[] = [];
  for (const root of new Set(request.places.map((place) => place.root))) {
    const places = request.places.filter((place) => place.root === root);
    const judgement = await tryJudge(root, places, request, ports);
    if (judgement instanceof CoachbuilderError) {
      const reason = [judgement.message, ...(judgement.hint === undefined ? [] : [judgement.hint])].join('; ');
      reports.push({ root, outcome: 'left', reason, removed: [], kept: 0 });
      continue;
    }
    const { garbage, total } = judgement;
    const none = { root, reason: undefined, removed: [], kept: total };
    if (judgement.places.length === 0) reports.push({ ...none, outcome: 'empty' });
    else if (request.dryRun)
      reports.push({ ...none, outcome: 'swept', removed: garbage, kept: total - garbage.length });
    else reports.push(await sweep(judgement, root, ports));
  }
  return reports;
}

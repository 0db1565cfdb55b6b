import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { IndexEntry } from '../repository/index-format.ts';
import type { Place } from '../repository/place.ts';
import type { ObjectReader, StoredObject } from '../store/object-store.ts';
import { mapConcurrently } from '../system/files.ts';
import type { ChangePorts } from './change-ports.ts';
import { pageKeys } from './page/pages.ts';
import { placeTitle } from './place-rules.ts';
import type { PutRecord } from './uploads.ts';

/** Milliseconds between looks: a cache in front of a store may be slow to see that a head is new. */
const pauses = [0, 200, 1_000, 3_000] as const;

/** Requests at once. */
const limit = 4;

/** An object that clients have to get. */
type Expected = Pick<StoredObject, 'key' | 'size' | 'sha256'>;

/** Why clients do not see what they should; undefined: they see it. */
type Look = () => Promise<string | undefined>;

/** Looks until it is there. @throws CoachbuilderError `repository-invalid` when it is not in the end */
async function lookFor(
  { subject, address }: { readonly subject: string; readonly address: string },
  look: Look,
  { clock }: Pick<ChangePorts, 'clock'>,
): Promise<void> {
  let problem: string | undefined;
  let cause: unknown;
  for (const pause of pauses) {
    await clock.wait(pause);
    try {
      problem = await look();
      cause = undefined;
    } catch (error) {
      if (!(error instanceof CoachbuilderError)) throw error;
      problem = error.message;
      cause = error;
    }
    if (problem === undefined) return;
  }
  throw new CoachbuilderError(
    'repository-invalid',
    `${subject} published, but clients do not see it at ${address}: ${problem ?? ''}`,
    {
      hint: 'see that the address leads to this store, that its objects may be read by everybody (admin/bucket-policy), and that no cache keeps the index; then run the command again',
      cause,
    },
  );
}

/** What clients get of objects. Packages are asked for their size, and their SHA-256 where the address tells it. */
async function lookAtObjects(objects: readonly Expected[], reader: ObjectReader): Promise<string | undefined> {
  const problems = await mapConcurrently(objects, limit, async ({ key, size, sha256 }) => {
    const seen = await reader.head(key);
    if (seen === undefined) return [`${key} cannot be had`];
    if (seen.size !== size) return [`${key} has ${String(seen.size)} bytes instead of ${String(size)}`];
    const isTold = seen.sha256 !== undefined && sha256 !== undefined;
    return isTold && seen.sha256 !== sha256 ? [`${key} is another file`] : [];
  });
  const [first, ...more] = problems.flat();
  return first === undefined || more.length === 0 ? first : `${first}, and ${String(more.length)} more like it`;
}

/** What clients see of an index that was just published; undefined when it is that one, or a newer one. */
async function lookAtIndex(
  { place, date, entries }: PublishedState,
  reader: ObjectReader,
  { format, verifier }: ChangePorts,
): Promise<string | undefined> {
  const seen = await format.read(place, reader, verifier);
  if (seen === undefined) return 'there is no index';
  if (seen.date < date) return 'they get an older index';
  if (seen.date > date) return undefined; // another publisher's, who began with ours
  return seen.entries.length === entries.length ? undefined : 'they get another index';
}

interface PublishedState {
  readonly place: Place;
  /** Seconds since 1970. */
  readonly date: number;
  readonly entries: readonly IndexEntry[];
  /** What a change was about: packages that are new to clients. */
  readonly brought: readonly IndexEntry[];
}

/**
 * Reads what was published through its public address, without credentials, and verifies it like a client; of packages
 * those that a change has brought: whether clients get the others is what `verify` is for.
 * @throws CoachbuilderError `repository-invalid` when that is not what was published; what `IndexFormat.read` throws
 */
export async function readBack(state: PublishedState, ports: ChangePorts): Promise<void> {
  const { publicReader: reader } = ports;
  if (reader === undefined) return;
  const { place, brought } = state;
  const packages = brought.map(({ file, size, sha256 }) => ({ key: `${place.root}/${file}`, size, sha256 }));
  await lookFor(
    { subject: `${placeTitle(place)} is`, address: place.url },
    async () => (await lookAtIndex(state, reader, ports)) ?? (await lookAtObjects(packages, reader)),
    ports,
  );
}

/**
 * Looks whether clients get objects that no index names (the key, release packages at addresses without a version) as
 * the store has them now: somebody else may have written them anew. Pages are left out: they are for people, and there are
 * proxies that change them on their way.
 * @throws CoachbuilderError `repository-invalid` when they do not
 */
export async function readBackObjects(
  written: readonly Pick<PutRecord, 'key'>[],
  ports: Pick<ChangePorts, 'store' | 'publicReader' | 'clock'>,
): Promise<void> {
  const { store, publicReader: reader } = ports;
  const pages = new Set<string>(pageKeys);
  const keys = written.map(({ key }) => key).filter((key) => !pages.has(key));
  if (reader === undefined || keys.length === 0) return;
  await lookFor(
    { subject: `${keys.join(', ')} ${keys.length === 1 ? 'is' : 'are'}`, address: reader.title },
    async () => {
      const stored = await mapConcurrently(keys, limit, (key) => store.head(key));
      return await lookAtObjects(
        stored.filter((object) => object !== undefined),
        reader,
      );
    },
    ports,
  );
}

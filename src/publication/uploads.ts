import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { IndexEntry } from '../repository/index-format.ts';
import type { Place } from '../repository/place.ts';
import type { NewObject, ObjectStore, PutOutcome } from '../store/object-store.ts';
import { mapConcurrently, sha256Of } from '../system/files.ts';

/** A package that a change brings to a place; where its bytes come from. */
export type Arrival =
  | {
      readonly kind: 'upload';
      readonly entry: IndexEntry;
      /** Absolute. */
      readonly path: string;
    }
  | {
      readonly kind: 'copy';
      readonly entry: IndexEntry;
      /** Key, relative to the store; the object's metadata comes along. */
      readonly from: string;
    };

/** What came of an object: `present` was there already, `lost` means that another publisher was faster. */
export interface PutRecord {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly outcome: 'put' | 'copied' | 'present' | 'lost';
}

/** Bytes that a key has to have. */
type Expected = Pick<NewObject, 'key' | 'size' | 'sha256'>;

/** Uploads at once: enough to fill a line, few enough for a server. */
const limit = 4;

/** As IANA knows debs; rpms have no registered type, and this is the one that servers are set up with. */
const contentTypes = { deb: 'application/vnd.debian.binary-package', rpm: 'application/x-rpm' } as const;

/** The object of a package in a place. */
export function packageObject(place: Pick<Place, 'root'>, entry: IndexEntry, path: string): NewObject {
  return {
    key: `${place.root}/${entry.file}`,
    body: { kind: 'file', path },
    size: entry.size,
    sha256: entry.sha256,
    contentType: contentTypes[entry.format],
    caching: 'immutable',
  };
}

function otherBytes(key: string, store: ObjectStore): CoachbuilderError {
  return new CoachbuilderError('publication-refused', `${key} is in ${store.title} already, with other bytes`, {
    hint: 'what was published never changes: give the new package a higher version or release',
  });
}

function vanished(key: string, store: ObjectStore): CoachbuilderError {
  return new CoachbuilderError('repository-invalid', `${key} is not in ${store.title}, and the index would name it`, {
    hint: 'somebody has removed it; run the command again, and gc never while packages are published',
  });
}

/** Puts objects that never change, and knows what was put, what was there, and what has been looked at. */
export class Uploads {
  readonly #store: ObjectStore;
  readonly #records = new Map<string, PutRecord>();
  /** Objects of earlier runs, which may go away again. */
  readonly #present = new Map<string, Expected>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** In the order in which they were asked for. */
  get records(): readonly PutRecord[] {
    return [...this.#records.values()];
  }

  record({ key, size }: Pick<NewObject, 'key' | 'size'>, outcome: PutRecord['outcome']): void {
    this.#records.set(key, { key, size, outcome });
  }

  /**
   * Makes sure of the packages that an index will name.
   * @param arrivals that are put or copied, unless this run has done it
   * @param others that are in the store already; they are looked at
   * @throws CoachbuilderError `publication-refused` for one that is there with other bytes, `repository-invalid` for one
   *   of `others` that is not there
   */
  async packages(
    arrivals: readonly Arrival[],
    place: Pick<Place, 'root'>,
    others: readonly IndexEntry[],
  ): Promise<void> {
    await mapConcurrently(arrivals, limit, async (arrival) => {
      const { entry } = arrival;
      const expected = { key: `${place.root}/${entry.file}`, size: entry.size, sha256: entry.sha256 };
      await this.#once(expected, async () =>
        arrival.kind === 'copy'
          ? await this.#store.copy(arrival.from, expected.key, { kind: 'absent' })
          : await this.#store.put(packageObject(place, entry, arrival.path), { kind: 'absent' }),
      );
      // Our word for what was copied is the source's: only now somebody looks whether it is what the entry says.
      if (arrival.kind === 'copy' && this.#records.get(expected.key)?.outcome === 'put') {
        this.record(expected, 'copied');
        await this.#require(expected);
      }
    });
    await mapConcurrently(others, limit, async ({ file, size, sha256 }) => {
      const expected = { key: `${place.root}/${file}`, size, sha256 };
      await this.#require(expected);
      this.#present.set(expected.key, expected);
    });
  }

  /** Puts objects that are named by their content. @throws as `packages` */
  async immutable(objects: readonly NewObject[]): Promise<void> {
    await mapConcurrently(objects, limit, async (object) => {
      await this.#once(object, async () => await this.#store.put(object, { kind: 'absent' }));
    });
  }

  /** Looks once more at objects that this run has found and not put. @throws CoachbuilderError `repository-invalid` */
  async confirm(): Promise<void> {
    await mapConcurrently([...this.#present.values()], limit, async (expected) => {
      if ((await this.#store.head(expected.key)) === undefined) throw vanished(expected.key, this.#store);
    });
  }

  async #once(expected: Expected, write: () => Promise<PutOutcome>): Promise<void> {
    if (this.#records.has(expected.key)) return;
    if ((await write()).outcome === 'stored') {
      this.record(expected, 'put');
      return;
    }
    await this.#require(expected);
    this.record(expected, 'present');
    this.#present.set(expected.key, expected);
  }

  /** Asks the store for an object's metadata; for the object itself only when the store keeps no SHA-256. */
  async #require(expected: Expected): Promise<void> {
    const { key, size, sha256 } = expected;
    const found = await this.#store.head(key);
    if (found === undefined) throw vanished(key, this.#store);
    if (found.size !== size) throw otherBytes(key, this.#store);
    const kept = found.sha256 ?? (await this.#digest(key));
    if (kept !== sha256) throw otherBytes(key, this.#store);
  }

  async #digest(key: string): Promise<string | undefined> {
    const object = await this.#store.get(key);
    return object === undefined ? undefined : sha256Of(object.bytes);
  }
}

import type { Condition, ListedObject, NewObject, PutOutcome, StoredObject } from '../../src/store/object-store.ts';
import { MemoryStore } from './memory-store.ts';

/** A store in memory that knows when its objects were written. */
export class DatedStore extends MemoryStore {
  /** Seconds since 1970. */
  now = 1_700_000_000;
  readonly #written = new Map<string, number>();

  #note(key: string, result: PutOutcome): PutOutcome {
    if (result.outcome === 'stored') this.#written.set(key, this.now);
    return result;
  }

  #dated<Known extends ListedObject>(object: Known): Known {
    return { ...object, lastModified: new Date((this.#written.get(object.key) ?? 0) * 1000) };
  }

  override async put(object: NewObject, condition: Condition): Promise<PutOutcome> {
    return this.#note(object.key, await super.put(object, condition));
  }

  override async copy(from: string, to: string, condition: Condition): Promise<PutOutcome> {
    return this.#note(to, await super.copy(from, to, condition));
  }

  override async head(key: string): Promise<StoredObject | undefined> {
    const found = await super.head(key);
    return found === undefined ? undefined : this.#dated(found);
  }

  override async *list(prefix: string): AsyncIterable<ListedObject> {
    for await (const object of super.list(prefix)) yield this.#dated(object);
  }
}

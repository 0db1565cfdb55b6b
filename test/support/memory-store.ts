import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import type {
  Condition,
  ListedObject,
  NewObject,
  ObjectStore,
  PutOutcome,
  StoredObject,
} from '../../src/store/object-store.ts';

/** A request as the store sees it. */
export interface StoreRequest {
  readonly method: 'get' | 'head' | 'put' | 'list' | 'copy' | 'delete';
  readonly key: string;
}

/** What happens to a request: it takes place, or its sender dies before or after it has. */
export type Fate = 'live' | 'die-before' | 'die-after';

export class Killed extends Error {}

interface Held {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly object: Omit<NewObject, 'body' | 'key'>;
}

/** A store in memory, which enforces conditions and SHA-256s, has a log, and can let its user die at any request. */
export class MemoryStore implements ObjectStore {
  readonly title = 'memory';
  readonly objects = new Map<string, Held>();
  readonly log: StoreRequest[] = [];
  fate: (request: StoreRequest, index: number) => Fate = () => 'live';
  /** Called before each request takes place: what others do meanwhile. */
  meanwhile: ((request: StoreRequest) => Promise<void>) | undefined;
  /** For the negative control of tests about conditions. */
  ignoresConditions = false;
  #etags = 0;
  #dead = false;

  revive(): void {
    this.#dead = false;
    this.fate = () => 'live';
    this.log.length = 0;
  }

  async #request<Result>(request: StoreRequest, act: () => Result | Promise<Result>): Promise<Result> {
    if (this.#dead) throw new Killed();
    const index = this.log.push(request) - 1;
    await this.meanwhile?.(request);
    const fate = this.fate(request, index);
    if (fate !== 'live') this.#dead = true;
    if (fate === 'die-before') throw new Killed();
    const result = await act();
    if (fate === 'die-after') throw new Killed();
    return result;
  }

  #allows(key: string, condition: Condition): boolean {
    const held = this.objects.get(key);
    if (this.ignoresConditions || condition.kind === 'none') return true;
    return condition.kind === 'absent' ? held === undefined : held?.etag === condition.etag;
  }

  #write(key: string, held: Omit<Held, 'etag'>, condition: Condition): PutOutcome {
    if (!this.#allows(key, condition)) return { outcome: 'condition-failed' };
    this.#etags += 1;
    const etag = `"${String(this.#etags)}"`;
    this.objects.set(key, { ...held, etag });
    return { outcome: 'stored', etag };
  }

  get(key: string): Promise<{ readonly bytes: Buffer; readonly etag: string } | undefined> {
    return this.#request({ method: 'get', key }, () => {
      const held = this.objects.get(key);
      return held === undefined ? undefined : { bytes: held.bytes, etag: held.etag };
    });
  }

  #describe(key: string): StoredObject | undefined {
    const held = this.objects.get(key);
    if (held === undefined) return undefined;
    const { size, sha256 } = held.object;
    return { key, size, sha256, etag: held.etag, lastModified: new Date(0) };
  }

  head(key: string): Promise<StoredObject | undefined> {
    return this.#request({ method: 'head', key }, () => this.#describe(key));
  }

  async put(object: NewObject, condition: Condition): Promise<PutOutcome> {
    const { key, body, ...rest } = object;
    const bytes = body.kind === 'bytes' ? Buffer.from(body.bytes) : await readFile(body.path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== object.sha256 || bytes.length !== object.size) throw new Error(`other bytes than were told: ${key}`);
    return this.#request({ method: 'put', key }, () => this.#write(key, { bytes, object: rest }, condition));
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    const keys = await this.#request({ method: 'list', key: prefix }, () =>
      [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort(),
    );
    for (const key of keys) {
      const described = this.#describe(key);
      if (described !== undefined) yield { key, size: described.size, lastModified: described.lastModified };
    }
  }

  copy(from: string, to: string, condition: Condition): Promise<PutOutcome> {
    return this.#request({ method: 'copy', key: to }, () => {
      const held = this.objects.get(from);
      if (held === undefined) throw new Error(`nothing to copy: ${from}`);
      return this.#write(to, held, condition);
    });
  }

  delete(key: string, etag: string | undefined): Promise<'deleted' | 'absent' | 'condition-failed'> {
    return this.#request({ method: 'delete', key }, () => {
      const held = this.objects.get(key);
      if (held === undefined) return 'absent';
      if (etag !== undefined && held.etag !== etag) return 'condition-failed';
      this.objects.delete(key);
      return 'deleted';
    });
  }
}

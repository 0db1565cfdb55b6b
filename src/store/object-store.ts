/** What a store says about an object. */
export interface StoredObject {
  /** Relative to the store's root; literal, no leading `/`, no `.` or empty segment. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Opaque: the store's own word for these bytes under this key, to compare with. */
  readonly etag: string;
  readonly lastModified: Date;
  /** Hexadecimal, when the store keeps it. */
  readonly sha256: string | undefined;
}

/** What a listing says of an object: what every store knows without reading it. `head` tells the rest. */
export type ListedObject = Pick<StoredObject, 'key' | 'size' | 'lastModified'>;

export type ObjectBody =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'file';
      /** Absolute. */ readonly path: string;
    };

/** How long caches may keep an object: for ever, or never without asking. */
export type Caching = 'immutable' | 'revalidate';

/** An object to be. */
export interface NewObject {
  readonly key: string;
  readonly body: ObjectBody;
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal; the store refuses bytes that have another one. */
  readonly sha256: string;
  readonly contentType: string;
  readonly caching: Caching;
}

/** What has to be so for a write to take place; the store decides it, in one step with the write. */
export type Condition =
  | { readonly kind: 'none' }
  /** There is no object of this key. */
  | { readonly kind: 'absent' }
  /** The object is still the one that was read. */
  | { readonly kind: 'unchanged'; readonly etag: string };

export type PutOutcome =
  { readonly outcome: 'stored'; readonly etag: string } | { readonly outcome: 'condition-failed' };

/** Reads objects: a store, or the public address of one. */
export interface ObjectReader {
  /** For messages: `s3://bucket/prefix`, a directory, an address. */
  readonly title: string;
  /** @returns undefined when there is no such object (S3 answers 403 for it where listing is not allowed) */
  get(key: string): Promise<{ readonly bytes: Buffer; readonly etag: string } | undefined>;
  head(key: string): Promise<StoredObject | undefined>;
}

/**
 * Where a repository is: a bucket, or a directory. Implementations retry what may pass (500, 503, a lost connection) a bounded
 * number of times and then throw.
 * Every method throws CoachbuilderError `store-unavailable` (not reachable, answers failures), `store-denied`
 * (credentials absent or wrong, no permission, clock skew; never with the secret) or `store-missing` (no such bucket).
 */
export interface ObjectStore extends ObjectReader {
  /** A retried `absent` write whose first answer was lost is `stored` when the object there has the same SHA-256. */
  put(object: NewObject, condition: Condition): Promise<PutOutcome>;
  /** All objects whose key begins so, in byte order of their keys; none of them is read. */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** Copies within the store, server-side where it can be; the metadata (caching, type, SHA-256) goes with it. */
  copy(from: string, to: string, condition: Condition): Promise<PutOutcome>;
  /** @param etag deletes nothing but this version of the object */
  delete(key: string, etag: string | undefined): Promise<'deleted' | 'absent' | 'condition-failed'>;
}

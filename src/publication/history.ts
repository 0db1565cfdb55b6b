import { createHash } from 'node:crypto';

import type { ObjectStore } from '../store/object-store.ts';

/**
 * The history of a place: the heads that were replaced, each as an object of its own, so that garbage collection knows
 * what a client that still has one of them may ask for. A publisher keeps the head that it is about to replace, before it
 * replaces it. Only what has been a head gets here: publishers that lose the exchange keep the same head as the one
 * that wins, under the same name.
 */
const directory = '.history/';

/** @param head key of the head of a place; apt's classic layout has several heads below one root */
export function historyPrefix(head: string): string {
  return `${head.slice(0, head.lastIndexOf('/') + 1)}${directory}`;
}

function historyKey(head: string, date: number, sha256: string): string {
  return `${historyPrefix(head)}${String(date)}-${sha256.slice(0, 12)}`;
}

/** Seconds since 1970: the date of the index that a key of the history is the head of; undefined for any other key. */
export function historyDate(key: string): number | undefined {
  const [, date] = /\/\.history\/(\d+)-[0-9a-f]{12}$/.exec(key) ?? [];
  return date === undefined ? undefined : Number(date);
}

/**
 * Keeps a head that is about to be replaced.
 * @param head with the etag by which it was read, and the date of its index
 * @returns false when it has been replaced already, so that the exchange would fail
 */
export async function keepHead(
  head: { readonly key: string; readonly etag: string; readonly date: number },
  store: ObjectStore,
): Promise<boolean> {
  const found = await store.get(head.key);
  if (found?.etag !== head.etag) return false;
  const { bytes } = found;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await store.put(
    {
      key: historyKey(head.key, head.date, sha256),
      body: { kind: 'bytes', bytes },
      size: bytes.byteLength,
      sha256,
      contentType: 'text/plain; charset=utf-8',
      caching: 'immutable',
    },
    { kind: 'absent' },
  );
  return true;
}

import { createHash } from 'node:crypto';

import type { NewObject, ObjectStore } from '../../src/store/object-store.ts';

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** An object of a text, with everything that it takes. */
export function textObject(key: string, text: string, more: Partial<NewObject> = {}): NewObject {
  const bytes = Buffer.from(text);
  const common = { contentType: 'text/plain', caching: 'revalidate' } as const;
  return { key, body: { kind: 'bytes', bytes }, size: bytes.length, sha256: sha256(bytes), ...common, ...more };
}

/** An object of a file that holds the given bytes. */
export function fileObject(key: string, path: string, bytes: Uint8Array): NewObject {
  const common = { contentType: 'application/octet-stream', caching: 'immutable' } as const;
  return { key, body: { kind: 'file', path }, size: bytes.length, sha256: sha256(bytes), ...common };
}

export async function keysOf(store: ObjectStore, prefix = ''): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const found of store.list(prefix)) keys.push(found.key);
  return keys;
}

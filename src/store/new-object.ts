import { sha256Of } from '../system/files.ts';
import type { NewObject } from './object-store.ts';

/** An object of bytes that are at hand, or of a text in UTF-8. */
export function bytesObject(
  key: string,
  content: string | Uint8Array,
  about: Pick<NewObject, 'contentType' | 'caching'>,
): NewObject {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return { key, body: { kind: 'bytes', bytes }, size: bytes.length, sha256: sha256Of(bytes), ...about };
}

import { createHash } from 'node:crypto';

/**
 * A UUID that follows from a document's content, so that the same content has the same one: version 8 of RFC 9562
 * (section 5.8), whose bits are the maker's own, here those of the SHA-256.
 */
export function contentUuid(content: unknown): string {
  const bytes = createHash('sha256').update(JSON.stringify(content)).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

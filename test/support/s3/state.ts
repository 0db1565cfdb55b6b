import { createHash } from 'node:crypto';

import { Refusal } from './refusal.ts';
import type { Policy } from './policy.ts';

/** An object as the server keeps it. */
export interface ServedObject {
  readonly bytes: Buffer;
  /** With quotes. */
  readonly etag: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** What is given back with it: Content-Type, Cache-Control, x-amz-meta-*, x-amz-checksum-*; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, { readonly bytes: Buffer; readonly etag: string; readonly sha256: string | undefined }>;
}

export interface Bucket {
  readonly objects: Map<string, ServedObject>;
  policy: { readonly text: string; readonly statements: Policy } | undefined;
}

export function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

/** What a multipart object gets: the digest of the digests, and how many there were. */
export function multipartEtag(etags: readonly string[]): string {
  const digests = Buffer.concat(etags.map((etag) => Buffer.from(etag.replaceAll('"', ''), 'hex')));
  return `"${createHash('md5').update(digests).digest('hex')}-${String(etags.length)}"`;
}

/** Everything that S3 keeps of a PUT and gives back. */
export function keptHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const names = ['content-type', 'cache-control', 'content-disposition', 'content-encoding', 'content-language'];
  const kept = Object.entries(headers)
    .filter(([name]) => names.includes(name) || name.startsWith('x-amz-meta-'))
    // The chunks were an envelope, not the object.
    .map(([name, value]) => [name, name === 'content-encoding' ? value.replace(/aws-chunked,?/, '') : value] as const)
    .filter(([, value]) => value !== '');
  return { 'content-type': 'binary/octet-stream', ...Object.fromEntries(kept) };
}

function sameEtag(left: string, right: string): boolean {
  return left.replaceAll('"', '') === right.replaceAll('"', '');
}

/** If-None-Match and If-Match of a write. Runs in one step with the write itself: there is one thread. */
export function checkWriteConditions(
  headers: Readonly<Record<string, string>>,
  present: ServedObject | undefined,
): void {
  const failed = (condition: string): Refusal =>
    new Refusal(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
      Condition: condition,
    });
  const absent = headers['if-none-match'];
  if (absent !== undefined) {
    if (absent !== '*')
      throw new Refusal(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented');
    if (present !== undefined) throw failed('If-None-Match');
  }
  const unchanged = headers['if-match'];
  if (unchanged === undefined) return;
  if (present === undefined) throw new Refusal(404, 'NoSuchKey', 'The specified key does not exist.');
  if (unchanged !== '*' && !sameEtag(unchanged, present.etag)) throw failed('If-Match');
}

/** The conditions of a GET or HEAD (RFC 9110, section 13): 304, 412, or nothing. */
export function readCondition(headers: Readonly<Record<string, string>>, object: ServedObject): 304 | 412 | undefined {
  const match = headers['if-match'];
  if (match !== undefined && match !== '*' && !sameEtag(match, object.etag)) return 412;
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) return noneMatch === '*' || sameEtag(noneMatch, object.etag) ? 304 : undefined;
  const since = Date.parse(headers['if-modified-since'] ?? '');
  // The headers tell whole seconds.
  return !Number.isNaN(since) && Math.floor(object.modified / 1000) * 1000 <= since ? 304 : undefined;
}

/** `bytes=a-b`, `bytes=a-`, `bytes=-n`: first and last byte. undefined means the whole object. */
export function parseRange(header: string | undefined, size: number): readonly [number, number] | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  const [, from = '', to = ''] = match ?? [];
  if (match === null || (from === '' && to === '')) return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first > last)
    throw new Refusal(416, 'InvalidRange', 'The requested range is not satisfiable', {
      ActualObjectSize: String(size),
    });
  return [first, last];
}

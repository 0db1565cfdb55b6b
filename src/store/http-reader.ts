import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { withoutUrlCredentials } from '../report/redact.ts';
import { sha256Of } from '../system/files.ts';
import { DirectoryStore } from './directory-store.ts';
import { checkKey } from './keys.ts';
import type { ObjectReader, StoredObject } from './object-store.ts';

/** How often a request is made that fails for a reason that may pass. */
const attempts = 4;
/** Milliseconds for one answer with all of its bytes: indexes, not packages, are read. */
const patience = 60_000;

/** Statuses that say "no such object": 403 is what S3 answers where the public may read but not list. */
const absent = [403, 404, 410];
const passing = [408, 425, 429, 500, 502, 503, 504];

/**
 * Reads objects as clients do: by the public address, without credentials, past every cache that obeys (RFC 9111).
 * `http://`, `https://`, and `file://` for a repository in a directory.
 */
export class HttpReader implements ObjectReader {
  readonly title: string;
  private readonly directory: DirectoryStore | undefined;

  /** @param address of the root of the store, with or without a slash at the end */
  constructor(address: string) {
    this.title = address.replace(/\/+$/, '');
    this.directory = this.title.startsWith('file://') ? new DirectoryStore(fileURLToPath(this.title)) : undefined;
  }

  async get(key: string): Promise<{ readonly bytes: Buffer; readonly etag: string } | undefined> {
    if (this.directory !== undefined) return this.directory.get(key);
    const answer = await this.request('GET', key);
    if (answer === undefined) return undefined;
    return { bytes: answer.bytes, etag: etagOf(answer) };
  }

  async head(key: string): Promise<StoredObject | undefined> {
    if (this.directory !== undefined) return this.directory.head(key);
    let answer = await this.request('HEAD', key);
    // A server that compresses on the fly does not know the size before the end.
    if (answer !== undefined && !answer.headers.has('content-length')) answer = await this.request('GET', key);
    if (answer === undefined) return undefined;
    const { headers, bytes } = answer;
    return {
      key,
      size: Number(headers.get('content-length') ?? bytes.length),
      etag: etagOf(answer),
      lastModified: new Date(headers.get('last-modified') ?? 0),
      sha256: headers.get('x-amz-meta-sha256') ?? undefined,
    };
  }

  private async request(method: 'GET' | 'HEAD', key: string): Promise<Answer | undefined> {
    checkKey(key);
    const url = `${this.title}/${key.split('/').map(encodeURIComponent).join('/')}`;
    let failure = '';
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      if (attempt > 1) await delay(100 * 2 ** attempt * (0.5 + Math.random() / 2));
      try {
        const response = await fetch(url, {
          method,
          // Bytes as they are kept: a client compares their size.
          headers: { 'cache-control': 'no-cache', pragma: 'no-cache', 'accept-encoding': 'identity' },
          signal: AbortSignal.timeout(patience),
        });
        const bytes = Buffer.from(await response.arrayBuffer());
        if (response.ok) return { bytes, headers: response.headers };
        if (absent.includes(response.status)) return undefined;
        failure = `${String(response.status)} ${response.statusText}`;
        if (!passing.includes(response.status)) break;
      } catch (error) {
        failure = reasonOf(error);
      }
    }
    const denied = failure.startsWith('401');
    throw new CoachbuilderError(
      denied ? 'store-denied' : 'store-unavailable',
      `${withoutUrlCredentials(url)} ${denied ? 'asks for credentials, and clients have none' : 'does not answer'}`,
      {
        details: [failure],
        hint: 'check the public address of the repository (release.baseurl in the manifest) and its server; "curl -I" shows what a client gets',
      },
    );
  }
}

interface Answer {
  readonly bytes: Buffer;
  readonly headers: Headers;
}

/** The server's word; of one that has none, the SHA-256, and of a HEAD the time and the size. */
function etagOf({ bytes, headers }: Answer): string {
  const etag = headers.get('etag');
  if (etag !== null) return etag;
  if (bytes.length === 0) return `${headers.get('last-modified') ?? ''} ${headers.get('content-length') ?? ''}`;
  return sha256Of(bytes);
}

/** fetch() says "fetch failed"; why is in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}

import { isAbsolute, normalize } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { DirectoryStore } from './directory-store.ts';
import { checkKey } from './keys.ts';
import type { ObjectStore } from './object-store.ts';
import { S3Store } from './s3/s3-store.ts';

/** Where a store is, as the manifest, the command line and the environment say it. */
export interface StoreLocation {
  /** `s3://bucket`, `s3://bucket/prefix`, or the absolute path of a directory. */
  readonly url: string;
  /** Of an S3-compatible server: `http://127.0.0.1:9000`. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** `AWS_*` are used; `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL` when there is no endpoint. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Amazon S3 User Guide, "General purpose bucket naming rules". */
const bucketName = /^(?!xn--|sthree-)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Makes the store of a place; nothing is asked of it yet.
 * @throws CoachbuilderError `usage` when the location is neither a bucket nor an absolute directory
 */
export function openStore(location: StoreLocation): ObjectStore {
  const { url, region, env } = location;
  if (!url.startsWith('s3://')) {
    if (isAbsolute(url)) return new DirectoryStore(normalize(`${url}/`).replace(/(?<=.)\/$/, ''));
    throw noStore(url, 'say s3://bucket, s3://bucket/prefix, or a directory');
  }
  const [bucket = '', ...segments] = url.slice('s3://'.length).replace(/\/+$/, '').split('/');
  if (!bucketName.test(bucket)) throw noStore(url, 'a bucket has 3 to 63 lower-case letters, digits, dots and hyphens');
  const prefix = segments.join('/');
  if (prefix !== '') requirePrefix(url, prefix);
  const endpoint = [location.endpoint, env['AWS_ENDPOINT_URL_S3'], env['AWS_ENDPOINT_URL']].find(
    (address) => address !== undefined && address !== '',
  );
  // Of S3 nobody signs in by the address; and what is in it would be in messages.
  if (endpoint !== undefined && !/^https?:\/\/[^/@\s]+\/?$/.test(endpoint)) {
    throw new CoachbuilderError('usage', `${withoutUserInfo(endpoint)} is no endpoint`, {
      hint: 'say http://host:port, or https://host, without credentials: those are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    });
  }
  return new S3Store({ bucket, prefix, endpoint: endpoint?.replace(/\/$/, ''), region, env });
}

function requirePrefix(url: string, prefix: string): void {
  try {
    checkKey(prefix);
  } catch {
    throw noStore(url, 'S3 takes keys literally: a prefix has no empty segment, and none that is . or ..');
  }
}

function noStore(text: string, hint: string): CoachbuilderError {
  return new CoachbuilderError('usage', `${withoutUserInfo(text)} is no place for a repository`, { hint });
}

/** Secrets of AWS may hold a slash, so that where they begin and end in an address is a guess: nothing up to the last `@` is shown. */
function withoutUserInfo(text: string): string {
  return text.replace(/^((?:\w+:\/\/)?).*@/s, '$1…@');
}

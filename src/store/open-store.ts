import { isAbsolute, normalize } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { isBucket, judgeEndpoint, judgeStore, splitBucketAddress, type Refusal } from '../model/store-location.ts';
import { DirectoryStore } from './directory-store.ts';
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

/**
 * Makes the store of a place; nothing is asked of it yet.
 * @throws CoachbuilderError `usage` when the location is neither a bucket nor an absolute directory
 */
export function openStore(location: StoreLocation): ObjectStore {
  const { url, region, env } = location;
  requireAccepted(judgeStore(url));
  if (!isBucket(url)) {
    if (isAbsolute(url)) return new DirectoryStore(normalize(`${url}/`).replace(/(?<=.)\/$/, ''));
    throw new CoachbuilderError('usage', `${url} is no place for a repository`, { hint: 'say its absolute path' });
  }
  const endpoint = [location.endpoint, env['AWS_ENDPOINT_URL_S3'], env['AWS_ENDPOINT_URL']].find(
    (address) => address !== undefined && address !== '',
  );
  if (endpoint !== undefined) requireAccepted(judgeEndpoint(endpoint));
  return new S3Store({ ...splitBucketAddress(url), endpoint: endpoint?.replace(/\/$/, ''), region, env });
}

function requireAccepted(refusal: Refusal | undefined): void {
  if (refusal !== undefined) throw new CoachbuilderError('usage', refusal.message, { hint: refusal.hint });
}

import { setTimeout as delay } from 'node:timers/promises';

import type { S3 } from '@aws-sdk/client-s3';

import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { sha256Of } from '../../system/files.ts';
import { checkKey } from '../keys.ts';
import type { Condition, ListedObject, NewObject, ObjectStore, PutOutcome, StoredObject } from '../object-store.ts';
import { connect, maxAttempts, type S3Settings } from './connect.ts';
import { readFailure, saysConditionFailed, saysConflict, saysNoObject, storeFailure } from './failures.ts';
import { copyInParts, uploadBytes, uploadObject, type Address, type Metadata } from './upload.ts';

export interface S3StoreSettings extends Omit<S3Settings, 'title'> {
  readonly bucket: string;
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

/** Bytes up to which an object is read and written instead of copied in the server: one request less. */
const smallCopy = 8 * 1024 * 1024;

interface Found extends StoredObject {
  readonly metadata: Metadata;
}

/**
 * A repository in a bucket of S3, or of a server that speaks its protocol. The SHA-256 of every object is sent twice: as
 * x-amz-checksum-sha256, by which the server refuses what was damaged on the way, and as x-amz-meta-sha256, which every
 * server gives back. An etag is S3's own word, quotes included; it says nothing about the bytes.
 */
export class S3Store implements ObjectStore {
  readonly title: string;
  private readonly settings: S3StoreSettings;
  private readonly prefix: string;
  private client: Promise<S3> | undefined;

  constructor(settings: S3StoreSettings) {
    this.settings = settings;
    this.prefix = settings.prefix === '' ? '' : `${settings.prefix}/`;
    this.title = `s3://${settings.bucket}${settings.prefix === '' ? '' : `/${settings.prefix}`}`;
  }

  async get(key: string): Promise<{ readonly bytes: Buffer; readonly etag: string } | undefined> {
    const address = this.address(key);
    return this.ask(`read ${key}`, async (s3) => {
      // The SDK repeats requests, but not the reading of an answer that breaks off.
      for (let attempt = 1; ; attempt += 1) {
        try {
          const answer = await s3.getObject(address);
          const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
          return { bytes, etag: answer.ETag ?? '' };
        } catch (error) {
          if (saysNoObject(error)) return undefined;
          if (attempt === maxAttempts || readFailure(error).status !== undefined) throw error;
          if (!isBroken(error)) throw error;
          await pause(attempt);
        }
      }
    });
  }

  async head(key: string): Promise<StoredObject | undefined> {
    const found = await this.ask(`look at ${key}`, (s3) => this.find(s3, key));
    if (found === undefined) return undefined;
    const { size, etag, lastModified, sha256 } = found;
    return { key, size, etag, lastModified, sha256 };
  }

  async put(object: NewObject, condition: Condition): Promise<PutOutcome> {
    return this.write(object.key, condition, object.sha256, (s3, address) =>
      uploadObject(s3, address, object, condition),
    );
  }

  async copy(from: string, to: string, condition: Condition): Promise<PutOutcome> {
    const source = this.address(from);
    const found = await this.ask(`look at ${from}`, (s3) => this.find(s3, from));
    if (found === undefined) {
      throw new CoachbuilderError('repository-invalid', `there is no ${from} in ${this.title} to be copied`);
    }
    const name = `${source.Bucket}/${source.Key}`.split('/').map(encodeURIComponent).join('/');
    return this.write(to, condition, found.sha256, async (s3, address) => {
      if (found.size > smallCopy) return copyInParts(s3, name, found.size, address, found.metadata, condition);
      const answer = await s3.getObject({ ...source, IfMatch: found.etag });
      const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
      const sha256 = sha256Of(bytes);
      return uploadBytes(s3, address, { bytes, sha256 }, { ...found.metadata, Metadata: { sha256 } }, condition);
    });
  }

  async delete(key: string, etag: string | undefined): Promise<'deleted' | 'absent' | 'condition-failed'> {
    const address = this.address(key);
    return this.ask(`delete ${key}`, async (s3) => {
      // S3 says the same whether there was something to delete or not. The condition is the server's once more.
      for (let attempt = 1; ; attempt += 1) {
        const found = await this.find(s3, key);
        if (found === undefined) return 'absent';
        if (etag !== undefined && found.etag !== etag) return 'condition-failed';
        try {
          await s3.deleteObject({ ...address, ...(etag === undefined ? {} : { IfMatch: etag }) });
          return 'deleted';
        } catch (error) {
          if (attempt === maxAttempts || !(saysConflict(error) || saysConditionFailed(error))) throw error;
          await pause(attempt);
        }
      }
    });
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    const request = { Bucket: this.settings.bucket, Prefix: `${this.prefix}${prefix}` };
    let token: string | undefined;
    do {
      const from = token === undefined ? {} : { ContinuationToken: token };
      const page = await this.ask(`list ${prefix === '' ? 'what is there' : prefix}`, (s3) =>
        s3.listObjectsV2({ ...request, ...from }),
      );
      for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? [])
        yield { key: Key.slice(this.prefix.length), size: Size, lastModified: LastModified };
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  private address(key: string): Address {
    checkKey(key);
    return { Bucket: this.settings.bucket, Key: `${this.prefix}${key}` };
  }

  private async ask<Result>(action: string, run: (s3: S3) => Promise<Result>): Promise<Result> {
    try {
      this.client ??= connect({ ...this.settings, title: this.title });
      return await run(await this.client);
    } catch (error) {
      throw storeFailure(error, this.title, this.settings.endpoint ?? 'S3', action);
    }
  }

  /** HEAD; when it is refused, GET of the same object tells why: the answer to HEAD has no words. */
  private async find(s3: S3, key: string, again = 2): Promise<Found | undefined> {
    const address = this.address(key);
    try {
      const answer = await s3.headObject(address);
      return {
        key,
        size: answer.ContentLength ?? 0,
        etag: answer.ETag ?? '',
        lastModified: answer.LastModified ?? new Date(0),
        sha256: answer.Metadata?.['sha256'],
        metadata: {
          ContentType: answer.ContentType,
          CacheControl: answer.CacheControl,
          Metadata: answer.Metadata,
        },
      };
    } catch (error) {
      const { status } = readFailure(error);
      if (status === undefined || status >= 500) throw error;
      try {
        await (await s3.getObject({ ...address, Range: 'bytes=0-0' })).Body?.transformToByteArray();
      } catch (told) {
        if (saysNoObject(told)) return undefined;
        throw told;
      }
      // Somebody has put it there between the two questions.
      if (again > 0) return this.find(s3, key, again - 1);
      throw error;
    }
  }

  /**
   * A write under a condition. Two things make it be repeated: 409, another write is under way; and answers that were lost,
   * after which the SDK has repeated it and is told that the condition does not hold, although it was our own first
   * request that changed the object.
   */
  private async write(
    key: string,
    condition: Condition,
    sha256: string | undefined,
    send: (s3: S3, address: Address) => Promise<string>,
  ): Promise<PutOutcome> {
    const address = this.address(key);
    return this.ask(`write ${key}`, async (s3) => {
      let unclear = false;
      for (let attempt = 1; ; attempt += 1) {
        try {
          return { outcome: 'stored', etag: await send(s3, address) };
        } catch (error) {
          const { name, attempts } = readFailure(error);
          unclear ||= attempts > 1;
          // A completion that is repeated finds its upload gone.
          const isGone = unclear && name === 'NoSuchUpload';
          const failed = condition.kind !== 'none' && saysConditionFailed(error);
          if (unclear && (failed || isGone)) {
            const found = await this.find(s3, key);
            if (found?.sha256 !== undefined && found.sha256 === sha256) return { outcome: 'stored', etag: found.etag };
          }
          if (failed) return { outcome: 'condition-failed' };
          if (attempt === maxAttempts || !(isGone || saysConflict(error))) throw error;
          await pause(attempt);
        }
      }
    });
  }
}

/** A connection that was cut in the middle of an answer. */
function isBroken(error: unknown): boolean {
  return (
    ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'EPIPE', 'ETIMEDOUT'].includes(readFailure(error).name) ||
    readFailure(error).message === 'aborted'
  );
}

/** Growing, and by chance, so that those who collided do not collide again. */
async function pause(attempt: number): Promise<void> {
  await delay(100 * 2 ** attempt * (0.5 + Math.random() / 2));
}

import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';

import type { PutObjectCommandInput, S3 } from '@aws-sdk/client-s3';

import { sha256Of } from '../../system/files.ts';
import type { Caching, Condition, NewObject } from '../object-store.ts';
import { wrongBytes } from '../wrong-bytes.ts';

/** Bytes from which a file goes in parts: what has to be repeated after a failure is then no more than one part. */
export const partsFrom = 64 * 1024 * 1024;
/** Bytes. S3 takes 10,000 parts at most: 160 GB. */
const partSize = 16 * 1024 * 1024;
/** Parts that are under way at once. */
const partsAtOnce = 3;
/** Bytes that UploadPartCopy takes at once: less than the 5 GiB that are allowed, so that progress is made. */
export const copyPartSize = 1024 * 1024 * 1024;

const cacheControl: Readonly<Record<Caching, string>> = {
  immutable: 'public, max-age=31536000, immutable',
  revalidate: 'no-cache, max-age=0, must-revalidate',
};

/** Where an object goes. */
export interface Address {
  readonly Bucket: string;
  readonly Key: string;
}

/** What S3 keeps with an object; never an ACL: buckets made since 2023 refuse them. */
export interface Metadata {
  readonly ContentType: string | undefined;
  readonly CacheControl: string | undefined;
  readonly Metadata: Record<string, string> | undefined;
}

export function metadataOf(object: NewObject): Metadata {
  return {
    ContentType: object.contentType,
    CacheControl: cacheControl[object.caching],
    Metadata: { sha256: object.sha256 },
  };
}

type Conditional = Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'>;

export function conditional(condition: Condition): Conditional {
  switch (condition.kind) {
    case 'none':
      return {};
    case 'absent':
      return { IfNoneMatch: '*' };
    case 'unchanged':
      return { IfMatch: condition.etag };
  }
}

/** Bytes that were hashed once: a package is large, and its SHA-256 is needed in two ways of writing it. */
interface Hashed {
  readonly bytes: Uint8Array;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** As S3 writes checksums. */
function base64(sha256: string): string {
  return Buffer.from(sha256, 'hex').toString('base64');
}

/** @returns the etag */
export async function uploadBytes(
  s3: S3,
  address: Address,
  { bytes, sha256 }: Hashed,
  metadata: Metadata,
  condition: Condition,
): Promise<string> {
  const request = { ...address, ...metadata, ...conditional(condition), Body: bytes };
  const answer = await s3.putObject({ ...request, ChecksumSHA256: base64(sha256) });
  return answer.ETag ?? '';
}

/** The bytes of a small object, after a look whether they are what was announced. */
async function announcedBytes(object: NewObject): Promise<Hashed> {
  const bytes = object.body.kind === 'bytes' ? object.body.bytes : await readFile(object.body.path);
  const sha256 = sha256Of(bytes);
  if (sha256 !== object.sha256 || bytes.length !== object.size)
    throw wrongBytes(object, { sha256, size: bytes.length });
  return { bytes, sha256 };
}

/** @returns the etag */
export async function uploadObject(s3: S3, address: Address, object: NewObject, condition: Condition): Promise<string> {
  if (object.body.kind === 'bytes' || object.size <= partsFrom) {
    return uploadBytes(s3, address, await announcedBytes(object), metadataOf(object), condition);
  }
  const { path } = object.body;
  return inParts(s3, address, metadataOf(object), condition, 'SHA256', async (upload) => {
    const parts: Part[] = [];
    const hash = createHash('sha256');
    let size = 0;
    const handle = await open(path);
    try {
      for (let ended = false; !ended;) {
        const batch: Promise<Part>[] = [];
        while (batch.length < partsAtOnce && !ended) {
          const bytes = await readPart(handle, size);
          ended = bytes.length < partSize;
          if (bytes.length === 0) break;
          size += bytes.length;
          hash.update(bytes);
          const number = parts.length + batch.length + 1;
          batch.push(uploadPart(s3, address, upload, number, bytes));
        }
        // All of them come to an end before a failure of one is told: nothing writes to an upload that is given up.
        const settled = await Promise.allSettled(batch);
        for (const part of settled) {
          if (part.status === 'rejected') throw part.reason;
          parts.push(part.value);
        }
      }
    } finally {
      await handle.close();
    }
    const sha256 = hash.digest('hex');
    if (sha256 !== object.sha256 || size !== object.size) throw wrongBytes(object, { sha256, size });
    return parts;
  });
}

async function readPart(handle: Awaited<ReturnType<typeof open>>, position: number): Promise<Buffer> {
  const buffer = Buffer.alloc(partSize);
  let filled = 0;
  while (filled < partSize) {
    const { bytesRead } = await handle.read(buffer, filled, partSize - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

interface Part {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
  readonly ChecksumSHA256?: string;
}

async function uploadPart(s3: S3, address: Address, UploadId: string, PartNumber: number, Body: Buffer): Promise<Part> {
  const ChecksumSHA256 = base64(sha256Of(Body));
  const { ETag } = await s3.uploadPart({ ...address, UploadId, PartNumber, Body, ChecksumSHA256 });
  return { PartNumber, ETag, ChecksumSHA256 };
}

/**
 * Copies within the server, under a condition: CopyObject has none that every server honours, the completion of an upload
 * in parts has.
 * @param source as x-amz-copy-source wants it
 * @returns the etag
 */
export async function copyInParts(
  s3: S3,
  source: string,
  size: number,
  address: Address,
  metadata: Metadata,
  condition: Condition,
): Promise<string> {
  return inParts(s3, address, metadata, condition, undefined, async (upload) => {
    const parts: Part[] = [];
    for (let from = 0; from < size; from += copyPartSize) {
      const PartNumber = parts.length + 1;
      const range = `bytes=${String(from)}-${String(Math.min(from + copyPartSize, size) - 1)}`;
      const request = { ...address, UploadId: upload, PartNumber, CopySource: source, CopySourceRange: range };
      const { CopyPartResult: result } = await s3.uploadPartCopy(request);
      parts.push({ PartNumber, ETag: result?.ETag });
    }
    return parts;
  });
}

/** Nothing is there before the end, and then all of it: S3 makes the object, and looks at the condition, at Complete. */
async function inParts(
  s3: S3,
  address: Address,
  metadata: Metadata,
  condition: Condition,
  algorithm: 'SHA256' | undefined,
  send: (upload: string) => Promise<readonly Part[]>,
): Promise<string> {
  const checksum = algorithm === undefined ? {} : { ChecksumAlgorithm: algorithm };
  const { UploadId = '' } = await s3.createMultipartUpload({ ...address, ...metadata, ...checksum });
  try {
    const parts = await send(UploadId);
    const MultipartUpload = { Parts: [...parts] };
    const answer = await s3.completeMultipartUpload({
      ...address,
      UploadId,
      MultipartUpload,
      ...conditional(condition),
    });
    return answer.ETag ?? '';
  } catch (error) {
    // What went wrong first is what matters; the life cycle of the bucket removes uploads that nobody ends.
    await s3.abortMultipartUpload({ ...address, UploadId }).catch(() => undefined);
    throw error;
  }
}

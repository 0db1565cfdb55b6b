import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { CoachbuilderError } from '../../src/errors/coachbuilder-error.ts';
import { HttpReader } from '../../src/store/http-reader.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { textObject, fileObject } from '../support/objects.ts';
import { startS3Server, type Fault, type S3Request, type S3Server } from '../support/s3-server.ts';

let server: S3Server;
let store: ObjectStore;

beforeEach(async () => {
  server = await startS3Server();
  store = open();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server[Symbol.asyncDispose]();
});

function open(env: Readonly<Record<string, string>> = server.env, bucket = 'packages'): ObjectStore {
  return openStore({ url: `s3://${bucket}/repo`, endpoint: server.endpoint, env });
}

/** All that a person reads of an error. */
async function failureOf(action: Promise<unknown>): Promise<{ readonly code: string; readonly text: string }> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CoachbuilderError)) throw new Error('no error for people', { cause: error });
  const text = [error.message, ...error.details, error.hint ?? ''].join('\n');
  expect(text).not.toContain(server.secretAccessKey);
  return { code: error.code, text };
}

/** The faults of the first requests of an operation, one after the other. */
function inTurn(
  operation: string,
  ...faults: readonly (Fault | undefined)[]
): (request: S3Request) => Fault | undefined {
  let seen = 0;
  return (request) => {
    if (request.operation !== operation) return undefined;
    seen += 1;
    return faults[seen - 1];
  };
}

const slowDown: Fault = { kind: 'status', status: 503, code: 'SlowDown' };
const internal: Fault = { kind: 'status', status: 500, code: 'InternalError' };
const conflict: Fault = { kind: 'status', status: 409, code: 'ConditionalRequestConflict' };

describe('a bucket that refuses', () => {
  const actions: readonly (readonly [string, (store: ObjectStore) => Promise<unknown>])[] = [
    ['get', (one) => one.get('a')],
    ['head', (one) => one.head('a')],
    ['put', (one) => one.put(textObject('a', 'a'), { kind: 'absent' })],
    ['list', async (one) => one.list('')[Symbol.asyncIterator]().next()],
    ['delete', (one) => one.delete('a', undefined)],
  ];

  it.each(actions)('names a missing bucket: %s', async (_name, act) => {
    const failure = await failureOf(act(open(server.env, 'another')));
    expect(failure.code).toBe('store-missing');
    expect(failure.text).toContain('s3://another/repo');
  });

  it.each(actions)('says that the secret is wrong, and does not say it: %s', async (_name, act) => {
    const secret = 'a/wrong+secret=that/nobody+may/read';
    const failure = await failureOf(act(open({ ...server.env, AWS_SECRET_ACCESS_KEY: secret })));
    expect(failure.code).toBe('store-denied');
    expect(failure.text).toContain('the secret key is not the one of the access key');
    expect(failure.text).not.toContain(secret);
    expect(server.requests.length).toBeLessThan(4);
  });

  it.each(actions)('says both times when the clock is wrong: %s', async (_name, act) => {
    await using late = await startS3Server({ now: () => Date.now() - 20 * 60_000 });
    const skewed = openStore({ url: 's3://packages', endpoint: late.endpoint, env: late.env });
    const failure = await failureOf(act(skewed));
    expect(failure.code).toBe('store-denied');
    expect(failure.text).toContain('20 minutes ahead of');
    expect(failure.text).toMatch(/our clock: +\d{4}-\S+Z\ntheir clock: \d{4}-\S+Z/);
  });

  it('says that an access key is unknown, or half of the credentials is missing', async () => {
    const unknown = await failureOf(open({ ...server.env, AWS_ACCESS_KEY_ID: 'AKIAUNKNOWN' }).get('a'));
    expect(unknown).toMatchObject({ code: 'store-denied' });
    expect(unknown.text).toContain('does not know the access key');
    const half = await failureOf(open({ AWS_ACCESS_KEY_ID: 'AKIAUNKNOWN' }).get('a'));
    expect(half).toMatchObject({ code: 'store-denied' });
    expect(half.text).toContain('AWS_SECRET_ACCESS_KEY is not');
  });

  it('says that there are no credentials, soon', async () => {
    const home = mkdtempSync(join(tmpdir(), 'coachbuilder-home-'));
    try {
      for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
      vi.stubEnv('HOME', home);
      vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
      const began = Date.now();
      const failure = await failureOf(open({}).get('a'));
      expect(failure.code).toBe('store-denied');
      expect(failure.text).toContain('there are no credentials for s3://packages/repo');
      expect(Date.now() - began).toBeLessThan(5000);
      expect(server.requests).toEqual([]);
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  it('says what may not be done, and what permission is missing', async () => {
    server.setPolicy(
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: 'arn:aws:s3:::packages/*' },
          { Effect: 'Deny', Principal: '*', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::packages' },
        ],
      }),
    );
    const write = await failureOf(store.put(textObject('a', 'a'), { kind: 'absent' }));
    expect(write).toMatchObject({ code: 'store-denied' });
    expect(write.text).toContain('does not let us write a');
    // Without ListBucket nobody can tell a missing object from a forbidden one.
    const read = await failureOf(store.head('a'));
    expect(read).toMatchObject({ code: 'store-denied' });
    expect(read.text).toContain('s3:ListBucket');
  });
});

describe('a bucket that fails now and then', () => {
  it.each([
    ['500', internal],
    ['503', slowDown],
    ['a cut connection', { kind: 'drop-before' } as const],
  ])('is asked again after %s', async (_name, fault) => {
    server.fault = inTurn('PutObject', fault, fault);
    expect(await store.put(textObject('a', 'a'), { kind: 'absent' })).toMatchObject({ outcome: 'stored' });
    server.fault = inTurn('GetObject', fault, fault);
    expect((await store.get('a'))?.bytes.toString()).toBe('a');
    server.fault = inTurn('ListObjectsV2', fault, fault);
    expect((await store.list('')[Symbol.asyncIterator]().next()).done).toBe(false);
  });

  it('knows its own write again when the first answer was lost', async () => {
    server.fault = inTurn('PutObject', { kind: 'drop-after' });
    expect(await store.put(textObject('a', 'a'), { kind: 'absent' })).toMatchObject({ outcome: 'stored' });
    const etag = (await store.head('a'))?.etag ?? '';
    server.fault = inTurn('PutObject', { kind: 'drop-after' });
    const swap = await store.put(textObject('a', 'b'), { kind: 'unchanged', etag });
    expect(swap).toEqual({ outcome: 'stored', etag: (await store.head('a'))?.etag });
  });

  it('does not take the write of somebody else for its own', async () => {
    server.fault = (request) => {
      if (request.operation !== 'PutObject') return undefined;
      server.fault = undefined;
      server.tamper('repo/a', Buffer.from('theirs'));
      return { kind: 'drop-before' };
    };
    expect(await store.put(textObject('a', 'ours'), { kind: 'absent' })).toEqual({ outcome: 'condition-failed' });
    expect((await store.get('a'))?.bytes.toString()).toBe('theirs');
  });

  it('writes again when another write was under way (409)', async () => {
    server.fault = inTurn('PutObject', conflict, conflict);
    expect(await store.put(textObject('a', 'a'), { kind: 'absent' })).toMatchObject({ outcome: 'stored' });
    server.fault = (request) => (request.operation === 'PutObject' ? conflict : undefined);
    const failure = await failureOf(store.put(textObject('a', 'b'), { kind: 'none' }));
    expect(failure.code).toBe('store-unavailable');
  });

  it.each([
    ['500', internal, 'answers failures'],
    ['503', slowDown, 'answers failures'],
    ['cut connections', { kind: 'drop-before' } as const, 'does not answer'],
  ])('is given up after a bounded number of %s', async (_name, fault, words) => {
    server.fault = () => fault;
    const failure = await failureOf(store.put(textObject('a', 'a'), { kind: 'absent' }));
    expect(failure.code).toBe('store-unavailable');
    expect(failure.text).toContain(words);
    expect(failure.text).toContain('tried 5 times');
    expect(failure.text).toContain('run the same command again');
    expect(server.requests).toHaveLength(5);
    server.fault = undefined;
    expect(server.keys()).toEqual([]);
    expect(await store.put(textObject('a', 'a'), { kind: 'absent' })).toMatchObject({ outcome: 'stored' });
  });

  it('is not there at all', async () => {
    const { endpoint } = server;
    await server[Symbol.asyncDispose]();
    const failure = await failureOf(store.get('a'));
    expect(failure.code).toBe('store-unavailable');
    expect(failure.text).toContain(endpoint);
    expect(failure.text).toContain('ECONNREFUSED');
    server = await startS3Server();
  });

  it('keeps nothing of an upload that breaks off', async () => {
    const { port } = new URL(server.endpoint);
    await new Promise<void>((resolve) => {
      const headers = { 'content-length': '1000' };
      const half = httpRequest({ host: '127.0.0.1', port, method: 'PUT', path: '/packages/repo/half', headers });
      half.on('error', () => {
        resolve();
      });
      half.write('only a part', () => {
        half.destroy(new Error('killed'));
      });
    });
    expect(server.keys()).toEqual([]);
  });
});

describe('an upload in parts', () => {
  const bytes = Buffer.alloc(65 * 1024 * 1024, 'part');
  let scratch: string;
  beforeEach(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'coachbuilder-parts-'));
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(scratch, 'large'), bytes);
  });
  afterEach(() => {
    rmSync(scratch, { recursive: true });
  });

  it('is repeated part by part, and knows its own completion again', async () => {
    server.fault = (request) => {
      const part = request.target.includes('partNumber=2');
      if (
        request.operation === 'UploadPart' &&
        part &&
        !server.requests.some((one) => one !== request && one.target === request.target)
      )
        return { kind: 'drop-before' };
      const completions = server.requests.filter((one) => one.operation === 'CompleteMultipartUpload');
      return request.operation === 'CompleteMultipartUpload' && completions.length === 1
        ? { kind: 'drop-after' }
        : undefined;
    };
    const put = await store.put(fileObject('large', join(scratch, 'large'), bytes), { kind: 'absent' });
    expect(put).toEqual({ outcome: 'stored', etag: (await store.head('large'))?.etag });
    expect(server.requests.filter((one) => one.operation === 'CreateMultipartUpload')).toHaveLength(1);
    expect(server.openUploads()).toBe(0);
  });

  it('is given up without a trace when a part cannot be had', async () => {
    server.fault = (request) => (request.operation === 'UploadPart' ? internal : undefined);
    const failure = await failureOf(store.put(fileObject('large', join(scratch, 'large'), bytes), { kind: 'absent' }));
    expect(failure.code).toBe('store-unavailable');
    expect(server.openUploads()).toBe(0);
    expect(server.keys()).toEqual([]);
  });
});

describe('what is sent with an object', () => {
  it('is how long it may be kept, what it is, and its SHA-256 twice; never an ACL', async () => {
    const object = textObject('a.deb', 'deb', {
      contentType: 'application/vnd.debian.binary-package',
      caching: 'immutable',
    });
    await store.put(object, { kind: 'absent' });
    await store.put(textObject('InRelease', 'index'), { kind: 'none' });
    expect(server.object('repo/a.deb')?.headers).toEqual({
      'content-type': 'application/vnd.debian.binary-package',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-amz-meta-sha256': object.sha256,
      'x-amz-checksum-sha256': Buffer.from(object.sha256, 'hex').toString('base64'),
    });
    expect(server.object('repo/InRelease')?.headers['cache-control']).toBe('no-cache, max-age=0, must-revalidate');
    await store.copy('a.deb', 'b.deb', { kind: 'absent' });
    expect(server.object('repo/b.deb')?.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'application/vnd.debian.binary-package',
    });
    const names = server.requests.flatMap((request) => Object.keys(request.headers));
    expect(names.filter((name) => name.startsWith('x-amz-acl') || name.startsWith('x-amz-grant'))).toEqual([]);
  });
});

describe('a public address', () => {
  it('says 403 of what is not there, fails now and then, and is given up after a while', async () => {
    await using open = await startS3Server({ publicRead: true });
    open.tamper('a', Buffer.from('a'));
    const reader = new HttpReader(`${open.endpoint}/packages/`);
    expect(await reader.get('none')).toBeUndefined();
    expect(open.requests.at(-1)?.status).toBe(403);
    open.fault = inTurn('GetObject', internal, { kind: 'drop-before' });
    expect((await reader.get('a'))?.bytes.toString()).toBe('a');
    expect(
      open.requests.every((one) => one.accessKeyId === undefined && one.headers['cache-control'] === 'no-cache'),
    ).toBe(true);
    open.clearLog();
    open.fault = () => slowDown;
    const failure = await failureOf(reader.get('a'));
    expect(failure.code).toBe('store-unavailable');
    expect(failure.text).toContain('503');
    expect(open.requests).toHaveLength(4);
  });
});

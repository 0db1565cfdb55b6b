import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { HttpReader } from '../../src/store/http-reader.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { pythonS3, startMoto } from '../support/moto.ts';
import { fileObject, keysOf, sha256, textObject } from '../support/objects.ts';
import { skipNote } from '../support/python-packages.ts';
import { publicReadPolicy, startS3Server } from '../support/s3-server.ts';

const scratch = mkdtempSync(join(tmpdir(), 'coachbuilder-stores-'));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

interface Backend extends AsyncDisposable {
  /** A store in a place of its own, empty. */
  open(): ObjectStore;
  /** moto asks policies about GET only. */
  readonly publicHead?: false;
  /** The address at which anybody may read it. */
  readonly address: (store: ObjectStore) => string;
}

let places = 0;
const nothing = (): Promise<void> => Promise.resolve();

const backends: readonly (readonly [string, (() => Promise<Backend>) | undefined])[] = [
  [
    'a directory',
    () =>
      Promise.resolve({
        open: () => openStore({ url: mkdtempSync(join(scratch, 'store-')), env: {} }),
        address: (store) => `file://${store.title}`,
        [Symbol.asyncDispose]: nothing,
      }),
  ],
  [
    'the S3 server of the tests',
    async () => {
      const server = await startS3Server({ publicRead: true });
      const { endpoint, env } = server;
      return {
        open: () => openStore({ url: `s3://packages/place-${String((places += 1))}`, endpoint, env }),
        address: (store) => store.title.replace('s3:/', endpoint),
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
  ],
  [
    `moto${skipNote(pythonS3)}`,
    'reason' in pythonS3
      ? undefined
      : async () => {
          const server = await startMoto();
          const { endpoint } = server;
          const env = { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' };
          await fetch(`${endpoint}/packages`, { method: 'PUT' });
          await fetch(`${endpoint}/packages?policy`, { method: 'PUT', body: publicReadPolicy('packages') });
          return {
            publicHead: false,
            open: () => openStore({ url: `s3://packages/place-${String((places += 1))}`, endpoint, env }),
            address: (store) => store.title.replace('s3:/', endpoint),
            [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
          };
        },
  ],
];

describe.each(backends)('a store in %s', (_name, start) => {
  let backend: Backend;
  beforeAll(async () => {
    if (start !== undefined) backend = await start();
  });
  afterAll(async () => {
    if (start !== undefined) await backend[Symbol.asyncDispose]();
  });
  const test = it.skipIf(start === undefined);

  test('gives back what was put, and nothing where there is nothing', async () => {
    const store = backend.open();
    expect(await store.get('a/b')).toBeUndefined();
    expect(await store.head('a/b')).toBeUndefined();
    expect(await keysOf(store)).toEqual([]);
    const put = await store.put(textObject('a/b', 'text'), { kind: 'none' });
    const got = await store.get('a/b');
    expect(got?.bytes.toString()).toBe('text');
    const head = await store.head('a/b');
    expect(head).toMatchObject({ key: 'a/b', size: 4, sha256: sha256('text') });
    expect(Math.abs(Date.now() - (head?.lastModified.getTime() ?? 0))).toBeLessThan(60_000);
    expect(put).toEqual({ outcome: 'stored', etag: got?.etag });
    expect(head?.etag).toBe(got?.etag);
    expect(await store.put(textObject('a/empty', ''), { kind: 'absent' })).toMatchObject({ outcome: 'stored' });
    expect((await store.get('a/empty'))?.bytes.length).toBe(0);
  });

  test('creates once', async () => {
    const store = backend.open();
    expect(await store.put(textObject('a', '1'), { kind: 'absent' })).toMatchObject({ outcome: 'stored' });
    expect(await store.put(textObject('a', '2'), { kind: 'absent' })).toEqual({ outcome: 'condition-failed' });
    expect(await store.put(textObject('a', '1'), { kind: 'absent' })).toEqual({ outcome: 'condition-failed' });
    expect((await store.get('a'))?.bytes.toString()).toBe('1');
  });

  test('swaps only what is unchanged', async () => {
    const store = backend.open();
    await store.put(textObject('head', '1'), { kind: 'none' });
    const first = (await store.get('head'))?.etag ?? '';
    expect(await store.put(textObject('head', '2'), { kind: 'unchanged', etag: first })).toMatchObject({
      outcome: 'stored',
    });
    expect(await store.put(textObject('head', '3'), { kind: 'unchanged', etag: first })).toEqual({
      outcome: 'condition-failed',
    });
    expect((await store.get('head'))?.bytes.toString()).toBe('2');
    const second = (await store.get('head'))?.etag;
    expect(await store.delete('head', second)).toBe('deleted');
    // A key that vanished is one that changed.
    expect(await store.put(textObject('head', '4'), { kind: 'unchanged', etag: first })).toEqual({
      outcome: 'condition-failed',
    });
    expect(await store.get('head')).toBeUndefined();
  });

  test('lists in byte order, page after page, by any prefix', async () => {
    const store = backend.open();
    const keys = ['a-b', 'a/b', 'a/b-c', 'a/b.d/c', 'a0', 'b+c', 'b~', 'bü', 'z/.snap/1'];
    for (const key of keys.toReversed()) await store.put(textObject(key, key), { kind: 'none' });
    expect(await keysOf(store)).toEqual(keys);
    expect(await keysOf(store, 'a/')).toEqual(['a/b', 'a/b-c', 'a/b.d/c']);
    expect(await keysOf(store, 'a/b')).toEqual(['a/b', 'a/b-c', 'a/b.d/c']);
    expect(await keysOf(store, 'b')).toEqual(['b+c', 'b~', 'bü']);
    expect(await keysOf(store, 'c')).toEqual([]);
    for await (const found of store.list('b')) {
      const head = await store.head(found.key);
      expect([found.size, head?.size]).toEqual([Buffer.byteLength(found.key), found.size]);
      // Servers list fractions of a second, which the header of the object has not.
      const seconds = [found, head].map((each) => Math.floor((each?.lastModified.getTime() ?? 0) / 1000));
      expect(seconds[0]).toBe(seconds[1]);
    }
  });

  test('deletes one version, or any', async () => {
    const store = backend.open();
    expect(await store.delete('a', undefined)).toBe('absent');
    expect(await store.delete('a', '"0123"')).toBe('absent');
    await store.put(textObject('a', '1'), { kind: 'none' });
    const first = (await store.head('a'))?.etag ?? '';
    await store.put(textObject('a', '2'), { kind: 'none' });
    expect(await store.delete('a', first)).toBe('condition-failed');
    expect((await store.get('a'))?.bytes.toString()).toBe('2');
    expect(await store.delete('a', undefined)).toBe('deleted');
    expect(await store.get('a')).toBeUndefined();
  });

  test('copies under conditions, with what belongs to the object', async () => {
    const store = backend.open();
    await store.put(textObject('testing/a+b', 'bytes'), { kind: 'none' });
    expect(await store.copy('testing/a+b', 'stable/a', { kind: 'absent' })).toMatchObject({ outcome: 'stored' });
    expect(await store.head('stable/a')).toMatchObject({ size: 5, sha256: sha256('bytes') });
    expect(await store.copy('testing/a+b', 'stable/a', { kind: 'absent' })).toEqual({ outcome: 'condition-failed' });
    await store.put(textObject('testing/a+b', 'others'), { kind: 'none' });
    expect(await store.copy('testing/a+b', 'stable/a', { kind: 'none' })).toMatchObject({ outcome: 'stored' });
    expect((await store.get('stable/a'))?.bytes.toString()).toBe('others');
    await expect(store.copy('testing/none', 'stable/b', { kind: 'none' })).rejects.toMatchObject({
      code: 'repository-invalid',
    });
  });

  test('takes large files, in parts where there are parts', async () => {
    const store = backend.open();
    const bytes = Buffer.concat([randomBytes(1024 * 1024), Buffer.alloc(68 * 1024 * 1024, 'coach')]);
    const path = join(scratch, 'large');
    writeFileSync(path, bytes);
    const object = fileObject('p/large.deb', path, bytes);
    expect(await store.put(object, { kind: 'absent' })).toMatchObject({ outcome: 'stored' });
    expect(await store.put(object, { kind: 'absent' })).toEqual({ outcome: 'condition-failed' });
    expect(await store.head('p/large.deb')).toMatchObject({ size: bytes.length, sha256: object.sha256 });
    expect(await store.copy('p/large.deb', 'q/large.deb', { kind: 'absent' })).toMatchObject({ outcome: 'stored' });
    expect(await store.copy('p/large.deb', 'q/large.deb', { kind: 'absent' })).toEqual({ outcome: 'condition-failed' });
    const copied = await store.get('q/large.deb');
    expect(sha256(copied?.bytes ?? '')).toBe(object.sha256);
    expect(await store.head('q/large.deb')).toMatchObject({ size: bytes.length, sha256: object.sha256 });
  });

  test('refuses bytes that are not those that were announced, and leaves nothing', async () => {
    const store = backend.open();
    const path = join(scratch, 'changed');
    writeFileSync(path, 'changed meanwhile');
    const stale = { ...fileObject('x', path, Buffer.from('as it was read')), size: 17 };
    await expect(store.put(stale, { kind: 'none' })).rejects.toMatchObject({ code: 'hash-mismatch' });
    await expect(
      store.put(textObject('x', 'text', { sha256: sha256('other') }), { kind: 'absent' }),
    ).rejects.toMatchObject({ code: 'hash-mismatch' });
    const large = Buffer.alloc(66 * 1024 * 1024, 'x');
    writeFileSync(path, large);
    const cut = { ...fileObject('x', path, large), sha256: sha256('other') };
    await expect(store.put(cut, { kind: 'absent' })).rejects.toMatchObject({ code: 'hash-mismatch' });
    expect(await keysOf(store)).toEqual([]);
  });

  test('loses nothing of six writers that compare and swap', async () => {
    const writers = [backend.open()];
    const [store] = writers;
    if (store === undefined) throw new Error('no store');
    const add = async (line: string): Promise<void> => {
      for (;;) {
        const present = await store.get('index');
        const text = `${present?.bytes.toString() ?? ''}${line}\n`;
        const condition =
          present === undefined ? ({ kind: 'absent' } as const) : ({ kind: 'unchanged', etag: present.etag } as const);
        if ((await store.put(textObject('index', text), condition)).outcome === 'stored') return;
      }
    };
    const lines = Array.from({ length: 18 }, (_, index) => `line ${String(index)}`);
    await Promise.all(
      [0, 1, 2, 3, 4, 5].map(async (writer) => {
        for (const line of lines.slice(writer * 3, writer * 3 + 3)) await add(line);
      }),
    );
    const found = (await store.get('index'))?.bytes.toString().trimEnd().split('\n') ?? [];
    expect(found.toSorted()).toEqual(lines.toSorted());
  });

  test('is read by anybody at its public address', async () => {
    const store = backend.open();
    await store.put(textObject('debian/a+b_1.0~1.deb', 'deb'), { kind: 'none' });
    const reader = new HttpReader(backend.address(store));
    expect((await reader.get('debian/a+b_1.0~1.deb'))?.bytes.toString()).toBe('deb');
    const publicHead = await reader.head('debian/a+b_1.0~1.deb');
    if (backend.publicHead === undefined) expect(publicHead).toMatchObject({ size: 3, sha256: sha256('deb') });
    expect(await reader.get('debian/none')).toBeUndefined();
    expect(await reader.head('debian/none')).toBeUndefined();
  });
});

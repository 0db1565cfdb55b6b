import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { DirectoryStore } from '../../../src/store/directory-store.ts';
import { newOwnerMark } from '../../../src/store/directory/owner.ts';
import type { NewObject } from '../../../src/store/object-store.ts';

let root: string;
let store: DirectoryStore;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coachbuilder-store-'));
  store = new DirectoryStore(root);
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function object(key: string, text: string): NewObject {
  const bytes = Buffer.from(text);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const common = { contentType: 'text/plain', caching: 'immutable' } as const;
  return { key, body: { kind: 'bytes', bytes }, size: bytes.length, sha256, ...common };
}

/** Every name below a directory, hidden ones too. */
function names(): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
}

describe('a store in a directory', () => {
  it('is readable by everybody, whatever the umask', async () => {
    const before = process.umask(0o077);
    try {
      await store.put(object('debian/12/a.deb', 'a'), { kind: 'absent' });
      const file = join(root, 'source');
      writeFileSync(file, 'b');
      chmodSync(file, 0o600);
      const body = { kind: 'file', path: file } as const;
      await store.put({ ...object('debian/12/b.deb', 'b'), body }, { kind: 'none' });
    } finally {
      process.umask(before);
    }
    const modes = ['debian', 'debian/12', 'debian/12/a.deb', 'debian/12/b.deb'].map(
      (name) => statSync(join(root, name)).mode & 0o777,
    );
    expect(modes).toEqual([0o755, 0o755, 0o644, 0o644]);
  });

  it('leaves nothing beside the objects, and no empty directories', async () => {
    await store.put(object('x/y/a', 'a'), { kind: 'none' });
    await store.put(object('x/b', 'b'), { kind: 'none' });
    expect(names()).toEqual(['x', 'x/b', 'x/y', 'x/y/a']);
    expect(await store.delete('x/y/a', undefined)).toBe('deleted');
    expect(names()).toEqual(['x', 'x/b']);
  });

  it.each([
    '',
    '/a',
    'a/',
    'a//b',
    'a/../b',
    '..',
    './a',
    'a/.',
    'a\0',
    'a\\b',
    '.coachbuilder-lock',
    'a/.coachbuilder-x.tmp',
  ])('refuses the key %j', async (key) => {
    await expect(store.get(key)).rejects.toThrow('is no key');
    await expect(store.put(object(key, 'x'), { kind: 'none' })).rejects.toThrow('is no key');
    await expect(store.delete(key, undefined)).rejects.toThrow('is no key');
    expect(names()).toEqual([]);
  });

  it('says that a directory is missing instead of making it', async () => {
    const absent = new DirectoryStore(join(root, 'slip'));
    for (const action of [
      () => absent.get('a'),
      () => absent.head('a'),
      () => absent.put(object('a', 'a'), { kind: 'none' }),
      () => absent.delete('a', undefined),
      () => absent.list('')[Symbol.asyncIterator]().next(),
    ]) {
      await expect(action()).rejects.toMatchObject({ code: 'store-missing' });
    }
    expect(existsSync(absent.title)).toBe(false);
  });

  it('lists without reading: names, sizes and times', async () => {
    const file = join(root, 'x/large.deb');
    await store.put(object('x/large.deb', ''), { kind: 'none' });
    // Nobody reads a TiB before this test is over.
    const size = 2 ** 40;
    truncateSync(file, size);
    symlinkSync(join(root, 'nowhere'), join(root, 'x/nowhere.deb'));
    const found: unknown[] = [];
    for await (const each of store.list('')) found.push(each);
    expect(found).toEqual([{ key: 'x/large.deb', size, lastModified: statSync(file).mtime }]);
  });

  it('removes what killed processes left, and nothing of those that run', async () => {
    const gone = '.coachbuilder-lock';
    mkdirSync(join(root, 'x'));
    await store.put(object('x/a', 'a'), { kind: 'none' });
    // A process number that no system gives out.
    const mark = newOwnerMark().split('.');
    const dead = [mark[0], '4999999', '1', 'abcdef'].join('.');
    writeFileSync(join(root, gone), dead);
    // Another one was killed while it took the lock over.
    writeFileSync(join(root, `${gone}-abcdef`), dead.replace('abcdef', '123456'));
    writeFileSync(join(root, `x/.coachbuilder-${dead}.tmp`), 'half');
    writeFileSync(join(root, `x/.coachbuilder-${mark.join('.')}.tmp`), 'whole');
    const next = new DirectoryStore(root);
    expect(await next.put(object('x/b', 'b'), { kind: 'none' })).toMatchObject({ outcome: 'stored' });
    expect(names()).toEqual(['x', `x/.coachbuilder-${mark.join('.')}.tmp`, 'x/a', 'x/b']);
    const keys: string[] = [];
    for await (const found of next.list('')) keys.push(found.key);
    expect(keys).toEqual(['x/a', 'x/b']);
  });
});

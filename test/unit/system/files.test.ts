import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  accessFailure,
  digestFile,
  isErrno,
  mapConcurrently,
  temporaryDirectory,
  temporaryName,
  writeFailure,
  writeFileAtomic,
} from '../../../src/system/files.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-files-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function errno(code: string): Error {
  return Object.assign(new Error(`${code}: it failed`), { code });
}

describe('writing a file', () => {
  it('makes it with the mode that was asked for, whatever the umask, and its directories with it', async () => {
    const before = process.umask(0o077);
    try {
      await writeFileAtomic(join(directory, 'a/b/c.txt'), 'text', 0o640);
    } finally {
      process.umask(before);
    }
    expect(readFileSync(join(directory, 'a/b/c.txt'), 'utf8')).toBe('text');
    expect(statSync(join(directory, 'a/b/c.txt')).mode & 0o777).toBe(0o640);
  });

  it('replaces an existing one, and leaves nothing beside it', async () => {
    const path = join(directory, 'file');
    writeFileSync(path, 'old');
    chmodSync(path, 0o600);
    await writeFileAtomic(path, Buffer.from('new'));
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(readdirSync(directory)).toEqual(['file']);
  });

  it('leaves what was there, and nothing beside it, when it fails', async () => {
    const path = join(directory, 'in-the-way');
    await writeFileAtomic(join(path, 'kept'), 'kept');
    await expect(writeFileAtomic(path, 'text')).rejects.toMatchObject({ code: 'output-unwritable' });
    expect(readdirSync(directory)).toEqual(['in-the-way']);
  });

  it('below a file is refused in words', async () => {
    writeFileSync(join(directory, 'file'), '');
    await expect(writeFileAtomic(join(directory, 'file/below'), 'text')).rejects.toMatchObject({
      code: 'output-unwritable',
      message: `${directory}/file/below cannot be written`,
    });
  });
});

describe('failures of the file system', () => {
  it.each([
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'disk-full'],
    ['EACCES', 'output-unwritable'],
    ['EROFS', 'output-unwritable'],
    ['ENOTDIR', 'output-unwritable'],
  ])('%s while writing is told as %s', (code, told) => {
    expect(writeFailure(errno(code), '/srv/a.deb')).toMatchObject({ code: told, cause: errno(code) });
  });

  it('that nobody can do anything about are left alone', () => {
    for (const error of [errno('EIO'), new TypeError('x'), 'text'])
      expect(writeFailure(error, '/srv/a.deb')).toBe(error);
  });

  it('name the path that may not be read', () => {
    expect(accessFailure(errno('EACCES'), '/srv/source')).toMatchObject({
      code: 'access-denied',
      message: 'the system denies access to /srv/source',
    });
  });

  it('are known by their codes', () => {
    expect(isErrno(errno('ENOENT'), 'EACCES', 'ENOENT')).toBe(true);
    expect(isErrno(errno('ENOENT'), 'EACCES')).toBe(false);
    expect(isErrno('ENOENT', 'ENOENT')).toBe(false);
  });
});

describe('temporary things', () => {
  it('have names of their own beside what they become', () => {
    const names = new Set(Array.from({ length: 100 }, () => temporaryName('/srv/a.deb')));
    expect(names.size).toBe(100);
    for (const name of names) expect(name).toMatch(/^\/srv\/a\.deb\.[0-9a-f]{12}\.tmp$/);
  });

  it('go with all that is in them', async () => {
    {
      await using scratch = await temporaryDirectory(join(directory, 'made'), 'label');
      expect(scratch.path.startsWith(join(directory, 'made/label-'))).toBe(true);
      await writeFileAtomic(join(scratch.path, 'deep/file'), '');
    }
    expect(readdirSync(join(directory, 'made'))).toEqual([]);
  });
});

it("takes a file's digest and size", async () => {
  writeFileSync(join(directory, 'abc'), 'abc');
  // FIPS 180-2, appendix B.1.
  expect(await digestFile(join(directory, 'abc'))).toEqual({
    sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    size: 3,
  });
});

describe('doing things at once', () => {
  it('keeps the order of the items and the limit', async () => {
    let running = 0;
    let most = 0;
    const results = await mapConcurrently([5, 1, 4, 2, 3], 2, async (item, index) => {
      running += 1;
      most = Math.max(most, running);
      for (let turn = 0; turn < item; turn += 1) await Promise.resolve();
      running -= 1;
      return `${String(index)}:${String(item)}`;
    });
    expect(results).toEqual(['0:5', '1:1', '2:4', '3:2', '4:3']);
    expect(most).toBe(2);
    expect(await mapConcurrently([], 4, () => Promise.resolve(1))).toEqual([]);
  });

  it('begins nothing new after a failure, and does not leave anything running behind it', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const action = async (item: number): Promise<void> => {
      begun.push(item);
      if (item === 1) throw new Error('first');
      await new Promise(setImmediate);
      ended.push(item);
    };
    await expect(mapConcurrently([1, 2, 3, 4], 2, action)).rejects.toThrow('first');
    expect(begun).toEqual([1, 2]);
    expect(ended).toEqual([2]);
  });
});

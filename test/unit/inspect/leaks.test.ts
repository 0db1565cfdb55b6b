import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { findLeaks, forbiddenPaths, refuseLeaks } from '../../../src/inspect/leaks.ts';
import type { Tree, TreeEntry } from '../../../src/tree/tree.ts';

const stage = '/var/build/stage';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coachbuilder-leaks-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function treeOf(files: Readonly<Record<string, string | Buffer>>, more: readonly TreeEntry[] = []): Tree {
  const entries = Object.entries(files).map(([path, content]): TreeEntry => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    return { kind: 'file', path, mode: 0o644, size: content.length, sha256: '', distribution: 'fleet' };
  });
  return { root, prefix: '/opt/fleet', entries: [...entries, ...more], bytecode: 'none', importsDistutils: false };
}

const leaksIn = async (content: string | Buffer, name = 'x.txt'): Promise<number> =>
  (await findLeaks(treeOf({ [`/opt/fleet/${name}`]: content }), [stage])).length;

describe('findLeaks', () => {
  it.each([
    stage,
    `${stage}/opt/x.py`,
    `see "${stage}".`,
    `PATH=/bin:${stage}/bin`,
    `cc -I${stage}/include`,
    `file://${stage}/x`,
    `\0${stage}\0`,
    `a\n${stage}\r\n`,
  ])('finds the path in %j', async (content) => {
    expect(await leaksIn(content)).toBe(1);
  });

  it.each([
    '/var/build/stages',
    '/var/build/stage-2/x',
    '/var/build/stage.old',
    `/mnt${stage}/x`,
    `https://host${stage}/x`,
    `..${stage}`,
    '/var/build/Stage',
    '/var/build',
    '',
  ])('takes %j for something else', async (content) => {
    expect(await leaksIn(content)).toBe(0);
  });

  it('finds it in bytecode and pickles, where lengths and instructions that look like letters surround it', async () => {
    expect(await leaksIn(`\0\0zA${stage}s`, 'x.pyc')).toBe(1);
    expect(
      await leaksIn(Buffer.concat([Buffer.from('\x80\x04\0\x8cA', 'latin1'), Buffer.from(`${stage}\x94`, 'latin1')])),
    ).toBe(1);
  });

  it('finds it wherever the blocks that are read begin and end', async () => {
    const block = 1024 * 1024;
    for (let shift = -stage.length - 2; shift <= 2; shift += 1) {
      expect(await leaksIn(Buffer.from(`${' '.repeat(block + shift)}${stage}/x`)), String(shift)).toBe(1);
      expect(await leaksIn(Buffer.from(`${' '.repeat(block + shift)}${stage}`)), `${String(shift)} at the end`).toBe(1);
      expect(await leaksIn(Buffer.from(`${' '.repeat(block + shift)}${stage}s `)), `${String(shift)}, longer`).toBe(0);
      expect(
        await leaksIn(Buffer.from(`${' '.repeat(block + shift - 4)}/mnt${stage} `)),
        `${String(shift)}, tail`,
      ).toBe(0);
    }
  });

  it('finds it in the target of a link and in a name', async () => {
    const tree = treeOf({}, [
      { kind: 'symlink', path: '/opt/fleet/link', mode: 0o777, target: `${stage}/opt/x` },
      { kind: 'directory', path: `/opt/fleet${stage}/x`, mode: 0o755 },
    ]);
    expect((await findLeaks(tree, [stage])).map(({ where }) => where)).toEqual(['target', 'name']);
  });
});

describe('refuseLeaks', () => {
  it('names the file, the path and the distribution, and counts the rest', async () => {
    const files = Object.fromEntries(Array.from({ length: 23 }, (_, index) => [`/opt/fleet/${String(index)}`, stage]));
    await expect(refuseLeaks(treeOf(files), [stage])).rejects.toMatchObject({
      code: 'path-leak',
      message: `/opt/fleet/0 (of fleet) names ${stage}, a path of the build machine`,
      details: expect.arrayContaining(['and 2 more']) as unknown,
    });
  });

  it('lets a clean tree pass', async () => {
    await expect(refuseLeaks(treeOf({ '/opt/fleet/x': 'clean' }), [stage])).resolves.toBeUndefined();
  });
});

describe('forbiddenPaths', () => {
  const prefix = '/opt/fleet';

  it('keeps what only this machine has', () => {
    expect(
      forbiddenPaths({ directories: ['/var/build/stage/', '/var/build/../cache/x'], home: '/home/it/jane', prefix }),
    ).toEqual(['/var/build/stage', '/var/cache/x', '/home/it/jane']);
  });

  it('drops what any text may name', () => {
    expect(forbiddenPaths({ directories: ['/', '/src', '/tmp'], home: '/home/runner', prefix })).toEqual([]);
    expect(forbiddenPaths({ directories: [], home: '/root', prefix })).toEqual([]);
  });

  it('drops what contains the prefix: scripts have to name that', () => {
    expect(forbiddenPaths({ directories: ['/opt/fleet', '/opt/fleet/src'], prefix })).toEqual(['/opt/fleet/src']);
  });

  it('drops what lies below another one', () => {
    expect(forbiddenPaths({ directories: ['/var/build/stage', '/var/build', '/var/build'], prefix })).toEqual([
      '/var/build',
    ]);
  });
});

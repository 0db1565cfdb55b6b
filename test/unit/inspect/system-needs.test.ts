import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { compareGlibc, findSystemNeeds, glibcVersionOf } from '../../../src/inspect/system-needs.ts';
import { measure } from '../../../src/tree/content-meter.ts';
import type { Tree, TreeEntry } from '../../../src/tree/tree.ts';
import { elfLibrary, type ElfParts } from '../../support/elf.ts';
import { aDistribution } from '../../support/manifest.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coachbuilder-needs-'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function treeOf(files: Readonly<Record<string, ElfParts & { readonly of?: string }>>): Tree {
  const entries = Object.entries(files).map(([path, { of: distribution, ...parts }]): TreeEntry => {
    const content = elfLibrary(parts);
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), content);
    return { kind: 'file', path, mode: 0o755, ...measure(content), distribution };
  });
  return { root, prefix: '/opt/fleet', entries, bytecode: 'none', importsDistutils: false };
}

const python = '/opt/fleet/python/bin/python3.12';

/** What a build for one distribution of our table asks. */
function on(id: string): Parameters<typeof findSystemNeeds>[1] {
  const { title, glibc } = aDistribution(id);
  return { title, glibc, machine: 62 };
}

describe('findSystemNeeds', () => {
  it('finds the highest version of each library of glibc, and of all', async () => {
    const tree = treeOf({
      [python]: { needed: ['libc.so.6'], versions: { 'libc.so.6': ['GLIBC_2.4', 'GLIBC_2.17', 'GLIBC_2.3.4'] } },
      '/opt/fleet/lib/a.so': { versions: { 'libm.so.6': ['GLIBC_2.2.5'], 'libz.so.1': ['ZLIB_1.2.9'] }, of: 'a' },
    });
    expect(await findSystemNeeds(tree, on('centos-7'))).toEqual({
      glibc: '2.17',
      symbols: [
        { library: 'libc.so.6', symbol: 'GLIBC_2.17' },
        { library: 'libm.so.6', symbol: 'GLIBC_2.2.5' },
      ],
      foreign: [],
    });
  });

  it.each([
    // python-build-standalone's floor is 2.17; CentOS 7 has just that, Ubuntu 16.04 has 2.23.
    ['centos-7', 'GLIBC_2.17', true],
    ['centos-7', 'GLIBC_2.18', false],
    ['ubuntu-16.04', 'GLIBC_2.17', true],
    ['ubuntu-16.04', 'GLIBC_2.23', true],
    ['ubuntu-16.04', 'GLIBC_2.24', false],
    ['ubuntu-16.04', 'GLIBC_ABI_DT_RELR', false],
    ['debian-12', 'GLIBC_ABI_DT_RELR', true],
  ])('on %s, %s will do: %s', async (id, symbol, fits) => {
    const needs = findSystemNeeds(treeOf({ [python]: { versions: { 'libc.so.6': [symbol] } } }), on(id));
    if (fits) {
      expect((await needs).symbols).toEqual([{ library: 'libc.so.6', symbol }]);
      return;
    }
    const { title, glibc } = aDistribution(id);
    await expect(needs).rejects.toMatchObject({
      code: 'unsupported-by-target',
      message: `${python} needs ${symbol} of libc.so.6, and ${title} has glibc ${glibc}`,
    });
  });

  it('names the distribution whose library is too new, and the other files below it', async () => {
    const tree = treeOf({
      '/opt/fleet/lib/a.so': { versions: { 'libc.so.6': ['GLIBC_2.28'] }, of: 'a' },
      [python]: { versions: { 'libc.so.6': ['GLIBC_2.25'] } },
    });
    await expect(findSystemNeeds(tree, on('centos-7'))).rejects.toMatchObject({
      message: '/opt/fleet/lib/a.so of a needs GLIBC_2.28 of libc.so.6, and CentOS 7 has glibc 2.17',
      details: [`${python} needs GLIBC_2.25`],
    });
  });

  it('finds libraries that neither glibc nor the tree has', async () => {
    const tree = treeOf({
      [python]: { needed: ['libc.so.6', 'libm.so.6', 'ld-linux-x86-64.so.2', 'libpython3.12.so.1.0', 'libcrypt.so.1'] },
      '/opt/fleet/python/lib/libpython3.12.so.1.0': { soname: 'libpython3.12.so.1.0', needed: ['libcrypt.so.1'] },
    });
    expect((await findSystemNeeds(tree, on('debian-12'))).foreign).toEqual([
      { library: 'libcrypt.so.1', path: python },
    ]);
  });

  it('leaves files of other machines to the check that refuses them', async () => {
    const tree = treeOf({ [python]: { machine: 183, versions: { 'libc.so.6': ['GLIBC_2.99'] } } });
    expect(await findSystemNeeds(tree, on('centos-7'))).toEqual({ symbols: [], foreign: [] });
  });
});

describe('versions of glibc', () => {
  it('are numbers, part by part', () => {
    expect(['2.17', '2.4', '2.2.5', '2.36'].sort(compareGlibc)).toEqual(['2.2.5', '2.4', '2.17', '2.36']);
  });

  it('are not what other libraries, and glibc among itself, mark symbols with', () => {
    expect(['GLIBCXX_3.4', 'GLIBC_PRIVATE', 'OPENSSL_3.0.0'].map(glibcVersionOf)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

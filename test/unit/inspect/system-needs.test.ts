import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { glibcVersionOf, isOfGlibc } from '../../../src/distributions/glibc.ts';
import { refuseNewerProcessors, refuseNewerSymbols } from '../../../src/inspect/levels.ts';
import { loadObjects, needsOf } from '../../../src/inspect/system-needs.ts';
import { compareDotted } from '../../../src/model/dotted.ts';
import { measure } from '../../../src/tree/content-meter.ts';
import type { SystemNeeds, Tree, TreeEntry } from '../../../src/tree/tree.ts';
import { elfLibrary, type ElfParts } from '../../support/elf.ts';
import { aDistribution } from '../../support/manifest.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coachbuilder-needs-'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

type Files = Readonly<Record<string, (ElfParts & { readonly of?: string }) | { readonly link: string }>>;

function treeOf(files: Files): Tree {
  const entries = Object.entries(files).map(([path, given]): TreeEntry => {
    if ('link' in given) return { kind: 'symlink', path, mode: 0o777, target: given.link };
    const { of: distribution, ...parts } = given;
    const content = elfLibrary(parts);
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), content);
    return { kind: 'file', path, mode: 0o755, ...measure(content), distribution };
  });
  return { root, prefix: '/opt/fleet', entries, bytecode: 'none', importsDistutils: false };
}

const machine = 62;

async function needsIn(tree: Tree): Promise<SystemNeeds> {
  return needsOf(
    await loadObjects(tree, machine),
    tree.entries.map(({ path }) => path),
  );
}

async function needs(files: Files): Promise<SystemNeeds> {
  return needsIn(treeOf(files));
}

async function namesOf(files: Files): Promise<readonly string[]> {
  return (await needs(files)).libraries.map(({ library }) => library);
}

const python = '/opt/fleet/python/bin/python3.12';
const site = '/opt/fleet/lib/python3.12/site-packages';

describe('what a tree needs from the system', () => {
  it('is told by library and version, with the files that need it', async () => {
    expect(
      await needs({
        [python]: { needed: ['libc.so.6'], versions: { 'libc.so.6': ['GLIBC_2.4', 'GLIBC_2.17'] } },
        '/opt/fleet/lib/a.so': {
          needed: ['libz.so.1', 'libc.so.6'],
          versions: { 'libc.so.6': ['GLIBC_2.4'], 'libz.so.1': ['ZLIB_1.2.9'] },
        },
      }),
    ).toEqual({
      libraries: [
        {
          library: 'libc.so.6',
          files: [python, '/opt/fleet/lib/a.so'],
          versions: [
            { version: 'GLIBC_2.17', files: [python] },
            { version: 'GLIBC_2.4', files: [python, '/opt/fleet/lib/a.so'] },
          ],
        },
        {
          library: 'libz.so.1',
          files: ['/opt/fleet/lib/a.so'],
          versions: [{ version: 'ZLIB_1.2.9', files: ['/opt/fleet/lib/a.so'] }],
        },
      ],
      gnuHash: false,
    });
  });

  it.each<[string, Files]>([
    ['auditwheel bundled beside the package', { [`${site}/a.libs/libz-1a2b.so.1.2`]: { soname: 'libz-1a2b.so.1.2' } }],
    ['has another file name than its SONAME', { [`${site}/a/inner/z`]: { soname: 'libz-1a2b.so.1.2' } }],
    ['has no SONAME, and is named like it', { [`${site}/other/libz-1a2b.so.1.2`]: {} }],
    [
      'is a link of that name',
      { [`${site}/other/libz.so`]: {}, [`${site}/other/libz-1a2b.so.1.2`]: { link: 'libz.so' } },
    ],
  ])('is no library that %s', async (_title, files) => {
    const user = {
      needed: ['libz-1a2b.so.1.2', 'libc.so.6'],
      rpath: '$ORIGIN/../a.libs',
      versions: { 'libz-1a2b.so.1.2': ['Z_1'] },
    };
    expect(await namesOf({ [`${site}/a/_a.so`]: user, ...files })).toEqual(['libc.so.6']);
  });

  it('is no library that is named by a path into the tree', async () => {
    const library = { soname: 'libpython3.12.so.1.0' };
    expect(
      await namesOf({
        '/opt/fleet/python/lib/libpython3.so': { needed: ['$ORIGIN/../lib/libpython3.12.so.1.0'] },
        [python]: { needed: ['/opt/fleet/python/lib/libpython3.12.so.1.0'] },
        '/opt/fleet/python/lib/libpython3.12.so.1.0': library,
      }),
    ).toEqual([]);
  });

  it('is no version that the dynamic linker may do without', async () => {
    const file = {
      needed: ['libc.so.6'],
      versions: { 'libc.so.6': ['GLIBC_2.99', 'GLIBC_2.4'] },
      weak: ['GLIBC_2.99'],
    };
    const [libc] = (await needs({ [python]: file })).libraries;
    expect(libc?.versions.map(({ version }) => version)).toEqual(['GLIBC_2.4']);
  });

  it.each([
    [['gnu'], true],
    [['sysv', 'gnu'], false],
    [[], false],
  ] as const)(
    'says of a file with the hash tables %j whether the new one has to be known: %s',
    async (hash, expected) => {
      expect((await needs({ [python]: { hash } })).gnuHash).toBe(expected);
    },
  );

  it('leaves files of other machines to the check that refuses them', async () => {
    const files = { [python]: { machine: 183, needed: ['libc.so.6'], versions: { 'libc.so.6': ['GLIBC_2.99'] } } };
    expect(await needs(files)).toEqual({ libraries: [], gnuHash: false });
  });

  it('is nothing where there are no programs and libraries', async () => {
    expect(await needs({ '/opt/fleet/bin/a': { link: 'b' } })).toEqual({ libraries: [], gnuHash: false });
  });
});

async function refuse(id: string, files: Files): Promise<void> {
  const tree = treeOf(files);
  const distribution = aDistribution(id);
  const objects = await loadObjects(tree, machine);
  refuseNewerSymbols(tree, await needsIn(tree), distribution);
  refuseNewerProcessors(tree, objects, { distribution, architecture: 'x86_64' });
}

describe('symbols above those of the target', () => {
  it.each([
    // python-build-standalone's floor is 2.17; CentOS 7 has just that, Ubuntu 16.04 has 2.23.
    ['centos-7', 'GLIBC_2.17', true],
    ['centos-7', 'GLIBC_2.18', false],
    ['ubuntu-16.04', 'GLIBC_2.17', true],
    ['ubuntu-16.04', 'GLIBC_2.23', true],
    ['ubuntu-16.04', 'GLIBC_2.24', false],
    ['ubuntu-16.04', 'GLIBC_ABI_DT_RELR', false],
    ['debian-12', 'GLIBC_ABI_DT_RELR', true],
  ])('of glibc: on %s, %s will do: %s', async (id, symbol, fits) => {
    const refused = refuse(id, { [python]: { needed: ['libc.so.6'], versions: { 'libc.so.6': [symbol] } } });
    if (fits) {
      await refused;
      return;
    }
    const { title, glibc } = aDistribution(id);
    await expect(refused).rejects.toMatchObject({
      code: 'unsupported-by-target',
      message: `${python} needs ${symbol} of libc.so.6, and ${title} has glibc ${glibc}`,
    });
  });

  it.each([
    // pep600_compliance's inventories: libstdc++ of CentOS 7 exports 3.4.19, of EL 9 3.4.29, of Debian 12 3.4.30.
    ['centos-7', 'libstdc++.so.6', 'GLIBCXX_3.4.19', undefined],
    ['centos-7', 'libstdc++.so.6', 'GLIBCXX_3.4.20', 'GLIBCXX 3.4.19'],
    ['rocky-9', 'libstdc++.so.6', 'GLIBCXX_3.4.30', 'GLIBCXX 3.4.29'],
    ['debian-12', 'libstdc++.so.6', 'GLIBCXX_3.4.30', undefined],
    ['centos-7', 'libstdc++.so.6', 'CXXABI_1.3.8', 'CXXABI 1.3.7'],
    ['centos-7', 'libgcc_s.so.1', 'GCC_7.0.0', 'GCC 4.8.0'],
    ['rocky-9', 'libgcc_s.so.1', 'GCC_12.0.0', 'GCC 7.0.0'],
    ['centos-7', 'libz.so.1', 'ZLIB_1.2.9', 'ZLIB 1.2.5.2'],
    ['centos-7', 'libstdc++.so.6', 'CXXABI_TM_1', undefined],
    // Not of libstdc++, whatever it is called.
    ['centos-7', 'libfoo.so.1', 'GLIBCXX_3.4.99', undefined],
  ])('on %s, of %s: %s is above %s', async (id, library, symbol, has) => {
    const refused = refuse(id, { [`${site}/a.so`]: { needed: [library], versions: { [library]: [symbol] }, of: 'a' } });
    if (has === undefined) {
      await refused;
      return;
    }
    await expect(refused).rejects.toMatchObject({
      code: 'unsupported-by-target',
      message: `${site}/a.so of a needs ${symbol} of ${library}, and ${aDistribution(id).title} has ${has}`,
    });
  });

  it('do not matter where the tree brings the library', async () => {
    await refuse('centos-7', {
      [`${site}/a.so`]: { needed: ['libstdc++.so.6'], versions: { 'libstdc++.so.6': ['GLIBCXX_3.4.30'] } },
      '/opt/fleet/lib/libstdc++.so.6': { soname: 'libstdc++.so.6' },
    });
  });

  it('are told with the distribution whose library it is, and the other files below it', async () => {
    const versions = (version: string): ElfParts => ({ needed: ['libc.so.6'], versions: { 'libc.so.6': [version] } });
    const files = {
      '/opt/fleet/lib/a.so': { ...versions('GLIBC_2.28'), of: 'a' },
      [python]: versions('GLIBC_2.25'),
    };
    await expect(refuse('centos-7', files)).rejects.toMatchObject({
      message: '/opt/fleet/lib/a.so of a needs GLIBC_2.28 of libc.so.6, and CentOS 7 has glibc 2.17',
      details: [`${python} needs GLIBC_2.25`],
    });
  });
});

describe('processors above those of the target', () => {
  it.each([
    ['debian-12', 1, undefined],
    ['debian-12', 0b11, 'x86-64-v2, and Debian 12 runs on those of x86-64'],
    ['rocky-9', 0b11, undefined],
    ['rocky-9', 0b111, 'x86-64-v3, and Rocky Linux 9 runs on those of x86-64-v2'],
    ['rocky-10', 0b111, undefined],
    ['rocky-10', 0b1000, 'x86-64-v4, and Rocky Linux 10 runs on those of x86-64-v3'],
    ['amazonlinux-2023', 0b10, undefined],
  ])('on %s, a file with the mask %i is refused: %s', async (id, isaNeeded, expected) => {
    const refused = refuse(id, { [`${site}/a.so`]: { isaNeeded, of: 'a' } });
    if (expected === undefined) {
      await refused;
      return;
    }
    await expect(refused).rejects.toMatchObject({
      code: 'unsupported-by-target',
      message: `${site}/a.so of a needs a processor of the level ${expected}`,
    });
  });
});

describe('versions of glibc', () => {
  it('are numbers, part by part', () => {
    expect(['2.17', '2.4', '2.2.5', '2.36'].sort(compareDotted)).toEqual(['2.2.5', '2.4', '2.17', '2.36']);
  });

  it('are not what other libraries, and glibc among itself, mark symbols with', () => {
    expect(['GLIBCXX_3.4', 'GLIBC_PRIVATE', 'OPENSSL_3.0.0'].map(glibcVersionOf)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('count for the libraries that glibc is made of', () => {
    const own = ['libc.so.6', 'ld-linux-aarch64.so.1', 'ld64.so.2', 'libnsl.so.1', 'libmvec.so.1'];
    expect(own.filter((name) => !isOfGlibc(name))).toEqual([]);
    expect(['libnsl.so.2', 'libcrypt.so.1', 'libcap.so.2', 'libmagic.so.1'].filter(isOfGlibc)).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';

import type { LibrarySettings } from '../../../src/manifest/manifest.ts';
import type { Architecture } from '../../../src/model/architecture.ts';
import { libraryRelations, type LibraryRelations } from '../../../src/packages/library-relations.ts';
import { debianRelation, rpmRelation } from '../../../src/packages/relations.ts';
import type { NeededLibrary } from '../../../src/tree/tree.ts';
import { aTarget } from '../../support/definitions.ts';
import { aDistribution, aManifest, aRelation } from '../../support/manifest.ts';

const file = '/opt/fleet/lib/python3.11/site-packages/a.so';

function needed(library: string, ...versions: readonly string[]): NeededLibrary {
  return { library, files: [file], versions: versions.map((version) => ({ version, files: [file] })) };
}

interface Given {
  readonly libraries?: Readonly<Record<string, LibrarySettings>>;
  readonly architecture?: Architecture;
  readonly gnuHash?: boolean;
}

function ask(on: string, found: readonly NeededLibrary[], given: Given = {}): LibraryRelations {
  const { libraries = {}, architecture = 'x86_64', gnuHash = false } = given;
  const target = { ...aTarget(aDistribution(on), aManifest({ libraries })), architecture };
  return libraryRelations(target, { libraries: found, gnuHash });
}

function texts(
  on: string,
  found: readonly NeededLibrary[],
  given: Given = {},
): { depends: string[]; recommends: string[] } {
  const { depends, recommends } = ask(on, found, given);
  const render = aDistribution(on).format === 'deb' ? debianRelation : rpmRelation;
  return { depends: depends.map(render), recommends: recommends.map(render) };
}

const extension = [
  needed('libc.so.6', 'GLIBC_2.14', 'GLIBC_2.17', 'GLIBC_2.2.5'),
  needed('libgcc_s.so.1', 'GCC_3.0', 'GCC_4.2.0'),
  needed('libpthread.so.0', 'GLIBC_2.2.5'),
];

const required: LibrarySettings = { as: 'require', package: undefined };
const recommended: LibrarySettings = { as: 'recommend', package: undefined };
const ignored: LibrarySettings = { as: 'ignore', package: undefined };

describe('the libraries that files need', () => {
  it.each([
    ['debian-12', ['libc6 (>= 2.17)', 'libgcc-s1 (>= 4.2)']],
    ['debian-10', ['libc6 (>= 2.17)', 'libgcc1 (>= 1:4.2)']],
    ['ubuntu-16.04', ['libc6 (>= 2.17)', 'libgcc1 (>= 1:4.2)']],
    ['ubuntu-24.04', ['libc6 (>= 2.17)', 'libgcc-s1 (>= 4.2)']],
  ])('are the packages of %s: %j', (on, expected) => {
    expect(texts(on, extension)).toEqual({ depends: expected, recommends: [] });
  });

  // What /usr/lib/rpm/elfdeps --requires prints of such files.
  it.each([
    [
      'x86_64',
      [
        'libc.so.6()(64bit)',
        'libc.so.6(GLIBC_2.14)(64bit)',
        'libc.so.6(GLIBC_2.17)(64bit)',
        'libc.so.6(GLIBC_2.2.5)(64bit)',
        'libgcc_s.so.1()(64bit)',
        'libgcc_s.so.1(GCC_3.0)(64bit)',
        'libgcc_s.so.1(GCC_4.2.0)(64bit)',
        'libpthread.so.0()(64bit)',
        'libpthread.so.0(GLIBC_2.2.5)(64bit)',
        'rtld(GNU_HASH)',
      ],
    ],
    [
      'i686',
      [
        'libc.so.6',
        'libc.so.6(GLIBC_2.14)',
        'libc.so.6(GLIBC_2.17)',
        'libc.so.6(GLIBC_2.2.5)',
        'libgcc_s.so.1',
        'libgcc_s.so.1(GCC_3.0)',
        'libgcc_s.so.1(GCC_4.2.0)',
        'libpthread.so.0',
        'libpthread.so.0(GLIBC_2.2.5)',
        'rtld(GNU_HASH)',
      ],
    ],
  ] as const)('are capabilities for rpm on %s', (architecture, expected) => {
    expect(texts('centos-7', extension, { architecture, gnuHash: true })).toEqual({
      depends: expected,
      recommends: [],
    });
  });

  it('are nothing where there are none, on either format', () => {
    for (const on of ['debian-12', 'rocky-9']) expect(ask(on, [])).toEqual({ depends: [], recommends: [], notes: [] });
  });

  it('are asked of one package once, in the highest version that any needs', () => {
    const found = [needed('libcrypto.so.3', 'OPENSSL_3.0.9'), needed('libssl.so.3', 'OPENSSL_3.0.0')];
    expect(texts('debian-13', found).depends).toEqual(['libssl3t64 (>= 3.0.9)']);
  });

  it('follow what a distribution of the manifest extends', () => {
    const distribution = { ...aDistribution('debian-13'), id: 'acme-1', vendor: 'acme', version: '1' };
    const target = aTarget(distribution, aManifest());
    const { depends } = libraryRelations(target, { libraries: [needed('libssl.so.3')], gnuHash: false });
    expect(depends.map(debianRelation)).toEqual(['libssl3t64']);
  });
});

describe('what the manifest says about libraries', () => {
  const found = [needed('libc.so.6', 'GLIBC_2.17'), needed('libodbc.so.2')];

  it.each([
    ['debian-12', required, ['libc6 (>= 2.17)', 'libodbc2'], []],
    ['debian-12', recommended, ['libc6 (>= 2.17)'], ['libodbc2']],
    ['debian-12', ignored, ['libc6 (>= 2.17)'], []],
    ['rocky-9', recommended, ['libc.so.6()(64bit)', 'libc.so.6(GLIBC_2.17)(64bit)'], ['libodbc.so.2()(64bit)']],
    ['centos-7', recommended, ['libc.so.6()(64bit)', 'libc.so.6(GLIBC_2.17)(64bit)'], []],
  ])('holds on %s (%j)', (on, settings, depends, recommends) => {
    expect(texts(on, found, { libraries: { 'libodbc.so.2': settings } })).toEqual({ depends, recommends });
  });

  it('is told of where rpm cannot express it', () => {
    const { notes } = ask('centos-7', found, { libraries: { 'libodbc.so.2': recommended } });
    expect(notes.map(({ message }) => message)).toEqual([
      `${file} needs libodbc.so.2; rpm 4.11.3 of CentOS 7 knows no weak dependencies, and the package does not ask for it`,
    ]);
  });

  it('is told of where rpm takes no name like that for a library, unless the manifest says what becomes of it', () => {
    const plugin = [needed('_keel.so'), needed('libz.so.1')];
    const { notes } = ask('rocky-9', plugin);
    expect(notes).toEqual([
      {
        message: `${file} needs _keel.so, which the package does not bring; rpm's search for libraries passes over such a name, and the package does not ask for it`,
        hint: expect.stringContaining('under "overrides: rocky-9: libraries:"') as string,
      },
    ]);
    expect(ask('rocky-9', plugin, { libraries: { '_keel.so': recommended } }).notes).toHaveLength(1);
    expect(ask('centos-7', plugin, { libraries: { '_keel.so': recommended } }).notes).toHaveLength(1);
    expect(ask('rocky-9', plugin, { libraries: { '_keel.so': ignored } }).notes).toEqual([]);
    const named = { '_keel.so': { as: 'require', package: aRelation('keel') } } as const;
    expect(ask('rocky-9', plugin, { libraries: named }).notes).toEqual([]);
  });

  it('names the package of a library that we do not know', () => {
    const libraries = { 'libfoo.so.2': { as: 'recommend', package: aRelation('libfoo2', '>=', '2.1') } } as const;
    const unknown = [needed('libfoo.so.2', 'FOO_1')];
    expect(texts('debian-12', unknown, { libraries }).recommends).toEqual(['libfoo2 (>= 2.1)']);
    expect(texts('rocky-9', unknown, { libraries }).recommends).toEqual(['libfoo2 >= 2.1']);
  });

  it('names a path for rpm only', () => {
    const libraries = { 'libfoo.so.2': { as: 'require', package: aRelation('/usr/lib64/libfoo.so.2') } } as const;
    const unknown = [needed('libfoo.so.2')];
    expect(texts('rocky-9', unknown, { libraries }).depends).toEqual(['/usr/lib64/libfoo.so.2']);
    expect(() => ask('debian-12', unknown, { libraries })).toThrow(
      expect.objectContaining({ code: 'unsupported-by-target' }) as Error,
    );
  });

  it('is missing for a library that no table has: an error that says what to write', () => {
    expect(() => ask('debian-12', [needed('libfoo.so.2')])).toThrow(
      expect.objectContaining({
        code: 'unsupported-by-target',
        message: `${file} needs libfoo.so.2, which the package does not bring, and no package of Debian 12 is known to have it`,
        hint: expect.stringContaining('"libfoo.so.2: <package>"') as string,
      }) as Error,
    );
    // rpm's capabilities need no table.
    expect(texts('rocky-9', [needed('libfoo.so.2', 'FOO_1')]).depends).toEqual([
      'libfoo.so.2()(64bit)',
      'libfoo.so.2(FOO_1)(64bit)',
    ]);
  });

  it('is missing for the libraries of graphics drivers: they are left out unless it asks for them', () => {
    const drivers = ['libcuda.so.1', 'libnvidia-ml.so.1', 'libnvcuvid.so.1'].map((library) => needed(library));
    expect(texts('debian-12', drivers)).toEqual({ depends: [], recommends: [] });
    const libraries = { 'libcuda.so.1': { as: 'recommend', package: aRelation('libcuda1') } } as const;
    expect(texts('debian-12', drivers, { libraries }).recommends).toEqual(['libcuda1']);
    expect(texts('rocky-9', drivers, { libraries: { 'libcuda.so.1': required } }).depends).toEqual([
      'libcuda.so.1()(64bit)',
    ]);
  });

  it('is doubted when no file needs the library', () => {
    const { notes } = ask('debian-12', found, { libraries: { 'libodcb.so.2': ignored } });
    expect(notes.map(({ message }) => message)).toEqual([
      'the manifest says under libraries what becomes of libodcb.so.2, and no file of the package needs it from the system',
    ]);
  });
});

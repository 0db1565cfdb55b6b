import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { debLibraryNames, debLibraryPackage } from '../../../src/distributions/deb-libraries.ts';
import { debMinimum, higherMinimum } from '../../../src/distributions/deb-minimums.ts';
import { debDistributions } from '../../../src/distributions/deb-table.ts';

/**
 * What the shlibs files (deb-shlibs(5)) of packages of Debian 11, 12 and 13 say, read out of the archives:
 * release, SONAME, package.
 */
const shlibs = readFileSync(new URL('debian-shlibs.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => line.split(' ') as [release: string, library: string, packageName: string]);

describe('the packages of libraries', () => {
  it.each(['debian-11', 'debian-12', 'debian-13'])('are on %s those that its own packages name', (release) => {
    const known = shlibs.filter(([of, library]) => of === release && debLibraryNames.includes(library));
    expect(known.length).toBeGreaterThan(100);
    const found = known.map(([, library]) => [library, debLibraryPackage(release, library)]);
    expect(found).toEqual(known.map(([, library, name]) => [library, name]));
  });

  it('are none on a Debian whose archive has none', () => {
    const wrong = ['debian-11', 'debian-12', 'debian-13'].flatMap((release) => {
      const names = new Set(shlibs.filter(([of]) => of === release).map(([, library]) => library));
      return debLibraryNames
        .filter((library) => !names.has(library) && debLibraryPackage(release, library) !== undefined)
        .map((library) => `${release} ${library}`);
    });
    // Other machines' dynamic linkers, which the packages of x86-64 do not tell about.
    expect(wrong.filter((line) => !/ ld(?:64)?(?:-linux.*)?\.so\.\d$/.test(line))).toEqual([]);
  });

  it.each([
    ['debian-12', 'libssl.so.3', 'libssl3'],
    ['debian-13', 'libssl.so.3', 'libssl3t64'],
    ['ubuntu-24.04', 'libssl.so.3', 'libssl3t64'],
    ['ubuntu-20.04', 'libssl.so.1.1', 'libssl1.1'],
    ['ubuntu-22.04', 'libssl.so.1.1', undefined],
    ['ubuntu-16.04', 'libssl.so.1.0.0', 'libssl1.0.0'],
    ['ubuntu-18.04', 'libcrypt.so.1', 'libc6'],
    ['ubuntu-26.04', 'libz.so.1', 'zlib1g'],
    ['debian-12', 'libfoo.so.1', undefined],
    ['debian-12', 'constructor', undefined],
  ])('on %s, %s is of %s', (release, library, expected) => {
    expect(debLibraryPackage(release, library)).toBe(expected);
  });

  it('are known for libgcc as the distributions say', () => {
    for (const { id, deb } of debDistributions) expect(debLibraryPackage(id, 'libgcc_s.so.1'), id).toBe(deb.libgcc);
  });
});

describe('the versions of packages that symbols need', () => {
  // As the symbols files of Debian 11 to 13 have them.
  it.each([
    ['libc6', 'libc.so.6', ['GLIBC_2.4', 'GLIBC_2.17', 'GLIBC_2.2.5'], '2.17'],
    ['libc6', 'libc.so.6', ['GLIBC_ABI_DT_RELR', 'GLIBC_2.34'], '2.36'],
    ['libc6', 'libc.so.6', ['GLIBC_PRIVATE'], undefined],
    ['libstdc++6', 'libstdc++.so.6', ['GLIBCXX_3.4', 'CXXABI_1.3.9', 'GLIBCXX_3.4.29'], '11'],
    ['libstdc++6', 'libstdc++.so.6', ['GLIBCXX_3.4', 'CXXABI_1.3'], '4.1.1'],
    ['zlib1g', 'libz.so.1', [], '1:1.1.4'],
    ['libgcc-s1', 'libgcc_s.so.1', ['GCC_3.0', 'GCC_4.2.0'], '4.2'],
    ['libgcc-s1', 'libgcc_s.so.1', ['GCC_7.0.0'], '7'],
    ['libgcc-s1', 'libgcc_s.so.1', ['GCC_12.0.0'], '12'],
    ['libgcc1', 'libgcc_s.so.1', ['GCC_3.3.1'], '1:3.3.1'],
    ['zlib1g', 'libz.so.1', ['ZLIB_1.2.0', 'ZLIB_1.2.3.4'], '1:1.2.3.4'],
    ['libssl1.1', 'libssl.so.1.1', ['OPENSSL_1_1_0', 'OPENSSL_1_1_1'], '1.1.1'],
    ['libssl3', 'libcrypto.so.3', ['OPENSSL_3.0.0', 'OPENSSL_3.0.9'], '3.0.9'],
    ['libgomp1', 'libgomp.so.1', ['GOMP_4.5', 'OMP_1.0'], '6'],
    ['libcrypt1', 'libcrypt.so.1', ['GLIBC_2.2.5'], '1:4.1.0'],
    ['libcrypt1', 'libcrypt.so.1', ['XCRYPT_4.4'], '1:4.4'],
    ['libc6', 'libcrypt.so.1', ['GLIBC_2.2.5'], '2.2.5'],
    ['libsystemd0', 'libsystemd.so.0', ['LIBSYSTEMD_209', 'LIBSYSTEMD_246'], '246'],
    ['libpq5', 'libpq.so.5', [], undefined],
    ['libxml2', 'libxml2.so.2', ['LIBXML2_2.9.11', 'LIBXML2_2.4.30'], '2.9.11'],
  ])('%s for %s (%j): %s', (name, library, symbols, expected) => {
    expect(debMinimum(name, library, symbols)).toBe(expected);
  });

  it('are the higher of two for one package', () => {
    expect(higherMinimum('3.0.0', '3.0.9')).toBe('3.0.9');
    expect(higherMinimum('1:1.2.9', undefined)).toBe('1:1.2.9');
    expect(higherMinimum(undefined, undefined)).toBeUndefined();
    expect(higherMinimum('2.17', '2.4')).toBe('2.17');
  });
});

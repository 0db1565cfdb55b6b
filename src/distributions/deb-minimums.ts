import { compareDotted } from '../model/dotted.ts';
import { glibcVersionOf, isOfGlibc } from './glibc.ts';

/*
 * From which version on a Debian package's library has a version of symbols. The facts are those of the symbols files
 * (deb-symbols(5)) of Debian 11, 12 and 13; where Debian asks for more than upstream's release that brought the symbols,
 * because it changed what they do, we do not follow: the file was compiled against older headers than Debian's.
 */

/** Releases of GCC by the symbols of libstdc++ that they brought (GCC's manual, "ABI Policy and Guidelines"). */
const libstdcxx: Readonly<Record<string, string>> = {
  'GLIBCXX_3.4': '4.1.1',
  'CXXABI_1.3': '4.1.1',
  'GLIBCXX_3.4.9': '4.2.1',
  'GLIBCXX_3.4.10': '4.3',
  'GLIBCXX_3.4.11': '4.4',
  'GLIBCXX_3.4.12': '4.4',
  'GLIBCXX_3.4.13': '4.4.2',
  'GLIBCXX_3.4.14': '4.5',
  'GLIBCXX_3.4.15': '4.6',
  'GLIBCXX_3.4.16': '4.6',
  'GLIBCXX_3.4.17': '4.7',
  'GLIBCXX_3.4.18': '4.8',
  'GLIBCXX_3.4.19': '4.8',
  'GLIBCXX_3.4.20': '4.9',
  'GLIBCXX_3.4.21': '5.2',
  'GLIBCXX_3.4.22': '6',
  'GLIBCXX_3.4.23': '7',
  'GLIBCXX_3.4.24': '7',
  'GLIBCXX_3.4.25': '8',
  'GLIBCXX_3.4.26': '9',
  'GLIBCXX_3.4.27': '9.1',
  'GLIBCXX_3.4.28': '9.3',
  'GLIBCXX_3.4.29': '11',
  'GLIBCXX_3.4.30': '12',
  'GLIBCXX_3.4.31': '13',
  'GLIBCXX_3.4.32': '13.1',
  'GLIBCXX_3.4.33': '14',
  'GLIBCXX_3.4.34': '15',
  'CXXABI_1.3.2': '4.3',
  'CXXABI_1.3.3': '4.4',
  'CXXABI_1.3.4': '4.5',
  'CXXABI_1.3.5': '4.6',
  'CXXABI_1.3.6': '4.7',
  'CXXABI_1.3.7': '4.8',
  'CXXABI_1.3.8': '4.9',
  'CXXABI_1.3.9': '5',
  'CXXABI_1.3.10': '6',
  'CXXABI_1.3.11': '7',
  'CXXABI_1.3.12': '9',
  'CXXABI_1.3.13': '11',
  'CXXABI_1.3.14': '13',
  'CXXABI_1.3.15': '14',
  'CXXABI_1.3.16': '15',
};

/** Libraries of GCC whose symbols do not count as its releases do. */
const gcc: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'libstdc++.so.6': libstdcxx,
  'libgomp.so.1': {
    'GOMP_2.0': '4.4',
    'GOMP_3.0': '4.7',
    'GOMP_4.0': '4.9',
    'GOMP_4.0.1': '5',
    'GOMP_4.5': '6',
    'GOMP_5.0': '9',
    'GOMP_5.0.1': '11',
    'GOMP_5.1': '12',
    'OMP_3.0': '4.4',
    'OMP_3.1': '4.7',
    'OMP_4.0': '4.9',
    'OMP_4.5': '6',
    'OMP_5.0': '9',
  },
  'libatomic.so.1': { 'LIBATOMIC_1.0': '4.8', 'LIBATOMIC_1.1': '4.9', 'LIBATOMIC_1.2': '6' },
  'libquadmath.so.0': { 'QUADMATH_1.0': '4.6', 'QUADMATH_1.1': '6', 'QUADMATH_1.2': '9' },
  'libgfortran.so.5': {
    GFORTRAN_8: '8',
    GFORTRAN_9: '9',
    'GFORTRAN_9.2': '9.1',
    GFORTRAN_10: '10',
    'GFORTRAN_10.2': '10.2',
    GFORTRAN_12: '11.2',
    GFORTRAN_13: '13',
  },
};

/** What packages have before a colon in their version, where it is not nothing (Debian Policy 5.6.12). */
const epochs: Readonly<Record<string, string>> = { zlib1g: '1:', libgcc1: '1:', libcrypt1: '1:' };

/** Libraries whose symbols are versioned with the number of their own release. */
const numbered: Readonly<Record<string, string>> = {
  'libz.so.1': 'ZLIB',
  'libgcc_s.so.1': 'GCC',
  'libssl.so.1.1': 'OPENSSL',
  'libcrypto.so.1.1': 'OPENSSL',
  'libssl.so.3': 'OPENSSL',
  'libcrypto.so.3': 'OPENSSL',
  'libxml2.so.2': 'LIBXML2',
  'liblzma.so.5': 'XZ',
  'libsystemd.so.0': 'LIBSYSTEMD',
  'libcrypt.so.1': 'XCRYPT',
};

/** What is asked for whatever the symbols are. */
const floors: Readonly<Record<string, string>> = {
  // The first libxcrypt that is compatible with glibc's libcrypt; its symbols still say GLIBC_2.2.5.
  libcrypt1: '4.1.0',
  // Most of its symbols have no version.
  zlib1g: '1.1.4',
};

function minimumOf(library: string, symbol: string): string | undefined {
  if (isOfGlibc(library)) return glibcVersionOf(symbol);
  const special = gcc[library];
  if (special !== undefined) return special[symbol];
  const family = numbered[library];
  if (family === undefined || !symbol.startsWith(`${family}_`)) return undefined;
  const version = symbol.slice(family.length + 1).replaceAll('_', '.');
  if (!/^\d+(?:\.\d+)*$/.test(version)) return undefined;
  // GCC_7.0.0 came with GCC 7, GCC_4.2.0 with GCC 4.2: that is how its releases are counted.
  if (family === 'GCC') return version.replace(/^(\d+\.\d+)\.0$/, '$1').replace(/^([5-9]|\d\d)\.0$/, '$1');
  return version;
}

/**
 * The version that a Debian package has to have at least for some versions of a library's symbols.
 * @returns undefined when any will do
 */
export function debMinimum(packageName: string, library: string, symbols: readonly string[]): string | undefined {
  // glibc's libcrypt of old and libxcrypt mark symbols alike: only one of them is counted by glibc's versions.
  const counted =
    packageName === 'libc6' ? symbols.map(glibcVersionOf) : symbols.map((symbol) => minimumOf(library, symbol));
  const highest = [floors[packageName], ...counted]
    .filter((version) => version !== undefined)
    .sort(compareDotted)
    .at(-1);
  return highest === undefined ? undefined : `${epochs[packageName] ?? ''}${highest}`;
}

/** The higher one of two results of {@link debMinimum} for one package. */
export function higherMinimum(left: string | undefined, right: string | undefined): string | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  const plain = (version: string): string => version.replace(/^\d+:/, '');
  return compareDotted(plain(left), plain(right)) >= 0 ? left : right;
}

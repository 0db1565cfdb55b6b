import type { Architecture } from '../model/architecture.ts';
import type { DebDistribution, DebFacts, PackagedPython } from './distribution.ts';
import { debTag, identify, type DebFamily, type ReleaseFacts } from './release.ts';

/*
 * Where the facts come from:
 *   [abi]     symbol inventories that pep600_compliance takes inside the distributions' images; for zlib its own zlib.map
 *             (1.2.7.1 came with zlib 1.2.8, 1.2.9 with 1.2.9, 1.2.12 with 1.2.12) and the release's version of zlib
 *   [root]    read in a root of that release
 *   [image]   package inventories of the official images
 *   [dpkg]    dpkg's and apt's changelogs and manual pages
 *   [eol]     distro-info-data
 *   [images]  docker-library/official-images, which is where the vendors publish
 *   [common]  general knowledge that nobody measured for this table
 */

const common: DebFamily = {
  format: 'deb',
  alternativePythons: [],
  x86Level: 1,
  lib64: false, // Debian's python looks in lib only
  init: 'systemd',
  unitDirectory: '/usr/lib/systemd/system',
  packageManager: 'apt',
  repositoryDirectory: '/etc/apt/sources.list.d',
  // sources.list(5): keyrings that a package manages belong here, /etc/apt/keyrings is the administrator's.
  keyDirectory: '/usr/share/keyrings',
};

/** Before the files of /lib moved: Debian up to 12, Ubuntu up to 22.04 [root]. */
const unmerged: DebFamily = { ...common, unitDirectory: '/lib/systemd/system' };

/** dpkg reads zstd from 1.21.18, Ubuntu's patched one from 1.19.0.5ubuntu2 [dpkg]; control.tar.xz needs 1.17.6 [dpkg]. */
const withZstd = { compression: ['zstd', 'xz', 'gzip'], uniformCompression: true } as const;
const withXz = { compression: ['xz', 'gzip'], uniformCompression: true } as const;

/** apt 2.4 and later: deb822 sources are what its tools write as well, keys may be armoured [dpkg]. */
const deb822 = { sources: 'deb822', signedBy: true, armouredKeys: true } as const;
/** apt 1.4 to 2.2 [dpkg]. */
const oneLine = { sources: 'list', signedBy: true, armouredKeys: true } as const;

function python(version: string): PackagedPython {
  const [major = '', minor = ''] = version.split('.');
  return { package: `python${major}.${minor}`, version, path: `/usr/bin/python${major}.${minor}` };
}

interface DebRelease extends ReleaseFacts, Pick<DebDistribution, 'glibc' | 'python'> {
  readonly abi: NonNullable<DebDistribution['abi']>;
  readonly alternativePythons?: readonly PackagedPython[];
  readonly deb: Omit<DebFacts, 'libraries'>;
}

function release(id: string, title: string, family: DebFamily, facts: DebRelease): DebDistribution {
  const { vendor, version } = identify(id);
  return {
    id,
    vendor,
    version,
    title,
    tag: debTag(vendor, version),
    ...family,
    ...facts,
    deb: { ...facts.deb, libraries: id },
  };
}

// The release notes' architectures, as far as we know them at all [common].
const debianArchitectures: readonly Architecture[] = ['x86_64', 'aarch64', 'i686', 'armv7l', 'ppc64le', 's390x'];
// i386 is not a whole architecture any more from 19.10 on, riscv64 is one from 22.04 on [common].
const oldUbuntu: readonly Architecture[] = ['x86_64', 'aarch64', 'i686', 'armv7l', 'ppc64le', 's390x'];
const newUbuntu: readonly Architecture[] = ['x86_64', 'aarch64', 'armv7l', 'ppc64le', 's390x', 'riscv64'];

/** The deb-based distributions that we know. Ends of life, general and extended: [eol]. */
export const debDistributions: readonly DebDistribution[] = [
  release('debian-10', 'Debian 10', unmerged, {
    image: 'docker.io/library/debian:10', // [images]
    architectures: debianArchitectures,
    glibc: '2.28', // [abi]
    abi: { GLIBC: '2.28', GLIBCXX: '3.4.25', CXXABI: '1.3.11', GCC: '7.0.0', ZLIB: '1.2.9' }, // [abi]
    python: python('3.7.3'), // [common]
    deb: { codename: 'buster', dpkg: '1.19.7', ...withXz, ...oneLine, libgcc: 'libgcc1' },
    endOfLife: '2022-09-10',
    endOfExtendedLife: '2024-06-30',
  }),
  release('debian-11', 'Debian 11', unmerged, {
    image: 'docker.io/library/debian:11', // [images]
    architectures: debianArchitectures,
    glibc: '2.31', // [abi]
    abi: { GLIBC: '2.31', GLIBCXX: '3.4.28', CXXABI: '1.3.12', GCC: '7.0.0', ZLIB: '1.2.9' }, // [abi]
    python: python('3.9.2'), // [root]
    deb: { codename: 'bullseye', dpkg: '1.20.13', ...withXz, ...oneLine, libgcc: 'libgcc-s1' }, // refuses zstd [root]
    endOfLife: '2024-08-14',
    endOfExtendedLife: '2026-08-31',
  }),
  release('debian-12', 'Debian 12', unmerged, {
    image: 'docker.io/library/debian:12', // [images]
    architectures: debianArchitectures,
    glibc: '2.36', // [abi]
    abi: { GLIBC: '2.36', GLIBCXX: '3.4.30', CXXABI: '1.3.13', GCC: '12.0.0', ZLIB: '1.2.12' }, // [abi]
    python: python('3.11.2'), // [root]
    deb: { codename: 'bookworm', dpkg: '1.21.23', ...withZstd, ...deb822, libgcc: 'libgcc-s1' }, // [root]
    endOfLife: '2026-07-11',
    endOfExtendedLife: '2028-06-30',
  }),
  release('debian-13', 'Debian 13', common, {
    // i386 is for foreign-architecture use only, but its archive is whole [common].
    image: 'docker.io/library/debian:13', // [images]
    architectures: [...debianArchitectures, 'riscv64'],
    glibc: '2.41', // [abi]
    abi: { GLIBC: '2.41', GLIBCXX: '3.4.33', CXXABI: '1.3.15', GCC: '14.0.0', ZLIB: '1.2.12' }, // [abi]
    python: python('3.13.5'), // [root]
    deb: { codename: 'trixie', dpkg: '1.22.22', ...withZstd, ...deb822, libgcc: 'libgcc-s1' }, // [root]
    endOfLife: '2028-08-09',
    endOfExtendedLife: '2030-06-30',
  }),
  release(
    'ubuntu-14.04',
    'Ubuntu 14.04 LTS',
    {
      ...common,
      init: 'upstart',
      unitDirectory: '/etc/init', // where upstart reads its jobs: init(5)
      keyDirectory: '/etc/apt/trusted.gpg.d', // its apt knows no signed-by [common]
    },
    {
      image: 'docker.io/library/ubuntu:14.04', // [images]
      architectures: ['x86_64', 'aarch64', 'i686', 'armv7l', 'ppc64le'],
      glibc: '2.19', // exports no symbol newer than 2.18 [abi]
      abi: { GLIBC: '2.18', GLIBCXX: '3.4.19', CXXABI: '1.3.7', GCC: '4.8.0', ZLIB: '1.2.7.1' }, // [abi]
      python: python('3.4'), // [image]
      deb: {
        codename: 'trusty',
        dpkg: '1.17.5', // [image]
        compression: ['xz', 'gzip'],
        uniformCompression: false, // control.tar.gz only [dpkg]
        sources: 'list', // deb822 came with apt 1.1 [dpkg]
        signedBy: false, // [common]
        armouredKeys: false, // [dpkg]
        libgcc: 'libgcc1',
      },
      endOfLife: '2019-04-25',
      endOfExtendedLife: '2026-04-28',
    },
  ),
  release('ubuntu-16.04', 'Ubuntu 16.04 LTS', unmerged, {
    image: 'docker.io/library/ubuntu:16.04', // [images]
    architectures: oldUbuntu,
    glibc: '2.23', // [abi]
    abi: { GLIBC: '2.23', GLIBCXX: '3.4.21', CXXABI: '1.3.9', GCC: '4.8.0', ZLIB: '1.2.7.1' }, // [abi]
    python: python('3.5'), // [common]
    // apt 1.2 wants binary keys [dpkg].
    deb: { codename: 'xenial', dpkg: '1.18.4', ...withXz, ...oneLine, armouredKeys: false, libgcc: 'libgcc1' },
    endOfLife: '2021-04-30',
    endOfExtendedLife: '2028-04-25',
  }),
  release('ubuntu-18.04', 'Ubuntu 18.04 LTS', unmerged, {
    image: 'docker.io/library/ubuntu:18.04', // [images]
    architectures: oldUbuntu,
    glibc: '2.27', // [abi]
    abi: { GLIBC: '2.27', GLIBCXX: '3.4.25', CXXABI: '1.3.11', GCC: '7.0.0', ZLIB: '1.2.9' }, // [abi]
    python: python('3.6'), // [image]
    alternativePythons: [python('3.8')], // [common]
    deb: { codename: 'bionic', dpkg: '1.19.0.5', ...withZstd, ...oneLine, libgcc: 'libgcc1' }, // [image]
    endOfLife: '2023-05-31',
    endOfExtendedLife: '2030-04-30',
  }),
  release('ubuntu-20.04', 'Ubuntu 20.04 LTS', unmerged, {
    image: 'docker.io/library/ubuntu:20.04', // [images]
    architectures: newUbuntu,
    glibc: '2.31', // [abi]
    abi: { GLIBC: '2.31', GLIBCXX: '3.4.28', CXXABI: '1.3.12', GCC: '7.0.0', ZLIB: '1.2.9' }, // [abi]
    python: python('3.8'), // [image]
    alternativePythons: [python('3.9')], // [common]
    deb: { codename: 'focal', dpkg: '1.19.7', ...withZstd, ...oneLine, libgcc: 'libgcc-s1' }, // [image]
    endOfLife: '2025-05-29',
    endOfExtendedLife: '2032-04-27',
  }),
  release('ubuntu-22.04', 'Ubuntu 22.04 LTS', unmerged, {
    image: 'docker.io/library/ubuntu:22.04', // [images]
    architectures: newUbuntu,
    glibc: '2.35', // [abi]
    abi: { GLIBC: '2.35', GLIBCXX: '3.4.30', CXXABI: '1.3.13', GCC: '12.0.0', ZLIB: '1.2.9' }, // [abi]
    python: python('3.10'), // [image]
    alternativePythons: [python('3.11')], // [common]
    deb: { codename: 'jammy', dpkg: '1.21.1', ...withZstd, ...deb822, libgcc: 'libgcc-s1' }, // [image]
    endOfLife: '2027-06-01',
    endOfExtendedLife: '2034-04-25',
  }),
  release('ubuntu-24.04', 'Ubuntu 24.04 LTS', common, {
    image: 'docker.io/library/ubuntu:24.04', // [images]
    architectures: newUbuntu,
    glibc: '2.39', // [abi]
    abi: { GLIBC: '2.39', GLIBCXX: '3.4.33', CXXABI: '1.3.15', GCC: '14.0.0', ZLIB: '1.2.12' }, // [abi]
    python: python('3.12'), // [image]
    deb: { codename: 'noble', dpkg: '1.22.6', ...withZstd, ...deb822, libgcc: 'libgcc-s1' }, // [image]
    endOfLife: '2029-05-31',
    endOfExtendedLife: '2036-04-29',
  }),
  release('ubuntu-26.04', 'Ubuntu 26.04 LTS', common, {
    image: 'docker.io/library/ubuntu:26.04', // [images]
    architectures: newUbuntu,
    glibc: '2.43', // [abi]
    abi: { GLIBC: '2.43', GLIBCXX: '3.4.35', CXXABI: '1.3.17', GCC: '14.0.0', ZLIB: '1.2.12' }, // [abi]
    python: python('3.14.3'), // [image]
    deb: { codename: 'resolute', dpkg: '1.23.7', ...withZstd, ...deb822, libgcc: 'libgcc-s1' }, // [image]
    endOfLife: '2031-05-29',
    endOfExtendedLife: '2038-04-27',
  }),
];

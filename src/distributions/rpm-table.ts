import type { Architecture } from '../model/architecture.ts';
import type { PackagedPython, RpmDistribution, RpmFacts, RpmFeatures } from './distribution.ts';
import { identify, type ReleaseFacts, type RpmFamily } from './release.ts';

/*
 * Where the facts come from:
 *   [abi]     symbol inventories that pep600_compliance takes inside the distributions' images
 *   [mock]    mock's chroot templates: %dist, package manager
 *   [rpm]     rpm of that version, built from its upstream tag: what it reads, refuses and installs was measured
 *   [image]   package inventories of the official images
 *   [images]  the vendors' registries, for every image: Docker's official images of CentOS are gone, and those of Rocky
 *             Linux stop at 8.9 and 9.3
 *   [vendor]  the vendor's own documentation
 *   [eol]     endoflife.date, and distro-info-data for Debian and Ubuntu
 *   [common]  general knowledge that nobody measured for this table
 */

const common = {
  format: 'rpm',
  alternativePythons: [],
  x86Level: 1,
  lib64: true, // python's platlib is lib64 on 64-bit rpm systems
  init: 'systemd',
  unitDirectory: '/usr/lib/systemd/system',
  repositoryDirectory: '/etc/yum.repos.d',
  keyDirectory: '/etc/pki/rpm-gpg',
} as const;

/** rpm 4.11: soft dependencies are ignored, rich ones and `^` are refused by their rpmlib() requirement [rpm]. */
const oldFeatures: RpmFeatures = {
  weakDependencies: false,
  richDependencies: false,
  caretVersions: false,
  largeFiles: false,
};

const newFeatures: RpmFeatures = {
  weakDependencies: true,
  richDependencies: true,
  caretVersions: true,
  largeFiles: true,
};

const xzPayload = 'w2.xzdio';
const zstdPayload = 'w3T0.zstdio'; // T0 and never the number of processors: the string is recorded in the header

function python(packageName: string, version: string): PackagedPython {
  const [major = '', minor = ''] = version.split('.');
  return { package: packageName, version, path: `/usr/bin/python${major}.${minor}` };
}

/** rpm 4.11 refuses zstd [rpm]. */
const withoutZstd = {
  compression: ['xz', 'gzip', 'bzip2', 'lzma'],
  payload: xzPayload,
} as const satisfies Pick<RpmFacts, 'compression' | 'payload'>;

const withZstd = {
  compression: ['zstd', 'xz', 'gzip', 'bzip2', 'lzma'],
  payload: zstdPayload,
} as const satisfies Pick<RpmFacts, 'compression' | 'payload'>;

const el7: RpmFamily = {
  ...common,
  glibc: '2.17', // [abi]
  abi: { GLIBC: '2.17', GLIBCXX: '3.4.19', CXXABI: '1.3.7', GCC: '4.8.0', ZLIB: '1.2.5.2' }, // [abi]
  python: python('python3', '3.6.8'), // [image]; in the base repository since 7.7
  packageManager: 'yum', // [mock]
  rpm: { rpm: '4.11.3', dist: '.el7', ...withoutZstd, features: oldFeatures }, // [image], [mock], [rpm]
};

const el8: RpmFamily = {
  ...common,
  glibc: '2.28', // [abi]
  abi: { GLIBC: '2.28', GLIBCXX: '3.4.25', CXXABI: '1.3.11', GCC: '7.0.0', ZLIB: '1.2.9' }, // [abi]
  // Not platform-python, which is no interpreter for applications: its file is below /usr/libexec [vendor].
  python: python('python36', '3.6.8'),
  // [vendor]; 3.11 since 8.8, 3.12 since 8.10
  alternativePythons: [
    python('python38', '3.8'),
    python('python39', '3.9'),
    python('python3.11', '3.11'),
    python('python3.12', '3.12'),
  ],
  packageManager: 'dnf', // [mock]
  rpm: {
    rpm: '4.14.3', // [image]
    dist: '.el8', // [mock]
    // It reads zstd from 8.2 only (rpm 4.14.2-26.el8), so xz stays the choice [vendor].
    compression: ['xz', 'gzip', 'bzip2', 'lzma', 'zstd'],
    payload: xzPayload,
    features: newFeatures, // [rpm]
  },
};

const el9: RpmFamily = {
  ...common,
  x86Level: 2, // [vendor]; Amazon Linux 2023 as well [vendor]
  glibc: '2.34', // [abi]
  abi: { GLIBC: '2.34', GLIBCXX: '3.4.29', CXXABI: '1.3.13', GCC: '7.0.0', ZLIB: '1.2.9' }, // [abi]
  python: python('python3', '3.9.25'), // [image]
  alternativePythons: [python('python3.11', '3.11'), python('python3.12', '3.12')], // since 9.2 and 9.4 [vendor]
  packageManager: 'dnf', // [mock]
  rpm: { rpm: '4.16.1.3', dist: '.el9', ...withZstd, features: newFeatures }, // [image], [mock], [rpm]
};

const el10: RpmFamily = {
  ...common,
  x86Level: 3, // [vendor]
  glibc: '2.39', // [abi]
  abi: { GLIBC: '2.39', GLIBCXX: '3.4.33', CXXABI: '1.3.15', GCC: '14.0.0', ZLIB: '1.2.12' }, // [abi]
  python: python('python3', '3.12'), // [image]
  packageManager: 'dnf', // [mock]
  rpm: { rpm: '4.19.1.1', dist: '.el10', ...withZstd, features: newFeatures }, // [image], [mock]
};

const amazon2: RpmFamily = {
  ...common,
  glibc: '2.26', // [abi]
  abi: { GLIBC: '2.26', GLIBCXX: '3.4.24', CXXABI: '1.3.11', GCC: '7.0.0', ZLIB: '1.2.5.2' }, // [abi]
  python: python('python3', '3.7.16'), // [image]
  alternativePythons: [python('python38', '3.8')], // from amazon-linux-extras [common]
  packageManager: 'yum', // [mock]
  rpm: { rpm: '4.11.3', dist: '.amzn2', ...withoutZstd, features: oldFeatures }, // [image], [mock], [rpm]
};

const amazon2023: RpmFamily = {
  ...el9,
  // The glibc of EL 9 with a newer compiler: one number for "how old" would be wrong here [abi].
  abi: { GLIBC: '2.34', GLIBCXX: '3.4.33', CXXABI: '1.3.15', GCC: '14.0.0', ZLIB: '1.2.9' },
  // [vendor]
  alternativePythons: [
    python('python3.11', '3.11'),
    python('python3.12', '3.12'),
    python('python3.13', '3.13'),
    python('python3.14', '3.14'),
  ],
  rpm: { ...el9.rpm, dist: '.amzn2023' }, // [mock], [image]
};

const leap156: RpmFamily = {
  ...common,
  glibc: '2.38', // 15.5 and older have 2.31: they are other targets [abi]
  abi: { GLIBC: '2.38', GLIBCXX: '3.4.33', CXXABI: '1.3.15', GCC: '14.0.0', ZLIB: '1.2.9' }, // [abi]; zlib >= 1.2.11 [common]
  python: python('python3-base', '3.6.15'), // [image]
  alternativePythons: [python('python311-base', '3.11')], // [image]
  packageManager: 'zypper', // [mock]
  repositoryDirectory: '/etc/zypp/repos.d', // [mock]
  rpm: {
    rpm: '4.14.3', // [image]
    dist: '.suse.lp156', // mock's: SUSE itself defines no %dist [mock]
    ...withoutZstd, // whether its rpm reads zstd was never verified
    features: { ...newFeatures, caretVersions: false }, // `^` was never verified on it
  },
};

interface FedoraFacts extends Pick<RpmFamily, 'glibc' | 'python'> {
  readonly rpm: string;
  readonly dist: string;
  readonly glibcxx: string;
}

function fedora(facts: FedoraFacts): RpmFamily {
  return {
    ...common,
    glibc: facts.glibc,
    // [abi]; ZLIB as in EL 10, which has Fedora's zlib-ng [common]
    abi: { GLIBC: facts.glibc, GLIBCXX: facts.glibcxx, CXXABI: '1.3.15', GCC: '14.0.0', ZLIB: '1.2.12' },
    python: facts.python,
    packageManager: 'dnf5', // since 41 [vendor]
    rpm: { rpm: facts.rpm, dist: facts.dist, ...withZstd, features: newFeatures },
  };
}

const fedora41 = fedora({
  glibc: '2.40', // [abi]
  glibcxx: '3.4.33', // [abi]
  python: python('python3', '3.13'), // [common]
  rpm: '4.20', // [common]
  dist: '.fc41', // [mock]
});

const fedora42 = fedora({
  glibc: '2.41', // [abi]
  glibcxx: '3.4.34', // [abi]
  python: python('python3', '3.13'), // [common]
  rpm: '4.20.1', // [image]
  dist: '.fc42', // [mock]
});

// rpm 6, which there still makes version 4 packages and verifies digests only [vendor].
const fedora43 = fedora({
  glibc: '2.42', // [abi]
  glibcxx: '3.4.34', // [abi]
  python: python('python3', '3.14'), // [vendor]
  rpm: '6.0.1', // [image]
  dist: '.fc43', // [mock]
});

function release(id: string, title: string, family: RpmFamily, facts: ReleaseFacts): RpmDistribution {
  return { id, ...identify(id), title, tag: family.rpm.dist, ...family, ...facts };
}

const pair: readonly Architecture[] = ['x86_64', 'aarch64'];
const server: readonly Architecture[] = ['x86_64', 'aarch64', 'ppc64le', 's390x'];

/** The rpm-based distributions that we know. Ends of life: [eol]. Architectures: the vendors' download pages [common]. */
export const rpmDistributions: readonly RpmDistribution[] = [
  release('centos-7', 'CentOS 7', el7, {
    image: 'quay.io/centos/centos:7',
    architectures: ['x86_64', 'aarch64', 'ppc64le'],
    endOfLife: '2024-06-30',
  }),
  release('centos-stream-9', 'CentOS Stream 9', el9, {
    image: 'quay.io/centos/centos:stream9',
    architectures: server,
    endOfLife: '2027-05-31',
  }),
  release('centos-stream-10', 'CentOS Stream 10', el10, {
    image: 'quay.io/centos/centos:stream10',
    architectures: server,
    endOfLife: '2030-05-31',
  }),
  release('rhel-8', 'Red Hat Enterprise Linux 8', el8, {
    image: 'registry.access.redhat.com/ubi8/ubi',
    architectures: server,
    endOfLife: '2029-05-31',
    endOfExtendedLife: '2033-05-31',
  }),
  release('rhel-9', 'Red Hat Enterprise Linux 9', el9, {
    image: 'registry.access.redhat.com/ubi9/ubi',
    architectures: server,
    endOfLife: '2032-05-31',
    endOfExtendedLife: '2036-05-31',
  }),
  release('rhel-10', 'Red Hat Enterprise Linux 10', el10, {
    image: 'registry.access.redhat.com/ubi10/ubi',
    architectures: server,
    endOfLife: '2035-05-31',
    endOfExtendedLife: '2039-05-31',
  }),
  release('rocky-8', 'Rocky Linux 8', el8, {
    image: 'quay.io/rockylinux/rockylinux:8',
    architectures: pair,
    endOfLife: '2029-05-31',
  }),
  release('rocky-9', 'Rocky Linux 9', el9, {
    image: 'quay.io/rockylinux/rockylinux:9',
    architectures: server,
    endOfLife: '2032-05-31',
  }),
  release('rocky-10', 'Rocky Linux 10', el10, {
    image: 'quay.io/rockylinux/rockylinux:10',
    architectures: server,
    endOfLife: '2035-05-31',
  }),
  release('alma-8', 'AlmaLinux 8', el8, {
    image: 'quay.io/almalinuxorg/almalinux:8',
    architectures: server,
    endOfLife: '2029-05-31',
  }),
  release('alma-9', 'AlmaLinux 9', el9, {
    image: 'quay.io/almalinuxorg/almalinux:9',
    architectures: server,
    endOfLife: '2032-05-31',
  }),
  release('alma-10', 'AlmaLinux 10', el10, {
    image: 'quay.io/almalinuxorg/almalinux:10',
    architectures: server,
    endOfLife: '2035-05-31',
  }),
  release('fedora-41', 'Fedora 41', fedora41, {
    image: 'registry.fedoraproject.org/fedora:41',
    architectures: server,
    endOfLife: '2025-12-15',
  }),
  release('fedora-42', 'Fedora 42', fedora42, {
    image: 'registry.fedoraproject.org/fedora:42',
    architectures: server,
    endOfLife: '2026-05-27',
  }),
  release('fedora-43', 'Fedora 43', fedora43, {
    image: 'registry.fedoraproject.org/fedora:43',
    architectures: server,
    endOfLife: '2026-12-09',
  }),
  release('amazonlinux-2', 'Amazon Linux 2', amazon2, {
    image: 'docker.io/library/amazonlinux:2',
    architectures: pair,
    endOfLife: '2026-06-30',
  }),
  release('amazonlinux-2023', 'Amazon Linux 2023', amazon2023, {
    image: 'public.ecr.aws/amazonlinux/amazonlinux:2023',
    architectures: pair,
    endOfLife: '2029-06-30',
  }),
  release('opensuse-leap-15.6', 'openSUSE Leap 15.6', leap156, {
    image: 'docker.io/opensuse/leap:15.6',
    architectures: server,
    endOfLife: '2026-04-30',
  }),
];

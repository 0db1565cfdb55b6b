import type { Architecture } from '../model/architecture.ts';

/** Microarchitecture levels: x86-64 (1), x86-64-v2, x86-64-v3, x86-64-v4 (x86-64 psABI, "Micro-Architecture Levels"). */
export const x86Levels = [1, 2, 3, 4] as const;
export type X86Level = (typeof x86Levels)[number];

/** Families of versioned symbols that system libraries export. */
type SymbolFamily = 'GLIBC' | 'GLIBCXX' | 'CXXABI' | 'GCC' | 'ZLIB';

/** An interpreter that a distribution packages. */
export interface PackagedPython {
  /** The package's name, such as `python3.11` or `python36`. */
  readonly package: string;
  /** At least `major.minor`. */
  readonly version: string;
  /** The minor-versioned interpreter: what `bin/python` links to. */
  readonly path: string;
}

type InitSystem = 'systemd' | 'upstart' | 'sysv';

/** What a deb-based distribution needs to be known about beyond the common facts. */
export interface DebFacts {
  readonly codename: string;
  /** The release's dpkg. */
  readonly dpkg: string;
  /** Compressors of the data member that its dpkg reads, best first. */
  readonly compression: readonly DebCompression[];
  /** Whether the control member may be compressed as the data member is (dpkg >= 1.17.6 for xz). */
  readonly uniformCompression: boolean;
  /** Whether apt reads deb822 `.sources` well enough to use it, or wants a one-line `.list`. */
  readonly sources: 'deb822' | 'list';
  /** Whether sources can be bound to a key file (`signed-by`); without, the key goes into trusted.gpg.d. */
  readonly signedBy: boolean;
  /** Whether apt reads ASCII-armoured `.asc` keys (apt >= 1.4); older ones want the binary form. */
  readonly armouredKeys: boolean;
  /** The package that holds libgcc_s.so.1. */
  readonly libgcc: string;
  /** The release of our own table whose packages have the libraries: what a manifest's distribution extends. */
  readonly libraries: string;
}

export type DebCompression = 'zstd' | 'xz' | 'gzip';
export type RpmCompression = 'zstd' | 'xz' | 'gzip' | 'bzip2' | 'lzma';

export interface RpmFeatures {
  readonly weakDependencies: boolean;
  readonly richDependencies: boolean;
  readonly caretVersions: boolean;
  readonly largeFiles: boolean;
}

/** What an rpm-based distribution needs to be known about beyond the common facts. */
export interface RpmFacts {
  /** The release's rpm. */
  readonly rpm: string;
  /** rpm's `%dist`, such as `.el7`; also the distribution tag. */
  readonly dist: string;
  /** Payload compressors that its rpm reads. */
  readonly compression: readonly RpmCompression[];
  /** rpm's `%_binary_payload`, the best that it reads, such as `w3T0.zstdio`. */
  readonly payload: string;
  readonly features: RpmFeatures;
}

interface DistributionCommon {
  /** `centos-7`, `ubuntu-16.04`: what `--distribution` takes. */
  readonly id: string;
  /**
   * `centos`: also a selector of the manifest and part of a repository key. It is what stands before the version in the
   * id, except that CentOS Stream is `centos` as well: its `$releasever` goes on where CentOS's ended.
   */
  readonly vendor: string;
  /** `7`, `16.04`. */
  readonly version: string;
  /** As people write it: `CentOS 7`. */
  readonly title: string;
  /** Appended to the release of a package: `.el7`, `+ubuntu16.04`. */
  readonly tag: string;
  readonly architectures: readonly Architecture[];
  /** `2.17`. */
  readonly glibc: string;
  /** The highest symbol version of each family that the distribution's own libraries export. */
  readonly abi: Readonly<Partial<Record<SymbolFamily, string>>>;
  /** The microarchitecture level of x86-64 that it needs itself, so that what it runs on has: 2 is x86-64-v2 (psABI). */
  readonly x86Level: X86Level;
  readonly python: PackagedPython;
  readonly alternativePythons: readonly PackagedPython[];
  /** Whether a virtual environment gets `lib64`, a link to `lib`: where the interpreter's platlib is below `lib64`. */
  readonly lib64: boolean;
  readonly init: InitSystem;
  readonly unitDirectory: string;
  readonly packageManager: 'apt' | 'dnf' | 'dnf5' | 'yum' | 'zypper';
  /** A container image of it: where what has no wheel is compiled. */
  readonly image: string;
  readonly repositoryDirectory: string;
  readonly keyDirectory: string;
  /** ISO date of the end of general support. */
  readonly endOfLife: string;
  /** ISO date of the end of paid or community extended support, where there is one. */
  readonly endOfExtendedLife?: string;
}

export type DebDistribution = DistributionCommon & { readonly format: 'deb'; readonly deb: DebFacts };
export type RpmDistribution = DistributionCommon & { readonly format: 'rpm'; readonly rpm: RpmFacts };

/** All that is known about one release of one distribution. */
export type Distribution = DebDistribution | RpmDistribution;

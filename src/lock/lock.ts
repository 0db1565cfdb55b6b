/** A file that an index offers, pinned. */
export interface LockedFile {
  readonly fileName: string;
  readonly sha256: string;
}

/** One distribution (in Python's sense) of a locked environment. */
export interface LockedDistribution {
  /** Normalized (PEP 503). */
  readonly name: string;
  readonly version: string;
  /** `wheel`: installed as it is. `sdist`: built into a wheel, on the host when it is pure Python. */
  readonly kind: 'wheel' | 'sdist';
  readonly file: LockedFile;
  /** `container`: the sdist is not pure Python, and is compiled in a container of the target's distribution. */
  readonly build?: 'container';
  /** What compiling it takes, pinned as well: pip and the closure of `build-system.requires` (PEP 518), sorted by name. */
  readonly buildRequires?: readonly LockedDistribution[];
  /** Only for a distribution that was required by URL (PEP 440, direct references); without credentials. */
  readonly url?: string;
}

/** What a locked environment was resolved from; a change of any of it makes the lock stale. */
export interface LockInputs {
  /** `3.6`. */
  readonly python: string;
  /** `2.17`. */
  readonly glibc: string;
  readonly architecture: string;
  /** Every requirement that the resolver was given, sorted: the application's own (with extras applied) and those of requirements files. */
  readonly requirements: readonly string[];
  readonly constraints: readonly string[];
  /** Index addresses of the manifest, without credentials. */
  readonly indexes: readonly string[];
  /** The lock of another tool that the versions were taken from: `uv.lock sha256:…`, the digest of what it pins here. */
  readonly lockFile?: string;
}

/** The closure of the application for one interpreter on one platform; the application itself is in it only when it came from an index. */
export interface LockedEnvironment {
  /** `cpython-3.6-glibc-2.17-x86_64`: what several distributions may share. */
  readonly key: string;
  readonly inputs: LockInputs;
  /** sha256 of the canonical inputs and distributions: shows an edit by hand. */
  readonly fingerprint: string;
  readonly distributions: readonly LockedDistribution[];
}

/** The contents of `coachbuilder.lock`. */
export interface Lock {
  readonly schemaVersion: 1;
  readonly environments: readonly LockedEnvironment[];
}

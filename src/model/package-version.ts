/**
 * The version of a package as dpkg and rpm know it: `[epoch:]version-release`.
 * Debian Policy 5.6.12 and rpm's `rpm-version(7)` give the comparison rules.
 */
export interface PackageVersion {
  /** 0 means "none": neither file names nor fields show it. */
  readonly epoch: number;
  /** The upstream part, such as `0.3.0`. */
  readonly version: string;
  /** The packaging part, such as `0.dev.1.307.gb6d6e9f.dirty` or `1.el7`; holds no hyphen. */
  readonly release: string;
}

/** `version-release`, as file names and documents write it: no epoch. */
export function versionRelease(version: PackageVersion): string {
  return `${version.version}-${version.release}`;
}

/** The full version as relations and the Version field of a control file write it: the epoch only when there is one. */
export function fullVersion(version: PackageVersion): string {
  return version.epoch === 0 ? versionRelease(version) : `${String(version.epoch)}:${versionRelease(version)}`;
}

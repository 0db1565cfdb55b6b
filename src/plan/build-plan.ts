import type { Distribution, PackagedPython } from '../distributions/distribution.ts';
import type { Manifest, PackageSettings } from '../manifest/manifest.ts';
import type { Architecture } from '../model/architecture.ts';
import type { PackageVersion } from '../model/package-version.ts';

/** The interpreter that a target's packages run with. */
export interface TargetInterpreter extends PackagedPython {
  /** `3.6`. */
  readonly minor: string;
}

/** One distribution on one architecture, and all that is decided about it before anything is fetched. */
export interface BuildTarget {
  /** `centos-7` or, where it is not the host's architecture, `centos-7/aarch64`: how reports name the target. */
  readonly label: string;
  /** Where below the destination the packages go: empty, or the distribution when names would clash with another target's. */
  readonly subdirectory: string;
  readonly distribution: Distribution;
  readonly architecture: Architecture;
  readonly interpreter: TargetInterpreter;
  /** The manifest with this target's overrides applied. */
  readonly manifest: Manifest;
  readonly version: PackageVersion;
  /** The packages to make of the tree; the first one is the main package. */
  readonly packages: readonly PlannedPackage[];
  /** The release package, when the manifest has one. */
  readonly release: PlannedRelease | undefined;
}

export interface PlannedPackage {
  readonly settings: PackageSettings;
  /** The format's own word: `amd64`, `noarch`. */
  readonly architecture: string;
  readonly fileName: string;
}

export interface PlannedRelease {
  readonly version: PackageVersion;
  readonly fileName: string;
}

export interface BuildPlan {
  readonly schemaVersion: 1;
  readonly targets: readonly BuildTarget[];
}

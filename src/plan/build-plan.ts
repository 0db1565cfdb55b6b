import type { Distribution, PackagedPython } from '../distributions/distribution.ts';
import type { InterpreterPart, Manifest, PackageSettings } from '../manifest/manifest.ts';
import type { Architecture } from '../model/architecture.ts';
import type { PackageVersion } from '../model/package-version.ts';

/** An interpreter that the target's distribution packages. */
interface PackagedInterpreter extends PackagedPython {
  /** `3.6`. */
  readonly minor: string;
  readonly bundle?: undefined;
}

/** Where a bundled interpreter comes from, and how much of it is taken. */
export interface InterpreterBundle {
  /** Absolute path or URL of a tar archive. */
  readonly archive: string;
  /** sha256 of the archive, hexadecimal. */
  readonly sha256: string;
  /** What is left out. */
  readonly prune: readonly InterpreterPart[];
}

/** An interpreter that lies below the prefix and belongs to the package. */
export interface BundledInterpreter {
  /** `3.12.3`. */
  readonly version: string;
  readonly minor: string;
  readonly package?: undefined;
  /** `/opt/fleet/python/bin/python3.12`. */
  readonly path: string;
  readonly bundle: InterpreterBundle;
}

/** The interpreter that a target's packages run with. */
export type TargetInterpreter = PackagedInterpreter | BundledInterpreter;

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
  /** The same in PEP 440's notation. */
  readonly pythonVersion: string;
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

/** A release package that the project describes itself: `release-packaging/<vendor>/` beside the manifest. */
export interface OwnRelease {
  /** `spec`: one for rpmbuild; `tree`: what dpkg-deb packs, with its `DEBIAN/control`. */
  readonly kind: 'spec' | 'tree';
  /** Absolute. */
  readonly directory: string;
  /** All files of the directory, absolute and sorted; for `spec` the spec is the first one. */
  readonly files: readonly [string, ...string[]];
}

export interface PlannedRelease {
  readonly version: PackageVersion;
  readonly fileName: string;
  /** Present when it is not ours to define. */
  readonly own?: OwnRelease;
}

export interface BuildPlan {
  readonly schemaVersion: 1;
  readonly targets: readonly BuildTarget[];
}

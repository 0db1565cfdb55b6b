import type { ToolPorts } from '../application/ports.ts';
import type { SourceArchive, SourceIdentity } from '../application/source-archive.ts';
import type { UsedImage } from '../containers/compiler-image.ts';
import type { LockedDistribution } from './lock.ts';
import type { TargetPlatform } from './platform.ts';

/** A wheel on this machine, and its digest. */
export interface BuiltWheel {
  readonly path: string;
  readonly sha256: string;
  /** Where it was compiled; absent for what was built without a container. */
  readonly compiledIn?: UsedImage;
}

/** A wheel that was compiled for a platform, and what that took. */
export interface CompiledWheel extends BuiltWheel {
  /** Pinned; sorted by name. */
  readonly requirements: readonly LockedDistribution[];
}

/** Whether a builder can compile for a platform. */
export type Compilability =
  | { readonly possible: true }
  | { readonly possible: false; readonly reasons: readonly string[]; readonly hint: string };

/** An archive as sdists are, and what its wheel has to be; undefined when only building tells that. */
export interface CompilableSource extends Pick<SourceArchive, 'path' | 'sha256' | 'subject'> {
  readonly identity: Pick<SourceIdentity, 'name' | 'version'> | undefined;
}

/** The port through which sdists are compiled for a target's interpreter and C library, which are not this machine's. */
export interface SdistBuilder {
  /** `auto`: only what is not pure Python comes here. `container`: every sdist. */
  readonly mode: 'auto' | 'container';
  canBuild(platform: TargetPlatform): Promise<Compilability>;
  /**
   * Builds a wheel. Requirements that `distribution.buildRequires` pins are used as they are, else they are resolved.
   * @throws CoachbuilderError `compile-failed`, `engine-failed`, `image-missing`, `hash-mismatch`, `disk-full`, `offline`,
   * and what resolving and gathering the requirements throw
   */
  build(distribution: LockedDistribution, platform: TargetPlatform, ports: LockPorts): Promise<CompiledWheel>;
  /** Builds a wheel of an application's own source, as {@link build} does; what that takes is resolved. */
  buildSource(source: CompilableSource, platform: TargetPlatform, ports: LockPorts): Promise<CompiledWheel>;
}

/** What locking and gathering work with. */
export interface LockPorts extends ToolPorts {
  /** Absolute directory in which wheels that were built are kept; absent: in the cache, as everything else. */
  readonly builtWheels?: string;
  /** Absent: nothing is compiled. */
  readonly sdistBuilder?: SdistBuilder;
}

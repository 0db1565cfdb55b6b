import type { UsedImage } from '../containers/compiler-image.ts';

/** A wheel on this machine whose content was checked against its pin. */
export interface WheelFile {
  /** Normalized (PEP 503). */
  readonly name: string;
  readonly version: string;
  /** Absolute. */
  readonly path: string;
  readonly sha256: string;
  /** Where it was compiled; absent for what came as a wheel or needed no compiler. */
  readonly compiledIn?: UsedImage;
}

/** Everything that goes into a tree: the application's wheel and one wheel for each locked distribution, sorted by name. */
export interface Wheelhouse {
  readonly wheels: readonly WheelFile[];
}

import type { CoreMetadata } from '../python/core-metadata.ts';
import type { ConsoleScript } from '../python/entry-points.ts';

/** What was given as the package URI. */
export type ApplicationSource =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'wheel'; readonly path: string }
  | { readonly kind: 'sdist'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'requirement'; readonly requirement: string };

/** The application as a wheel, and what the wheel says about itself. */
export interface Application {
  readonly source: ApplicationSource;
  /** Absolute path of the wheel. */
  readonly wheel: string;
  readonly sha256: string;
  readonly metadata: CoreMetadata;
  readonly scripts: readonly ConsoleScript[];
  /** Names of files in the wheel's `.data/scripts`, which land in `bin` as well. */
  readonly dataScripts: readonly string[];
  /** Seconds since 1970 of the source's last commit, or of the newest member of the wheel: the default SOURCE_DATE_EPOCH. */
  readonly epoch: number;
}

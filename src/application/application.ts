import type { UsedImage } from '../containers/compiler-image.ts';
import type { CoreMetadata } from '../python/core-metadata.ts';
import type { ConsoleScript } from '../python/entry-points.ts';
import type { ChangelogFile } from './changelog-file.ts';

/** What was given as the package URI. */
export type ApplicationSource =
  | {
      readonly kind: 'directory';
      readonly path: string;
      /** The repository of which the directory is a clean checkout that we made. */
      readonly origin?: GitOrigin;
    }
  | { readonly kind: 'wheel'; readonly path: string }
  | { readonly kind: 'sdist'; readonly path: string }
  | {
      readonly kind: 'url';
      /** Without credentials and fragment, once the application is built. */
      readonly url: string;
      /** Hexadecimal: what the file has, or has to have. */
      readonly sha256?: string;
    }
  | { readonly kind: 'requirement'; readonly requirement: string };

/** Where a checkout came from. */
export interface GitOrigin {
  /** Without credentials. */
  readonly url: string;
  /** The tag, branch or commit that was asked for; undefined for the repository's own choice. */
  readonly reference: string | undefined;
  readonly subdirectory: string;
  readonly commit: string;
}

/** The state of a checkout. */
export interface Commit {
  /** Hexadecimal. */
  readonly id: string;
  /** Whether a file that git knows differs from it. */
  readonly dirty: boolean;
  /** Whether there are files that git neither knows nor ignores, but for our own lock; they are built as well. */
  readonly untracked: boolean;
}

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
  /** What made the wheel, by its own word (`Generator` of WHEEL): the build backend and its version. */
  readonly generator?: string;
  /** Where it was compiled; absent for what needed no compiler. */
  readonly compiledIn?: UsedImage;
  /** What was checked out, for a directory in a git checkout. */
  readonly commit?: Commit;
  /** The changelog in the source, where it has one. */
  readonly changelog?: ChangelogFile;
}

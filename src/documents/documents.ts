import type { ChangelogFile } from '../application/changelog-file.ts';
import type { ChangelogEntry } from '../packages/definition.ts';
import type { Notice } from './notices.ts';

/** What a package tells about itself beside its relations. */
export interface Documents {
  /** The rights in what the package holds: the application's first, then those of the distributions in it. */
  readonly notices: readonly [Notice, ...Notice[]];
  /** The newest first, the package's own version; at least one. */
  readonly changelog: readonly ChangelogEntry[];
  /** The application's own changelog, as it is. */
  readonly changelogFile: ChangelogFile | undefined;
  /** `3.11`: the Python of the distributions in it. */
  readonly pythonMinor: string;
}

import type { TmpfilesDirectory } from './tmpfiles.ts';

/** Programs that have to be told when files of a package come or go. */
export type ReloadedProgram = 'rsyslog' | 'firewalld';

export interface TmpfilesPolicy {
  /** Name of the file below /usr/lib/tmpfiles.d; undefined where there is no systemd to read it. */
  readonly file: string | undefined;
  /** What the file makes, for where nothing reads it, and for the package's removal. */
  readonly directories: readonly TmpfilesDirectory[];
}

/** What the scripts of a package do for programs of the system. */
export interface IntegrationPolicy {
  readonly reloads: readonly ReloadedProgram[];
  readonly tmpfiles: TmpfilesPolicy | undefined;
}

/** Shells that complete commands by files of packages. */
export const completedShells = ['bash', 'zsh', 'fish'] as const;
export type CompletedShell = (typeof completedShells)[number];

export interface LogrotateOptions {
  /** Absolute patterns. */
  readonly paths: readonly string[];
  readonly frequency: string;
  /** Old files that are kept. */
  readonly rotate: number;
  /** `100M`. */
  readonly maxSize: string | undefined;
  readonly compress: boolean;
  readonly copyTruncate: boolean;
  /** How the new log file is made; undefined: as the old one was. */
  readonly create: { readonly mode: number; readonly owner: string; readonly group: string } | undefined;
  /** Shell lines. */
  readonly postrotate: string | undefined;
}

export type LogrotateSettings =
  | { readonly name: string; readonly source: string }
  | { readonly name: string; readonly source: undefined; readonly options: LogrotateOptions };

/** A port, or the ports from `first` to `last`. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
  readonly protocol: 'tcp' | 'udp';
}

export interface FirewallSettings {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly ports: readonly PortRange[];
  /** Absolute path of firewalld's file, when it is not written from the ports. */
  readonly firewalld: string | undefined;
  /** Absolute path of ufw's file, when it is not written from the ports. */
  readonly ufw: string | undefined;
}

export interface TmpfilesDirectorySettings {
  readonly path: string;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  /** After which files in it are deleted, in the words of tmpfiles.d(5). */
  readonly age: string | undefined;
}

export type TmpfilesSettings =
  | { readonly kind: 'file'; readonly source: string }
  | { readonly kind: 'directories'; readonly directories: readonly TmpfilesDirectorySettings[] };

export interface EnvironmentFileSettings {
  readonly name: string;
  readonly source: string;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
}

/**
 * What a package tells the programs of the system, in neutral terms: `formats/integration/` makes the files of each
 * family from it. Sources are absolute paths.
 */
export interface IntegrationSettings {
  readonly logrotate: readonly LogrotateSettings[];
  readonly rsyslog: readonly { readonly name: string; readonly source: string }[];
  readonly firewall: readonly FirewallSettings[];
  readonly tmpfiles: TmpfilesSettings | undefined;
  readonly environmentFiles: readonly EnvironmentFileSettings[];
  readonly manPages: readonly { readonly source: string; readonly language: string | undefined }[];
  readonly completions: readonly {
    readonly command: string;
    readonly shell: CompletedShell;
    readonly source: string;
  }[];
}

/** Absolute paths of the files that the settings take from beside the manifest. */
export function integrationSources(settings: IntegrationSettings): readonly string[] {
  const { logrotate, rsyslog, firewall, tmpfiles, environmentFiles, manPages, completions } = settings;
  return [
    ...logrotate.map(({ source }) => source),
    ...rsyslog.map(({ source }) => source),
    ...firewall.flatMap(({ firewalld, ufw }) => [firewalld, ufw]),
    tmpfiles?.kind === 'file' ? tmpfiles.source : undefined,
    ...environmentFiles.map(({ source }) => source),
    ...manPages.map(({ source }) => source),
    ...completions.map(({ source }) => source),
  ].filter((source) => source !== undefined);
}

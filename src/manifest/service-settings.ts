/*
 * Services and accounts as a manifest says them, after defaults and overrides: a part of what a package is.
 */

/** The kinds of units that a package can bring: systemd.unit(5), without those that only systemd itself makes. */
export const unitSuffixes = [
  ...['service', 'socket', 'timer', 'path', 'target'],
  ...['mount', 'automount', 'swap', 'slice'],
] as const satisfies readonly string[];

export const serviceTypes = ['simple', 'exec', 'forking', 'oneshot', 'notify'] as const;
export type ServiceType = (typeof serviceTypes)[number];

export const restartPolicies = ['no', 'on-failure', 'on-abnormal', 'on-abort', 'on-success', 'always'] as const;
export type RestartPolicy = (typeof restartPolicies)[number];

/** Directories that a service writes to; each lies in a place of its own kind (FHS 3.0, chapters 3.15 and 5). */
export const serviceDirectoryParents = {
  state: '/var/lib',
  log: '/var/log',
  cache: '/var/cache',
  runtime: '/run',
} as const;
export type ServiceDirectoryKind = keyof typeof serviceDirectoryParents;

export interface ServiceDirectory {
  readonly kind: ServiceDirectoryKind;
  /** Below the parent of its kind, without a slash at either end. */
  readonly name: string;
}

/** How a service runs, for one that has no files of its own. */
export interface ServiceCommand {
  /** The program first: an absolute path, or the name of a script of the virtual environment. Literal words. */
  readonly words: readonly string[];
  readonly type: ServiceType;
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute paths; one that begins with `-` may be missing. */
  readonly environmentFiles: readonly string[];
  readonly workingDirectory: string | undefined;
  readonly restart: RestartPolicy;
  /** Units that it is started after. */
  readonly after: readonly string[];
  /** Directives of systemd's that confine it; empty for none. */
  readonly hardening: Readonly<Record<string, string>>;
}

/** What the package manager does with a service. */
export interface ServicePolicy {
  /** `preset`: as the distribution's presets say (systemd.preset(5)). */
  readonly enable: boolean | 'preset';
  /** Whether an enabled service is started when its package is installed for the first time. */
  readonly start: boolean;
  readonly restartOnUpgrade: boolean;
  /** Whether it is stopped before the new version's files are unpacked, rather than restarted afterwards. */
  readonly stopOnUpgrade: boolean;
}

export interface ServiceSettings extends ServicePolicy {
  /** Without suffix; ends with `@` for a template. */
  readonly name: string;
  /** One of {@link unitSuffixes}. */
  readonly suffix: string;
  /** One line. */
  readonly description: string;
  /** Absolute paths of the application's own files, by init system. */
  readonly files: Readonly<Partial<Record<'systemd' | 'upstart' | 'sysv', string>>>;
  /** Undefined when its own unit file says it. */
  readonly command: ServiceCommand | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly directories: readonly ServiceDirectory[];
}

/** A system user that a package needs. */
export interface UserSettings {
  readonly name: string;
  readonly uid: number | undefined;
  /** The primary group; by its own name unless told otherwise. */
  readonly group: string;
  /** Further groups. */
  readonly groups: readonly string[];
  readonly comment: string;
  readonly home: string;
  /** Undefined: one that lets nobody in. */
  readonly shell: string | undefined;
}

/** A system group that a package needs. */
export interface GroupSettings {
  readonly name: string;
  readonly gid: number | undefined;
}

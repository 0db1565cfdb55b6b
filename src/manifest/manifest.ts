import type { Distribution } from '../distributions/distribution.ts';
import type { IntegrationSettings } from './integration/settings.ts';
import type { RepositorySettings } from './repository-settings.ts';
import type { GroupSettings, ServiceSettings, UserSettings } from './service-settings.ts';
import type { HealthSettings, SlimSettings } from './tree-settings.ts';
import type { Linter, PackageArchitecture, PackageFormat } from '../model/format.ts';

/**
 * The manifest after defaults, the wheel's metadata and one target's overrides were filled in: what the rest of the
 * house works with. Nothing here is optional that has a default.
 */
export interface Manifest {
  /** Normalized (PEP 503) application name. */
  readonly name: string;
  /** Absolute path of the installed virtual environment, such as `/opt/fleet`. */
  readonly prefix: string;
  readonly vendor: string;
  /** `Name <address>`. */
  readonly maintainer: string;
  /** SPDX expression, or what the metadata said. */
  readonly license: string;
  readonly url: string | undefined;
  readonly summary: string;
  readonly description: string;
  readonly epoch: number;
  readonly version: VersionSettings;
  /** What the changelogs of the packages are made of. */
  readonly changelog: ChangelogSettings;
  /** Debian section and RPM group. */
  readonly categories: Readonly<Record<PackageFormat, string>>;
  readonly packagePrefix: string;
  /** Whether the distribution's tag is appended to the release. */
  readonly distributionTag: boolean;
  readonly python: PythonSettings;
  /** By SONAME; libraries that it does not name are required. */
  readonly libraries: Readonly<Record<string, LibrarySettings>>;
  readonly slim: SlimSettings;
  readonly health: HealthSettings;
  /** In the order of the manifest; the first one is `main`. */
  readonly packages: readonly PackageSettings[];
  readonly release: ReleaseSettings | undefined;
  readonly lint: LintSettings;
  /** Shell commands that prove that installed packages work; undefined: every program is asked for its version. */
  readonly tests: readonly string[] | undefined;
  /** Where relative paths of the manifest start: absolute. */
  readonly directory: string;
  /** The manifest's own file, absolute; undefined when there is none. */
  readonly file: string | undefined;
}

/** Parts of a bundled interpreter that most applications have no use for. */
export const interpreterParts = ['tests', 'idle', 'tkinter', 'ensurepip', 'development'] as const;
export type InterpreterPart = (typeof interpreterParts)[number];

/** A relocatable CPython that becomes a part of the package. */
export interface BundledInterpreterSettings {
  readonly kind: 'bundled';
  /** `3.12.3`. */
  readonly version: string;
  /** Absolute path or URL of the archive; `{version}`, `{minor}`, `{build}`, `{architecture}` and `{triple}` stand in it. */
  readonly archive: string;
  readonly build: string | undefined;
  /** sha256 (hexadecimal) of the archive: one for all architectures, or one each. */
  readonly sha256: string | Readonly<Record<string, string>>;
  /** What is left out of the package. */
  readonly prune: readonly InterpreterPart[];
}

export type InterpreterSettings =
  | { readonly kind: 'system' }
  | { readonly kind: 'packaged'; readonly package: string; readonly path: string }
  | BundledInterpreterSettings;

/** Where the version of the packages comes from. */
export interface VersionSettings {
  readonly from: 'source' | 'git' | 'manifest';
  /** What stands before the version in the names of tags; undefined: nothing, or a `v`. */
  readonly tagPrefix: string | undefined;
  /** The version, when it comes from the manifest. */
  readonly value: string | undefined;
}

/** `auto`: the changelog in the source, else the tags of a checkout; `file` has an absolute path. */
export type ChangelogSettings =
  { readonly from: 'auto' | 'git' | 'none' } | { readonly from: 'file'; readonly path: string };

export interface PythonSettings {
  readonly interpreter: InterpreterSettings;
  /** Absolute paths of requirements files that are locked beside the application. */
  readonly requirements: readonly string[];
  /** Absolute paths of constraints files. */
  readonly constraints: readonly string[];
  readonly extras: readonly string[];
  /** Absolute path of another tool's lock, whose versions are packaged; undefined lets the resolver choose. */
  readonly lockFile: string | undefined;
  /** In order of preference; empty means: what pip and uv are configured with. No credentials. */
  readonly indexes: readonly string[];
  readonly bytecode: 'auto' | 'build' | 'install' | 'none';
}

export const libraryWords = ['require', 'recommend', 'ignore'] as const;
export type LibraryWord = (typeof libraryWords)[number];

/** What becomes of a shared library that files need and the package does not bring. */
export interface LibrarySettings {
  readonly as: LibraryWord;
  /** The package that has it; undefined: the one that our table names or, for rpm, the capability. */
  readonly package: Relation | undefined;
}

/** One package name with an optional version condition, in neutral notation. */
export interface Relation {
  readonly name: string;
  readonly condition: { readonly operator: '<' | '<=' | '=' | '>=' | '>'; readonly version: string } | undefined;
  /** Names that satisfy the relation instead, in order of preference. */
  readonly alternatives: readonly Omit<Relation, 'alternatives'>[];
}

export const relationKinds = ['depends', 'recommends', 'suggests', 'conflicts', 'replaces', 'provides'] as const;
export type RelationKind = (typeof relationKinds)[number];

export interface Link {
  /** Absolute path of the link. */
  readonly path: string;
  /** Name of a script in the prefix's `bin`, or an absolute path. */
  readonly target: string;
}

export interface FileSettings {
  /** Absolute path where the file is installed. */
  readonly path: string;
  /** Absolute path of the file to install. */
  readonly source: string;
  /** Absolute path of the directory that the manifest names, in which the file was found; absent for a file that it names. */
  readonly directory?: string;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  /** Kept when the administrator changed it: conffile, `%config(noreplace)`. */
  readonly configuration: boolean;
}

export interface DirectorySettings {
  readonly path: string;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
}

export const scriptHooks = [
  'before-install',
  'after-install',
  'before-upgrade',
  'after-upgrade',
  'before-remove',
  'after-remove',
  'after-purge',
] as const;
export type ScriptHook = (typeof scriptHooks)[number];

export interface PackageSettings {
  /** `main`, `cli`, `node`, or the user's word. */
  readonly id: string;
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly architecture: PackageArchitecture;
  readonly relations: Readonly<Record<RelationKind, readonly Relation[]>>;
  readonly links: readonly Link[];
  readonly files: readonly FileSettings[];
  readonly directories: readonly DirectorySettings[];
  /** Absolute paths of shell fragments. */
  readonly scripts: Readonly<Partial<Record<ScriptHook, string>>>;
  /** Installed paths, of this package, that are configuration beyond those marked in `files`. */
  readonly configurationFiles: readonly string[];
  /** What the package tells logrotate, rsyslog, the firewall and others of the system. */
  readonly integration: IntegrationSettings;
  readonly services: readonly ServiceSettings[];
  readonly users: readonly UserSettings[];
  readonly groups: readonly GroupSettings[];
}

/** A finding of a linter that is meant to be there. */
export interface LintOverrideSettings {
  readonly tag: string;
  /** Glob of absolute paths, in which `*` stands for slashes as well; undefined: wherever it is found. */
  readonly path: string | undefined;
  /** Undefined: whichever linter says it. */
  readonly linter: Linter | undefined;
  readonly reason: string;
}

export interface LintSettings {
  /** In the order of the manifest. */
  readonly overrides: readonly LintOverrideSettings[];
}

interface RepositoryChannel {
  /** Section of the .repo file and base name of the .sources file: `acme`, `acme-testing`. */
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  /** Appended to the vendor in the repository key: empty or `-testing`. */
  readonly suffix: string;
}

/** What the `<vendor>-release` package defines. */
export interface ReleaseSettings {
  readonly id: string;
  readonly name: string;
  readonly packageName: string;
  readonly version: string;
  /** No trailing slash. */
  readonly baseurl: string;
  /** Absolute path of the ASCII-armoured public key; undefined means an unsigned repository. */
  readonly key: string | undefined;
  readonly channels: readonly RepositoryChannel[];
  readonly repository: RepositorySettings;
}

/** What can be said for a part of the targets: a format, a vendor or one distribution; the later wins. */
export function selectorsOf(distribution: Distribution): readonly [PackageFormat, string, string] {
  return [distribution.format, distribution.vendor, distribution.id];
}

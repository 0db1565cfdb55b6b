/** Kinds of files that a program seldom needs at run time, and that can be left out by name. */
export const slimParts = [
  'tests',
  'headers',
  'static-libraries',
  'sources',
  'type-stubs',
  'duplicate-libraries',
] as const;
export type SlimPart = (typeof slimParts)[number];

/** What is left out of the tree, and how large it may be. By default nothing is left out. */
export interface SlimSettings {
  readonly remove: readonly SlimPart[];
  /** Globs; what they mean says `tree/tree-glob.ts`. */
  readonly exclude: readonly string[];
  /** Globs of what stays whatever `remove` and `locales` say. */
  readonly keep: readonly string[];
  /** Languages whose translations stay, such as `de` and `pt_BR`; undefined: all of them. */
  readonly locales: readonly string[] | undefined;
  /** Bytes that the files of the tree may have together. */
  readonly sizeLimit: number | undefined;
}

/** What is looked at in a finished tree. */
export const healthChecks = [
  'imports',
  'requirements',
  'record',
  'links',
  'build-paths',
  'credentials',
  'repositories',
  'caches',
  'names',
  'libraries',
] as const;
export type HealthCheck = (typeof healthChecks)[number];

/** A finding that somebody has looked at and can live with. */
export interface AcceptedFinding {
  readonly check: HealthCheck;
  /** Glob, as those of {@link SlimSettings}. */
  readonly path: string;
  /** For whoever reads the manifest next. */
  readonly reason: string;
}

export interface HealthSettings {
  /** Whether entry points are imported: where an interpreter is at hand, in any case, or not at all. */
  readonly imports: 'auto' | 'require' | 'never';
  readonly accept: readonly AcceptedFinding[];
}

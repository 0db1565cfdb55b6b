/** A path that a package holds. */
export interface PackagedPath {
  /** Absolute, without a slash at its end. */
  readonly path: string;
  readonly kind: 'directory' | 'file' | 'link';
  /** Whether somebody may execute it; true for links. */
  readonly executable: boolean;
}

/** What a package file says about itself, as the target's own package manager reads it. */
export interface PackageFacts {
  /** Absolute path of the file inside of the root. */
  readonly file: string;
  readonly name: string;
  /** As the package manager writes it, with epoch and release. */
  readonly version: string;
  readonly entries: readonly PackagedPath[];
  /** Paths that an administrator may have changed, and that therefore may outlive the package. */
  readonly configuration: readonly string[];
}

const kinds: Readonly<Record<string, PackagedPath['kind']>> = { '-': 'file', d: 'directory', l: 'link' };

/**
 * An entry from the mode as ls(1) shows it and the path as the package has it.
 * @returns undefined for the top itself, and for what is neither file nor directory nor link
 */
export function packagedPath(mode: string, path: string): PackagedPath | undefined {
  const absolute = `/${path.replace(/^\.?\/+/, '').replace(/\/+$/, '')}`;
  const kind = kinds[mode.charAt(0)];
  if (absolute === '/' || kind === undefined) return undefined;
  return { path: absolute, kind, executable: kind === 'link' || (kind === 'file' && /[xs]/.test(mode.slice(1))) };
}

/** The directories above a path, from the top; without `/`. */
export function ancestors(path: string): readonly string[] {
  const words = path.split('/').slice(1, -1);
  return words.map((_, index) => `/${words.slice(0, index + 1).join('/')}`);
}

/** Every path that the packages hold, once. */
export function pathsOf(packages: readonly PackageFacts[]): ReadonlySet<string> {
  return new Set(packages.flatMap(({ entries }) => entries.map(({ path }) => path)));
}

/** The virtual environments among the packages' directories (PEP 405: what holds a `pyvenv.cfg`). */
export function prefixesOf(packages: readonly PackageFacts[]): readonly string[] {
  const marker = '/pyvenv.cfg';
  return [...pathsOf(packages)].filter((path) => path.endsWith(marker)).map((path) => path.slice(0, -marker.length));
}

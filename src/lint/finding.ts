import type { Linter } from '../model/format.ts';

/** Something that a linter says about a package, at a level at which it matters: error or warning. */
export interface LintFinding {
  readonly linter: Linter;
  /** Name of the package. */
  readonly package: string;
  /** What kind of finding it is, in the linter's word: `no-manual-page`. */
  readonly tag: string;
  readonly severity: 'error' | 'warning';
  /** Absolute path on the target, without a slash at its end; undefined when the finding is about no file. */
  readonly path: string | undefined;
  /** What the linter says beside the tag; may be empty. */
  readonly note: string;
  /** Whether overrides in the package silence it: ours, or a file of overrides that the user installs. */
  readonly silenced: boolean;
}

/** A file that a linter has looked at. */
export interface LintedFile {
  /** As the linter names it. */
  readonly path: string;
  readonly findings: readonly RawFinding[];
}

/** A finding before it is known which package and path it is about. */
export interface RawFinding {
  readonly tag: string;
  readonly severity: 'error' | 'warning' | 'other';
  readonly note: string;
  /** The path that the linter names apart from the note, as it names it. */
  readonly pointer: string | undefined;
  readonly silenced: boolean;
}

/** `opt/fleet/` as lintian writes it, `/opt/fleet` as we do. */
function absolute(path: string): string {
  return `/${path.replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '')}`;
}

/**
 * The path that a note speaks of: its first word that is a path of the package, else a path with spaces that it begins
 * with. What else is in a note looks like a path as well: addresses, interpreters, files that are missing.
 */
function pathInNote(note: string, paths: ReadonlySet<string>): string | undefined {
  const isPath = (word: string): boolean => word.includes('/') && paths.has(absolute(word));
  const word = note.split(/[\s:]+/).find(isPath);
  if (word !== undefined) return absolute(word);
  const words = note.split(' ');
  for (let count = words.length; count > 1; count -= 1) {
    const beginning = words.slice(0, count).join(' ');
    if (isPath(beginning)) return absolute(beginning);
  }
  return undefined;
}

/** Where a finding is: what the linter points at, else what its note names. */
export function placeOf(raw: Pick<RawFinding, 'note' | 'pointer'>, paths: ReadonlySet<string>): string | undefined {
  return raw.pointer === undefined ? pathInNote(raw.note, paths) : absolute(raw.pointer);
}

import type { LintOverrideSettings } from '../manifest/manifest.ts';
import type { Linter } from '../model/format.ts';
import type { LintFinding } from './finding.ts';

/** A finding that is meant to be there, and why. */
export interface LintOverride {
  /** Undefined: whichever linter says it. */
  readonly linter: Linter | undefined;
  readonly tag: string;
  /** Glob of absolute paths: `*` stands for any characters, slashes included, `?` for one. Undefined: wherever it is. */
  readonly path: string | undefined;
  /** Glob of what the linter says beside the tag, for findings that are about no file. */
  readonly note: string | undefined;
  /** One line. */
  readonly reason: string;
  /** What the manifest says; undefined for one of ours. */
  readonly origin: LintOverrideSettings | undefined;
}

const patterns = new Map<string, RegExp>();

/** A glob as a regular expression's source. */
export function globSource(glob: string): string {
  return glob
    .replace(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
}

/** Whether a glob stands for a text, all of it. */
export function matchesGlob(glob: string, text: string): boolean {
  const pattern = patterns.get(glob) ?? new RegExp(`^${globSource(glob)}$`, 's');
  patterns.set(glob, pattern);
  return pattern.test(text);
}

/** An override of the manifest; it is for every package. */
export function manifestOverride(settings: LintOverrideSettings): LintOverride {
  const { linter, tag, path, reason } = settings;
  return { linter, tag, path, note: undefined, reason, origin: settings };
}

/** Whether an override covers a finding. */
export function covers(override: LintOverride, finding: LintFinding): boolean {
  const { linter, tag, path, note } = override;
  if (tag !== finding.tag || (linter !== undefined && linter !== finding.linter)) return false;
  if (path !== undefined && (finding.path === undefined || !matchesGlob(path, finding.path))) return false;
  return note === undefined || matchesGlob(note, finding.note);
}

/** Which overrides of a manifest a run has needed, over all of its targets. */
export class OverrideTally {
  readonly #used = new Set<string>();

  /** Two targets read a manifest each: what is written decides whether an override is the same. */
  static #key({ linter, tag, path, reason }: LintOverrideSettings): string {
    return JSON.stringify([linter, tag, path, reason]);
  }

  use(override: LintOverride): void {
    if (override.origin !== undefined) this.#used.add(OverrideTally.#key(override.origin));
  }

  isUsed(settings: LintOverrideSettings): boolean {
    return this.#used.has(OverrideTally.#key(settings));
  }
}

import type { Diagnostic } from '../errors/diagnostic.ts';
import type { ManifestPath, Places } from './places.ts';

/** Something to say about a part of a manifest. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly path: ManifestPath;
  /** Whether the key or (by default) its value is meant. */
  readonly part?: 'key' | 'value';
  readonly message: string;
  readonly hint?: string;
}

/** Gives a finding the place in the file. */
export function toDiagnostic(finding: Finding, file: string, places: Places): Diagnostic {
  const { line, column } = places.locate(finding.path, finding.part);
  return {
    severity: finding.severity,
    message: finding.message,
    file,
    line,
    column,
    ...(finding.hint === undefined ? {} : { hint: finding.hint }),
  };
}

/** In the order of the file; of two that say the same of the same place, one. */
export function arrangeDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const unique = new Map(
    diagnostics.map((each) => [JSON.stringify([each.line, each.column, each.severity, each.message]), each]),
  );
  return [...unique.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** What a path is called in a sentence: `"name"`, `entry 2 of "depends"`, `the manifest`. */
export function nameOf(path: ManifestPath): string {
  const last = path.at(-1);
  if (last === undefined) return 'the manifest';
  return typeof last === 'number' ? `entry ${String(last + 1)} of ${nameOf(path.slice(0, -1))}` : `"${last}"`;
}

/** A problem at a place in a file that a person wrote. Lines and columns count from 1. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What to do about it. */
  readonly hint?: string;
}

/** `file:line:column: severity: message`, and the hint on a line of its own: the form that editors can jump to. */
export function renderDiagnostic(diagnostic: Diagnostic): string {
  const place = `${diagnostic.file}:${String(diagnostic.line)}:${String(diagnostic.column)}`;
  const first = `${place}: ${diagnostic.severity}: ${diagnostic.message}`;
  return diagnostic.hint === undefined ? first : `${first}\n    ${diagnostic.hint}`;
}

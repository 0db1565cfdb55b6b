import type { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { renderDiagnostic } from '../errors/diagnostic.ts';

function causes(error: Error): string[] {
  const lines: string[] = [];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    lines.push(`caused by: ${cause.message}`);
  }
  return lines;
}

/**
 * An error as a person reads it, without a final newline: the problems of a file each at its place, or the code and
 * the sentence; then causes and further facts; last, after a blank line, what to do.
 */
export function errorText(error: CoachbuilderError): string {
  const lines = error.diagnostics.map(renderDiagnostic);
  lines.push(`error[${error.code}]: ${error.message}`);
  lines.push(...causes(error).map((line) => `  ${line}`));
  lines.push(...error.details.map((line) => `  ${line}`));
  if (error.hint !== undefined) lines.push('', `hint: ${error.hint}`);
  return lines.join('\n');
}

/** What is shown for an error that nobody foresaw: enough for a useful report. */
export function defectText(error: unknown): string {
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `${trace}\n\nThis is a defect of Coachbuilder, not of what you asked for. Please report it with the lines above.`;
}

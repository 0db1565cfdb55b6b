import type { Diagnostic } from './diagnostic.ts';
import type { ErrorCode } from './codes.ts';

export interface CoachbuilderErrorOptions {
  /** What to do, in the imperative. */
  readonly hint?: string;
  /** Further facts, a line each: the last lines of a tool's output, the candidates, the path of a log. */
  readonly details?: readonly string[];
  /** All that is wrong with a file, when the error stands for several problems. */
  readonly diagnostics?: readonly Diagnostic[];
  readonly cause?: unknown;
}

/**
 * The one class of error for people: a stable code, what is wrong, where, and what to do.
 * Anything else that is thrown is a defect of ours.
 */
export class CoachbuilderError extends Error {
  override readonly name = 'CoachbuilderError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: readonly string[];
  readonly diagnostics: readonly Diagnostic[];

  constructor(code: ErrorCode, message: string, options: CoachbuilderErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? [];
    this.diagnostics = options.diagnostics ?? [];
  }

  /** The same error with further facts after its own. */
  withDetails(...more: readonly string[]): CoachbuilderError {
    const { code, message, hint, details, diagnostics, cause } = this;
    return new CoachbuilderError(code, message, {
      ...(hint === undefined ? {} : { hint }),
      details: [...details, ...more],
      diagnostics,
      cause,
    });
  }
}

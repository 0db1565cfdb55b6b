import type { CheckResult } from './result.ts';

/** What came of a check, before it is known how long it took. */
export type Verdict = Pick<CheckResult, 'outcome' | 'message' | 'output'>;

export const passed: Verdict = { outcome: 'passed', message: undefined, output: [] };

export function failed(message: string, output: readonly string[] = []): Verdict {
  return { outcome: 'failed', message, output };
}

export function skipped(message: string): Verdict {
  return { outcome: 'skipped', message, output: [] };
}

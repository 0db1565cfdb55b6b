import type { Story } from './plan-checks.ts';

/** What came of a check. */
export interface CheckResult {
  readonly story: Story;
  readonly title: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Milliseconds. */
  readonly duration: number;
  /** Why it failed or was skipped, in one line. */
  readonly message: string | undefined;
  /** The last lines of what was printed, when that explains a failure. */
  readonly output: readonly string[];
}

/** What came of the checks of the packages of one distribution. */
export interface TestReport {
  /** The distribution's id. */
  readonly distribution: string;
  /** Where they were installed, for people. */
  readonly root: string;
  /** The package manager's name. */
  readonly packageManager: string;
  /** `name version`, each. */
  readonly packages: readonly string[];
  readonly results: readonly CheckResult[];
}

export function countOf(report: Pick<TestReport, 'results'>, outcome: CheckResult['outcome']): number {
  return report.results.filter((result) => result.outcome === outcome).length;
}

import type { AcceptedFinding } from '../../manifest/tree-settings.ts';
import { compileTreeGlob, type TreePlaces } from '../../tree/tree-glob.ts';
import type { AcceptedHealthFinding, HealthFinding } from './finding.ts';

export interface Sifted {
  readonly errors: readonly HealthFinding[];
  readonly warnings: readonly HealthFinding[];
  readonly accepted: readonly AcceptedHealthFinding[];
  /** What nothing that was found matches: it accepts what is not there (any more). */
  readonly idle: readonly AcceptedFinding[];
}

/** Takes out of the findings what the manifest accepts. */
export function sift(
  findings: readonly HealthFinding[],
  accept: readonly AcceptedFinding[],
  places: TreePlaces,
): Sifted {
  const rules = accept.map((rule) => ({ rule, matches: compileTreeGlob(rule.path, places), used: false }));
  const rest: HealthFinding[] = [];
  const accepted: AcceptedHealthFinding[] = [];
  for (const finding of findings) {
    const fitting = rules.filter(({ rule, matches }) => rule.check === finding.check && matches(finding.path));
    for (const rule of fitting) rule.used = true;
    const [first] = fitting;
    if (first === undefined) rest.push(finding);
    else accepted.push({ ...finding, reason: first.rule.reason });
  }
  return {
    errors: rest.filter(({ severity }) => severity === 'error'),
    warnings: rest.filter(({ severity }) => severity === 'warning'),
    accepted,
    idle: rules.filter(({ used }) => !used).map(({ rule }) => rule),
  };
}

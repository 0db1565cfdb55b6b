import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import type { HealthFinding } from './finding.ts';

/** How many findings an error shows of each check. */
const shown = 20;

/**
 * One error for all that is wrong; undefined when nothing is.
 * @param subject what was looked over: `the virtual environment for Debian 12`
 */
export function healthError(errors: readonly HealthFinding[], subject: string): CoachbuilderError | undefined {
  const [first] = errors;
  if (first === undefined) return undefined;
  const hints = [...new Set(errors.flatMap(({ hint }) => hint ?? []))];
  const hint = hints[0] ?? 'if it is no harm, accept it with a reason in health.accept of the manifest';
  if (errors.length === 1) return new CoachbuilderError('health-check-failed', first.message, { hint });
  const counts = new Map<string, number>();
  const details: string[] = [];
  for (const { check, message } of errors) {
    const count = (counts.get(check) ?? 0) + 1;
    counts.set(check, count);
    if (count <= shown) details.push(`${check}: ${message}`);
  }
  for (const [check, count] of counts) {
    if (count > shown) details.push(`${check}: and ${String(count - shown)} more`);
  }
  return new CoachbuilderError(
    'health-check-failed',
    `${subject} is not fit to be packaged: ${String(errors.length)} findings`,
    { hint: hints.length > 1 ? hints.join('; ') : hint, details },
  );
}

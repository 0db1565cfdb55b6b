import type { HealthCheck } from '../../manifest/tree-settings.ts';
import { sortByBytes } from '../../tree/byte-order.ts';

/** Something about a finished tree that should not be so. */
export interface HealthFinding {
  readonly check: HealthCheck;
  /** Errors fail the build; warnings are told. */
  readonly severity: 'error' | 'warning';
  /** Absolute path on the target: what an accepted finding is recognised by. */
  readonly path: string;
  /** One sentence without a full stop, which names the path and whom it belongs to. */
  readonly message: string;
  /** What to do about it, in the imperative. */
  readonly hint?: string;
}

/** A finding that the manifest accepts, with its reason. */
export interface AcceptedHealthFinding extends HealthFinding {
  readonly reason: string;
}

/** By path, in byte order, so that an error reads the same wherever it comes up. */
export function sortFindings<Finding extends HealthFinding>(findings: readonly Finding[]): Finding[] {
  return sortByBytes(findings, ({ path, check, message }) => `${path}\0${check}\0${message}`);
}

/** `of tornado`, for messages; nothing for what belongs to the environment itself. */
export function ownerOf(distribution: string | undefined): string {
  return distribution === undefined ? '' : ` (of ${distribution})`;
}

import type { Redactor } from '../report/redact.ts';
import type { Reporter } from '../report/event.ts';
import type { ChildEnvironments, CommandRunner } from '../system/command.ts';

/**
 * What building, resolving and gathering work with. `environments.network` is the one that
 * `lock/index-settings.ts` made: it holds the user's indexes and credentials, and nothing of pip's or uv's own files.
 */
export interface ToolPorts {
  readonly commands: CommandRunner;
  readonly environments: ChildEnvironments;
  readonly reporter: Reporter;
  readonly redactor: Redactor;
  /** Absolute; made when it is needed. */
  readonly cacheDirectory: string;
  /** Nothing may be downloaded. */
  readonly offline: boolean;
}

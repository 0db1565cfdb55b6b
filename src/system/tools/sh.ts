import { dirname } from 'node:path';

import type { CommandSpec } from '../command.ts';

/** Reads a script and runs nothing of it; sh(1), `-n`. */
export function shellSyntaxCommand(path: string, env: Readonly<Record<string, string>>): CommandSpec {
  return { tool: 'sh', args: ['-n', path], cwd: dirname(path), env };
}

import { dirname } from 'node:path';

import type { CommandSpec } from '../command.ts';

export interface XzCompression {
  readonly text: string;
  /** Absolute path of the file to write. */
  readonly output: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Compresses a text; xz(1). With one thread, because several make blocks, and other bytes on other machines. */
export function xzCommand({ text, output, env }: XzCompression): CommandSpec {
  return {
    tool: 'xz',
    args: ['--compress', '--stdout', '--format=xz', '--threads=1', '-6'],
    cwd: dirname(output),
    env,
    input: text,
    output,
  };
}

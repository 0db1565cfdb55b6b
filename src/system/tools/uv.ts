import type { ToolCall } from './git.ts';

/** Prints `uv X.Y.Z (…)`. */
export function uvVersion(uv: string): ToolCall {
  return { tool: uv, args: ['--version'] };
}

export interface UvCompile {
  /** The program: a name or an absolute path. */
  readonly uv: string;
  /** uv's name of the platform: `x86_64-manylinux_2_36`. */
  readonly platform: string;
  /** `3.11` or `3.11.2`. */
  readonly python: string;
  /** A constraints file; undefined when there are none: uv warns of an empty one. */
  readonly constraints: string | undefined;
  /** `none`: wheels only; `any`: sdists too; names: sdists of these projects and wheels of all others. */
  readonly source: 'none' | 'any' | readonly string[];
}

/** Resolves the requirements on standard input and prints a PEP 751 lock (`pylock.toml`). */
export function uvCompile(compile: UvCompile): ToolCall {
  return {
    tool: compile.uv,
    args: [
      'pip',
      'compile',
      '-',
      '--format',
      'pylock.toml',
      '--no-header',
      '--python-platform',
      compile.platform,
      '--python-version',
      compile.python,
      ...(compile.constraints === undefined ? [] : ['--constraints', compile.constraints]),
      ...(compile.source === 'any' ? [] : ['--only-binary', ':all:']),
      ...(typeof compile.source === 'string' ? [] : compile.source.flatMap((name) => ['--no-binary', name])),
    ],
  };
}

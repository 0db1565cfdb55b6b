import type { CommandSpec } from '../command.ts';

/** The program and its arguments; the caller adds directory and environment. */
export type ToolCall = Pick<CommandSpec, 'tool' | 'args'>;

/**
 * Keeps git from writing to a repository that it only reads: no refreshed index is stored (git(1), `GIT_OPTIONAL_LOCKS`).
 */
export const readOnlyGit = { GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' } as const;

/**
 * Prints, a line each: the top directory of the work tree; the absolute path of its own part of the repository (`HEAD`,
 * `index`); and the part that linked work trees share, relative to the current directory (gitrepository-layout(5)).
 */
export function gitLocations(): ToolCall {
  return { tool: 'git', args: ['rev-parse', '--show-toplevel', '--absolute-git-dir', '--git-common-dir'] };
}

/** Prints what belongs to a work tree, tracked or not, but not ignored: paths from the top, each ended by a null byte. */
export function gitFiles(): ToolCall {
  return { tool: 'git', args: ['ls-files', '--cached', '--others', '--exclude-standard', '-z'] };
}

/** Prints the time of the last commit, in seconds since 1970. */
export function gitCommitTime(): ToolCall {
  return { tool: 'git', args: ['log', '-1', '--format=%ct'] };
}

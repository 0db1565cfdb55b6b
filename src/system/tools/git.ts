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

/** Prints the address of the remote `origin`; fails when there is none. */
export function gitOrigin(): ToolCall {
  return { tool: 'git', args: ['config', '--get', 'remote.origin.url'] };
}

/** Prints where below the top of the work tree the current directory is, with a slash at its end; nothing at the top. */
export function gitPrefix(): ToolCall {
  return { tool: 'git', args: ['rev-parse', '--show-prefix'] };
}

/** Prints the time of the last commit, in seconds since 1970. */
export function gitCommitTime(): ToolCall {
  return { tool: 'git', args: ['log', '-1', '--format=%ct'] };
}

/** Makes an empty bare repository, without the hooks of a template. */
export function gitInitBare(directory: string): ToolCall {
  return { tool: 'git', args: ['init', '--quiet', '--bare', '--template=', directory] };
}

/** Brings references of another repository into this one; those that it has no more go. */
export function gitFetch(url: string, references: readonly string[]): ToolCall {
  return { tool: 'git', args: ['fetch', '--quiet', '--prune', '--no-tags', '--force', '--', url, ...references] };
}

/** Forgets a reference; one that is not there is no error. */
export function gitForgetReference(reference: string): ToolCall {
  return { tool: 'git', args: ['update-ref', '-d', reference] };
}

/** Prints the id of the commit that a name or an id means; fails silently when there is none. */
export function gitCommitId(name = 'HEAD'): ToolCall {
  return { tool: 'git', args: ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`] };
}

/** Makes a clean work tree of a commit in a directory that is not there yet, or empty. */
export function gitAddWorktree(directory: string, commit: string): ToolCall {
  return { tool: 'git', args: ['worktree', 'add', '--quiet', '--force', '--detach', directory, commit] };
}

/** Forgets the work trees whose directories are gone. */
export function gitPruneWorktrees(): ToolCall {
  return { tool: 'git', args: ['worktree', 'prune'] };
}

/** Prints the submodules that `.gitmodules` declares, as `submodule.<name>.path` or `.url`, a newline, the value, a null byte. */
export function gitSubmodules(): ToolCall {
  return {
    tool: 'git',
    args: ['config', '--file', '.gitmodules', '-z', '--get-regexp', String.raw`^submodule\..*\.(path|url)$`],
  };
}

/** Prints every entry of the checked-out commit's tree: mode, kind, id, a tab, the path, a null byte. */
export function gitTree(): ToolCall {
  return { tool: 'git', args: ['ls-tree', '-r', '-z', '--full-tree', 'HEAD'] };
}

/**
 * Prints the nearest tag, the commits since and the commit: `v1.2-3-gabc1234`, with `-dirty` when a tracked file differs.
 * @param patterns globs of which a tag has to match one
 */
export function gitDescribe(patterns: readonly string[]): ToolCall {
  const match = patterns.flatMap((pattern) => ['--match', pattern]);
  return { tool: 'git', args: ['describe', '--tags', '--long', '--dirty', '--abbrev=7', ...match] };
}

/** Prints a line for every file that differs from the last commit; `??` marks those that git does not know. */
export function gitStatus(): ToolCall {
  return { tool: 'git', args: ['status', '--porcelain'] };
}

/** Prints `true` when commits are missing from the clone; a git before 2.15 prints the option. */
export function gitIsShallow(): ToolCall {
  return { tool: 'git', args: ['rev-parse', '--is-shallow-repository'] };
}

/**
 * Prints a line for every tag that leads to the checked-out commit: when it was made (seconds since 1970), a space, its name.
 * @param patterns globs of which a tag has to match one
 */
export function gitMergedTags(patterns: readonly string[]): ToolCall {
  const format = '--format=%(creatordate:unix) %(refname:strip=2)';
  return { tool: 'git', args: ['tag', '--merged', 'HEAD', format, '--list', ...patterns] };
}

/**
 * Prints the first line of every commit that changed something below the current directory, the newest first, without merges.
 * @param since a tag: its commits are left out; undefined: back to the beginning
 * @param until a tag; undefined: the checked-out commit
 */
export function gitSubjects(since: string | undefined, until: string | undefined): ToolCall {
  const end = until === undefined ? 'HEAD' : `refs/tags/${until}`;
  const range = since === undefined ? end : `refs/tags/${since}..${end}`;
  return { tool: 'git', args: ['log', '--no-merges', '--format=%s', '--max-count=200', range, '--', '.'] };
}

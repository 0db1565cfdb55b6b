import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { formatVersion, tryParseVersion } from '../python/version.ts';
import { gitCommitId, gitDescribe, gitStatus, readOnlyGit, type ToolCall } from '../system/tools/git.ts';
import type { Commit } from './application.ts';
import { lastLines } from './host-build.ts';
import type { ToolPorts } from './ports.ts';

async function tryGit(
  call: ToolCall,
  directory: string,
  ports: ToolPorts,
): ReturnType<ToolPorts['commands']['tryRun']> {
  const env = { ...ports.environments.base, ...readOnlyGit };
  return ports.commands.tryRun({ ...call, cwd: directory, env });
}

/** Our own lock before it is committed: every build beside a manifest leaves one. */
const ownLock = /^\?\? (?:.*\/)?coachbuilder\.lock$/;

/**
 * The commit that a directory has checked out.
 * @returns undefined outside of git, before the first commit, and where git is not installed
 */
export async function readCommit(directory: string, ports: ToolPorts): Promise<Commit | undefined> {
  try {
    const head = await tryGit(gitCommitId(), directory, ports);
    if (head.exitCode !== 0) return undefined;
    const status = await tryGit(gitStatus(), directory, ports);
    const lines = status.stdout.split('\n').filter((line) => line !== '');
    const unknown = lines.filter((line) => line.startsWith('??'));
    const untracked = unknown.filter((line) => !ownLock.test(line));
    return { id: head.stdout.trim(), dirty: lines.length > unknown.length, untracked: untracked.length > 0 };
  } catch (error) {
    if (error instanceof CoachbuilderError && error.code === 'tool-missing') return undefined;
    throw error;
  }
}

/**
 * The version that `git describe --long --dirty` tells: `v1.2-0-gabc1234` is `1.2`, `v1.2-3-gabc1234-dirty` is
 * `1.2+3.gabc1234.dirty`. A tag's own local version is continued.
 * @param prefix what stands before the version in the tag; undefined for nothing, or a `v`, which PEP 440 allows
 * @returns undefined when the tag holds no version
 */
export function versionFromDescription(description: string, prefix: string | undefined): string | undefined {
  const match = /^(.+)-(\d+)-g([0-9a-f]+)(-dirty)?$/.exec(description.trim());
  if (match === null) return undefined;
  const [, tag = '', distance = '', commit = '', dirty] = match;
  const parsed = tryParseVersion(tag.slice(prefix?.length ?? 0));
  if (parsed === undefined) return undefined;
  const version = formatVersion(parsed);
  if (distance === '0' && dirty === undefined) return version;
  const separator = parsed.local.length === 0 ? '+' : '.';
  return `${version}${separator}${distance}.g${commit}${dirty === undefined ? '' : '.dirty'}`;
}

/**
 * The version of a checkout by its nearest tag.
 * @param directory absolute
 * @param prefix of the tags that count; undefined: those that begin with a digit, or with `v` and a digit
 * @throws CoachbuilderError `version-invalid` outside of git, without such a tag, or when the tag holds no version
 */
export async function describeVersion(
  directory: string,
  prefix: string | undefined,
  ports: ToolPorts,
): Promise<string> {
  const patterns = prefix === undefined ? ['[0-9]*', 'v[0-9]*'] : [`${prefix}[0-9]*`];
  const fail = (problem: string, hint: string, details: readonly string[] = []): never => {
    throw new CoachbuilderError('version-invalid', `version.from is "git", and ${problem}`, { hint, details });
  };
  const described = await tryGit(gitDescribe(patterns), directory, ports);
  if (described.exitCode !== 0) {
    const wanted = patterns.map((pattern) => `"${pattern}"`).join(' or ');
    if ((await readCommit(directory, ports)) === undefined) {
      return fail(
        `${directory} has no commit`,
        'package a git checkout, or give --package-version',
        lastLines(described.stderr, ports, 3),
      );
    }
    return fail(
      `no tag that matches ${wanted} leads to the commit of ${directory}`,
      'tag a commit, correct version.tag-prefix, or fetch what a shallow clone lacks: git fetch --unshallow --tags',
      lastLines(described.stderr, ports, 3),
    );
  }
  return (
    versionFromDescription(described.stdout, prefix) ??
    fail(
      `the nearest tag holds no version: ${described.stdout.trim()}`,
      'tag with a version that PEP 440 describes, or set version.tag-prefix',
    )
  );
}

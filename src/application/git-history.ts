import { compareVersions, tryParseVersion } from '../python/version.ts';
import { gitIsShallow, gitMergedTags, gitSubjects, readOnlyGit, type ToolCall } from '../system/tools/git.ts';
import type { ToolPorts } from './ports.ts';

/** The commits that led to a tag from the one before it. */
export interface TaggedCommits {
  /** PEP 440; undefined for what came after the last tag. */
  readonly version: string | undefined;
  /** When it was tagged, seconds since 1970. */
  readonly date: number | undefined;
  /** First lines, the newest first; merges left out. */
  readonly subjects: readonly string[];
}

export interface GitHistory {
  /** The newest first. */
  readonly releases: readonly TaggedCommits[];
  /** Whether the clone lacks commits, so that what is here differs from a whole one's. */
  readonly shallow: boolean;
}

/** More tags than a package's changelog shows. */
const mostTags = 12;

async function answer(call: ToolCall, directory: string, ports: ToolPorts): Promise<readonly string[]> {
  const env = { ...ports.environments.base, ...readOnlyGit };
  const result = await ports.commands.tryRun({ ...call, cwd: directory, env });
  return result.exitCode === 0 ? result.stdout.split('\n').filter((line) => line !== '') : [];
}

interface Tag {
  readonly name: string;
  readonly version: string;
  readonly date: number | undefined;
}

/** Tags that lead to the commit and hold a version, the newest first; of several for one version the first by name. */
async function versionTags(directory: string, prefix: string | undefined, ports: ToolPorts): Promise<readonly Tag[]> {
  const patterns = prefix === undefined ? ['[0-9]*', 'v[0-9]*'] : [`${prefix}[0-9]*`];
  const tags: Tag[] = [];
  for (const line of await answer(gitMergedTags(patterns), directory, ports)) {
    const [date = '', ...rest] = line.split(' ');
    const name = rest.join(' ');
    const version = name.slice(prefix?.length ?? 0).replace(/^v/i, '');
    if (tryParseVersion(version) === undefined) continue;
    tags.push({ name, version, date: /^\d+$/.test(date) ? Number(date) : undefined });
  }
  return tags
    .sort((a, b) => compareVersions(b.version, a.version) || (a.name < b.name ? -1 : 1))
    .filter((tag, index, all) => index === 0 || compareVersions(all[index - 1]?.version ?? '0', tag.version) !== 0);
}

/**
 * The history of a project by its tags: which commits below its directory each release added.
 * @param directory absolute, in a git checkout
 * @param prefix of the tags that count, as for `describeVersion`
 */
export async function readGitHistory(
  directory: string,
  prefix: string | undefined,
  ports: ToolPorts,
): Promise<GitHistory> {
  const [isShallow] = await answer(gitIsShallow(), directory, ports);
  const tags = await versionTags(directory, prefix, ports);
  const shown = tags.slice(0, mostTags);
  const subjects = async (since: Tag | undefined, until: Tag | undefined): Promise<readonly string[]> =>
    answer(gitSubjects(since?.name, until?.name), directory, ports);
  const releases: TaggedCommits[] = [];
  const fresh = await subjects(shown[0], undefined);
  if (fresh.length > 0) releases.push({ version: undefined, date: undefined, subjects: fresh });
  for (const [index, tag] of shown.entries()) {
    releases.push({ version: tag.version, date: tag.date, subjects: await subjects(tags[index + 1], tag) });
  }
  return { releases, shallow: isShallow === 'true' };
}

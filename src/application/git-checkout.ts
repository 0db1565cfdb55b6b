import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { withoutUrlCredentials } from '../report/redact.ts';
import { temporaryDirectory } from '../system/files.ts';
import { gitAddWorktree, gitPruneWorktrees, gitSubmodules, gitTree, type ToolCall } from '../system/tools/git.ts';
import type { GitOrigin } from './application.ts';
import { holdsCredentials, type GitAddress } from './git-address.ts';
import { gitEnvironment, mirrorCommit } from './git-mirror.ts';
import type { ToolPorts } from './ports.ts';

/** A clean checkout of a repository, gone when it is disposed of. */
export interface GitCheckout extends AsyncDisposable {
  /** Absolute: the project's directory. */
  readonly path: string;
  readonly origin: GitOrigin;
}

interface Submodule {
  /** Relative to the repository that it is part of. */
  readonly path: string;
  readonly url: string;
  readonly commit: string;
}

interface Repository {
  readonly url: string;
  readonly reference: string | undefined;
  /** Where its files go, absolute. */
  readonly directory: string;
}

/** Submodules of submodules, and so on: one that contains itself would never end. */
const deepest = 10;

async function git(call: ToolCall, repository: Repository, cwd: string, ports: ToolPorts): Promise<string> {
  return (await ports.commands.run({ ...call, cwd, env: gitEnvironment(repository.url, ports) })).stdout;
}

/**
 * The address of a submodule: one that begins with `./` or `../` is relative to that of its repository (gitmodules(5)).
 * @param base without a trailing slash
 */
export function submoduleUrl(url: string, base: string): string {
  if (!/^\.\.?\//.test(url)) return url;
  let result = base.replace(/\/+$/, '');
  let rest = url;
  for (;;) {
    if (rest.startsWith('./')) rest = rest.slice(2);
    else if (rest.startsWith('../')) {
      rest = rest.slice(3);
      result = result.replace(/[/:][^/:]*$/, '');
    } else return `${result}/${rest}`;
  }
}

/** Submodules with the commits that the checked-out commit has of them. */
async function listSubmodules(repository: Repository, ports: ToolPorts): Promise<readonly Submodule[]> {
  const tree = await git(gitTree(), repository, repository.directory, ports);
  const commits = new Map<string, string>();
  for (const entry of tree.split('\0')) {
    const [, commit, path] = /^160000 commit ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
    if (commit !== undefined && path !== undefined) commits.set(path, commit);
  }
  if (commits.size === 0) return [];
  const declared = await ports.commands.tryRun({
    ...gitSubmodules(),
    cwd: repository.directory,
    env: gitEnvironment(repository.url, ports),
  });
  const values = new Map<string, { path?: string; url?: string }>();
  for (const entry of declared.stdout.split('\0')) {
    const [, name, key, value] = /^submodule\.(.*)\.(path|url)\n(.*)$/s.exec(entry) ?? [];
    if (name !== undefined && value !== undefined)
      values.set(name, { ...values.get(name), [key === 'url' ? 'url' : 'path']: value });
  }
  return [...values.values()].flatMap(({ path = '', url = '' }) => {
    const commit = commits.get(path);
    return commit === undefined || url === '' ? [] : [{ path, url: submoduleUrl(url, repository.url), commit }];
  });
}

async function checkOutRepository(
  repository: Repository,
  around: { readonly depth: number; readonly mirrors: Set<string> },
  ports: ToolPorts,
): Promise<string> {
  if (holdsCredentials(repository.url) || /^-|^ext::/.test(repository.url)) {
    throw new CoachbuilderError(
      'source-unavailable',
      `the submodule ${withoutUrlCredentials(repository.url)} has an address that cannot be used`,
      { hint: 'give it an address without credentials in .gitmodules' },
    );
  }
  const { mirror, commit } = await mirrorCommit(repository.url, repository.reference, ports);
  around.mirrors.add(mirror);
  await git(gitAddWorktree(repository.directory, commit), repository, mirror, ports);
  for (const submodule of await listSubmodules(repository, ports)) {
    if (around.depth >= deepest) {
      throw new CoachbuilderError('source-unavailable', `the submodules of ${repository.url} do not come to an end`, {
        hint: 'take the submodule out that contains itself',
      });
    }
    const inner = {
      url: submodule.url,
      reference: submodule.commit,
      directory: join(repository.directory, submodule.path),
    };
    await checkOutRepository(inner, { ...around, depth: around.depth + 1 }, ports);
  }
  return commit;
}

/** Values of git's configuration in the environment that are sent along as they are, such as `http.extraHeader`. */
function registerSecrets(ports: ToolPorts): void {
  for (const [name, value] of Object.entries(ports.environments.network)) {
    const key = /^GIT_CONFIG_KEY_(\d+)$/.exec(name)?.[1];
    if (key === undefined || !/extraheader/i.test(value)) continue;
    const secret = ports.environments.network[`GIT_CONFIG_VALUE_${key}`] ?? '';
    for (const word of [secret, ...secret.split(/\s+/).slice(-1)]) ports.redactor.add(word);
  }
}

/**
 * Checks a repository out with its submodules: bare mirrors are kept in the cache, the work trees are new each time.
 * @throws CoachbuilderError `source-unavailable`, `offline`, `not-a-python-project` when there is no such subdirectory
 */
export async function checkOut(address: GitAddress, ports: ToolPorts): Promise<GitCheckout> {
  registerSecrets(ports);
  const scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'checkout');
  const mirrors = new Set<string>();
  const { url, reference, subdirectory } = address;
  const dispose = async (): Promise<void> => {
    await scratch[Symbol.asyncDispose]();
    for (const mirror of mirrors) {
      await ports.commands.tryRun({ ...gitPruneWorktrees(), cwd: mirror, env: gitEnvironment(url, ports) });
    }
  };
  try {
    const directory = join(scratch.path, 'source');
    const commit = await checkOutRepository({ url, reference, directory }, { depth: 0, mirrors }, ports);
    const path = join(directory, subdirectory);
    const facts = await stat(path).catch(() => undefined);
    if (facts?.isDirectory() !== true) {
      throw new CoachbuilderError('not-a-python-project', `${url} has no directory ${subdirectory} in ${commit}`, {
        hint: 'correct what stands behind #subdirectory=',
      });
    }
    return { path, origin: { url, reference, subdirectory, commit }, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

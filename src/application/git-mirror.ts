import { createHash } from 'node:crypto';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { CommandResult } from '../system/command.ts';
import { exists, isErrno, temporaryDirectory } from '../system/files.ts';
import { gitCommitId, gitFetch, gitForgetReference, gitInitBare, type ToolCall } from '../system/tools/git.ts';
import { lastLines } from './host-build.ts';
import type { ToolPorts } from './ports.ts';

/** A commit, and the bare repository in the cache that holds it. */
export interface MirroredCommit {
  /** Absolute. */
  readonly mirror: string;
  readonly commit: string;
}

/** Where the mirror keeps what the repository has checked out, since a fetch does not move a `HEAD`. */
const headReference = 'refs/coachbuilder/head';

const commitPattern = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * The environment in which git fetches: the user's own configuration and credentials, and no questions. (ssh asks on the
 * terminal only, which no child of ours has, or by SSH_ASKPASS, which is not passed on.) Only file
 * addresses may lead to files of this machine: a submodule of a repository that somebody else wrote must not (git(1),
 * `GIT_ALLOW_PROTOCOL`).
 */
export function gitEnvironment(url: string, ports: Pick<ToolPorts, 'environments'>): Readonly<Record<string, string>> {
  const protocols = ['https', 'http', 'ssh', 'git', ...(url.startsWith('file:') ? ['file'] : [])];
  return { ...ports.environments.network, GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: protocols.join(':') };
}

async function tryGit(call: ToolCall, directory: string, url: string, ports: ToolPorts): Promise<CommandResult> {
  return ports.commands.tryRun({ ...call, cwd: directory, env: gitEnvironment(url, ports) });
}

/**
 * What git says of http, ssh and forges when they let nobody in: not just any 401, which may be part of an address, nor
 * any "Permission denied", which is also said of files here.
 */
const refusal =
  /Authentication failed|could not read (?:Username|Password)|Permission denied \(|^remote: .*\bdenied\b|returned error: 40[13]\b/im;

/** What went wrong with a remote, by what git and ssh say in the C locale, and what to do. */
function explain(url: string, output: string): { readonly message: string; readonly hint: string } {
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(output)) {
    return {
      message: `the host of ${url} has another host key than the one that is known here`,
      hint: 'somebody may be in between: ask who runs the host whether its key changed, then take the old one out with "ssh-keygen -R"',
    };
  }
  if (/Host key verification failed/i.test(output)) {
    return {
      message: `the host of ${url} has a host key that is not known here`,
      hint: 'ask who runs the host for its key and put that into ~/.ssh/known_hosts, or connect once with ssh and compare the fingerprint',
    };
  }
  if (refusal.test(output)) {
    return {
      message: `the repository ${url} refused us`,
      hint: 'let git find the right credentials by itself: a credential helper, ~/.netrc, or an ssh key; "git ls-remote" with the address shows whether it does',
    };
  }
  return {
    message: `the repository ${url} cannot be fetched`,
    hint: 'check the address and the network; "git ls-remote" with the address shows what git says',
  };
}

function unavailable(url: string, output: string, ports: ToolPorts): CoachbuilderError {
  const { message, hint } = explain(url, output);
  return new CoachbuilderError('source-unavailable', message, { hint, details: lastLines(output, ports, 8) });
}

async function fetchAll(mirror: string, url: string, ports: ToolPorts): Promise<void> {
  const references = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
  let result = await tryGit(gitFetch(url, [...references, `+HEAD:${headReference}`]), mirror, url, ports);
  // A bare repository whose first branch has another name than its server's default has a HEAD that leads nowhere.
  if (result.exitCode !== 0 && /couldn't find remote ref HEAD/i.test(result.stderr)) {
    await tryGit(gitForgetReference(headReference), mirror, url, ports);
    result = await tryGit(gitFetch(url, references), mirror, url, ports);
  }
  if (result.exitCode !== 0) throw unavailable(url, `${result.stdout}\n${result.stderr}`, ports);
}

/** Makes the mirror, whole or not at all. */
async function createMirror(mirror: string, url: string, ports: ToolPorts): Promise<void> {
  await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'mirror');
  const repository = join(scratch.path, 'repository.git');
  const made = await tryGit(gitInitBare(repository), scratch.path, url, ports);
  if (made.exitCode !== 0) throw unavailable(url, made.stderr, ports);
  await fetchAll(repository, url, ports);
  await mkdir(dirname(mirror), { recursive: true });
  try {
    await rename(repository, mirror);
  } catch (error) {
    // Another run was faster.
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  }
}

/** A tag comes before a branch of the same name, as git itself has it (gitrevisions(7)). */
async function findCommit(
  mirror: string,
  reference: string | undefined,
  ports: ToolPorts,
): Promise<string | undefined> {
  const names =
    reference === undefined
      ? [headReference]
      : commitPattern.test(reference)
        ? [reference]
        : [
            ...(reference.startsWith('refs/') ? [reference] : []),
            `refs/tags/${reference}`,
            `refs/heads/${reference}`,
            ...(/^[0-9a-f]{7,}$/.test(reference) ? [reference] : []),
          ];
  for (const name of names) {
    const found = await tryGit(gitCommitId(name), mirror, '', ports);
    if (found.exitCode === 0) return found.stdout.trim();
  }
  return undefined;
}

/** Asks for one reference by its whole name or for one commit: servers keep some that no branch or tag leads to. */
async function fetchOne(mirror: string, url: string, reference: string, ports: ToolPorts): Promise<void> {
  if (!commitPattern.test(reference) && !reference.startsWith('refs/')) return;
  const wanted = commitPattern.test(reference) ? reference : `+${reference}:${reference}`;
  await tryGit(gitFetch(url, [wanted]), mirror, url, ports);
}

function unknownReference(url: string, reference: string | undefined, ports: ToolPorts): CoachbuilderError {
  const what = reference === undefined ? 'no HEAD that leads to a commit' : `no tag, branch or commit "${reference}"`;
  return ports.offline
    ? new CoachbuilderError('offline', `what was fetched of ${url} has ${what}, and --offline was given`, {
        hint: 'run once without --offline',
      })
    : new CoachbuilderError('source-unavailable', `the repository ${url} has ${what}`, {
        hint: `${reference === undefined ? 'name a branch or a tag behind "@"; ' : ''}"git ls-remote" with the address shows what it has`,
      });
}

/**
 * Brings a commit of a repository into the cache: a bare mirror for each address, brought up to date unless it is asked
 * for a whole commit id that it has already.
 * @param url without credentials
 * @param reference a tag, a branch, a whole commit id or the beginning of one; undefined for what the repository has checked out
 * @throws CoachbuilderError `source-unavailable`, `offline`
 */
export async function mirrorCommit(
  url: string,
  reference: string | undefined,
  ports: ToolPorts,
): Promise<MirroredCommit> {
  const key = createHash('sha256').update(url).digest('hex').slice(0, 32);
  const mirror = join(ports.cacheDirectory, 'git', `${key}.git`);
  const present = await exists(mirror);
  if (!present && ports.offline) {
    throw new CoachbuilderError('offline', `${url} would have to be fetched, and --offline was given`, {
      hint: 'run once without --offline; what was fetched stays in the cache',
    });
  }
  const known =
    present && (ports.offline || (reference !== undefined && commitPattern.test(reference)))
      ? await findCommit(mirror, reference, ports)
      : undefined;
  if (known !== undefined) return { mirror, commit: known };
  if (ports.offline) throw unknownReference(url, reference, ports);
  if (present) await fetchAll(mirror, url, ports);
  else await createMirror(mirror, url, ports);
  let commit = await findCommit(mirror, reference, ports);
  if (commit === undefined && reference !== undefined) {
    await fetchOne(mirror, url, reference, ports);
    commit = await findCommit(mirror, reference, ports);
  }
  if (commit === undefined) throw unknownReference(url, reference, ports);
  return { mirror, commit };
}

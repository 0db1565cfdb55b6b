import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { gitOrigin, gitPrefix, readOnlyGit, type ToolCall } from '../system/tools/git.ts';
import type { ToolPorts } from './ports.ts';

/** Where a checkout came from, as far as others can have it from there. */
export interface CheckoutOrigin {
  /** Address of the remote `origin`, without credentials; undefined when it has none, or one on this machine. */
  readonly url: string | undefined;
  /** Of the directory below the top of the work tree; empty for the top. */
  readonly subdirectory: string;
}

/**
 * An address as git takes it, as a URL that may be published: `git@host:path` becomes `ssh://git@host/path` (git-clone(1),
 * "GIT URLS"). The login name of ssh is part of the address, passwords and tokens are not.
 * @returns undefined for a place of this machine
 */
export function publishedAddress(address: string): string | undefined {
  const short = /^(?:(?<user>[\w.-]+)@)?(?<host>[\w.-]+):(?!\/\/)(?<path>.+)$/.exec(address)?.groups;
  const text =
    short === undefined
      ? address
      : `ssh://${short['user'] === undefined ? '' : `${short['user']}@`}${short['host'] ?? ''}/${(short['path'] ?? '').replace(/^\/+/, '')}`;
  if (!/^(?:https?|ssh|git):\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  url.password = '';
  if (url.protocol !== 'ssh:') url.username = '';
  url.search = '';
  url.hash = '';
  return url.href;
}

async function ask(call: ToolCall, directory: string, ports: ToolPorts): Promise<string> {
  try {
    const env = { ...ports.environments.base, ...readOnlyGit };
    const { exitCode, stdout } = await ports.commands.tryRun({ ...call, cwd: directory, env });
    return exitCode === 0 ? stdout.trim() : '';
  } catch (error) {
    if (error instanceof CoachbuilderError && error.code === 'tool-missing') return '';
    throw error;
  }
}

/** Where a directory in a checkout came from. */
export async function readOrigin(directory: string, ports: ToolPorts): Promise<CheckoutOrigin> {
  const address = await ask(gitOrigin(), directory, ports);
  const subdirectory = (await ask(gitPrefix(), directory, ports)).replace(/\/$/, '');
  return { url: publishedAddress(address), subdirectory };
}

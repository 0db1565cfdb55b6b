import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ChildEnvironments } from '../system/command.ts';

/** What a command knows of the process that it runs in; made once in `main.ts`, so that everything below is told. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  readonly isRoot: boolean;
  readonly now: Date;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Columns of the terminal behind stderr; undefined when it is none. */
  readonly columns: (() => number) | undefined;
  /** Aborted by SIGINT and SIGTERM. */
  readonly interruption: AbortSignal;
}

/** Variables that configure network clients; nothing else of the caller's environment reaches a child. */
const networkVariables =
  /^(?:(?:https?|no|all|ftp)_proxy|PIP_\w+|UV_\w+|SSL_CERT_(?:FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NETRC|XDG_CONFIG_(?:HOME|DIRS)|GIT_SSL_CAINFO)$/i;

/** The environments of child processes: the caller's PATH and home, and a locale and time zone that are the same everywhere. */
export function childEnvironments(world: Pick<World, 'env'>): ChildEnvironments {
  const base: Record<string, string> = {
    PATH: world.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: world.env['HOME'] ?? homedir(),
    TMPDIR: world.env['TMPDIR'] ?? tmpdir(),
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
  };
  const network: Record<string, string> = { ...base };
  for (const [name, value] of Object.entries(world.env)) {
    if (value !== undefined && networkVariables.test(name)) network[name] = value;
  }
  return { base, network };
}

/** Where downloads, tools and records of builds are kept: the XDG base directory specification's cache. */
export function cacheDirectory(world: Pick<World, 'env'>): string {
  const home = world.env['XDG_CACHE_HOME'];
  return join(
    home === undefined || home === '' ? join(world.env['HOME'] ?? homedir(), '.cache') : home,
    'coachbuilder',
  );
}

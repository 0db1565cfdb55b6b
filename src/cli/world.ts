import { homedir, machine, tmpdir } from 'node:os';
import { join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { findArchitecture, type Architecture } from '../model/architecture.ts';
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

/** Variables that configure network clients, git among them; nothing else of the caller's environment reaches a child. */
const networkVariables =
  /^(?:(?:https?|no|all|ftp)_proxy|PIP_\w+|UV_\w+|SSL_CERT_(?:FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NETRC|XDG_CONFIG_(?:HOME|DIRS)|GIT_(?:SSL_CAINFO|SSH|SSH_COMMAND|ASKPASS|CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+))|SSH_AUTH_SOCK)$/i;

/** Variables that say where interpreters of this user are; the choice of one must be the caller's in children, too. */
const interpreterVariables = ['PYENV_ROOT', 'PYENV_VERSION', 'UV_PYTHON_INSTALL_DIR', 'XDG_DATA_HOME'] as const;

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
  for (const name of [...interpreterVariables, 'SOURCE_DATE_EPOCH']) {
    const value = world.env[name];
    if (value !== undefined && value !== '') base[name] = value;
  }
  const network: Record<string, string> = { ...base };
  for (const [name, value] of Object.entries(world.env)) {
    if (value !== undefined && networkVariables.test(name)) network[name] = value;
  }
  return { base, network };
}

/** Variables by which users choose a container engine, its storage and its remote end; docker(1), podman(1). */
const engineVariables = /^(?:DOCKER|CONTAINERS?|PODMAN)_\w+$|^(?:XDG_RUNTIME_DIR|SSH_AUTH_SOCK)$/;

/** The environment of container engines: `base`, which pulls through proxies, with what engines are configured by. */
export function engineEnvironment(
  base: Readonly<Record<string, string>>,
  world: Pick<World, 'env'>,
): Readonly<Record<string, string>> {
  const own = Object.entries(world.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && engineVariables.test(entry[0]),
  );
  const plain = Object.entries(base).filter(([name]) => !/^(?:PIP|UV)_/.test(name));
  return Object.fromEntries([...plain, ...own]);
}

/** Where downloads, tools and records of builds are kept: the XDG base directory specification's cache, an absolute path. */
export function cacheDirectory(world: Pick<World, 'env'>): string {
  const home = world.env['XDG_CACHE_HOME'];
  // "If an implementation encounters a relative path in any of these variables it should ignore it."
  return join(home?.startsWith('/') === true ? home : join(world.env['HOME'] ?? homedir(), '.cache'), 'coachbuilder');
}

/** The architecture of this machine. @throws CoachbuilderError `unsupported-by-target` when it is none that we know */
export function hostArchitecture(): Architecture {
  const architecture = findArchitecture(machine());
  if (architecture !== undefined) return architecture;
  throw new CoachbuilderError('unsupported-by-target', `the architecture of this machine, ${machine()}, is not known`, {
    hint: 'name the target architecture with --architecture',
  });
}

/**
 * SOURCE_DATE_EPOCH as the caller set it (reproducible-builds.org specification), in seconds.
 * @returns undefined when it is not set
 * @throws CoachbuilderError `usage` when it is no whole number
 */
export function sourceDateEpoch(world: Pick<World, 'env'>): number | undefined {
  const text = world.env['SOURCE_DATE_EPOCH'];
  if (text === undefined || text === '') return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw new CoachbuilderError(
    'usage',
    `SOURCE_DATE_EPOCH is ${JSON.stringify(text)}, not a number of seconds since 1970`,
    {
      hint: 'unset it, or set it to the output of: git log -1 --format=%ct',
    },
  );
}

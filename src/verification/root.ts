import type { CommandResult, CommandRunner, ChildEnvironments } from '../system/command.ts';
import type { Reporter } from '../report/event.ts';

export interface RootCommandOptions {
  /** Runs as a user without rights, whom every system has: 65534. Without it: as root. */
  readonly unprivileged?: boolean;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** An operating system of a target, to be changed at will: a directory that is entered, or a container. */
export interface Root extends AsyncDisposable {
  /** For people: `the root debian-12.tar.zst`, `a container of debian:12`. */
  readonly title: string;
  /** Why no init runs inside, so that services cannot be started; undefined when systemd does. */
  readonly withoutInit: string | undefined;
  /**
   * Runs a program inside, with an environment of its own. A failure is an answer; a program that is not there answers
   * with 126 or 127, as env(1) does.
   */
  run(argv: readonly [string, ...string[]], options?: RootCommandOptions): Promise<CommandResult>;
  /** Copies files of this machine into a directory inside, which is made; returns their paths inside. */
  copyIn(sources: readonly string[], directory: string): Promise<readonly string[]>;
  /** Those of the given absolute paths at which there is anything, be it a dangling link. */
  existing(paths: readonly string[]): Promise<ReadonlySet<string>>;
  /** Every absolute path below one, sorted; empty when there is no such directory. */
  filesBelow(path: string): Promise<readonly string[]>;
}

/** What opening and closing a root takes. */
export interface RootPorts {
  readonly commands: CommandRunner;
  /** Runs commands also after an interruption: it removes containers, and does nothing else. */
  readonly cleanup: CommandRunner;
  readonly environments: ChildEnvironments;
  /** `environments.base` with what container engines are configured by. */
  readonly engineEnvironment: Readonly<Record<string, string>>;
  readonly reporter: Reporter;
  /** Absolute; keeps the roots that we made. */
  readonly cacheDirectory: string;
  /** Absolute directory of this run; unpacked roots lie there. */
  readonly runDirectory: string;
  readonly isRoot: boolean;
}

/** Numeric, since not every system has a name for it. */
export const unprivilegedUser = '65534:65534';

/** Proxies: whoever installs from an archive inside needs those of this machine. */
const proxyVariables = /^(?:https?|no|all|ftp)_proxy$/i;

/** The environment of every command inside of a root, whatever the caller's is. */
export function insideEnvironment(
  network: Readonly<Record<string, string>>,
  { unprivileged = false }: RootCommandOptions,
): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(Object.entries(network).filter(([name]) => proxyVariables.test(name))),
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: unprivileged ? '/tmp' : '/root',
    LC_ALL: 'C.UTF-8',
    DEBIAN_FRONTEND: 'noninteractive',
  };
}

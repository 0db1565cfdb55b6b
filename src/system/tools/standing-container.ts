import { endsAtOnce, engineLabel, type EngineKind } from './engine.ts';
import type { ToolCall } from './git.ts';

/** A container that does nothing until something is run in it. */
export interface StandingContainer {
  readonly name: string;
  readonly image: string;
  /** `none`, `host`, …; undefined means the engine's own default. */
  readonly network: string | undefined;
  /** Whether the image's own init is started, which has to be systemd, in place of a program that only waits. */
  readonly init: boolean;
}

/**
 * What systemd needs of a container (systemd.io, "Container Interface"): memory below /run, a control group of its own
 * that it may write, and its own signal to stop. podman arranges all of it; docker is told, and gives up every other
 * restriction as well, since it knows no smaller switch for a writable control group.
 */
const initOptions: Readonly<Record<EngineKind, readonly string[]>> = {
  podman: ['--systemd=always'],
  docker: [
    '--privileged',
    '--cgroupns=private',
    '--tmpfs=/run',
    '--tmpfs=/run/lock',
    '--env=container=docker',
    '--stop-signal=SIGRTMIN+3',
  ],
};

/** Starts a container in the background and prints its id; an image that is not there is pulled. */
export function startStanding(kind: EngineKind, { name, image, network, init }: StandingContainer): ToolCall {
  return {
    tool: kind,
    args: [
      'run',
      '--detach',
      `--name=${name}`,
      `--label=${engineLabel}=test`,
      ...endsAtOnce,
      ...(network === undefined ? [] : [`--network=${network}`]),
      ...(init ? initOptions[kind] : []),
      `--entrypoint=${init ? '/sbin/init' : 'sleep'}`,
      '--user=0:0',
      '--workdir=/',
      image,
      ...(init ? [] : ['infinity']),
    ],
  };
}

export interface InsideCall {
  readonly argv: readonly string[];
  /** The whole environment of the command. */
  readonly env: Readonly<Record<string, string>>;
  /** `uid:gid`, numbers: names would be looked up inside of the image. */
  readonly user: string;
}

/** Runs a command in a container that stands. */
export function runInside(kind: EngineKind, name: string, { argv, env, user }: InsideCall): ToolCall {
  const variables = Object.entries(env).map(([variable, value]) => `${variable}=${value}`);
  return { tool: kind, args: ['exec', `--user=${user}`, name, 'env', '-i', ...variables, ...argv] };
}

/** Copies a file of this machine to a path of a container, which may be one of a remote engine. */
export function copyFileInto(
  kind: EngineKind,
  name: string,
  { source, path }: { readonly source: string; readonly path: string },
): ToolCall {
  return { tool: kind, args: ['cp', source, `${name}:${path}`] };
}

import type { ToolCall } from './git.ts';

/**
 * The container engines that we know. Where they run (`DOCKER_HOST`, a context, `podman --remote`) is their own
 * configuration; nothing here needs a directory of this machine to be visible to them.
 */
export type EngineKind = 'docker' | 'podman';

/** Every container and image of ours carries it: `docker ps --all --filter label=…` finds what a crash left behind. */
export const engineLabel = 'org.coachbuilder.made';

/** Prints the architecture that the engine runs containers on, in Go's words (`amd64`); fails when it does not answer. */
export function engineArchitecture(kind: EngineKind): ToolCall {
  // podman has no server to ask the version of; `info` opens its storage, and a remote one goes through its connection.
  return kind === 'docker'
    ? { tool: kind, args: ['version', '--format', '{{.Server.Arch}}'] }
    : { tool: kind, args: ['info', '--format', '{{.Host.Arch}}'] };
}

/** Prints the id of a local image, with or without `sha256:`; fails when there is none of that name. */
export function imageInspect(kind: EngineKind, image: string): ToolCall {
  return { tool: kind, args: ['image', 'inspect', '--format', '{{.Id}}', image] };
}

export function imagePull(kind: EngineKind, image: string): ToolCall {
  return { tool: kind, args: ['pull', image] };
}

/** Builds the image that a directory's Dockerfile describes. */
export function imageBuild(
  kind: EngineKind,
  build: { readonly directory: string; readonly dockerfile: string; readonly tag: string },
): ToolCall {
  return {
    tool: kind,
    args: ['build', '--label', `${engineLabel}=image`, '--tag', build.tag, '--file', build.dockerfile, build.directory],
  };
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  /** Absolute path of the program inside; it takes the place of the image's entry point. */
  readonly program: string;
  readonly args: readonly string[];
  /** `none`: no interface but loopback. `default`: the engine's own choice. */
  readonly network: 'none' | 'default';
  /** `uid:gid`, numbers: names would be looked up inside of the image. */
  readonly user: string;
  readonly directory: string;
  /** Nothing secret: arguments can be read by every user of the machine. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether it keeps the rights that installing packages needs. */
  readonly privileged: boolean;
}

/** podman gives a program ten seconds to end before it removes a container by force; in ours nothing has to be saved. */
export const endsAtOnce = ['--stop-timeout=0'] as const;

/** Makes a container without starting it, so that files can be copied into it first. */
export function containerCreate(kind: EngineKind, container: ContainerSpec): ToolCall {
  const { name, image, program, args, network, user, directory, env, privileged } = container;
  return {
    tool: kind,
    args: [
      'create',
      '--name',
      name,
      '--label',
      `${engineLabel}=container`,
      ...endsAtOnce,
      ...(network === 'none' ? ['--network', 'none'] : []),
      ...(privileged ? [] : ['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges']),
      '--user',
      user,
      '--workdir',
      directory,
      ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      '--entrypoint',
      program,
      image,
      ...args,
    ],
  };
}

/**
 * Copies a directory of this machine into a container as `target`, which must not be there yet. The container's user
 * gets no right to change it: docker makes everything root's, and so does podman unless it is left to its default.
 */
export function copyIn(
  kind: EngineKind,
  source: string,
  place: { readonly name: string; readonly path: string },
): ToolCall {
  return {
    tool: kind,
    args: ['cp', ...(kind === 'podman' ? ['--archive=false'] : []), source, `${place.name}:${place.path}`],
  };
}

/** Copies a directory out of a container, running or not, to a path of this machine that is not there yet. */
export function copyOut(
  kind: EngineKind,
  place: { readonly name: string; readonly path: string },
  target: string,
): ToolCall {
  return { tool: kind, args: ['cp', `${place.name}:${place.path}`, target] };
}

/** Starts a container, passes its output on, and ends with its exit status. */
export function containerStart(kind: EngineKind, name: string): ToolCall {
  return { tool: kind, args: ['start', '--attach', name] };
}

/** Prints `exited 1`: what became of a container, whatever the command that was attached to it says. */
export function containerState(kind: EngineKind, name: string): ToolCall {
  return { tool: kind, args: ['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', name] };
}

/** Makes an image of a stopped container and prints its id. */
export function containerCommit(kind: EngineKind, name: string, tag: string): ToolCall {
  return { tool: kind, args: ['commit', name, tag] };
}

/** Stops a container at once and removes it with its volumes. */
export function containerRemove(kind: EngineKind, name: string): ToolCall {
  return { tool: kind, args: ['rm', '--force', '--volumes', name] };
}

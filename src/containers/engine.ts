import { randomBytes } from 'node:crypto';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { findArchitecture, type Architecture } from '../model/architecture.ts';
import type { Redactor } from '../report/redact.ts';
import type { Reporter } from '../report/event.ts';
import type { CommandResult, CommandRunner } from '../system/command.ts';
import {
  containerCommit,
  containerCreate,
  containerRemove,
  containerStart,
  containerState,
  copyIn,
  copyOut,
  engineArchitecture,
  imageBuild,
  imageInspect,
  imagePull,
  type ContainerSpec,
  type EngineKind,
} from '../system/tools/engine.ts';
import type { ToolCall } from '../system/tools/git.ts';

export interface EnginePorts {
  readonly commands: CommandRunner;
  /** Runs commands also after the run was interrupted: it removes containers, and does nothing else. */
  readonly cleanup: CommandRunner;
  /** What engines are configured by (`DOCKER_HOST` and the like), and proxies, through which they pull. */
  readonly environment: Readonly<Record<string, string>>;
  readonly reporter: Reporter;
  readonly redactor: Redactor;
}

/** What came of a container's program. */
export interface ContainerOutcome {
  readonly exitCode: number;
  /** Both streams. */
  readonly output: string;
}

/** A container that was made and not started yet; it is removed whatever happens. */
export interface Container {
  readonly name: string;
  /** Copies a directory of this machine to a path of the container that is not there yet; its user cannot change it. */
  upload(source: string, path: string): Promise<void>;
  /** Runs its program to the end. @throws CoachbuilderError `engine-failed` when the engine goes away meanwhile */
  run(): Promise<ContainerOutcome>;
  /** Copies a directory of the container to a path of this machine that is not there yet. */
  download(path: string, target: string): Promise<void>;
  /** Makes an image of it and gives the image's id. */
  commit(tag: string): Promise<string>;
}

/** Something that runs containers: docker or podman, on this machine or on another one. */
export interface ContainerEngine {
  readonly kind: EngineKind;
  readonly architecture: Architecture;
  /** The id (hexadecimal) of an image that the engine has; undefined when it has none of that name. */
  findImage(name: string): Promise<string | undefined>;
  /** {@link findImage}, after fetching the image when the engine does not have it. @throws `image-missing` */
  requireImage(name: string): Promise<string>;
  /** Builds a directory's Dockerfile; gives the image's id. @throws `image-missing` */
  buildImage(build: { readonly directory: string; readonly dockerfile: string; readonly tag: string }): Promise<string>;
  /** Makes a container, lets `action` use it, and removes it: also after a failure and after an interrupt. */
  withContainer<Result>(
    spec: Omit<ContainerSpec, 'name'>,
    action: (container: Container) => Promise<Result>,
  ): Promise<Result>;
}

/** The engine that answers, or why there is none: a line for each one that was tried. */
export type EngineSearch =
  { readonly engine: ContainerEngine } | { readonly engine: undefined; readonly reasons: readonly string[] };

/** What to do when there is no engine. */
export const installEngine =
  'install podman ("sudo apt-get install podman" or "sudo dnf install podman") or docker, or name a remote engine in DOCKER_HOST or CONTAINER_HOST';

/** How many of the last lines of a failed engine's output an error shows. */
const tailLines = 20;

/** Milliseconds: an engine that does not even answer this is not there. */
const patience = { answer: 60_000, removal: 60_000 } as const;

function lastLines(output: string, redactor: Redactor): readonly string[] {
  const lines = redactor
    .text(output)
    .split('\n')
    .map((line) => line.trimEnd());
  return lines.filter((line) => line !== '').slice(-tailLines);
}

function textOf({ stdout, stderr }: Pick<CommandResult, 'stdout' | 'stderr'>): string {
  return `${stdout}\n${stderr}`.trim();
}

/** Whether an engine ran out of space: its own, which is not that of this machine. */
function isFull(output: string): boolean {
  return /no space left on device|disk quota exceeded/i.test(output);
}

function engineFailure(kind: EngineKind, what: string, output: string, redactor: Redactor): CoachbuilderError {
  const details = lastLines(output, redactor);
  if (isFull(output)) {
    return new CoachbuilderError('disk-full', `${kind} has no space left: ${what}`, {
      hint: `free some: "${kind} system df" shows what takes it, "${kind} image prune" removes what nobody uses`,
      details,
    });
  }
  return new CoachbuilderError('engine-failed', `${kind} failed: ${what}`, {
    hint: `look whether "${kind} info" answers, then run the same command again`,
    details,
  });
}

function missingImage(
  kind: EngineKind,
  name: string,
  what: string,
  output: string,
  redactor: Redactor,
): CoachbuilderError {
  if (isFull(output)) return engineFailure(kind, what, output, redactor);
  return new CoachbuilderError('image-missing', `${what}: ${name}`, {
    hint: `look whether "${kind} pull ${name}" works, give another one with --image, or put a Dockerfile into admin/build_targets/<distribution> of the application`,
    details: lastLines(output, redactor),
  });
}

class CommandEngine implements ContainerEngine {
  readonly kind: EngineKind;
  readonly architecture: Architecture;
  readonly #ports: EnginePorts;

  constructor(kind: EngineKind, architecture: Architecture, ports: EnginePorts) {
    this.kind = kind;
    this.architecture = architecture;
    this.#ports = ports;
  }

  async #try(call: ToolCall): Promise<CommandResult> {
    return this.#ports.commands.tryRun({ ...call, cwd: '/', env: this.#ports.environment });
  }

  async #run(call: ToolCall, what: string): Promise<CommandResult> {
    const result = await this.#try(call);
    if (result.exitCode === 0) return result;
    throw engineFailure(this.kind, what, textOf(result), this.#ports.redactor);
  }

  async findImage(name: string): Promise<string | undefined> {
    const result = await this.#try(imageInspect(this.kind, name));
    if (result.exitCode === 0) return result.stdout.trim().replace(/^sha256:/, '');
    // docker: "No such image", podman: "image not known"; whatever else is no answer.
    if (/no such image|image not known|failed to find image/i.test(result.stderr)) return undefined;
    throw engineFailure(this.kind, `it could not look for the image ${name}`, textOf(result), this.#ports.redactor);
  }

  async requireImage(name: string): Promise<string> {
    const found = await this.findImage(name);
    if (found !== undefined) return found;
    this.#ports.reporter.report({
      type: 'stage-progress',
      stage: 'gather',
      message: `${this.kind} fetches the image ${name}`,
    });
    const result = await this.#try(imagePull(this.kind, name));
    // Asked after a failure, too: an engine that went away meanwhile is not an image that does not exist.
    const present = await this.findImage(name);
    if (result.exitCode === 0 && present !== undefined) return present;
    throw missingImage(this.kind, name, 'there is no such image', textOf(result), this.#ports.redactor);
  }

  async buildImage(build: {
    readonly directory: string;
    readonly dockerfile: string;
    readonly tag: string;
  }): Promise<string> {
    const result = await this.#try(imageBuild(this.kind, build));
    const present = await this.findImage(build.tag);
    if (result.exitCode === 0 && present !== undefined) return present;
    const what = 'this Dockerfile did not build into an image';
    if (isFull(textOf(result))) throw engineFailure(this.kind, what, textOf(result), this.#ports.redactor);
    throw new CoachbuilderError('image-missing', `${what}: ${build.dockerfile}`, {
      hint: 'put right what the last lines above say',
      details: lastLines(textOf(result), this.#ports.redactor),
    });
  }

  async withContainer<Result>(
    spec: Omit<ContainerSpec, 'name'>,
    action: (container: Container) => Promise<Result>,
  ): Promise<Result> {
    // The name is ours, so that a container can be removed even when the engine was interrupted before it told an id.
    const name = `coachbuilder-${randomBytes(8).toString('hex')}`;
    try {
      await this.#run(containerCreate(this.kind, { ...spec, name }), `it made no container of ${spec.image}`);
      return await action(this.#container(name));
    } finally {
      await this.#remove(name);
    }
  }

  #container(name: string): Container {
    const { kind } = this;
    return {
      name,
      upload: async (source, path) => {
        await this.#run(copyIn(kind, source, { name, path }), 'files could not be copied into a container');
      },
      run: () => this.#start(name),
      download: async (path, target) => {
        await this.#run(copyOut(kind, { name, path }, target), `${path} could not be copied out of a container`);
      },
      commit: async (tag) => {
        await this.#run(containerCommit(kind, name, tag), `it made no image ${tag}`);
        const id = await this.findImage(tag);
        if (id === undefined) throw engineFailure(kind, `it made no image ${tag}`, '', this.#ports.redactor);
        return id;
      },
    };
  }

  /**
   * An attached client also ends when its connection does, with a status that could be the program's: podman's with 0.
   * The engine knows.
   */
  async #start(name: string): Promise<ContainerOutcome> {
    const result = await this.#try(containerStart(this.kind, name));
    const output = textOf(result);
    const state = await this.#try(containerState(this.kind, name));
    const [status, code] = state.stdout.trim().split(' ');
    const ended = state.exitCode === 0 && status === 'exited' && code !== undefined;
    // A client that failed for a program that did not has not told all of its output.
    if (ended && (result.exitCode === 0 || code !== '0')) return { exitCode: Number(code), output };
    const seen = state.exitCode === 0 ? output : `${output}\n${textOf(state)}`;
    throw engineFailure(this.kind, 'a container did not run to its end', seen, this.#ports.redactor);
  }

  async #remove(name: string): Promise<void> {
    const { cleanup, reporter } = this.#ports;
    const spec = {
      ...containerRemove(this.kind, name),
      cwd: '/',
      env: this.#ports.environment,
      timeout: patience.removal,
    };
    const result = await cleanup.tryRun(spec);
    if (result.exitCode === 0 || /no such container|no container with name/i.test(result.stderr)) return;
    reporter.report({
      type: 'warning',
      message: `the container ${name} could not be removed`,
      hint: `run "${this.kind} rm --force ${name}" when the engine answers again`,
    });
  }
}

async function tryEngine(kind: EngineKind, ports: EnginePorts): Promise<ContainerEngine | string> {
  const call = {
    ...engineArchitecture(kind),
    cwd: '/',
    env: ports.environment,
    timeout: patience.answer,
  };
  let result: CommandResult;
  try {
    result = await ports.commands.tryRun(call);
  } catch (error) {
    if (error instanceof CoachbuilderError && error.code === 'tool-missing') return `${kind} is not installed`;
    throw error;
  }
  const architecture = findArchitecture(result.stdout.trim());
  if (result.exitCode === 0 && architecture !== undefined) return new CommandEngine(kind, architecture, ports);
  const last = lastLines(textOf(result), ports.redactor).at(-1);
  return `${kind} does not answer${last === undefined ? '' : `: ${last}`}`;
}

/**
 * Finds the engine to use: docker first when the environment names a docker to talk to, else podman, which needs no
 * daemon, first.
 */
export async function findEngine(ports: EnginePorts): Promise<EngineSearch> {
  const { environment } = ports;
  const docker = environment['DOCKER_HOST'] !== undefined || environment['DOCKER_CONTEXT'] !== undefined;
  const reasons: string[] = [];
  for (const kind of docker ? (['docker', 'podman'] as const) : (['podman', 'docker'] as const)) {
    const found = await tryEngine(kind, ports);
    if (typeof found !== 'string') return { engine: found };
    reasons.push(found);
  }
  return { engine: undefined, reasons };
}

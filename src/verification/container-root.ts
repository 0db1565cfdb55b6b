import { randomBytes } from 'node:crypto';
import { basename, join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { CommandResult, CommandSpec } from '../system/command.ts';
import { containerRemove, type EngineKind } from '../system/tools/engine.ts';
import type { ToolCall } from '../system/tools/git.ts';
import { copyFileInto, runInside, startStanding } from '../system/tools/standing-container.ts';
import { findBelow, findExisting } from './root-files.ts';
import { insideEnvironment, unprivilegedUser, type Root, type RootPorts } from './root.ts';

export interface ContainerChoice {
  /** As the engine knows it: `debian:12`, `localhost/debian:12`. */
  readonly image: string;
  /** Undefined means the first one that is installed; docker when DOCKER_HOST says where it is. */
  readonly engine: EngineKind | undefined;
  /** The engine's `--network`; undefined means its default. */
  readonly network: string | undefined;
}

/** Milliseconds that an engine has for an answer about itself. */
const patience = 60_000;

type Engine = (call: ToolCall, timeout?: number) => CommandSpec;

function engineCommand(ports: RootPorts): Engine {
  return (call, timeout) => ({
    ...call,
    cwd: '/',
    env: ports.engineEnvironment,
    ...(timeout === undefined ? {} : { timeout }),
  });
}

async function isInstalled(engine: EngineKind, ports: RootPorts): Promise<boolean> {
  try {
    const { exitCode } = await ports.commands.tryRun({
      tool: engine,
      args: ['--version'],
      cwd: '/',
      env: ports.engineEnvironment,
      timeout: patience,
    });
    return exitCode === 0;
  } catch (error) {
    if (error instanceof CoachbuilderError && error.code === 'tool-missing') return false;
    throw error;
  }
}

/** The engine of this machine. @throws CoachbuilderError `tool-missing` when there is none */
async function chooseEngine(wanted: EngineKind | undefined, ports: RootPorts): Promise<EngineKind> {
  const remote = ports.engineEnvironment['DOCKER_HOST'] !== undefined;
  const order = remote ? (['docker', 'podman'] as const) : (['podman', 'docker'] as const);
  for (const engine of wanted === undefined ? order : [wanted]) if (await isInstalled(engine, ports)) return engine;
  const name = wanted ?? 'podman';
  throw new CoachbuilderError('tool-missing', `this machine lacks ${wanted ?? 'podman and docker'}`, {
    details: ['a container engine: testing in the image that --image names'],
    hint: `install one with the system's package manager, such as: sudo apt-get install ${name === 'docker' ? 'docker.io' : name}`,
  });
}

function outputLines({ stdout, stderr }: CommandResult): readonly string[] {
  return `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
}

/**
 * Starts a container of an image, in which tests run.
 * @throws CoachbuilderError `tool-missing` without an engine, `root-unusable` when it cannot start the image
 */
export async function openContainerRoot(choice: ContainerChoice, ports: RootPorts): Promise<Root> {
  const engine = await chooseEngine(choice.engine, ports);
  const title = `a container of ${choice.image}`;
  const name = `coachbuilder-test-${randomBytes(6).toString('hex')}`;
  const command = engineCommand(ports);
  const remove = async (): Promise<void> => {
    await ports.cleanup.tryRun(command(containerRemove(engine, name), patience));
  };
  try {
    const { network, image } = choice;
    const started = await ports.commands.tryRun(command(startStanding(engine, { name, image, network })));
    if (started.exitCode !== 0) {
      throw new CoachbuilderError('root-unusable', `${engine} could not start ${title}`, {
        details: outputLines(started).slice(-10),
        hint: `try it by hand: ${engine} run --rm ${image} true`,
      });
    }
  } catch (error) {
    // Also when we were interrupted while the engine made it.
    await remove();
    throw error;
  }
  const run: Root['run'] = (argv, { timeout, ...options } = {}) => {
    const env = insideEnvironment(ports.environments.network, options);
    const user = options.unprivileged === true ? unprivilegedUser : '0:0';
    // An engine's client that is ended leaves the program running, and podman's claims success: the limit is kept inside.
    const limited = timeout === undefined ? argv : (['timeout', '-k', '5', String(timeout / 1000), ...argv] as const);
    return ports.commands.tryRun(command(runInside(engine, name, { argv: limited, env, user })));
  };
  return {
    title,
    run,
    async copyIn(sources, directory) {
      const made = await run(['mkdir', '-p', directory]);
      if (made.exitCode !== 0) {
        throw new CoachbuilderError('root-unusable', `${directory} cannot be made in ${title}`, {
          details: outputLines(made).slice(-10),
        });
      }
      for (const source of sources) {
        await ports.commands.run(
          command(copyFileInto(engine, name, { source, path: `${directory}/${basename(source)}` })),
        );
      }
      return sources.map((source) => join(directory, basename(source)));
    },
    existing: (paths) => findExisting({ run, title }, paths),
    filesBelow: (path) => findBelow({ run, title }, path),
    [Symbol.asyncDispose]: remove,
  };
}

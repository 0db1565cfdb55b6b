import { basename, join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { EngineKind } from '../system/tools/engine.ts';
import { copyFileInto, runInside } from '../system/tools/standing-container.ts';
import {
  ContainerStarter,
  engineCommand,
  outputLines,
  patience,
  type ContainerChoice,
  type Standing,
} from './container-start.ts';
import { findBelow, findExisting } from './root-files.ts';
import { insideEnvironment, unprivilegedUser, type Root, type RootPorts } from './root.ts';

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

/**
 * Starts a container of an image, in which tests run.
 * @throws CoachbuilderError `tool-missing` without an engine, `root-unusable` when it cannot start the image
 */
export async function openContainerRoot(choice: ContainerChoice, ports: RootPorts): Promise<Root> {
  const engine = await chooseEngine(choice.engine, ports);
  const starter = new ContainerStarter(engine, choice, ports);
  const { name, title } = starter;
  const command = engineCommand(ports);
  let standing: Standing;
  try {
    standing = await starter.start();
  } catch (error) {
    // Also when we were interrupted while the engine made it.
    await starter.remove();
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
    withoutInit: standing.withoutInit,
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
    [Symbol.asyncDispose]: () => starter.remove(),
  };
}

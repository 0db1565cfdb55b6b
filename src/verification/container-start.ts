import { randomBytes } from 'node:crypto';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { CommandResult, CommandSpec } from '../system/command.ts';
import { containerRemove, type EngineKind } from '../system/tools/engine.ts';
import type { ToolCall } from '../system/tools/git.ts';
import { runInside, startStanding } from '../system/tools/standing-container.ts';
import { insideEnvironment, type RootPorts } from './root.ts';

export interface ContainerChoice {
  /** As the engine knows it: `debian:12`, `localhost/debian:12`. */
  readonly image: string;
  /** Undefined means the first one that is installed; docker when DOCKER_HOST says where it is. */
  readonly engine: EngineKind | undefined;
  /** The engine's `--network`; undefined means its default. */
  readonly network: string | undefined;
}

/** Milliseconds that an engine has for an answer about itself. */
export const patience = 60_000;

/** How often systemd is asked whether it is done, with 0.2 s in between. */
const mostQuestions = 150;

/** A call of an engine, and the milliseconds that it has for an answer. */
export type Engine = (call: ToolCall, timeout?: number) => CommandSpec;

export function engineCommand(ports: RootPorts): Engine {
  return (call, timeout) => ({
    ...call,
    cwd: '/',
    env: ports.engineEnvironment,
    ...(timeout === undefined ? {} : { timeout }),
  });
}

export function outputLines({ stdout, stderr }: CommandResult): readonly string[] {
  return `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
}

/** A container that stands, and why its init does not run. */
export interface Standing {
  readonly withoutInit: string | undefined;
}

/** Starts containers of one image under one name, of which one is there at a time. */
export class ContainerStarter {
  readonly title: string;
  readonly engine: EngineKind;
  readonly name = `coachbuilder-test-${randomBytes(6).toString('hex')}`;
  readonly #choice: ContainerChoice;
  readonly #ports: RootPorts;
  readonly #command: Engine;

  constructor(engine: EngineKind, choice: ContainerChoice, ports: RootPorts) {
    this.title = `a container of ${choice.image}`;
    this.engine = engine;
    this.#choice = choice;
    this.#ports = ports;
    this.#command = engineCommand(ports);
  }

  async remove(): Promise<void> {
    await this.#ports.cleanup.tryRun(this.#command(containerRemove(this.engine, this.name), patience));
  }

  async #start(init: boolean): Promise<CommandResult> {
    const { network, image } = this.#choice;
    const call = startStanding(this.engine, { name: this.name, image, network, init });
    return this.#ports.commands.tryRun(this.#command(call));
  }

  async #inside(...argv: readonly [string, ...string[]]): Promise<CommandResult> {
    const env = insideEnvironment({}, {});
    return this.#ports.commands.tryRun(
      this.#command(runInside(this.engine, this.name, { argv, env, user: '0:0' }), patience),
    );
  }

  async #stand(): Promise<void> {
    const started = await this.#start(false);
    if (started.exitCode === 0) return;
    throw new CoachbuilderError('root-unusable', `${this.engine} could not start ${this.title}`, {
      details: outputLines(started).slice(-10),
      hint: `try it by hand: ${this.engine} run --rm ${this.#choice.image} true`,
    });
  }

  async #hasSystemd(): Promise<boolean> {
    const { stdout } = await this.#inside('readlink', '-f', '/sbin/init');
    const path = stdout.trim();
    return path.endsWith('/systemd') && (await this.#inside('test', '-x', path)).exitCode === 0;
  }

  /**
   * Waits until systemd has started what the image wants; whether all of that runs does not matter here.
   * @returns why it did not
   */
  async #boot(): Promise<string | undefined> {
    let answer = await this.#start(true);
    for (let left = mostQuestions; answer.exitCode === 0 && left > 0; left -= 1) {
      const state = await this.#inside('systemctl', 'is-system-running');
      // systemctl(1): the two states in which nothing is started any more.
      if (/^(?:running|degraded)$/m.test(state.stdout)) return undefined;
      // Fails when the container has come to its end.
      answer = await this.#inside('sleep', '0.2');
    }
    return `systemd does not start in ${this.title}: ${outputLines(answer).at(-1) ?? 'it is never done'}`;
  }

  /**
   * Boots the image where its init is systemd, and otherwise has it wait.
   * @throws CoachbuilderError `root-unusable`
   */
  async start(): Promise<Standing> {
    await this.#stand();
    if (!(await this.#hasSystemd())) return { withoutInit: `the init of ${this.#choice.image} is not systemd` };
    await this.remove();
    const problem = await this.#boot();
    if (problem === undefined) return { withoutInit: undefined };
    await this.remove();
    await this.#stand();
    return { withoutInit: problem };
  }
}

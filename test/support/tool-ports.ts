import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { ToolPorts } from '../../src/application/ports.ts';
import { CoachbuilderError } from '../../src/errors/coachbuilder-error.ts';
import { readIndexSettings, withIndexSettings } from '../../src/lock/index-settings.ts';
import { findUv } from '../../src/lock/uv-tool.ts';
import type { BuildEvent, Reporter } from '../../src/report/event.ts';
import { createRedactor } from '../../src/report/redact.ts';
import { NodeCommandRunner } from '../../src/system/node-command-runner.ts';
import type { CommandRunner, CommandSpec } from '../../src/system/command.ts';

/** Real ports, and what passed through them. */
export interface TestPorts extends ToolPorts {
  readonly events: readonly BuildEvent[];
  readonly specs: readonly CommandSpec[];
}

export interface TestPortsOptions {
  readonly cacheDirectory: string;
  readonly offline?: boolean;
  /** pip's and uv's variables, over an environment that has none. */
  readonly network?: Readonly<Record<string, string>>;
  /** Prepended to the PATH. */
  readonly toolDirectory?: string;
  readonly home?: string;
}

/** Ports that start real processes in an environment without any of the machine's own pip and uv configuration. */
export function testPorts(options: TestPortsOptions): TestPorts {
  const events: BuildEvent[] = [];
  const specs: CommandSpec[] = [];
  const redactor = createRedactor();
  const reporter: Reporter = {
    report: (event) => {
      events.push(event);
    },
    close: () => undefined,
  };
  const runner = new NodeCommandRunner({
    redact: redactor,
    reporter,
    interruption: new AbortController().signal,
  });
  const commands: CommandRunner = {
    run: (spec) => {
      specs.push(spec);
      return runner.run(spec);
    },
    tryRun: (spec) => {
      specs.push(spec);
      return runner.tryRun(spec);
    },
  };
  const path = process.env['PATH'] ?? '/usr/bin:/bin';
  const base = {
    PATH: options.toolDirectory === undefined ? path : `${options.toolDirectory}:${path}`,
    HOME: options.home ?? options.cacheDirectory,
    TMPDIR: tmpdir(),
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    // Version managers put a shim before python3, which looks for its versions here.
    ...(process.env['PYENV_ROOT'] === undefined ? {} : { PYENV_ROOT: process.env['PYENV_ROOT'] }),
  };
  const network = {
    ...base,
    PIP_CACHE_DIR: join(options.cacheDirectory, 'pip'),
    UV_CACHE_DIR: join(options.cacheDirectory, 'uv'),
    PIP_CONFIG_FILE: '/dev/null',
    ...options.network,
  };
  return {
    commands,
    environments: { base, network },
    reporter,
    redactor,
    cacheDirectory: options.cacheDirectory,
    offline: options.offline ?? false,
    events,
    specs,
  };
}

/** {@link testPorts} after the index settings were read from `network`. */
export async function settledPorts(options: TestPortsOptions): Promise<TestPorts> {
  const ports = testPorts(options);
  return withIndexSettings(ports, await readIndexSettings({ indexes: [], projectDirectory: undefined }, ports));
}

/**
 * The directory of a uv that the tests can put on the PATH: the machine's, or the pinned one, fetched once with the
 * machine's own configuration.
 * @returns undefined when there is none to be had; a test then says so and is skipped
 */
export async function uvDirectory(): Promise<string | undefined> {
  const network = Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        /^(?:PIP_|UV_|SSL_|https?_proxy$)/i.test(entry[0]) && entry[1] !== undefined,
    ),
  );
  const ports = testPorts({
    cacheDirectory: join(homedir(), '.cache', 'coachbuilder-tests'),
    home: homedir(),
    network: { ...network, PIP_CONFIG_FILE: '' },
  });
  const settings = await readIndexSettings({ indexes: [], projectDirectory: undefined }, ports);
  const uv = await findUv(withIndexSettings(ports, settings));
  return uv === undefined ? undefined : uv === 'uv' ? '' : dirname(uv);
}

/** Everything that a person or a log could have seen: arguments, events, an error with all of its parts. */
export function visibleText(ports: TestPorts, error?: unknown): string {
  return JSON.stringify([
    ports.specs.map(({ tool, args }) => [tool, ...args]),
    ports.events,
    error instanceof CoachbuilderError
      ? [error.message, error.hint, error.details, error.stack, String(error.cause)]
      : String(error),
  ]);
}

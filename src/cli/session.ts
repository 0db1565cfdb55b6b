import { join, resolve } from 'node:path';

import type { ToolPorts } from '../application/ports.ts';
import { endOfLifeWarning } from '../distributions/lifecycle.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { ErrorCode } from '../errors/codes.ts';
import { renderDiagnostic } from '../errors/diagnostic.ts';
import type { PackageArtifact } from '../formats/packager.ts';
import type { Reporter } from '../report/event.ts';
import { createRedactor } from '../report/redact.ts';
import { jsonReporter, liveReporter, plainReporter } from '../report/reporters.ts';
import type { CommandRunner } from '../system/command.ts';
import { NodeCommandRunner } from '../system/node-command-runner.ts';
import { makeRunDirectory, useRunDirectory, type RunDirectory } from '../system/run-directory.ts';
import { ensureTools, type InstallableTool } from '../system/tool-installer.ts';
import type { CommonOptions } from './order-options.ts';
import type { Order } from './order.ts';
import { cacheDirectory, childEnvironments, type World } from './world.ts';

/** What a command that builds something works with: made at its start, closed at its end. */
export interface Session extends AsyncDisposable {
  readonly run: RunDirectory;
  readonly ports: ToolPorts;
  /** Starts processes also after an interrupt: what tidies up on another machine has to be a process. */
  readonly cleanup: CommandRunner;
}

function makeReporter(options: Pick<CommonOptions, 'progress' | 'verbosity'>, world: World): Reporter {
  switch (options.progress) {
    case 'live':
      return liveReporter(world.stderr, options.verbosity, world.columns ?? (() => 80));
    case 'plain':
      return plainReporter(world.stderr, options.verbosity);
    case 'json':
      return jsonReporter(world.stderr);
  }
}

export type SessionOptions = Pick<CommonOptions, 'progress' | 'verbosity' | 'buildDirectory'> & {
  readonly offline: boolean;
};

/** Opens the run directory, the reporter and the door to processes. */
export async function openSession(options: SessionOptions, world: World): Promise<Session> {
  const cache = cacheDirectory(world);
  const run =
    options.buildDirectory === undefined
      ? await makeRunDirectory(join(cache, 'builds'), world.now)
      : await useRunDirectory(resolve(world.cwd, options.buildDirectory));
  const reporter = makeReporter(options, world);
  const redactor = createRedactor();
  const door = { redact: redactor, reporter, log: run.log };
  const commands = new NodeCommandRunner({ ...door, interruption: world.interruption });
  const cleanup = new NodeCommandRunner({ ...door, interruption: new AbortController().signal });
  const environments = childEnvironments(world);
  reporter.report({ type: 'stage-progress', stage: 'set-up', message: `log and records are kept in ${run.path}` });
  return {
    run,
    ports: { commands, environments, reporter, redactor, cacheDirectory: cache, offline: options.offline },
    cleanup,
    [Symbol.asyncDispose]() {
      reporter.close();
      return Promise.resolve();
    },
  };
}

/** Errors that are told in a tool's last lines, of which the log has the rest. */
const toldByTool: ReadonlySet<ErrorCode> = new Set([
  'command-failed',
  'application-build-failed',
  'needs-compiler',
  'compile-failed',
  'engine-failed',
  'image-missing',
  'unresolvable',
  'index-unreachable',
]);

/** The same error, with the place of the log when there is more to read in it. */
export function withLog(error: unknown, { run }: Pick<Session, 'run'>): unknown {
  if (!(error instanceof CoachbuilderError) || !toldByTool.has(error.code)) return error;
  return error.withDetails(`every command and its output: ${run.logFile}`);
}

/** Makes sure of the tools of a plan, as a stage of its own when something has to be installed. */
export async function setUpTools(tools: readonly InstallableTool[], session: Session, world: World): Promise<void> {
  const { commands, environments, reporter } = session.ports;
  await ensureTools(tools, {
    commands,
    environments,
    mayInstall: world.isRoot && !session.ports.offline,
    announce: (message) => {
      reporter.report({ type: 'warning', message: `${message} on this machine` });
    },
  });
}

/** Says what is doubtful about an order and no reason to refuse it. */
export function reportOrderWarnings(
  order: Pick<Order, 'manifest' | 'distributions'>,
  session: Session,
  world: World,
): void {
  const { reporter } = session.ports;
  for (const warning of order.manifest?.warnings ?? []) {
    reporter.report({ type: 'warning', message: renderDiagnostic(warning) });
  }
  for (const distribution of order.distributions) {
    const message = endOfLifeWarning(distribution, world.now);
    if (message !== undefined) reporter.report({ type: 'warning', message, target: distribution.id });
  }
}

/**
 * Prints what was built, as data: a path a line, or one JSON array. It is the last thing that a session prints: a live
 * display has to let go of the terminal first.
 */
export function printArtifacts(
  artifacts: readonly PackageArtifact[],
  { json: asJson }: Pick<CommonOptions, 'json'>,
  { session, world }: { readonly session: Session; readonly world: World },
): void {
  session.ports.reporter.close();
  if (!asJson) {
    for (const artifact of artifacts) world.stdout(`${artifact.path}\n`);
    return;
  }
  const rows = artifacts.map(({ path, name, version, release, architecture, format, size, sha256, ...beside }) => {
    const { sbom, provenance, rpmlintrc, report } = beside;
    return {
      ...{ path, name, version, release, architecture, format, size, sha256 },
      ...(sbom === undefined ? {} : { sbom: sbom.map((file) => file.path) }),
      ...(provenance === undefined ? {} : { provenance: provenance.path }),
      ...(rpmlintrc === undefined ? {} : { rpmlintrc: rpmlintrc.path }),
      ...(report === undefined ? {} : { report: report.path }),
    };
  });
  world.stdout(`${JSON.stringify(rows, null, 2)}\n`);
}

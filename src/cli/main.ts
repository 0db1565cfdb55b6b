import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { exitStatus, type ExitStatus } from '../errors/codes.ts';
import { defectText, errorText } from '../report/error-text.ts';
import { buildPackage } from './build-package.ts';
import { buildReleasePackage } from './build-release-package.ts';
import { generateReference } from './generate-reference.ts';
import { HelpShown, UsageError } from './options.ts';
import type { World } from './world.ts';

type Command = (argv: readonly string[], world: World) => Promise<void>;

const commands: Readonly<Record<string, Command>> = {
  'build-package': buildPackage,
  'build-release-package': buildReleasePackage,
  'generate-reference': generateReference,
};

function makeWorld(interruption: AbortSignal): World {
  const columns = process.stderr.isTTY && process.env['TERM'] !== 'dumb' ? () => process.stderr.columns : undefined;
  return {
    env: process.env,
    cwd: process.cwd(),
    isRoot: process.getuid?.() === 0,
    now: new Date(),
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    columns,
    interruption,
  };
}

/** Prints what ended a command and gives its exit status: the one place that decides it. */
function conclude(error: unknown, world: World): ExitStatus {
  if (world.interruption.aborted) {
    world.stderr('interrupted; nothing half-written was left\n');
    return exitStatus.interrupted;
  }
  if (error instanceof HelpShown) return exitStatus.success;
  if (error instanceof UsageError) {
    world.stderr(`${error.usage}\n${error.message}\n`);
    return exitStatus.failure;
  }
  if (error instanceof CoachbuilderError) {
    world.stderr(`${errorText(error)}\n`);
    return error.code === 'tool-missing' ? exitStatus.missingTool : exitStatus.failure;
  }
  world.stderr(`${defectText(error)}\n`);
  return exitStatus.defect;
}

/**
 * Runs one of the commands of `admin/`.
 * @returns the exit status: see `errors/codes.ts`
 */
export async function main(command: string, argv: readonly string[]): Promise<ExitStatus> {
  const interruption = new AbortController();
  const interrupt = (): void => {
    interruption.abort();
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  // What we and our tools create must not depend on who runs us; packages carry explicit modes anyway.
  process.umask(0o022);
  const world = makeWorld(interruption.signal);
  try {
    const run = commands[command];
    if (run === undefined) throw new Error(`Internal error: no command ${command}`);
    await run(argv, world);
    return exitStatus.success;
  } catch (error) {
    return conclude(error, world);
  }
}

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { exitStatus, type ExitStatus } from '../errors/codes.ts';
import { defectText, errorText } from '../report/error-text.ts';
import { buildPackage } from './build-package.ts';
import { buildReleasePackage } from './build-release-package.ts';
import { explainSubjects } from './explain.ts';
import { generateReference } from './generate-reference.ts';
import { HelpShown, UsageError } from './options.ts';
import { previewScriptsOf } from './preview-scripts.ts';
import { testPackage } from './test-package.ts';
import { publishPackages } from './publish-packages.ts';
import { checkKey } from './check-key.ts';
import { createKey } from './create-key.ts';
import { bucketPolicy } from './bucket-policy.ts';
import { accessFailure, isErrno, writeFailure } from '../system/files.ts';
import type { World } from './world.ts';

type Command = (argv: readonly string[], world: World) => Promise<void>;

const commands: Readonly<Record<string, Command>> = {
  'build-package': buildPackage,
  'build-release-package': buildReleasePackage,
  explain: explainSubjects,
  'generate-reference': generateReference,
  'preview-scripts': previewScriptsOf,
  'test-package': testPackage,
  'publish-packages': publishPackages,
  'check-key': checkKey,
  'create-key': createKey,
  'bucket-policy': bucketPolicy,
};

/** `build-package … | head -1` closes our output before we have said everything: no reason to fail, or to go on writing. */
function tolerateClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

function makeWorld(interruption: AbortSignal): World {
  const columns =
    process.stderr.isTTY && process.env['TERM'] !== 'dumb' ? () => process.stderr.columns || 80 : undefined;
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

/** What is written to an open file fails without saying to which. */
function somewhereFull(cause: unknown): CoachbuilderError {
  return new CoachbuilderError('disk-full', 'there is no space left on a file system that is written to', {
    hint: 'look with "df -h" at those of the cache (XDG_CACHE_HOME), of TMPDIR and of the destination; free some space, then run the same command again',
    cause,
  });
}

/** The system's own refusals, wherever they happen, are for people to put right: a full disk, a file that may not be read. */
function explained(error: unknown): unknown {
  const path = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined;
  if (path === undefined) return isErrno(error, 'ENOSPC', 'EDQUOT') ? somewhereFull(error) : error;
  return isErrno(error, 'EACCES', 'EPERM') ? accessFailure(error, path) : writeFailure(error, path);
}

/** Prints what ended a command and gives its exit status: the one place that decides it. */
function conclude(thrown: unknown, world: World): ExitStatus {
  const error = explained(thrown);
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
    setTimeout(() => process.stderr.write('interrupted; cleaning up (once more ends at once)\n'), 1000).unref();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupt);
  // What we and our tools create must not depend on who runs us; packages carry explicit modes anyway.
  process.umask(0o022);
  tolerateClosedOutput();
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

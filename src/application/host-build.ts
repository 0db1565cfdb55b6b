import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { ErrorCode } from '../errors/codes.ts';
import { pipWheel, type PipWheel } from '../system/tools/pip.ts';
import type { ToolPorts } from './ports.ts';

/** How many of the last lines of a failed build an error shows. */
const tailLines = 30;

export interface HostBuild {
  readonly source: PipWheel['source'];
  /** What is built, for messages: a path, an address without credentials, or `name version`. */
  readonly subject: string;
  /** An empty directory for the result. */
  readonly destination: string;
  /** Absolute; a scratch directory. */
  readonly cwd: string;
  /** SOURCE_DATE_EPOCH of the build, seconds since 1970. */
  readonly epoch: number;
  readonly fromSource?: readonly string[];
  readonly requireHashes?: boolean;
}

/** What building said when it failed. */
export interface BuildFailure {
  readonly output: readonly string[];
}

/** The last lines of what a tool printed, without secrets and empty lines. */
export function lastLines(output: string, ports: Pick<ToolPorts, 'redactor'>, count = tailLines): readonly string[] {
  return ports.redactor
    .text(output)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-count);
}

/**
 * Builds one wheel on the host, in an isolated environment (PEP 517).
 * @returns the wheel's absolute path, or what pip printed when it failed
 */
export async function tryBuildOnHost(build: HostBuild, ports: ToolPorts): Promise<string | BuildFailure> {
  const result = await ports.commands.tryRun({
    ...pipWheel(build),
    cwd: build.cwd,
    env: {
      ...ports.environments.network,
      SOURCE_DATE_EPOCH: String(build.epoch),
      // Without it setuptools-scm and versioneer would refresh the index of the user's repository.
      GIT_OPTIONAL_LOCKS: '0',
      PYTHONHASHSEED: '0',
    },
  });
  if (result.exitCode !== 0) return { output: `${result.stdout}\n${result.stderr}`.split('\n') };
  const wheels = (await readdir(build.destination)).filter((file) => file.endsWith('.whl'));
  const [wheel, ...others] = wheels;
  if (wheel === undefined || others.length > 0) {
    return { output: [...result.stdout.split('\n'), `${String(wheels.length)} wheels came out of the build, not one`] };
  }
  return join(build.destination, wheel);
}

/**
 * {@link tryBuildOnHost} for a build that has to succeed.
 * @throws CoachbuilderError with the given code and the last lines of the build
 */
export async function buildOnHost(build: HostBuild, code: ErrorCode, ports: ToolPorts): Promise<string> {
  const result = await tryBuildOnHost(build, ports);
  if (typeof result === 'string') return result;
  throw new CoachbuilderError(code, `${build.subject} did not build into a wheel`, {
    hint: `run "python3 -m pip wheel --no-deps ." in the project to see the whole build; put right what the last lines above say`,
    details: lastLines(result.output.join('\n'), ports),
  });
}

/**
 * Refuses a wheel that was built on the host and is not pure Python: it would only fit the host.
 * @param fileName the wheel's
 * @param advice the hint
 * @param explanation further facts for the error
 * @throws CoachbuilderError `needs-compiler`
 */
export function requirePureWheel(
  fileName: string,
  subject: string,
  advice: string,
  explanation: readonly string[] = [],
): void {
  if (/-none-any\.whl$/.test(fileName)) return;
  const tag = fileName.slice(0, -'.whl'.length).split('-').slice(-3).join('-');
  throw new CoachbuilderError(
    'needs-compiler',
    `${subject} is not pure Python: built here it became ${fileName}, which is for this machine (${tag}) and not for the target`,
    { hint: advice, details: explanation },
  );
}

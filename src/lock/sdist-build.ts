import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { lastLines, requirePureWheel, tryBuildOnHost } from '../application/host-build.ts';
import type { ToolPorts } from '../application/ports.ts';
import { undatedEpoch } from '../application/sdist-time.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { temporaryDirectory } from '../system/files.ts';
import { findBuiltWheel, keepBuiltWheel } from './built-wheels.ts';
import { hashMismatch, needsCompiler, offlineMiss, unreachableIndex } from './failures.ts';
import type { LockedDistribution } from './lock.ts';
import { pipFailure } from './pip-failure.ts';
import { acceptsWheel, describePlatform, type TargetPlatform } from './platform.ts';
import type { BuiltWheel, CompiledWheel, LockPorts, SdistBuilder } from './sdist-builder.ts';

/** A line of a requirements file that names exactly one file of one version. */
export function pinnedLine(distribution: LockedDistribution): string {
  const { name, version, file, url } = distribution;
  const subject = url === undefined ? `${name}==${version}` : `${name} @ ${url}`;
  return `${subject} --hash=sha256:${file.sha256}`;
}

/** The place of what was built from an sdist: `built/<sha256 of the sdist>/<sha256 of the wheel>/<file>`. */
function builtDirectory(distribution: LockedDistribution, ports: LockPorts): string {
  return join(ports.builtWheels ?? ports.cacheDirectory, 'built', distribution.file.sha256);
}

function failed(
  output: readonly string[],
  distribution: LockedDistribution,
  platform: TargetPlatform,
  ports: ToolPorts,
): CoachbuilderError {
  const text = output.join('\n');
  const mismatch = hashMismatch(text);
  if (mismatch !== undefined) return mismatch;
  if (pipFailure(text, false) === 'unreachable') return unreachableIndex(text, ports);
  const subject = `${distribution.name} ${distribution.version}`;
  return needsCompiler(
    subject,
    platform,
    `its sdist ${distribution.file.fileName} does not build on this machine`,
    lastLines(text, ports),
  );
}

/**
 * Builds the wheel of a distribution that has only an sdist, once for each content of the sdist: on this machine when it
 * is pure Python, and where the ports have a builder for it when it is not.
 * @param explanation why no wheel fits, for the error
 * @returns with `requirements` when it was compiled
 * @throws CoachbuilderError `needs-compiler` when it does not build or is not pure Python and there is no builder,
 * `unsupported-wheel` when the result is for another major version of Python, `hash-mismatch`, `index-unreachable`,
 * `offline`, and what the builder throws
 */
export async function buildLockedSdist(
  distribution: LockedDistribution,
  platform: TargetPlatform,
  ports: LockPorts,
  explanation: readonly string[] = [],
): Promise<BuiltWheel | CompiledWheel> {
  const built = await obtain(distribution, platform, ports, explanation);
  if (acceptsWheel(platform, basename(built.path))) return built;
  const { name, version } = distribution;
  const misfit = new CoachbuilderError(
    'unsupported-wheel',
    `${name} ${version} builds into ${basename(built.path)} here, which ${describePlatform(platform)} does not accept`,
    { hint: 'constrain the project to a version that has a wheel for the target', details: explanation },
  );
  if ('requirements' in built || ports.sdistBuilder === undefined) throw misfit;
  // Pure, but of another major version of Python: the target's own one builds it right.
  return compile(distribution, platform, ports, () => misfit);
}

async function obtain(
  distribution: LockedDistribution,
  platform: TargetPlatform,
  ports: LockPorts,
  explanation: readonly string[],
): Promise<BuiltWheel | CompiledWheel> {
  const compiles = distribution.build === 'container' || ports.sdistBuilder?.mode === 'container';
  if (compiles) {
    const why = distribution.build === 'container' ? 'the lock' : '--builder=container';
    const reason = `${why} wants its sdist ${distribution.file.fileName} compiled in a container`;
    const subject = `${distribution.name} ${distribution.version}`;
    return compile(distribution, platform, ports, () => needsCompiler(subject, platform, reason, explanation));
  }
  const found = await findBuiltWheel(builtDirectory(distribution, ports));
  if (found !== undefined) return found;
  try {
    return await build(distribution, platform, ports, explanation);
  } catch (error) {
    if (!(error instanceof CoachbuilderError) || error.code !== 'needs-compiler') throw error;
    return compile(distribution, platform, ports, () => error);
  }
}

/**
 * The builder that compiles for a platform.
 * @param otherwise makes the error for when nothing can be compiled
 * @throws CoachbuilderError that error, with what has to be done so that a container can be used
 */
export async function compilable(
  platform: TargetPlatform,
  { sdistBuilder }: Pick<LockPorts, 'sdistBuilder'>,
  otherwise: () => CoachbuilderError,
): Promise<SdistBuilder> {
  if (sdistBuilder === undefined) throw withoutBuilder(otherwise(), 'leave --builder=wheels out', []);
  const able = await sdistBuilder.canBuild(platform);
  if (able.possible) return sdistBuilder;
  throw withoutBuilder(otherwise(), able.hint, able.reasons);
}

async function compile(
  distribution: LockedDistribution,
  platform: TargetPlatform,
  ports: LockPorts,
  otherwise: () => CoachbuilderError,
): Promise<CompiledWheel> {
  const builder = await compilable(platform, ports, otherwise);
  ports.reporter.report({
    type: 'stage-progress',
    stage: 'gather',
    message: `compiling ${distribution.name} ${distribution.version} for ${platform.title}, which it has no wheel for`,
  });
  return builder.build(distribution, platform, ports);
}

/** The error for something that has to be compiled, with what has to be done to have it compiled in a container. */
function withoutBuilder(error: CoachbuilderError, advice: string, reasons: readonly string[]): CoachbuilderError {
  return new CoachbuilderError('needs-compiler', error.message, {
    hint: `have it compiled in a container: ${advice}; or ${error.hint ?? ''}`,
    details: [...error.details, ...reasons],
    cause: error,
  });
}

async function build(
  distribution: LockedDistribution,
  platform: TargetPlatform,
  ports: LockPorts,
  explanation: readonly string[],
): Promise<BuiltWheel> {
  const { name, version } = distribution;
  if (ports.offline) throw offlineMiss([distribution.file.fileName], ports);
  ports.reporter.report({
    type: 'stage-progress',
    stage: 'gather',
    message: `building ${name} ${version}, which has no wheel for ${platform.title}`,
  });
  await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'sdist');
  const requirements = join(scratch.path, 'requirements.txt');
  await writeFile(requirements, `${pinnedLine(distribution)}\n`, { mode: 0o600 });
  const result = await tryBuildOnHost(
    {
      source: { requirements },
      subject: `${name} ${version}`,
      destination: join(scratch.path, 'wheel'),
      cwd: scratch.path,
      epoch: undatedEpoch,
      fromSource: [name],
      requireHashes: true,
    },
    ports,
  );
  if (typeof result !== 'string') throw failed([...explanation, ...result.output], distribution, platform, ports);
  requirePureWheel(
    basename(result),
    `${name} ${version}, which has no wheel for ${describePlatform(platform)},`,
    `build a wheel of ${name} ${version} on the target, put it into a directory, and name that directory in PIP_FIND_LINKS or UV_FIND_LINKS; or constrain the project to a version that has a wheel`,
    explanation,
  );
  return await keepBuiltWheel(result, builtDirectory(distribution, ports));
}

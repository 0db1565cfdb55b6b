import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { lastLines, requirePureWheel, tryBuildOnHost } from '../application/host-build.ts';
import type { ToolPorts } from '../application/ports.ts';
import { undatedEpoch } from '../application/sdist-time.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { wheelRank } from '../python/wheel-name.ts';
import { digestFile, isErrno, temporaryDirectory } from '../system/files.ts';
import { hashMismatch, needsCompiler, offlineMiss, unreachableIndex } from './failures.ts';
import type { LockedDistribution } from './lock.ts';
import { pipFailure } from './pip-failure.ts';
import { describePlatform, platformTags, type TargetPlatform } from './platform.ts';

/** A wheel on this machine, and its digest. */
export interface BuiltWheel {
  readonly path: string;
  readonly sha256: string;
}

/** A line of a requirements file that names exactly one file of one version. */
export function pinnedLine(distribution: LockedDistribution): string {
  const { name, version, file, url } = distribution;
  const subject = url === undefined ? `${name}==${version}` : `${name} @ ${url}`;
  return `${subject} --hash=sha256:${file.sha256}`;
}

/** The place of what was built from an sdist: `built/<sha256 of the sdist>/<sha256 of the wheel>/<file>`. */
function builtDirectory(distribution: LockedDistribution, ports: ToolPorts): string {
  return join(ports.cacheDirectory, 'built', distribution.file.sha256);
}

async function list(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/** The wheel that an earlier build of the same sdist left in the cache; a damaged one is thrown away. */
async function findBuilt(distribution: LockedDistribution, ports: ToolPorts): Promise<BuiltWheel | undefined> {
  const directory = builtDirectory(distribution, ports);
  for (const sha256 of await list(directory)) {
    const wheel = (await list(join(directory, sha256))).find((file) => file.endsWith('.whl'));
    const path = join(directory, sha256, wheel ?? '');
    if (wheel !== undefined && (await digestFile(path)).sha256 === sha256) return { path, sha256 };
    await rm(join(directory, sha256), { recursive: true, force: true });
  }
  return undefined;
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
 * Builds the wheel of a distribution that has only an sdist, once for each content of the sdist.
 * @param explanation why no wheel fits, for the error
 * @throws CoachbuilderError `needs-compiler` when it does not build or is not pure Python, `unsupported-wheel` when the
 * result is for another major version of Python, `hash-mismatch`, `index-unreachable`, `offline`
 */
export async function buildLockedSdist(
  distribution: LockedDistribution,
  platform: TargetPlatform,
  ports: ToolPorts,
  explanation: readonly string[] = [],
): Promise<BuiltWheel> {
  const found = await findBuilt(distribution, ports);
  const built = found ?? (await build(distribution, platform, ports, explanation));
  if (wheelRank(basename(built.path), platformTags(platform)) === undefined) {
    throw new CoachbuilderError(
      'unsupported-wheel',
      `${distribution.name} ${distribution.version} builds into ${basename(built.path)} here, which ${describePlatform(platform)} does not accept`,
      { hint: 'constrain the project to a version that has a wheel for the target', details: explanation },
    );
  }
  return built;
}

async function build(
  distribution: LockedDistribution,
  platform: TargetPlatform,
  ports: ToolPorts,
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
  return await keep(result, distribution, ports);
}

async function keep(wheel: string, distribution: LockedDistribution, ports: ToolPorts): Promise<BuiltWheel> {
  const { sha256 } = await digestFile(wheel);
  const directory = join(builtDirectory(distribution, ports), sha256);
  await mkdir(dirname(directory), { recursive: true });
  try {
    // The whole directory at once, so that there is never one with half a file.
    await rename(dirname(wheel), directory);
  } catch (error) {
    // Another run was faster with the same result.
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  }
  return { path: join(directory, basename(wheel)), sha256 };
}

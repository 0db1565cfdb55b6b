import { chmod, mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ToolPorts } from '../application/ports.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { compareVersions } from '../python/version.ts';
import { isErrno, temporaryDirectory, temporaryName } from '../system/files.ts';
import { pipDownload } from '../system/tools/pip.ts';
import { uvVersion } from '../system/tools/uv.ts';
import { openZip } from '../system/zip.ts';

/** The uv that is fetched when the user has none: its wheels are pinned by digest, for x86_64 and aarch64. */
const pinned = {
  version: '0.13.8',
  sha256: [
    'e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984',
    '5337c30bb893b4f9ce0ceb921ba2da0d13f649da644f40ad3bef84083bef0203',
  ],
} as const;

/** The first uv whose `pip compile` writes `pylock.toml` well enough for us. */
const oldestUsable = '0.7.0';

async function versionOf(uv: string, ports: ToolPorts): Promise<string | undefined> {
  try {
    const result = await ports.commands.tryRun({ ...uvVersion(uv), cwd: '/', env: ports.environments.base });
    return result.exitCode === 0 ? /^uv (\d+\.\d+\.\d+)/.exec(result.stdout)?.[1] : undefined;
  } catch (error) {
    if (error instanceof CoachbuilderError && error.code === 'tool-missing') return undefined;
    throw error;
  }
}

/** Downloads the pinned wheel and takes the program out of it; @returns what pip said when it could not be had */
async function provision(program: string, ports: ToolPorts): Promise<string | undefined> {
  await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'uv');
  const requirements = join(scratch.path, 'requirements.txt');
  const hashes = pinned.sha256.map((sha256) => `--hash=sha256:${sha256}`).join(' ');
  await writeFile(requirements, `uv==${pinned.version} ${hashes}\n`);
  const destination = join(scratch.path, 'wheel');
  const result = await ports.commands.tryRun({
    ...pipDownload({ requirements, destination }),
    cwd: scratch.path,
    env: ports.environments.network,
  });
  if (result.exitCode !== 0) return result.stderr;
  const wheel = (await readdir(destination)).find((file) => file.endsWith('.whl'));
  if (wheel === undefined) return 'no wheel came';
  await using archive = await openZip(join(destination, wheel));
  const entry = archive.entries.find((candidate) => candidate.name.endsWith('.data/scripts/uv'));
  if (entry === undefined) return `${wheel} holds no program`;
  await mkdir(join(program, '..'), { recursive: true });
  const temporary = temporaryName(program);
  await writeFile(temporary, await archive.read(entry));
  await chmod(temporary, 0o755);
  await rename(temporary, program);
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

/**
 * Finds a uv that can lock: the one on the PATH when it is new enough, else a pinned one in our own cache, which is
 * fetched once.
 * @returns its name or path; undefined, with a warning, when none can be had: pip resolves then
 */
export async function findUv(ports: ToolPorts): Promise<string | undefined> {
  const version = await versionOf('uv', ports);
  if (version !== undefined && compareVersions(version, oldestUsable) >= 0) return 'uv';
  const program = join(ports.cacheDirectory, 'tools', `uv-${pinned.version}`, 'uv');
  if (!(await exists(program))) {
    const problem = ports.offline ? 'it is not in the cache' : await provision(program, ports);
    if (problem !== undefined) {
      ports.reporter.report({
        type: 'warning',
        message: `uv ${pinned.version} could not be fetched; pip resolves instead`,
        hint: `install uv ${oldestUsable} or newer to have one index preferred to another: ${ports.redactor.text(problem.trim().split('\n').at(-1) ?? '')}`,
      });
      return undefined;
    }
  }
  return (await versionOf(program, ports)) === undefined ? undefined : program;
}

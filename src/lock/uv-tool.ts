import type { ToolPorts } from '../application/ports.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { compareVersions } from '../python/version.ts';
import { exists } from '../system/files.ts';
import { uvVersion } from '../system/tools/uv.ts';
import { openZip } from '../system/zip.ts';
import { obtainPinnedTool, pinnedToolPath } from './pinned-tool.ts';

/** The uv that is fetched when the user has none: its wheels are pinned by digest, for x86_64 and aarch64. */
const pinned = {
  name: 'uv',
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

/** The program in a wheel of uv. @throws Error when there is none */
async function programIn(wheel: string): Promise<Buffer> {
  await using archive = await openZip(wheel);
  const entry = archive.entries.find((candidate) => candidate.name.endsWith('.data/scripts/uv'));
  if (entry === undefined) throw new Error(`${wheel} holds no uv`);
  return await archive.read(entry);
}

/**
 * The version of the uv that {@link findUv} would use without fetching one.
 * @returns undefined when there is none
 */
export async function presentUvVersion(ports: ToolPorts): Promise<string | undefined> {
  const own = await versionOf('uv', ports);
  if (own !== undefined && compareVersions(own, oldestUsable) >= 0) return own;
  const path = pinnedToolPath(pinned, 'uv', ports);
  return (await exists(path)) ? versionOf(path, ports) : undefined;
}

/**
 * Finds a uv that can lock: the one on the PATH when it is new enough, else a pinned one in our own cache, which is
 * fetched once.
 * @returns its name or path; undefined, with a warning, when none can be had: pip resolves then
 */
export async function findUv(ports: ToolPorts): Promise<string | undefined> {
  const version = await versionOf('uv', ports);
  if (version !== undefined && compareVersions(version, oldestUsable) >= 0) return 'uv';
  const answer = await obtainPinnedTool(pinned, { fileName: 'uv', extract: programIn }, ports);
  if ('path' in answer) return (await versionOf(answer.path, ports)) === undefined ? undefined : answer.path;
  ports.reporter.report({
    type: 'warning',
    message: `uv ${pinned.version} could not be fetched; pip resolves instead`,
    hint: `install uv ${oldestUsable} or newer to have one index preferred to another: ${answer.problem}`,
  });
  return undefined;
}

import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ToolPorts } from '../application/ports.ts';
import { exists, temporaryDirectory, writeFileAtomic } from '../system/files.ts';
import { pipDownload } from '../system/tools/pip.ts';

/** A tool that is fetched from the user's index when this machine's own does not do. */
export interface PinnedTool {
  /** Name of the project on the index. */
  readonly name: string;
  readonly version: string;
  /** Of its wheels, hexadecimal: whichever fits this machine. */
  readonly sha256: readonly string[];
}

async function provision(
  tool: PinnedTool,
  path: string,
  extract: (wheel: string) => Promise<Buffer>,
  ports: ToolPorts,
): Promise<string | undefined> {
  await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), tool.name);
  const requirements = join(scratch.path, 'requirements.txt');
  const hashes = tool.sha256.map((sha256) => `--hash=sha256:${sha256}`).join(' ');
  await writeFile(requirements, `${tool.name}==${tool.version} ${hashes}\n`);
  const destination = join(scratch.path, 'wheel');
  const result = await ports.commands.tryRun({
    ...pipDownload({ requirements, destination }),
    cwd: scratch.path,
    env: ports.environments.network,
  });
  if (result.exitCode !== 0) return ports.redactor.text(result.stderr.trim().split('\n').at(-1) ?? '');
  const wheel = (await readdir(destination)).find((file) => file.endsWith('.whl'));
  if (wheel === undefined) return 'no wheel came';
  await writeFileAtomic(path, await extract(join(destination, wheel)), 0o755);
  return undefined;
}

/** A tool that can be used, or why it cannot be had: one line, without secrets. */
export type PinnedToolAnswer = { readonly path: string } | { readonly problem: string };

/** Where a pinned tool is kept once it was fetched. */
export function pinnedToolPath(
  tool: Pick<PinnedTool, 'name' | 'version'>,
  fileName: string,
  { cacheDirectory }: Pick<ToolPorts, 'cacheDirectory'>,
): string {
  return join(cacheDirectory, 'tools', `${tool.name}-${tool.version}`, fileName);
}

/**
 * Finds a pinned tool in our own cache, and fetches it once, checked by its hash.
 * @param fileName what is kept of it is called so
 * @param extract takes what is kept out of the wheel at an absolute path
 */
export async function obtainPinnedTool(
  tool: PinnedTool,
  { fileName, extract }: { readonly fileName: string; readonly extract: (wheel: string) => Promise<Buffer> },
  ports: ToolPorts,
): Promise<PinnedToolAnswer> {
  const path = pinnedToolPath(tool, fileName, ports);
  if (await exists(path)) return { path };
  const problem = ports.offline ? 'it is not in the cache' : await provision(tool, path, extract, ports);
  return problem === undefined ? { path } : { problem };
}

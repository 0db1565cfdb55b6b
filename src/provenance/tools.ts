import type { ToolPorts } from '../application/ports.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { presentUvVersion } from '../lock/uv-tool.ts';
import { compressorVersions } from '../system/library-versions.ts';
import { pipVersion } from '../system/tools/pip.ts';
import { versionQuestions, type VersionQuestion } from '../system/tools/versions.ts';

/** Asks one tool; one that is not here, or does not say, has no version. */
async function ask(
  { call, pattern }: Pick<VersionQuestion, 'call' | 'pattern'>,
  env: Readonly<Record<string, string>>,
  { commands }: Pick<ToolPorts, 'commands'>,
): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await commands.tryRun({ ...call, cwd: '/', env });
    return exitCode === 0 ? pattern.exec(stdout)?.groups?.['version'] : undefined;
  } catch (error) {
    if (error instanceof CoachbuilderError && error.code === 'tool-missing') return undefined;
    throw error;
  }
}

/**
 * Versions of the tools of this machine that decide what packages are, by name, sorted. Those that are not here had no part.
 * @param ports with the pip that is used
 */
export async function toolVersions(ports: ToolPorts): Promise<ReadonlyMap<string, string>> {
  const { base, network } = ports.environments;
  const found = new Map<string, string | undefined>(await compressorVersions());
  for (const question of versionQuestions) found.set(question.name, await ask(question, base, ports));
  found.set('pip', await ask({ call: pipVersion(), pattern: /^(?<version>\d\S*)/ }, network, ports));
  found.set('uv', await presentUvVersion(ports));
  const known = [...found].filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new Map(known.sort(([a], [b]) => (a < b ? -1 : 1)));
}

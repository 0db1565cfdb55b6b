import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ToolPorts } from '../application/ports.ts';
import { normalizeName } from '../python/name.ts';
import { formatRequirement } from '../python/requirement.ts';
import { parseTomlValues } from '../python/toml.ts';
import { asTables, isTable } from '../python/untyped.ts';
import { withoutUrlCredentials } from '../report/redact.ts';
import { uvCompile } from '../system/tools/uv.ts';
import type { LockQuestion } from './lock-request.ts';
import type { TargetPlatform } from './platform.ts';
import {
  fileNameOf,
  type ResolutionAnswer,
  type ResolvedDistribution,
  type ResolvedFile,
  type Resolver,
  type SourcePolicy,
} from './resolution.ts';

/** The glibc minors that uv's `--python-platform` knows, newest first. */
const uvMinors = [40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 28, 17];

/**
 * uv's name of a platform: the newest one that it knows and that the target's glibc is not older than.
 * @returns undefined when uv cannot resolve for it: other machines, glibc before 2.17, Python before 3.8
 */
export function uvPlatform(platform: TargetPlatform): string | undefined {
  const [major = 0, minor = 0] = platform.pythonVersion.split('.').map(Number);
  const glibc = Number(platform.glibc.split('.')[1]);
  const known = uvMinors.find((candidate) => candidate <= glibc);
  if (major < 3 || minor < 8 || known === undefined || !/^(?:x86_64|aarch64)$/.test(platform.architecture))
    return undefined;
  return `${platform.architecture}-manylinux_2_${String(known)}`;
}

function toFile(table: unknown): (ResolvedFile & { readonly address: string }) | undefined {
  if (!isTable(table)) return undefined;
  const { url, path, name, hashes } = table;
  const address = typeof url === 'string' ? url : typeof path === 'string' ? path : undefined;
  const sha256 = isTable(hashes) ? hashes['sha256'] : undefined;
  if (address === undefined || typeof sha256 !== 'string') return undefined;
  return { fileName: typeof name === 'string' ? name : fileNameOf(address), sha256, address };
}

/**
 * Reads a PEP 751 lock (`pylock.toml`) as uv prints it. Files without a sha256 cannot be locked and are left out.
 * @throws Error when it is not of that form
 */
function readPylock(text: string): readonly ResolvedDistribution[] {
  const packages = asTables(parseTomlValues(text)['packages']);
  return packages.map((entry) => {
    const { name, version } = entry;
    if (typeof name !== 'string') throw new Error('uv printed a package without a name');
    // A direct reference is an `archive` (PEP 751, "packages.archive"), be it a wheel or an sdist.
    const archive = toFile(entry['archive']);
    const wheels = asTables(entry['wheels']).flatMap((wheel) => toFile(wheel) ?? []);
    const sdist = toFile(entry['sdist']);
    const strip = ({ fileName, sha256 }: ResolvedFile): ResolvedFile => ({ fileName, sha256 });
    const isWheel = archive?.fileName.endsWith('.whl') === true;
    return {
      name: normalizeName(name),
      version: typeof version === 'string' ? version : '',
      wheels: (archive !== undefined && isWheel ? [archive] : wheels).map(strip),
      sdist: archive !== undefined ? (isWheel ? undefined : strip(archive)) : sdist && strip(sdist),
      url: archive === undefined ? undefined : withoutUrlCredentials(archive.address),
    };
  });
}

/** Why uv failed, by what it prints. */
function uvFailure(output: string): Extract<ResolutionAnswer, { kind: 'failed' }>['reason'] {
  if (/network (?:was|is) disabled|network connectivity is disabled|not found in the cache/i.test(output))
    return 'offline';
  if (/Failed to build|Build backend|build_wheel|metadata generation/i.test(output)) return 'build';
  if (
    /Failed to fetch|error sending request|lack of valid authentication|\b40[137] (?:Unauthorized|Forbidden|Proxy)|invalid peer certificate/i.test(
      output,
    )
  ) {
    return 'unreachable';
  }
  return 'unsatisfiable';
}

/**
 * Resolves with `uv pip compile`, which evaluates markers and chooses versions for the target.
 * @param uv the program
 * @param directory an absolute scratch directory
 */
export function uvResolver(
  question: LockQuestion,
  uv: string,
  directory: string,
  ports: ToolPorts,
): Resolver | undefined {
  const platform = uvPlatform(question.platform);
  if (platform === undefined) return undefined;
  return {
    title: 'uv',
    async resolve(source: SourcePolicy): Promise<ResolutionAnswer> {
      const constraints = question.constraints.length === 0 ? undefined : join(directory, 'uv-constraints.txt');
      if (constraints !== undefined)
        await writeFile(constraints, lines(question.constraints.map(formatRequirement)), { mode: 0o600 });
      const result = await ports.commands.tryRun({
        ...uvCompile({ uv, platform, python: question.markers.python_full_version, constraints, source }),
        cwd: directory,
        // On standard input and not in arguments: addresses of direct references may hold credentials.
        input: lines(question.requirements.map(formatRequirement)),
        env: ports.environments.network,
      });
      if (result.exitCode === 0) return { kind: 'resolved', distributions: readPylock(result.stdout) };
      const output = `${result.stdout}\n${result.stderr}`;
      return { kind: 'failed', reason: uvFailure(output), output };
    },
  };
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

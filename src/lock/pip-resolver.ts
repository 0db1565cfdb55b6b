import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { lastLines } from '../application/host-build.ts';
import type { ToolPorts } from '../application/ports.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { normalizeName } from '../python/name.ts';
import { formatRequirement, type Requirement } from '../python/requirement.ts';
import { manylinuxLadder } from '../python/tags.ts';
import { isTable } from '../python/untyped.ts';
import { withoutUrlCredentials } from '../report/redact.ts';
import { pipResolve } from '../system/tools/pip.ts';
import type { LockQuestion } from './lock-request.ts';
import { explainPipFailure } from './pip-failure.ts';
import { describePlatform } from './platform.ts';
import {
  fileNameOf,
  type ResolutionAnswer,
  type ResolvedDistribution,
  type Resolver,
  type SourcePolicy,
} from './resolution.ts';

const shim = fileURLToPath(new URL('../../src/lock/resolver.py', import.meta.url));

/** The sha256 of an `archive_info` (direct URL data structure): `hashes` since pip 23.0, `hash` before. */
function sha256Of(archive: unknown): string | undefined {
  if (!isTable(archive)) return undefined;
  const { hash, hashes } = archive;
  if (isTable(hashes) && typeof hashes['sha256'] === 'string') return hashes['sha256'];
  return typeof hash === 'string' && hash.startsWith('sha256=') ? hash.slice('sha256='.length) : undefined;
}

/**
 * Reads pip's installation report (`pip install --report`, version 1).
 * @throws Error when it is not of that form
 */
function readPipReport(text: string): readonly ResolvedDistribution[] {
  const report: unknown = JSON.parse(text);
  const install = isTable(report) && Array.isArray(report['install']) ? report['install'].filter(isTable) : [];
  return install.map((item) => {
    const metadata = item['metadata'];
    const download = item['download_info'];
    const name = isTable(metadata) ? metadata['name'] : undefined;
    const version = isTable(metadata) ? metadata['version'] : undefined;
    const url = isTable(download) ? download['url'] : undefined;
    if (typeof name !== 'string' || typeof version !== 'string' || typeof url !== 'string') {
      throw new Error('pip reported a distribution without name, version or address');
    }
    const sha256 = isTable(download) ? sha256Of(download['archive_info']) : undefined;
    const files = sha256 === undefined ? [] : [{ fileName: fileNameOf(url), sha256 }];
    return {
      name: normalizeName(name),
      version,
      wheels: files.filter((file) => file.fileName.endsWith('.whl')),
      sdist: files.find((file) => !file.fileName.endsWith('.whl')),
      url: item['is_direct'] === true ? withoutUrlCredentials(url) : undefined,
    };
  });
}

/**
 * Resolves with pip, for every interpreter and machine; `resolver.py` makes it evaluate markers for the target.
 * With several indexes pip takes the highest version of any of them: it knows no order of preference.
 * @param directory an absolute scratch directory
 */
export function pipResolver(question: LockQuestion, directory: string, ports: ToolPorts): Resolver {
  const { platform } = question;
  const write = async (name: string, texts: readonly string[]): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, texts.map((text) => `${text}\n`).join(''), { mode: 0o600 });
    return path;
  };
  // Of pins pip chooses the files that they allow, and refuses whatever is required beyond them. Without pins it cannot be
  // told hashes: for one that has some it wants them of everything.
  const line = (requirement: Requirement): string => {
    const hashes = question.imported === undefined ? [] : (question.hashes.get(normalizeName(requirement.name)) ?? []);
    return [formatRequirement(requirement), ...hashes.map((sha256) => `--hash=sha256:${sha256}`)].join(' ');
  };
  return {
    title: 'pip',
    async resolve(policy: SourcePolicy): Promise<ResolutionAnswer> {
      const report = join(directory, 'report.json');
      const spec = {
        ...pipResolve({
          shim,
          markers: { ...question.markers },
          target: {
            python: question.markers.python_full_version,
            platforms: manylinuxLadder(platform.glibc, platform.architecture),
          },
          requirements: await write('pip-requirements.txt', question.requirements.map(line)),
          constraints: await write('pip-constraints.txt', question.constraints.map(formatRequirement)),
          report,
          directory: join(directory, 'pip-target'),
          allowSource: policy !== 'none',
        }),
        cwd: directory,
        env: ports.environments.network,
      };
      const result = await ports.commands.tryRun(spec);
      if (result.exitCode === 0)
        return { kind: 'resolved', distributions: readPipReport(await readFile(report, 'utf8')) };
      const output = `${result.stdout}\n${result.stderr}`;
      if (/resolver\.py", line \d+, in main\n[^\n]*\n(?:AssertionError|ModuleNotFoundError|ImportError)/.test(output)) {
        throw new CoachbuilderError('tool-missing', `this pip cannot resolve for ${describePlatform(platform)}`, {
          hint: 'install a pip between 22.2 and 26 for python3',
          details: lastLines(output, ports, 3),
        });
      }
      return { kind: 'failed', ...(await explainPipFailure(spec, output, ports)) };
    },
  };
}

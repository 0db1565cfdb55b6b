import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { lastLines } from '../application/host-build.ts';
import type { ToolPorts } from '../application/ports.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { awaitedIndexes, hashMismatch, mismatch, offlineMiss, unreachableIndex } from '../lock/failures.ts';
import type { LockedDistribution } from '../lock/lock.ts';
import { explainPipFailure } from '../lock/pip-failure.ts';
import type { TargetPlatform } from '../lock/platform.ts';
import { pinnedLine } from '../lock/sdist-build.ts';
import { manylinuxLadder } from '../python/tags.ts';
import { whileWaiting } from '../report/waiting.ts';
import type { CommandSpec } from '../system/command.ts';
import { digestFile, mapConcurrently, temporaryDirectory } from '../system/files.ts';
import { pipDownload } from '../system/tools/pip.ts';
import { keepCached } from './wheel-cache.ts';

/** Processes of pip at once, and the fewest files that are worth one. */
const parallel = { most: 4, filesEach: 4 } as const;

function split<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const count = Math.min(parallel.most, Math.ceil(items.length / parallel.filesEach));
  // Dealt out like cards: neighbours in the alphabet are often of one project and large together.
  return Array.from({ length: count }, (_, index) => items.filter((_item, place) => place % count === index));
}

async function failure(
  spec: CommandSpec,
  output: string,
  files: readonly LockedDistribution[],
  ports: ToolPorts,
): Promise<CoachbuilderError> {
  const wrong = hashMismatch(output);
  if (wrong !== undefined) return wrong;
  if (ports.offline)
    return offlineMiss(
      files.map(({ file }) => file.fileName),
      ports,
      output,
    );
  const explained = await explainPipFailure(spec, output, ports);
  if (explained.reason === 'unreachable') return unreachableIndex(explained.output, ports);
  const missing = /No matching distribution found for ([^\s;]+)/.exec(output)?.[1];
  const locked = files.find(({ name, version }) => missing === `${name}==${version}`);
  return new CoachbuilderError(
    'unresolvable',
    locked === undefined
      ? `the index does not give what is locked${missing === undefined ? '' : `: ${missing}`}`
      : `the index does not have ${locked.file.fileName}, which is locked`,
    {
      hint: 'use the index that the lock was made with, or lock again without --locked',
      details: lastLines(output, ports),
    },
  );
}

async function downloadChunk(
  chunk: readonly LockedDistribution[],
  platform: TargetPlatform,
  scratch: string,
  ports: ToolPorts,
): Promise<readonly string[]> {
  const destination = join(scratch, 'files');
  const requirements = join(scratch, 'requirements.txt');
  await mkdir(destination, { recursive: true });
  await writeFile(requirements, chunk.map((distribution) => `${pinnedLine(distribution)}\n`).join(''));
  const spec = {
    ...pipDownload({
      requirements,
      destination,
      target: {
        python: platform.pythonVersion,
        platforms: manylinuxLadder(platform.glibc, platform.architecture),
      },
    }),
    cwd: scratch,
    env: ports.environments.network,
  };
  const result = await ports.commands.tryRun(spec);
  if (result.exitCode !== 0) throw await failure(spec, `${result.stdout}\n${result.stderr}`, chunk, ports);
  const files = await readdir(destination);
  return Promise.all(chunk.map(async ({ file }) => take(file, destination, files, ports)));
}

/** Checks one downloaded file again, by ourselves, and moves it into the cache. */
async function take(
  file: LockedDistribution['file'],
  destination: string,
  files: readonly string[],
  ports: ToolPorts,
): Promise<string> {
  const lower = file.fileName.toLowerCase();
  const found = files.find((name) => name.toLowerCase() === lower);
  if (found === undefined) throw offlineMiss([file.fileName], ports);
  const path = join(destination, found);
  const { sha256 } = await digestFile(path);
  if (sha256 !== file.sha256) throw mismatch(file.fileName, file.sha256, sha256);
  return keepCached(path, file, ports.cacheDirectory);
}

/**
 * Downloads locked wheels with pip, several processes at once, into the cache.
 * @throws CoachbuilderError `hash-mismatch`, `index-unreachable`, `offline`, `unresolvable` when the index does not have
 * a locked file any more
 */
export async function downloadWheels(
  missing: readonly LockedDistribution[],
  platform: TargetPlatform,
  ports: ToolPorts,
): Promise<void> {
  let done = 0;
  await mapConcurrently(split(missing), parallel.most, async (chunk) => {
    await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'download');
    await whileWaiting(
      { reporter: ports.reporter, stage: 'gather', target: platform.title, what: awaitedIndexes(ports) },
      () => downloadChunk(chunk, platform, scratch.path, ports),
    );
    done += chunk.length;
    ports.reporter.report({
      type: 'stage-progress',
      stage: 'gather',
      target: platform.title,
      message: `${String(done)} of ${String(missing.length)} files fetched`,
    });
  });
}

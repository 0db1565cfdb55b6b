import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { lastLines } from '../../application/host-build.ts';
import type { ToolPorts } from '../../application/ports.ts';
import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { hashMismatch, mismatch, offlineMiss, unreachableIndex } from '../../lock/failures.ts';
import type { LockedDistribution } from '../../lock/lock.ts';
import { explainPipFailure } from '../../lock/pip-failure.ts';
import { pinnedLine } from '../../lock/sdist-build.ts';
import { parseTomlValues } from '../../python/toml.ts';
import { asTable, asTexts } from '../../python/untyped.ts';
import { digestFile, temporaryDirectory } from '../../system/files.ts';
import { readTar } from '../../system/tar.ts';
import { pipDownloadSource } from '../../system/tools/pip.ts';
import { openZip } from '../../system/zip.ts';
import { findCached, keepCached } from '../wheel-cache.ts';

const shim = fileURLToPath(new URL('../../../src/wheelhouse/builders/fetch-sdist.py', import.meta.url));

/**
 * Brings an sdist onto this machine, checked against its digest, without running anything of it.
 * @returns its absolute path, in the cache
 * @throws CoachbuilderError `hash-mismatch`, `index-unreachable`, `offline`, `unresolvable`
 */
export async function fetchSdist(distribution: LockedDistribution, ports: ToolPorts): Promise<string> {
  const { name, version, file } = distribution;
  const cached = await findCached(file, ports.cacheDirectory);
  if (cached !== undefined) return cached;
  await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'sdist');
  const destination = join(scratch.path, 'files');
  const requirements = join(scratch.path, 'requirements.txt');
  await mkdir(destination);
  await writeFile(requirements, `${pinnedLine(distribution)}\n`, { mode: 0o600 });
  const spec = {
    ...pipDownloadSource({ shim, name, version, requirements, destination }),
    cwd: scratch.path,
    env: ports.environments.network,
  };
  const result = await ports.commands.tryRun(spec);
  const output = `${result.stdout}\n${result.stderr}`;
  if (result.exitCode !== 0) {
    const wrong = hashMismatch(output);
    if (wrong !== undefined) throw wrong;
    if (ports.offline) throw offlineMiss([file.fileName], ports, output);
    const explained = await explainPipFailure(spec, output, ports);
    if (explained.reason === 'unreachable') throw unreachableIndex(explained.output, ports);
    throw new CoachbuilderError('unresolvable', `the index does not give ${file.fileName}, which is locked`, {
      hint: 'use the index that the lock was made with, or lock again without --locked',
      details: lastLines(output, ports),
    });
  }
  const [found] = await readdir(destination);
  if (found === undefined) throw offlineMiss([file.fileName], ports, output);
  const path = join(destination, found);
  const { sha256 } = await digestFile(path);
  if (sha256 !== file.sha256) throw mismatch(file.fileName, file.sha256, sha256);
  return await keepCached(path, file, ports.cacheDirectory);
}

/** `pyproject.toml` in the one directory at the top of an sdist (PEP 625). */
const projectFile = /^(?:\.\/)?[^/]+\/pyproject\.toml$/;

async function readTarProject(path: string): Promise<string | undefined> {
  for await (const { kind, path: name, content } of readTar(path))
    if (kind === 'file' && projectFile.test(name)) return content.toString('utf8');
  return undefined;
}

async function readProjectFile(path: string): Promise<string | undefined> {
  if (/\.(?:tar\.gz|tgz)$/i.test(path)) return readTarProject(path);
  if (!/\.zip$/i.test(path)) return undefined;
  await using archive = await openZip(path);
  const entry = archive.entries.find(({ name }) => projectFile.test(name));
  return entry === undefined ? undefined : (await archive.read(entry)).toString('utf8');
}

/**
 * What a build frontend has to install before it builds an sdist (PEP 518, `build-system.requires`): unparsed
 * requirements. A project without that table is built by setuptools (PEP 517).
 * @param path absolute
 * @throws CoachbuilderError `compile-failed` when its pyproject.toml cannot be read
 */
export async function readBuildRequirements(path: string): Promise<readonly string[]> {
  let requires: readonly string[] | undefined;
  try {
    const project = await readProjectFile(path);
    requires =
      project === undefined ? undefined : asTexts(asTable(parseTomlValues(project)['build-system'])['requires']);
  } catch (error) {
    throw new CoachbuilderError('compile-failed', `${path} is no sdist with a readable pyproject.toml`, {
      hint: 'constrain the project to another version',
      details: [error instanceof Error ? error.message : String(error)],
      cause: error,
    });
  }
  if (requires === undefined) return ['setuptools>=40.8.0', 'wheel'];
  // Before 70.1 setuptools asks for wheel only when it is running already.
  return requires.some((line) => /^setuptools\b/i.test(line.trim())) ? [...requires, 'wheel'] : requires;
}

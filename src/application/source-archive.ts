import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { CoreMetadata } from '../python/core-metadata.ts';
import { normalizeName } from '../python/name.ts';
import { asTable, asTables, asText, type Table } from '../python/untyped.ts';
import { digestFile, isErrno, temporaryDirectory } from '../system/files.ts';
import { pipMetadata } from '../system/tools/pip.ts';
import { tarCreate } from '../system/tools/tar.ts';
import { keepApplicationFile } from './application-cache.ts';
import type { LocalSource } from './local-source.ts';
import type { ToolPorts } from './ports.ts';
import { chosenEpoch } from './sdist-time.ts';
import { copySource } from './source-copy.ts';

/** An application's source, to be built by the interpreter of a target: an archive as sdists are (PEP 625). */
export interface SourceArchive {
  /** Absolute, in the cache. */
  readonly path: string;
  readonly sha256: string;
  /** What is built, for messages. */
  readonly subject: string;
  /** What the project says here about itself; undefined when only the target's interpreter understands it. */
  readonly identity: SourceIdentity | undefined;
  /** Seconds since 1970 of the last commit, when the source has one. */
  readonly committed: number | undefined;
}

export type SourceIdentity = Pick<CoreMetadata, 'name' | 'version' | 'requiresPython'>;

/** The metadata of a project as pip reports it: core metadata as JSON (PEP 566). */
async function readMetadata(path: string, ports: ToolPorts): Promise<Table | undefined> {
  await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'metadata');
  const report = join(scratch.path, 'report.json');
  const result = await ports.commands.tryRun({
    ...pipMetadata({ path, report }),
    cwd: scratch.path,
    env: { ...ports.environments.network, GIT_OPTIONAL_LOCKS: '0', PYTHONHASHSEED: '0' },
  });
  if (result.exitCode !== 0) return undefined;
  const [installed] = asTables(asTable(JSON.parse(await readFile(report, 'utf8')) as unknown)['install']);
  return installed === undefined ? undefined : asTable(installed['metadata']);
}

function identityOf(metadata: Table): SourceIdentity | undefined {
  const name = asText(metadata['name']);
  const version = asText(metadata['version']);
  if (name === undefined || version === undefined || /^unknown$/i.test(name)) return undefined;
  return { name: normalizeName(name), version, requiresPython: asText(metadata['requires_python']) };
}

/** Turns PEP 566's JSON back into headers: `requires_dist: [a, b]` into two of `Requires-Dist`. */
function formatMetadata(metadata: Table): string {
  const lines = Object.entries(metadata).flatMap(([key, value]) => {
    if (key === 'description') return [];
    const header = key.replaceAll(/(?:^|_)[a-z]/g, (letter) => letter.toUpperCase().replace('_', '-'));
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    // Continued lines are indented (RFC 5322, folding).
    return values.map((each) => `${header}: ${String(each).replaceAll('\n', '\n        ')}\n`);
  });
  return `${lines.join('')}\n${asText(metadata['description']) ?? ''}`;
}

/**
 * Puts the metadata where an sdist has it. A version that comes from git's tags is read there when git is not
 * (setuptools-scm, hatchling, pbr), and there is no git where this is built.
 */
async function writeMetadata(metadata: Table, project: string): Promise<void> {
  try {
    await writeFile(join(project, 'PKG-INFO'), formatMetadata(metadata), { flag: 'wx' });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

async function archiveDirectory(directory: string, ports: ToolPorts): Promise<SourceArchive> {
  await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'archive');
  // Asking for the metadata leaves things behind, so that what is packed is another copy.
  const asked = await copySource(directory, join(scratch.path, 'asked'), ports);
  const metadata = await readMetadata(asked.project, ports);
  const identity = metadata === undefined ? undefined : identityOf(metadata);
  const copy = await copySource(directory, join(scratch.path, 'source'), ports);
  if (metadata !== undefined && identity !== undefined) await writeMetadata(metadata, copy.project);
  const entry = identity === undefined ? 'source' : `${identity.name.replaceAll('-', '_')}-${identity.version}`;
  await mkdir(join(scratch.path, 'archive'));
  await rename(copy.project, join(scratch.path, 'archive', entry));
  const archive = join(scratch.path, `${entry}.tar.gz`);
  const epoch = chosenEpoch(ports) ?? copy.epoch;
  await ports.commands.run({
    ...tarCreate({ archive, directory: join(scratch.path, 'archive'), entry, epoch }),
    cwd: scratch.path,
    env: ports.environments.base,
  });
  return {
    ...(await keepApplicationFile(archive, ports)),
    subject: directory,
    identity,
    committed: copy.versioned ? copy.epoch : undefined,
  };
}

/**
 * Makes an archive of an application's source from which a target's own interpreter can build it: a directory without
 * what git ignores, an sdist as it is.
 * @throws CoachbuilderError `source-unavailable` for a directory that does not exist any more
 */
export async function archiveSource({ kind, path }: LocalSource, ports: ToolPorts): Promise<SourceArchive> {
  if (kind === 'directory') return archiveDirectory(path, ports);
  const metadata = await readMetadata(path, ports);
  const identity = metadata === undefined ? undefined : identityOf(metadata);
  const { sha256 } = await digestFile(path);
  return { path, sha256, subject: path, identity, committed: undefined };
}

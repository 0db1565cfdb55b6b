import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { digestFile, temporaryDirectory, temporaryName } from '../system/files.ts';
import type { Application, ApplicationSource } from './application.ts';
import { fetchUrl } from './fetch-url.ts';
import { readCommit } from './git-version.ts';
import { buildOnHost, requirePureWheel } from './host-build.ts';
import type { ToolPorts } from './ports.ts';
import { sdistTime } from './sdist-time.ts';
import { copySource } from './source-copy.ts';
import { readWheel } from './wheel-reader.ts';

/**
 * Obtains the wheel of an application that is named by a requirement; `wheelhouse/requirement-wheel.ts` is the one that
 * the pipeline uses. It is called for one target: the wheel may fit that target only.
 * @returns the wheel's absolute path
 */
export type FetchRequirement = (requirement: string) => Promise<string>;

export interface BuildApplicationPorts extends ToolPorts {
  readonly fetchRequirement: FetchRequirement;
}

const buildElsewhere =
  'build the wheel on the target (or on a machine with its interpreter and glibc) with "python3 -m pip wheel --no-deps .", and give that wheel as the package URI';

interface BuiltWheel {
  readonly path: string;
  /** The last commit's time, when the source has one. */
  readonly epoch: number | undefined;
  /** What the source turned out to be, where that says more than what was given. */
  readonly source?: ApplicationSource;
}

/** Keeps a wheel in the cache, where a second build of the same content finds its place taken and changes nothing. */
async function keepWheel(wheel: string, ports: ToolPorts): Promise<string> {
  const { sha256 } = await digestFile(wheel);
  const directory = join(ports.cacheDirectory, 'applications', sha256);
  await mkdir(directory, { recursive: true });
  const path = join(directory, basename(wheel));
  const temporary = temporaryName(path);
  try {
    await rename(wheel, temporary);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return path;
}

function explicitEpoch(ports: ToolPorts): number | undefined {
  const epoch = Number(ports.environments.base['SOURCE_DATE_EPOCH']);
  return Number.isInteger(epoch) ? epoch : undefined;
}

async function buildDirectory(path: string, ports: ToolPorts): Promise<BuiltWheel> {
  await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'application');
  const copy = await copySource(path, join(scratch.path, 'source'), ports);
  const destination = join(scratch.path, 'wheel');
  const epoch = explicitEpoch(ports) ?? copy.epoch;
  const wheel = await buildOnHost(
    { source: { path: copy.project }, subject: path, destination, cwd: scratch.path, epoch },
    'application-build-failed',
    ports,
  );
  checkBuilt(wheel, path);
  return { path: await keepWheel(wheel, ports), epoch: copy.versioned ? copy.epoch : undefined };
}

async function buildSdist(path: string, ports: ToolPorts): Promise<BuiltWheel> {
  await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'application');
  const wheel = await buildOnHost(
    {
      source: { path },
      subject: path,
      destination: join(scratch.path, 'wheel'),
      cwd: scratch.path,
      epoch: explicitEpoch(ports) ?? (await sdistTime(path)),
    },
    'application-build-failed',
    ports,
  );
  checkBuilt(wheel, path);
  return { path: await keepWheel(wheel, ports), epoch: undefined };
}

async function buildUrl(url: string, ports: ToolPorts): Promise<BuiltWheel> {
  const file = await fetchUrl(url, ports);
  const source = { kind: 'url', url: file.url, sha256: file.sha256 } as const;
  // A wheel that was only downloaded is one that somebody built for its platform.
  if (/\.whl$/i.test(file.path)) return { path: file.path, epoch: undefined, source };
  return { ...(await buildSdist(file.path, ports)), source };
}

function checkBuilt(wheel: string, subject: string): void {
  if (/^unknown-/i.test(basename(wheel))) {
    throw new CoachbuilderError('application-build-failed', `${subject} gives itself no name`, {
      hint: 'state name and version under [project] in pyproject.toml, or in setup.py',
    });
  }
  requirePureWheel(basename(wheel), subject, buildElsewhere);
}

async function obtainWheel(source: ApplicationSource, ports: BuildApplicationPorts): Promise<BuiltWheel> {
  switch (source.kind) {
    case 'wheel':
      return { path: source.path, epoch: undefined };
    case 'directory':
      return buildDirectory(source.path, ports);
    case 'sdist':
      return buildSdist(source.path, ports);
    case 'url':
      return buildUrl(source.url, ports);
    case 'requirement':
      return { path: await ports.fetchRequirement(source.requirement), epoch: undefined };
  }
}

/**
 * Turns what the user named into a wheel and reads it. Sources are built in a copy, isolated, on the host's
 * interpreter; the user's checkout is only read.
 * @throws CoachbuilderError `application-build-failed` with the build's last lines, `needs-compiler` when the result is
 * not pure Python, `wheel-invalid`, `offline`, `source-unavailable` and `hash-mismatch` for an address
 */
export async function buildApplication(source: ApplicationSource, ports: BuildApplicationPorts): Promise<Application> {
  const wheel = await obtainWheel(source, ports);
  const commit = source.kind === 'directory' ? await readCommit(source.path, ports) : undefined;
  const contents = await readWheel(wheel.path);
  const { sha256 } = await digestFile(wheel.path);
  return {
    source: wheel.source ?? source,
    wheel: wheel.path,
    sha256,
    metadata: contents.metadata,
    scripts: contents.scripts,
    dataScripts: contents.dataScripts,
    epoch: wheel.epoch ?? contents.newestMember,
    ...(commit === undefined ? {} : { commit }),
  };
}

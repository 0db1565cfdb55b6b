import { basename, join } from 'node:path';

import type { UsedImage } from '../containers/compiler-image.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { digestFile, temporaryDirectory } from '../system/files.ts';
import type { Application, ApplicationSource } from './application.ts';
import { keepApplicationFile } from './application-cache.ts';
import { findChangelog } from './changelog-file.ts';
import { readCommit } from './git-version.ts';
import { buildOnHost, requirePureWheel } from './host-build.ts';
import { fetchSource, type FileSource, type LocalSource } from './local-source.ts';
import type { ToolPorts } from './ports.ts';
import { chosenEpoch, sdistTime } from './sdist-time.ts';
import { copySource } from './source-copy.ts';
import { readWheel } from './wheel-reader.ts';

const buildElsewhere =
  'build the wheel on the target (or on a machine with its interpreter and glibc) with "python3 -m pip wheel --no-deps .", and give that wheel as the package URI';

/** The wheel of an application. */
export interface ApplicationWheel {
  /** Absolute. */
  readonly path: string;
  /** Seconds since 1970 of the source's last commit, when it has one. */
  readonly committed: number | undefined;
  /** Where it was compiled; absent for what needed no compiler. */
  readonly compiledIn?: UsedImage;
}

/**
 * Refuses a wheel of a project that does not say what it is.
 * @throws CoachbuilderError `application-build-failed`
 */
export function requireNamed(wheel: string, subject: string): void {
  if (!/^unknown-/i.test(basename(wheel))) return;
  throw new CoachbuilderError('application-build-failed', `${subject} gives itself no name`, {
    hint: 'state name and version under [project] in pyproject.toml, or in setup.py',
  });
}

async function buildDirectory(path: string, ports: ToolPorts): Promise<ApplicationWheel> {
  await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'application');
  const copy = await copySource(path, join(scratch.path, 'source'), ports);
  const wheel = await buildOnHost(
    {
      source: { path: copy.project },
      subject: path,
      destination: join(scratch.path, 'wheel'),
      cwd: scratch.path,
      epoch: chosenEpoch(ports) ?? copy.epoch,
    },
    'application-build-failed',
    ports,
  );
  return { path: await keepPure(wheel, path, ports), committed: copy.versioned ? copy.epoch : undefined };
}

async function buildSdist(path: string, ports: ToolPorts): Promise<ApplicationWheel> {
  await using scratch = await temporaryDirectory(join(ports.cacheDirectory, 'tmp'), 'application');
  const wheel = await buildOnHost(
    {
      source: { path },
      subject: path,
      destination: join(scratch.path, 'wheel'),
      cwd: scratch.path,
      epoch: chosenEpoch(ports) ?? (await sdistTime(path)),
    },
    'application-build-failed',
    ports,
  );
  return { path: await keepPure(wheel, path, ports), committed: undefined };
}

async function keepPure(wheel: string, subject: string, ports: ToolPorts): Promise<string> {
  requireNamed(wheel, subject);
  requirePureWheel(basename(wheel), subject, buildElsewhere);
  return (await keepApplicationFile(wheel, ports)).path;
}

/** What a source tells beside its wheel: the commit, for a directory in a checkout; its changelog. */
export async function factsOf(
  source: LocalSource,
  ports: ToolPorts,
): Promise<Pick<Application, 'commit' | 'changelog'>> {
  const commit = source.kind === 'directory' ? await readCommit(source.path, ports) : undefined;
  const changelog = await findChangelog(source);
  return { ...(commit === undefined ? {} : { commit }), ...(changelog === undefined ? {} : { changelog }) };
}

/**
 * Reads the wheel of an application.
 * @throws CoachbuilderError `wheel-invalid`
 */
export async function readApplication(
  source: ApplicationSource,
  { path, committed, compiledIn }: ApplicationWheel,
  { commit, changelog }: Pick<Application, 'commit' | 'changelog'> = {},
): Promise<Application> {
  const contents = await readWheel(path);
  const { sha256 } = await digestFile(path);
  return {
    source,
    wheel: path,
    sha256,
    metadata: contents.metadata,
    scripts: contents.scripts,
    dataScripts: contents.dataScripts,
    epoch: committed ?? contents.newestMember,
    ...(contents.generator === undefined ? {} : { generator: contents.generator }),
    ...(compiledIn === undefined ? {} : { compiledIn }),
    ...(commit === undefined ? {} : { commit }),
    ...(changelog === undefined ? {} : { changelog }),
  };
}

/**
 * Turns a source into a wheel on this machine, and reads it. Sources are built in a copy, isolated, on the host's
 * interpreter; the user's checkout is only read. A wheel is taken as it is.
 * @throws CoachbuilderError `application-build-failed` with the build's last lines, `needs-compiler` when the result is
 * not pure Python, `wheel-invalid`
 */
export async function buildLocalSource(source: LocalSource, ports: ToolPorts): Promise<Application> {
  const { kind, path } = source;
  const wheel =
    kind === 'wheel'
      ? { path, committed: undefined }
      : await (kind === 'directory' ? buildDirectory : buildSdist)(path, ports);
  return readApplication(source.origin, wheel, await factsOf(source, ports));
}

/** {@link buildLocalSource}, wherever the source is. @throws CoachbuilderError what that and `fetchSource` throw */
export async function buildApplication(source: FileSource, ports: ToolPorts): Promise<Application> {
  return buildLocalSource(await fetchSource(source, ports), ports);
}

import { constants } from 'node:fs';
import { access, mkdir, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PackageArtifact } from '../formats/packager.ts';
import { digestFile, isErrno, temporaryDirectory, writeFailure, type TemporaryDirectory } from '../system/files.ts';

/** Where packages go, and whether those that are there may be replaced. */
export interface Destination {
  /** Absolute. */
  readonly directory: string;
  readonly force: boolean;
}

/** A subdirectory of a destination, or the destination itself when the name is empty. */
export function below(destination: Destination, subdirectory: string): Destination {
  return { ...destination, directory: join(destination.directory, subdirectory) };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

/** The nearest directory that is there already: the one that decides whether the rest can be made. */
async function nearestExisting(path: string): Promise<string> {
  let current = path;
  while (!(await exists(current)) && dirname(current) !== current) current = dirname(current);
  return current;
}

/**
 * Finds out before any work whether the packages can be written, without writing anything.
 * @throws CoachbuilderError `output-unwritable` when the destination is no directory or cannot be written,
 * `output-exists` when a package is there already and may not be replaced
 */
export async function checkDestination(destination: Destination, fileNames: readonly string[]): Promise<void> {
  const { directory, force } = destination;
  const nearest = await nearestExisting(directory);
  if (!(await stat(nearest)).isDirectory()) {
    throw new CoachbuilderError('output-unwritable', `the destination ${directory} is not a directory`, {
      hint: 'give a directory to --destination-path',
    });
  }
  try {
    await access(nearest, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw writeFailure(error, directory);
  }
  if (force) return;
  const present: string[] = [];
  for (const name of fileNames) if (await exists(join(directory, name))) present.push(name);
  const [first] = present;
  if (first === undefined) return;
  throw new CoachbuilderError('output-exists', `${first} is already in ${directory}`, {
    details: present.slice(1).map((name) => `so is ${name}`),
    hint: 'give --force to replace what is there',
  });
}

/**
 * A directory beside the final place of the packages, on the same file system; it goes with all that is in it when it
 * is disposed of.
 * @throws CoachbuilderError `output-unwritable`, `disk-full`
 */
async function openStaging({ directory }: Destination): Promise<TemporaryDirectory> {
  try {
    return await temporaryDirectory(directory, '.coachbuilder');
  } catch (error) {
    throw writeFailure(error, directory);
  }
}

/** Whether the very bytes of an artifact stand at its final place already: a release package comes out of many builds. */
async function isDelivered(artifact: PackageArtifact, path: string): Promise<boolean> {
  const isFile = await stat(path).then(
    (facts) => facts.isFile(),
    () => false,
  );
  return isFile && (await digestFile(path)).sha256 === artifact.sha256;
}

/**
 * Gives finished packages their final place, all those of a target together. One that is there already, byte for byte,
 * stays as it is.
 * @returns the artifacts at their final paths
 * @throws CoachbuilderError `output-exists` when another one has the name
 */
async function deliver(
  artifacts: readonly PackageArtifact[],
  destination: Destination,
): Promise<readonly PackageArtifact[]> {
  const placeOf = (artifact: PackageArtifact): string => join(destination.directory, basename(artifact.path));
  const waiting = new Set<PackageArtifact>();
  for (const artifact of artifacts) if (!(await isDelivered(artifact, placeOf(artifact)))) waiting.add(artifact);
  await checkDestination(
    destination,
    [...waiting].map((artifact) => basename(artifact.path)),
  );
  await mkdir(destination.directory, { recursive: true });
  const delivered: PackageArtifact[] = [];
  for (const artifact of artifacts) {
    const path = placeOf(artifact);
    delivered.push({ ...artifact, path });
    if (!waiting.has(artifact)) continue;
    await rename(artifact.path, path).catch((error: unknown) => {
      throw writeFailure(error, path);
    });
  }
  return delivered;
}

/** The same error, speaking of the place that the user named and not of the one where packages grow. */
function speakOf(directory: string, staging: string, error: unknown): unknown {
  if (!(error instanceof CoachbuilderError) || !error.message.includes(staging)) return error;
  const { code, message, hint, details, diagnostics, cause } = error;
  return new CoachbuilderError(code, message.replaceAll(staging, directory), {
    ...(hint === undefined ? {} : { hint: hint.replaceAll(staging, directory) }),
    details,
    diagnostics,
    cause,
  });
}

/**
 * Has packages made beside their final place, and gives them that place when all of them are whole; after a failure
 * nothing is left of any.
 * @param emit makes the packages in the directory that it is given
 * @returns the artifacts at their final paths
 * @throws CoachbuilderError `output-unwritable`, `disk-full`, `output-exists`, and what `emit` throws
 */
export async function emitInto(
  destination: Destination,
  emit: (staging: string) => Promise<readonly PackageArtifact[]>,
): Promise<readonly PackageArtifact[]> {
  await using staging = await openStaging(destination);
  try {
    return await deliver(await emit(staging.path), destination);
  } catch (error) {
    throw speakOf(destination.directory, staging.path, error);
  }
}

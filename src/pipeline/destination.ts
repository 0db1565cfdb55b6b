import { constants } from 'node:fs';
import { access, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { reportFileName } from '../build-report/report.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { companionsOf, type CompanionFile, type PackageArtifact } from '../formats/packager.ts';
import { rpmlintrcName } from '../lint/shipped.ts';
import { provenanceFileName } from '../provenance/facts.ts';
import { sbomFileName, sbomSuffixes, type SbomFormat } from '../sbom/bill.ts';
import { digestFile, exists, temporaryDirectory, writeFailure, type TemporaryDirectory } from '../system/files.ts';

/** Where packages go, and whether those that are there may be replaced. */
export interface Destination {
  /** Absolute. */
  readonly directory: string;
  readonly force: boolean;
  /**
   * sha256 by path of what this run has put anywhere: two architectures of one distribution make the same packages
   * `all` or `noarch`, which have to be alike, and are there once.
   */
  readonly delivered?: Map<string, string>;
  /** Paths that may be replaced nevertheless: an earlier run made them, and nobody has altered them since. */
  readonly replaceable?: ReadonlySet<string>;
}

/** A subdirectory of a destination, or the destination itself when the name is empty. */
export function below(destination: Destination, subdirectory: string): Destination {
  return { ...destination, directory: join(destination.directory, subdirectory) };
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
  const { directory, force, replaceable } = destination;
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
  for (const name of fileNames) {
    const path = join(directory, name);
    if (replaceable?.has(path) !== true && (await exists(path))) present.push(name);
  }
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

/** What is put into the destination: a package, or a file that describes one. */
type DeliveredFile = Pick<CompanionFile, 'path' | 'sha256'>;

/** Whether the very bytes of an artifact stand at its final place already: a release package comes out of many builds. */
async function isDelivered(file: DeliveredFile, path: string): Promise<boolean> {
  const isFile = await stat(path).then(
    (facts) => facts.isFile(),
    () => false,
  );
  return isFile && (await digestFile(path)).sha256 === file.sha256;
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
  const files = artifacts.flatMap((artifact): readonly DeliveredFile[] => [artifact, ...companionsOf(artifact)]);
  const repeated = claim(files, destination);
  const fresh: DeliveredFile[] = [];
  for (const file of files) {
    if (repeated.has(file) || (await isDelivered(file, finalPath(file, destination)))) continue;
    fresh.push(file);
  }
  await checkDestination(
    destination,
    fresh.map((file) => basename(file.path)),
  );
  await mkdir(destination.directory, { recursive: true });
  const names = new Set(files.map((file) => basename(file.path)));
  for (const artifact of artifacts) {
    if (fresh.includes(artifact)) await removeCompanions(artifact, names, destination);
  }
  for (const file of fresh) {
    const path = finalPath(file, destination);
    await rename(file.path, path).catch((error: unknown) => {
      throw writeFailure(error, path);
    });
  }
  return artifacts.map((artifact) => delivered(artifact, destination));
}

/** The names of all that can lie beside a package. */
function companionNames(fileName: string): readonly string[] {
  const formats = Object.keys(sbomSuffixes) as SbomFormat[];
  return [
    ...formats.map((format) => sbomFileName({ fileName }, format)),
    ...[provenanceFileName, rpmlintrcName, reportFileName].map((name) => name({ fileName })),
  ];
}

/**
 * Removes what an earlier build has left beside a package that is replaced, and this build does not make: it would speak
 * of other bytes, or of another lock and commit.
 */
async function removeCompanions(
  { path }: Pick<PackageArtifact, 'path'>,
  made: ReadonlySet<string>,
  destination: Destination,
): Promise<void> {
  const stale = companionNames(basename(path)).filter((name) => !made.has(name));
  for (const name of stale) {
    const place = join(destination.directory, name);
    if (!destination.force && destination.replaceable?.has(place) !== true) continue;
    await rm(place, { force: true }).catch((error: unknown) => {
      throw writeFailure(error, place);
    });
  }
}

function delivered(artifact: PackageArtifact, destination: Destination): PackageArtifact {
  const { sbom, provenance, rpmlintrc, report } = artifact;
  const move = <File extends DeliveredFile>(file: File): File => ({ ...file, path: finalPath(file, destination) });
  return {
    ...move(artifact),
    ...(sbom === undefined ? {} : { sbom: sbom.map(move) }),
    ...(rpmlintrc === undefined ? {} : { rpmlintrc: move(rpmlintrc) }),
    ...(report === undefined ? {} : { report: move(report) }),
    ...(provenance === undefined ? {} : { provenance: move(provenance) }),
  };
}

function finalPath(file: DeliveredFile, destination: Destination): string {
  return join(destination.directory, basename(file.path));
}

/**
 * Notes what is about to be delivered, at once for all of it, so that targets that end at the same time see each other.
 * @returns the files that another target of this run has delivered already
 * @throws CoachbuilderError `file-conflict` when one of them is not the same
 */
function claim(files: readonly DeliveredFile[], destination: Destination): ReadonlySet<DeliveredFile> {
  const claimed = destination.delivered;
  const repeated = new Set<DeliveredFile>();
  if (claimed === undefined) return repeated;
  for (const file of files) {
    const path = finalPath(file, destination);
    const earlier = claimed.get(path);
    if (earlier === undefined) continue;
    if (earlier !== file.sha256) {
      throw new CoachbuilderError(
        'file-conflict',
        `two targets make different packages of the name ${basename(path)}`,
        {
          hint: 'build the architectures one by one, into directories of their own',
        },
      );
    }
    repeated.add(file);
  }
  for (const file of files) claimed.set(finalPath(file, destination), file.sha256);
  return repeated;
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

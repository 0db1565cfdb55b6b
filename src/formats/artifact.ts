import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PackageDefinition } from '../packages/definition.ts';
import type { CommandResult, CommandRunner, CommandSpec } from '../system/command.ts';
import { digestFile, isErrno, temporaryName, writeFailure } from '../system/files.ts';
import type { PackageArtifact } from './packager.ts';

/** What dpkg-deb, tar, xz and rpmbuild say when a write fails for want of space: the C library's texts (C locale). */
const noSpace = /No space left on device|Disk quota exceeded/;

function diskFull(output: string, details: readonly string[], cause?: unknown): CoachbuilderError {
  return new CoachbuilderError('disk-full', `there is no space left to write ${output}`, {
    hint: 'free some space on the file systems of the build directory and of the destination, then run the same command again',
    details,
    cause,
  });
}

/**
 * Runs a tool that writes a package.
 * @throws CoachbuilderError `disk-full` when that is what its output says; else what the runner throws
 */
export async function runWriter(commands: CommandRunner, command: CommandSpec, output: string): Promise<CommandResult> {
  try {
    return await commands.run(command);
  } catch (error) {
    if (!(error instanceof CoachbuilderError) || !error.details.some((line) => noSpace.test(line))) throw error;
    throw diskFull(output, error.details, error);
  }
}

/** More than any tool holds back before it writes, in bytes. */
const probeSize = 1024 * 1024;

/**
 * Makes sure that the file system of a file that a tool has just written was not full. rpmbuild reports success when
 * its last writes fail, and takes the digests from what it reads back (measured with 4.18, zstd and xz payloads), so
 * the file does not tell. A file of our own beside it does; unlike a look at the free space it meets quotas, too.
 * @throws CoachbuilderError `disk-full`
 */
export async function proveSpaceLeft(written: string, output: string): Promise<void> {
  const probe = temporaryName(written);
  try {
    // Random, so that no file system stores it in less.
    await writeFile(probe, randomBytes(probeSize));
  } catch (error) {
    throw isErrno(error, 'ENOSPC', 'EDQUOT') ? diskFull(output, [], error) : error;
  } finally {
    await rm(probe, { force: true });
  }
}

/**
 * Writes a package file under a name of its own beside `output` and gives it its final name when it is whole.
 * @param write makes the file at the path that it is given
 */
export async function publishArtifact(
  definition: Pick<PackageDefinition, 'name' | 'version' | 'architecture' | 'distribution'>,
  output: string,
  write: (temporary: string) => Promise<void>,
): Promise<PackageArtifact> {
  const temporary = temporaryName(output);
  try {
    await write(temporary);
    const { sha256, size } = await digestFile(temporary);
    await rename(temporary, output);
    return {
      path: output,
      name: definition.name,
      version: definition.version.version,
      release: definition.version.release,
      architecture: definition.architecture,
      format: definition.distribution.format,
      size,
      sha256,
    };
  } catch (error) {
    throw writeFailure(error, output);
  } finally {
    await rm(temporary, { force: true });
  }
}

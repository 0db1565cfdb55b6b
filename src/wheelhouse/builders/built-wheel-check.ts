import { basename } from 'node:path';

import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { acceptsWheel, describePlatform, type TargetPlatform } from '../../lock/platform.ts';
import type { CompilableSource } from '../../lock/sdist-builder.ts';
import { compareVersions } from '../../python/version.ts';
import { parseWheelName } from '../../python/wheel-name.ts';
import { openZip } from '../../system/zip.ts';

const elfMagic = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

/**
 * The highest symbol version of glibc that an ELF file names. Names of versions are plain texts in `.dynstr` (Linux
 * Standard Base, symbol versioning); what a section is does not matter for the highest one.
 */
function highestGlibc(content: Buffer): string | undefined {
  const versions = [...content.toString('latin1').matchAll(/GLIBC_(\d+(?:\.\d+)+)\0/g)].map((match) => match[1] ?? '');
  return versions.reduce<string | undefined>(
    (highest, version) => (highest === undefined || compareVersions(version, highest) > 0 ? version : highest),
    undefined,
  );
}

async function newerGlibc(path: string, glibc: string): Promise<string | undefined> {
  await using archive = await openZip(path);
  for (const entry of archive.entries) {
    if (entry.isDirectory) continue;
    const content = await archive.read(entry);
    if (!content.subarray(0, elfMagic.length).equals(elfMagic)) continue;
    const highest = highestGlibc(content);
    if (highest !== undefined && compareVersions(highest, glibc) > 0) return `${entry.name} needs glibc ${highest}`;
  }
  return undefined;
}

/**
 * Looks at a wheel that was compiled: it has to be the project that was asked for, and to run on the target.
 * @param path absolute
 * @throws CoachbuilderError `compile-failed` naming what is wrong
 */
export async function checkCompiledWheel(
  path: string,
  source: Pick<CompilableSource, 'path' | 'identity'>,
  platform: TargetPlatform,
): Promise<void> {
  const refuse = (problem: string, hint: string): never => {
    throw new CoachbuilderError(
      'compile-failed',
      `${basename(source.path)} was compiled into ${basename(path)}: ${problem}`,
      { hint },
    );
  };
  const { name, version } = parseWheelName(basename(path));
  const { identity } = source;
  if (identity !== undefined && (name !== identity.name || compareVersions(version, identity.version) !== 0)) {
    refuse(`that is not ${identity.name} ${identity.version}`, 'constrain the project to another version');
  }
  const wrongImage = 'compile in an image of the target: see --image';
  if (!acceptsWheel(platform, basename(path))) {
    refuse(`${describePlatform(platform)} does not accept it`, wrongImage);
  }
  const newer = await newerGlibc(path, platform.glibc);
  if (newer !== undefined) refuse(`${newer}, and ${platform.title} has ${platform.glibc}`, wrongImage);
}

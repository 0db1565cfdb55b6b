import { basename } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { parseCoreMetadata, type CoreMetadata } from '../python/core-metadata.ts';
import { parseEntryPoints, type ScriptEntryPoint } from '../python/entry-points.ts';
import { normalizeName } from '../python/name.ts';
import { parseWheelName } from '../python/wheel-name.ts';
import { openZip, type ZipArchive, type ZipEntry } from '../system/zip.ts';

/** What a wheel says about itself. */
export interface WheelContents {
  readonly metadata: CoreMetadata;
  /** Sorted by name. */
  readonly scripts: readonly ScriptEntryPoint[];
  /** Names of the files in `.data/scripts`, sorted. */
  readonly dataScripts: readonly string[];
  /** What made it, by its own word (`Generator` of WHEEL). */
  readonly generator: string | undefined;
  /** Seconds since 1970 of the newest member, its date read as UTC. */
  readonly newestMember: number;
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `name-version` as the archive spells it: of the one `.dist-info` directory whose name is the file's (PEP 427). */
export function findStem(path: string, archive: ZipArchive): string {
  const stems = new Set<string>();
  for (const entry of archive.entries) {
    const stem = /^([^/]+)\.dist-info\//.exec(entry.name)?.[1];
    if (stem !== undefined) stems.add(stem);
  }
  const { name } = parseWheelName(basename(path));
  const [stem, ...others] = [...stems].filter((candidate) => normalizeName(candidate.replace(/-[^-]*$/, '')) === name);
  if (stem === undefined || others.length > 0) {
    throw new CoachbuilderError(
      'wheel-invalid',
      `${path} has ${stem === undefined ? 'no .dist-info directory' : 'several .dist-info directories'} of ${name}`,
      { hint: 'build the wheel again', details: [...stems].map((other) => `${other}.dist-info`) },
    );
  }
  return stem;
}

async function readText(archive: ZipArchive, name: string): Promise<string | undefined> {
  const entry = archive.entries.find((candidate) => candidate.name === name);
  return entry === undefined ? undefined : (await archive.read(entry)).toString('utf8');
}

function dataScripts(entries: readonly ZipEntry[], stem: string): readonly string[] {
  const prefix = `${stem}.data/scripts/`;
  return entries
    .filter((entry) => !entry.isDirectory && entry.name.startsWith(prefix))
    .map((entry) => entry.name.slice(prefix.length))
    .sort(byName);
}

/** Names a wheel in what its parts were refused for. */
export function inWheel(path: string, error: unknown): unknown {
  if (!(error instanceof CoachbuilderError) || error.message.includes(path)) return error;
  return new CoachbuilderError(error.code, `${path}: ${error.message}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details: error.details,
    cause: error,
  });
}

/**
 * Reads the metadata, the scripts and the age of a wheel.
 * @param path absolute
 * @throws CoachbuilderError `wheel-invalid` naming the wheel when it breaks the binary distribution format
 */
export async function readWheel(path: string): Promise<WheelContents> {
  try {
    await using archive = await openZip(path);
    const stem = findStem(path, archive);
    const metadata = await readText(archive, `${stem}.dist-info/METADATA`);
    if (metadata === undefined) {
      throw new CoachbuilderError('wheel-invalid', `${path} has no ${stem}.dist-info/METADATA`, {
        hint: 'build the wheel again',
      });
    }
    const entryPoints = await readText(archive, `${stem}.dist-info/entry_points.txt`);
    const format = await readText(archive, `${stem}.dist-info/WHEEL`);
    const generator = /^Generator:[ \t]*(\S.*?)[ \t]*\r?$/m.exec(format ?? '')?.[1];
    const times = archive.entries.map((entry) => Math.floor(entry.modified.getTime() / 1000));
    return {
      metadata: parseCoreMetadata(metadata),
      scripts: [...parseEntryPoints(entryPoints ?? '')].sort((a, b) => byName(a.name, b.name)),
      dataScripts: dataScripts(archive.entries, stem),
      generator,
      newestMember: times.reduce((newest, time) => Math.max(newest, time), 0),
    };
  } catch (error) {
    throw inWheel(path, error);
  }
}

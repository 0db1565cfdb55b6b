import { createHash } from 'node:crypto';

import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { normalizeName } from '../../python/name.ts';
import { formatRequirement, type Requirement } from '../../python/requirement.ts';
import { satisfies } from '../../python/specifiers.ts';
import { withoutUrlCredentials } from '../../report/redact.ts';
import { describePlatform, platformTags, type TargetPlatform } from '../platform.ts';
import { bestWheel } from '../resolution.ts';
import { unusable, type ImportedFile, type ImportedPackage } from './imported-lock.ts';

/** A distribution of a lock, fit to be given to a resolver. */
export interface Pin {
  /** `name==version` or `name @ url`, without a marker. */
  readonly requirement: Requirement;
  /** Empty for a direct reference whose version the lock does not tell. */
  readonly version: string;
  readonly files: readonly ImportedFile[];
}

/** What a lock of another tool has for one target. */
export interface ImportedLock {
  /** Absolute. */
  readonly path: string;
  /** Sorted by name. */
  readonly pins: readonly Pin[];
  /** sha256 (hexadecimal) of what is pinned for the target. */
  readonly digest: string;
}

function byName(a: ImportedPackage, b: ImportedPackage): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** One entry for each name; two that say the same are one with the files of both. */
function unite(packages: readonly ImportedPackage[]): readonly ImportedPackage[] {
  const united = new Map<string, ImportedPackage>();
  for (const entry of packages) {
    const other = united.get(entry.name);
    if (other === undefined) united.set(entry.name, entry);
    else if (other.version === entry.version && other.url === entry.url) {
      const files = new Map([...other.files, ...entry.files].map((file) => [file.sha256, file]));
      united.set(entry.name, { ...other, files: [...files.values()] });
    } else {
      throw unusable(
        `it has two versions of ${entry.name} for the target: ${other.version} and ${entry.version}`,
        'give them markers that exclude each other, or lock again with the tool that made it',
      );
    }
  }
  return [...united.values()].sort(byName);
}

function toPin(entry: ImportedPackage): Pin {
  const { name, version, url, files, unpinnable } = entry;
  if (unpinnable !== undefined) {
    throw unusable(
      `its ${name} cannot be packaged from it: ${unpinnable}`,
      'build a wheel of it, put that on an index or behind an http(s) address, and require it from there',
    );
  }
  if (url === undefined && version === '') throw unusable(`it does not pin a version of ${name}`, 'pin it with ==');
  if (files.length === 0) {
    throw unusable(
      `it has no sha256 of ${name} ${version}`,
      'lock again with hashes (pip-compile --generate-hashes, uv pip compile --generate-hashes), from an index that gives sha256 digests',
    );
  }
  const specifiers = url === undefined ? `==${version}` : '';
  return { requirement: { name, extras: [], specifiers, url, marker: undefined }, version, files };
}

/**
 * Turns what a lock has for a target into pins.
 * @param own normalized name of an application that is built here, which is not pinned
 * @throws CoachbuilderError `lock-file-unusable` for two versions of a project, for what has no sha256 and for what is no file
 */
export function makePins(packages: readonly ImportedPackage[], own: string | undefined): Omit<ImportedLock, 'path'> {
  const pins = unite(packages.filter(({ name }) => name !== own)).map(toPin);
  const canonical = pins.map(({ requirement, files }) => [
    withoutUrlCredentials(formatRequirement(requirement)),
    files.map(({ sha256 }) => sha256).sort(),
  ]);
  return { pins, digest: createHash('sha256').update(JSON.stringify(canonical)).digest('hex') };
}

/**
 * Insists that a lock has what is required, in versions that will do.
 * @throws CoachbuilderError `lock-file-unusable` with every requirement that is not met
 */
export function requirePinned(requirements: readonly Requirement[], lock: ImportedLock): void {
  const pins = new Map(lock.pins.map((pin) => [normalizeName(pin.requirement.name), pin]));
  const problems = requirements.flatMap((requirement) => {
    const pin = pins.get(normalizeName(requirement.name));
    const wanted = withoutUrlCredentials(formatRequirement({ ...requirement, marker: undefined }));
    if (pin === undefined) return [`${wanted} is required, and it has no ${requirement.name}`];
    const fits = pin.version === '' || satisfies(pin.version, requirement.specifiers, { prereleases: true });
    return fits ? [] : [`${wanted} is required, and it has ${pin.version}`];
  });
  if (problems.length === 0) return;
  throw new CoachbuilderError('lock-file-unusable', `${lock.path} does not have what the application requires`, {
    hint: 'lock again with the tool that made it, or correct python.lock-file or python.extras in the manifest',
    details: problems,
  });
}

/**
 * Insists that every pin has a file that a target can use: a wheel that fits, or an sdist.
 * @throws CoachbuilderError `unsupported-wheel`
 */
export function requireUsableFiles(lock: ImportedLock, platform: TargetPlatform): void {
  const tags = platformTags(platform);
  for (const { requirement, version, files } of lock.pins) {
    const names = files.map(({ fileName }) => fileName ?? '');
    const wheels = files.flatMap(({ fileName, sha256 }) =>
      fileName?.endsWith('.whl') === true ? [{ fileName, sha256 }] : [],
    );
    if (wheels.length < files.length || bestWheel(wheels, tags) !== undefined) continue;
    throw new CoachbuilderError(
      'unsupported-wheel',
      `${lock.path} has no file of ${requirement.name} ${version} for ${describePlatform(platform)}`,
      {
        hint: `choose a version of ${requirement.name} that has a wheel for the target, lock it, and build again`,
        details: names.slice(0, 10).map((name) => `it has ${name}`),
      },
    );
  }
}

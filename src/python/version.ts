import { parse } from '@renovatebot/pep440';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';

/** A version in the sense of PEP 440, taken apart. */
export interface PythonVersion {
  /** 0 when none is written. */
  readonly epoch: number;
  /** At least one number, as many as were written: `1.0` and `1.0.0` are equal but not the same. */
  readonly release: readonly number[];
  readonly pre: { readonly label: 'a' | 'b' | 'rc'; readonly number: number } | undefined;
  readonly post: number | undefined;
  readonly dev: number | undefined;
  /** The segments after `+`, in lower case, digits as numbers; empty when there are none. */
  readonly local: readonly (string | number)[];
}

/** The library's own types say less than what it returns: labelled numbers come as `['rc', 1]` or null. */
interface ParsedByLibrary {
  readonly epoch: number;
  readonly release: readonly number[];
  readonly pre: readonly [string, number] | null;
  readonly post: readonly [string, number] | null;
  readonly dev: readonly [string, number] | null;
}

/**
 * Parses a version (PEP 440, with its normalizations: `v1.0-Alpha.1` is `1.0a1`). A `.dirty` that directly follows the
 * public version, as old versioneer releases wrote it (`0.3.2.dirty`), is taken as the local version `dirty`.
 * @throws CoachbuilderError `version-invalid`, also for numbers above 2^53 - 1, which could not be compared exactly
 */
export function parseVersion(text: string): PythonVersion {
  const version = tryParseVersion(text);
  if (version === undefined) {
    throw new CoachbuilderError('version-invalid', `"${text}" is not a version`, {
      hint: 'Use a version that PEP 440 describes, such as 1.2.3, 1.2.3rc1, 1.2.3.dev4 or 1.2.3+local.5.',
    });
  }
  return version;
}

/** Like {@link parseVersion}, for texts that may be something else. @returns undefined for what is no version */
export function tryParseVersion(text: string): PythonVersion | undefined {
  const trimmed = text.trim();
  const separator = trimmed.indexOf('+');
  const dirty = separator === -1 ? /^(.*[0-9a-z])\.dirty$/i.exec(trimmed)?.[1] : undefined;
  const written = dirty === undefined ? trimmed : `${dirty}+dirty`;
  const parsed = parse(written) as unknown as ParsedByLibrary | null;
  if (parsed === null) return undefined;
  const version: PythonVersion = {
    epoch: parsed.epoch,
    release: parsed.release,
    pre: parsed.pre === null ? undefined : { label: parsed.pre[0] as 'a' | 'b' | 'rc', number: parsed.pre[1] },
    post: parsed.post?.[1],
    dev: parsed.dev?.[1],
    local: parseLocal(written),
  };
  return numbersOf(version).every(Number.isSafeInteger) ? version : undefined;
}

/**
 * The library turns every segment that JavaScript reads as a number into one (`1e5` and `0x10`, which git hashes can
 * be), so the local version is read here: only digits are a number (PEP 440, "Local version identifiers").
 */
function parseLocal(version: string): readonly (string | number)[] {
  const separator = version.indexOf('+');
  if (separator === -1) return [];
  return version
    .slice(separator + 1)
    .split(/[-_.]/)
    .map((segment) => (/^[0-9]+$/.test(segment) ? Number(segment) : segment.toLowerCase()));
}

function numbersOf(version: PythonVersion): readonly number[] {
  const labelled = [version.pre?.number ?? 0, version.post ?? 0, version.dev ?? 0];
  const local = version.local.filter((segment) => typeof segment === 'number');
  return [version.epoch, ...version.release, ...labelled, ...local];
}

/** The normal form of a version (PEP 440, "Normalization"): `1!1.0a1.post2.dev3+local.4`. */
export function formatVersion(version: PythonVersion): string {
  const { epoch, release, pre, post, dev, local } = version;
  return [
    epoch === 0 ? '' : `${String(epoch)}!`,
    release.join('.'),
    pre === undefined ? '' : `${pre.label}${String(pre.number)}`,
    post === undefined ? '' : `.post${String(post)}`,
    dev === undefined ? '' : `.dev${String(dev)}`,
    local.length === 0 ? '' : `+${local.join('.')}`,
  ].join('');
}

/** Whether a version is a pre-release in PEP 440's sense: a, b, rc or dev. */
export function isPrerelease(version: PythonVersion): boolean {
  return version.pre !== undefined || version.dev !== undefined;
}

/**
 * Orders two versions as PEP 440 does ("Summary of permitted suffixes and relative ordering").
 * @returns below 0 when `a` is older, 0 when they are equal (`1.0` and `1.0.0`), above 0 when `a` is newer
 * @throws CoachbuilderError `version-invalid`
 */
export function compareVersions(a: string, b: string): number {
  return compareParsedVersions(parseVersion(a), parseVersion(b));
}

/** {@link compareVersions} for what is parsed already. */
export function compareParsedVersions(a: PythonVersion, b: PythonVersion): number {
  return (
    a.epoch - b.epoch || compareReleases(a.release, b.release) || compareStages(a, b) || compareLocals(a.local, b.local)
  );
}

function compareReleases(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const preRanks = { a: 1, b: 2, rc: 3 } as const;

function compareStages(a: PythonVersion, b: PythonVersion): number {
  const left = stageKey(a);
  const right = stageKey(b);
  for (const [index, value] of left.entries()) {
    const other = right[index] ?? 0;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}

/** A bare dev comes before every pre-release, no post before every post, and no dev after every dev. */
function stageKey({ pre, post, dev }: PythonVersion): readonly number[] {
  const withoutPre = post === undefined && dev !== undefined ? 0 : 4;
  return [pre === undefined ? withoutPre : preRanks[pre.label], pre?.number ?? 0, post ?? -1, dev ?? Infinity];
}

/** No segment comes before any, letters before numbers, and letters compare by their ASCII codes. */
function compareLocals(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    if (left === right) continue;
    if (typeof left !== typeof right) return typeof left === 'string' ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

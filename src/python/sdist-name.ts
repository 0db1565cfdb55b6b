import { isValidName, normalizeName } from './name.ts';
import { formatVersion, tryParseVersion } from './version.ts';

/** What a source distribution's file name says (PEP 625, and the looser names from before it). */
export interface SdistName {
  /** Normalized (PEP 503). */
  readonly name: string;
  /** In PEP 440's normal form. */
  readonly version: string;
}

/**
 * Parses `name-version.tar.gz` and its older suffixes; of several hyphens the last one that leaves a version counts.
 * @returns undefined for any other file name
 */
export function parseSdistName(fileName: string): SdistName | undefined {
  const stem = /^(.+)\.(?:tar\.gz|tgz|tar\.bz2|tbz|tar\.xz|zip)$/i.exec(fileName)?.[1];
  if (stem === undefined) return undefined;
  for (let hyphen = stem.lastIndexOf('-'); hyphen > 0; hyphen = stem.lastIndexOf('-', hyphen - 1)) {
    const name = stem.slice(0, hyphen);
    const version = tryParseVersion(stem.slice(hyphen + 1));
    if (version !== undefined && isValidName(name)) {
      return { name: normalizeName(name), version: formatVersion(version) };
    }
  }
  return undefined;
}

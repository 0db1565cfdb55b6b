import { compareVersions, tryParseVersion } from '../../python/version.ts';
import { normalizeName } from '../../python/name.ts';
import { asTable, asTables, asText, asTexts, isTable, type Table } from '../../python/untyped.ts';
import {
  parseLockText,
  sha256Of,
  unpinnableSources,
  unusable,
  type ImportedFile,
  type ImportedPackage,
  type LockScope,
} from './imported-lock.ts';
import { checkPython } from './lock-range.ts';
import { markerHolds } from './scoped-marker.ts';

/** The group of what the application itself needs; all others are for its developers. */
const mainGroup = 'main';

/** Poetry 2.0 began to write groups and markers of packages; before, only Poetry itself could tell what applies where. */
const oldestUsable = '2.1';

function toFile(table: Table): readonly ImportedFile[] {
  const sha256 = sha256Of(table['hash']);
  return sha256 === undefined ? [] : [{ fileName: asText(table['file']), sha256 }];
}

function unpinnableKind(type: string | undefined): string | undefined {
  if (type === 'git') return unpinnableSources.repository;
  return type === 'directory' || type === 'file' ? unpinnableSources.directory : undefined;
}

function toPackage(entry: Table): ImportedPackage {
  const source = asTable(entry['source']);
  const type = asText(source['type']);
  return {
    name: normalizeName(asText(entry['name']) ?? ''),
    version: asText(entry['version']) ?? '',
    url: type === 'url' ? asText(source['url']) : undefined,
    files: asTables(entry['files']).flatMap(toFile),
    unpinnable: unpinnableKind(type),
  };
}

/** The marker of a package in the main group: one for all of its groups, or a table with one for each that has one. */
function markerOf(entry: Table): string | undefined {
  const markers = entry['markers'];
  return isTable(markers) ? asText(markers[mainGroup]) : asText(markers);
}

/**
 * Reads `poetry.lock` as Poetry 2 writes it: what its main group has for a target and some extras.
 * @throws CoachbuilderError `lock-file-unusable`, `requires-python`; Error for what is not TOML
 */
export function readPoetryLock(text: string, scope: LockScope): readonly ImportedPackage[] {
  const document = parseLockText(text);
  const metadata = asTable(document['metadata']);
  const version = asText(metadata['lock-version']) ?? '';
  if (
    !version.startsWith('2.') ||
    tryParseVersion(version) === undefined ||
    compareVersions(version, oldestUsable) < 0
  ) {
    throw unusable(
      `its lock-version is ${version === '' ? 'missing' : version}, and ${oldestUsable} or a later 2 is needed`,
      'run "poetry lock" with Poetry 2',
    );
  }
  checkPython(asText(metadata['python-versions']), scope.markers);
  const markerScope = { markers: scope.markers, extras: new Set(scope.extras), groups: new Set<string>() };
  return asTables(document['package'])
    .filter((entry) => (asTexts(entry['groups']) ?? []).includes(mainGroup))
    .filter((entry) => markerHolds(markerOf(entry), markerScope))
    .map(toPackage);
}

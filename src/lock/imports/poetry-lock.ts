import { normalizeName } from '../../python/name.ts';
import { parseSdistName } from '../../python/sdist-name.ts';
import { asTable, asTables, asText, asTexts, isTable, type Table } from '../../python/untyped.ts';
import { compareVersions, tryParseVersion } from '../../python/version.ts';
import { parseWheelName } from '../../python/wheel-name.ts';
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
import { followDependencies } from './poetry-closure.ts';
import { markerHolds } from './scoped-marker.ts';

/** The group of what the application itself needs; all others are for its developers. */
const mainGroup = 'main';

/** Poetry 2.0 began to write groups and markers of packages. */
const firstWithGroups = '2.1';

/** Poetry 1.0 began to write a version at all. */
const oldestUsable = '1.0';

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

/** Poetry 1.4 and earlier write the files of all versions of a project in one list, and packages without any. */
function withFiles(entry: Table, files: Table): Table {
  if (entry['files'] !== undefined) return entry;
  const version = asText(entry['version']) ?? '';
  const isOwn = (file: Table): boolean => {
    const fileName = asText(file['file']) ?? '';
    const named = fileName.endsWith('.whl') ? parseWheelName(fileName) : parseSdistName(fileName);
    return named !== undefined && compareVersions(named.version, version) === 0;
  };
  return { ...entry, files: asTables(files[asText(entry['name']) ?? '']).filter(isOwn) };
}

/**
 * Reads `poetry.lock`: what its main group has for a target and some extras. Of what Poetry 1 writes, which tells no groups,
 * it is what the application requires, with everything that this requires in turn.
 * @throws CoachbuilderError `lock-file-unusable`, `requires-python`; Error for what is not TOML
 */
export function readPoetryLock(text: string, scope: LockScope): readonly ImportedPackage[] {
  const document = parseLockText(text);
  const metadata = asTable(document['metadata']);
  const version = asText(metadata['lock-version']) ?? '';
  if (
    !/^[12]\./.test(version) ||
    tryParseVersion(version) === undefined ||
    compareVersions(version, oldestUsable) < 0
  ) {
    throw unusable(
      `its lock-version is ${version === '' ? 'missing' : version}, and ${oldestUsable} to 2 are known`,
      'run "poetry lock" with Poetry 2',
    );
  }
  checkPython(asText(metadata['python-versions']), scope.markers);
  const packages = asTables(document['package']).map((entry) => withFiles(entry, asTable(metadata['files'])));
  if (compareVersions(version, firstWithGroups) < 0) return followDependencies(packages, scope).map(toPackage);
  const markerScope = { markers: scope.markers, extras: new Set(scope.extras), groups: new Set<string>() };
  return packages
    .filter((entry) => (asTexts(entry['groups']) ?? []).includes(mainGroup))
    .filter((entry) => markerHolds(markerOf(entry), markerScope))
    .map(toPackage);
}

import { normalizeName } from '../../python/name.ts';
import { asTable, asTables, asText, asTexts, isTable, type Table } from '../../python/untyped.ts';
import { fileNameOf } from '../resolution.ts';
import {
  parseLockText,
  sha256Of,
  unpinnableSources,
  unusable,
  type ImportedFile,
  type ImportedPackage,
  type LockScope,
} from './imported-lock.ts';
import { checkEnvironments, checkPython } from './lock-range.ts';
import { markerHolds } from './scoped-marker.ts';

function toFile(value: unknown): readonly ImportedFile[] {
  if (!isTable(value)) return [];
  const address = asText(value['url']) ?? asText(value['path']);
  const sha256 = sha256Of(`sha256:${asText(asTable(value['hashes'])['sha256'])?.toLowerCase() ?? ''}`);
  if (sha256 === undefined) return [];
  return [{ fileName: asText(value['name']) ?? (address === undefined ? undefined : fileNameOf(address)), sha256 }];
}

function toPackage(entry: Table): ImportedPackage {
  const archive = entry['archive'];
  const url = isTable(archive) ? asText(archive['url']) : undefined;
  const local = isTable(archive) && url === undefined;
  const unpinnable =
    entry['vcs'] !== undefined
      ? unpinnableSources.repository
      : entry['directory'] !== undefined || local
        ? unpinnableSources.directory
        : undefined;
  return {
    name: normalizeName(asText(entry['name']) ?? ''),
    version: asText(entry['version']) ?? '',
    url,
    files: [...asTables(entry['wheels']).flatMap(toFile), ...toFile(entry['sdist']), ...toFile(archive)],
    unpinnable,
  };
}

/**
 * Reads a `pylock.toml` (PEP 751, version 1): what it has for a target, some extras and its default dependency groups.
 * @throws CoachbuilderError `lock-file-unusable`, `requires-python`; Error for what is not TOML
 */
export function readPylock(text: string, scope: LockScope): readonly ImportedPackage[] {
  const document = parseLockText(text);
  const version = asText(document['lock-version']);
  if (version === undefined || !/^1(?:\.\d+)*$/.test(version)) {
    throw unusable(
      `its lock-version is ${version ?? 'missing'}, and only version 1 is known`,
      'make it with a tool that writes version 1.0 (PEP 751)',
    );
  }
  checkPython(asText(document['requires-python']), scope.markers);
  checkEnvironments(asTexts(document['environments']), scope.markers);
  const markerScope = {
    markers: scope.markers,
    extras: new Set(scope.extras),
    groups: new Set(asTexts(document['default-groups']) ?? []),
  };
  return asTables(document['packages'])
    .filter((entry) => markerHolds(asText(entry['marker']), markerScope))
    .map(toPackage);
}

import { normalizeName } from '../../python/name.ts';
import { asTable, asTables, asText, asTexts, type Table } from '../../python/untyped.ts';
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
import { markerHolds, type MarkerScope } from './scoped-marker.ts';

const again = 'run "uv lock" in the project';

/** Where a package of the lock comes from, in one word. */
function sourceKind(entry: Table): string {
  return Object.keys(asTable(entry['source'])).find((key) => key !== 'subdirectory') ?? 'registry';
}

const localKinds = new Set(['virtual', 'editable', 'directory']);

/** The project that the lock was made for: of several in a workspace, the one that is packaged. */
function findRoot(packages: readonly Table[], own: string | undefined): Table {
  const local = packages.filter((entry) => localKinds.has(sourceKind(entry)));
  const atTop = local.filter((entry) => Object.values(asTable(entry['source'])).includes('.'));
  const [root, ...others] =
    own === undefined ? atTop : local.filter((entry) => normalizeName(asText(entry['name']) ?? '') === own);
  if (root !== undefined && others.length === 0) return root;
  throw unusable(
    own === undefined ? 'it is not the lock of a project' : `it is not the lock of ${own}`,
    `name the uv.lock of the project that is packaged, or ${again}`,
    local.map((entry) => `it is of ${asText(entry['name']) ?? '?'}`),
  );
}

function toFile(table: Table): readonly ImportedFile[] {
  const sha256 = sha256Of(table['hash']);
  const address = asText(table['url']) ?? asText(table['path']) ?? asText(table['filename']);
  return sha256 === undefined ? [] : [{ fileName: address === undefined ? undefined : fileNameOf(address), sha256 }];
}

function toPackage(entry: Table): ImportedPackage {
  const kind = sourceKind(entry);
  const sdist = asTable(entry['sdist']);
  return {
    name: normalizeName(asText(entry['name']) ?? ''),
    version: asText(entry['version']) ?? '',
    url: kind === 'url' ? asText(asTable(entry['source'])['url']) : undefined,
    files: [...asTables(entry['wheels']).flatMap(toFile), ...toFile(sdist)],
    unpinnable:
      kind === 'registry' || kind === 'url'
        ? undefined
        : unpinnableSources[kind === 'git' ? 'repository' : 'directory'],
  };
}

/** The one package that a dependency means: by name, where that is not enough by version and source, then by fork. */
function findDependency(dependency: Table, packages: readonly Table[], scope: MarkerScope): Table {
  const name = asText(dependency['name']) ?? '';
  const version = dependency['version'];
  const source = dependency['source'] === undefined ? undefined : JSON.stringify(dependency['source']);
  const named = packages.filter(
    (entry) =>
      entry['name'] === name &&
      (version === undefined || entry['version'] === version) &&
      (source === undefined || JSON.stringify(entry['source']) === source),
  );
  const forks = named.filter((entry) => {
    const markers = asTexts(entry['resolution-markers']);
    return markers === undefined || markers.some((marker) => markerHolds(marker, scope));
  });
  const [found, ...others] = named.length === 1 ? named : forks;
  if (found !== undefined && others.length === 0) return found;
  throw unusable(
    found === undefined ? `it has no ${name} for the target` : `it has several versions of ${name} for the target`,
    again,
    named.map((entry) => `${name} ${asText(entry['version']) ?? ''}`),
  );
}

/** In the markers of conflicting extras uv names each with its project: `extra-<length of the name>-<name>-<extra>`. */
function encodedExtras(root: string, extras: readonly string[]): readonly string[] {
  return extras.map((extra) => `extra-${String(root.length)}-${root}-${extra}`);
}

/**
 * Reads `uv.lock` (version 1): the closure of the project for a target, its dependency groups left out.
 * @throws CoachbuilderError `lock-file-unusable`, `requires-python`; Error for what is not TOML
 */
export function readUvLock(text: string, scope: LockScope): readonly ImportedPackage[] {
  const document = parseLockText(text);
  if (document['version'] !== 1) {
    throw unusable(
      `its version is ${String(document['version'])}, and only version 1 is known`,
      'lock with a uv that writes version 1, or export it: uv export --format pylock.toml',
    );
  }
  checkPython(asText(document['requires-python']), scope.markers);
  checkEnvironments(asTexts(document['supported-markers']), scope.markers);
  const packages = asTables(document['package']);
  const root = findRoot(packages, scope.own);
  const rootName = normalizeName(asText(root['name']) ?? '');
  const markerScope: MarkerScope = {
    markers: scope.markers,
    extras: new Set([...scope.extras, ...encodedExtras(rootName, scope.extras)]),
    groups: new Set(),
  };
  const chosen = new Set<Table>();
  const visited = new Set<string>();
  const queue = [{ entry: root, extras: scope.extras }];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { entry, extras } = next;
    const visit = JSON.stringify([entry['name'], entry['version'], entry['source'], [...extras].sort()]);
    if (visited.has(visit)) continue;
    visited.add(visit);
    if (entry !== root) chosen.add(entry);
    const optional = asTable(entry['optional-dependencies']);
    const dependencies = [
      ...asTables(entry['dependencies']),
      ...Object.entries(optional).flatMap(([extra, list]) =>
        extras.includes(normalizeName(extra)) ? asTables(list) : [],
      ),
    ];
    for (const dependency of dependencies) {
      if (!markerHolds(asText(dependency['marker']), markerScope)) continue;
      const wanted = (asTexts(dependency['extra']) ?? []).map(normalizeName);
      queue.push({ entry: findDependency(dependency, packages, markerScope), extras: wanted });
    }
  }
  return [...chosen].map(toPackage);
}

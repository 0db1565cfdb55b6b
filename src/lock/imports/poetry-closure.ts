import { normalizeName } from '../../python/name.ts';
import { parseRequirement } from '../../python/requirement.ts';
import { asTable, asTables, asText, asTexts, isTable, type Table } from '../../python/untyped.ts';
import { unusable, type LockScope } from './imported-lock.ts';
import { isInRange } from './lock-range.ts';
import { markerHolds } from './scoped-marker.ts';

/** Something that is required of the lock. */
interface Wanted {
  /** Normalized. */
  readonly name: string;
  /** Versions, in Poetry's notation or PEP 440's. */
  readonly range: string;
  /** Normalized. */
  readonly extras: readonly string[];
}

/** A dependency is a range, a table, or several tables of which the markers choose. */
function dependencyTables(value: unknown): readonly Table[] {
  if (typeof value === 'string') return [{ version: value }];
  return isTable(value) ? [value] : asTables(value);
}

/** The names that an extra of a package adds: `fast = ["speed (>=2)"]`. */
function namesOfExtras(entry: Table, extras: readonly string[]): ReadonlySet<string> {
  const lists = Object.entries(asTable(entry['extras'])).filter(([extra]) => extras.includes(normalizeName(extra)));
  const texts = lists.flatMap(([, list]) => asTexts(list) ?? []);
  return new Set(
    texts.map((text) => normalizeName(parseRequirement(text.replace(/^([^;(]*)\(([^)]*)\)/, '$1$2')).name)),
  );
}

function dependenciesOf(entry: Table, extras: readonly string[], scope: LockScope): readonly Wanted[] {
  const markerScope = { markers: scope.markers, extras: new Set(extras), groups: new Set<string>() };
  const chosen = namesOfExtras(entry, extras);
  return Object.entries(asTable(entry['dependencies'])).flatMap(([written, value]) => {
    const name = normalizeName(written);
    return dependencyTables(value)
      .filter((dependency) => dependency['optional'] !== true || chosen.has(name))
      .filter((dependency) => markerHolds(asText(dependency['markers']), markerScope))
      .map((dependency) => ({
        name,
        range: asText(dependency['version']) ?? '*',
        extras: (asTexts(dependency['extras']) ?? []).map(normalizeName),
      }));
  });
}

/** The one package that is meant: by name, where that is not enough by version, then by the target's Python. */
function find({ name, range }: Wanted, packages: readonly Table[], scope: LockScope): Table {
  const named = packages.filter((entry) => normalizeName(asText(entry['name']) ?? '') === name);
  const fitting = named.filter((entry) => isInRange(asText(entry['version']) ?? '', range));
  const python = scope.markers.python_full_version;
  const running = fitting.filter((entry) => isInRange(python, asText(entry['python-versions']) ?? '*'));
  for (const candidates of [named, fitting, running]) {
    const [only, ...others] = candidates;
    if (only !== undefined && others.length === 0) return only;
  }
  throw unusable(
    named.length === 0 ? `it has no ${name}, which is required` : `it has several versions of ${name} for the target`,
    named.length === 0 ? 'run "poetry lock" in the project' : 'lock again with Poetry 2, which tells them apart',
    named.map((entry) => `${name} ${asText(entry['version']) ?? ''}`),
  );
}

/**
 * What is required, and what that requires in turn, of a lock whose packages do not tell what they are there for.
 * @param packages as Poetry 1 writes them
 * @throws CoachbuilderError `lock-file-unusable` when one is not there, or several are and nothing tells them apart
 */
export function followDependencies(packages: readonly Table[], scope: LockScope): readonly Table[] {
  const queue: Wanted[] = scope.roots.map(({ name, specifiers, extras }) => ({
    name: normalizeName(name),
    range: specifiers === '' ? '*' : specifiers,
    extras: extras.map(normalizeName),
  }));
  const visited = new Set<string>();
  const chosen = new Set<Table>();
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const visit = JSON.stringify([next.name, next.range, [...next.extras].sort()]);
    if (visited.has(visit) || next.name === scope.own) continue;
    visited.add(visit);
    const entry = find(next, packages, scope);
    chosen.add(entry);
    queue.push(...dependenciesOf(entry, next.extras, scope));
  }
  return [...chosen];
}

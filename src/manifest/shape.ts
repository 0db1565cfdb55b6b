import { suggest } from '../errors/suggest.ts';
import { unreachable } from '../model/unreachable.ts';
import { nameOf, type Finding } from './finding.ts';
import type { ManifestPath, Places } from './places.ts';
import { checkShape, manifestJsonSchema, type SchemaIssue, type WrittenManifest } from './schema.ts';
import { keysAt } from './schema-walk.ts';

export interface ShapeResult {
  /** The manifest, or as much of it as has the right shape. */
  readonly written: WrittenManifest;
  /** Whether nothing had to be left out of it. */
  readonly complete: boolean;
  readonly findings: readonly Finding[];
}

/**
 * Compares a parsed manifest with the schema and puts the deviations into words. What deviates is left out of the
 * result, so that the rules can look at the rest and everything is reported at once.
 */
export function readShape(value: unknown, places: Places): ShapeResult {
  const first = checkShape(value);
  if (first.success) return { written: first.written, complete: true, findings: [] };
  const findings = first.issues.flatMap((issue) => describeIssue(issue, { value, places }));
  let rest: unknown = structuredClone(value);
  let issues = first.issues;
  // Leaving something out can make what is around it incomplete, and so on outwards; the manifest's depth bounds that.
  for (let round = 0; round < 12; round += 1) {
    for (const path of issues.flatMap(offendingPaths)) rest = without(rest, path);
    const next = checkShape(rest);
    if (next.success) return { written: next.written, complete: false, findings };
    issues = next.issues;
  }
  return { written: {}, complete: false, findings };
}

interface Parsed {
  readonly value: unknown;
  readonly places: Places;
}

function describeIssue(issue: SchemaIssue, parsed: Parsed, base: ManifestPath = []): Finding[] {
  const path = [...base, ...plainPath(issue.path)];
  const value = valueAt(parsed.value, path);
  const error = (message: string, hint?: string): Finding[] => [
    { severity: 'error', path, message, ...(hint === undefined ? {} : { hint }) },
  ];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...path, key]));
    case 'invalid_type':
      return value === undefined
        ? error(`${nameOf(path)} is missing`)
        : error(...wrongType(path, value, { expected: [issue.expected], source: parsed.places.source(path) }));
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const near = typeof value === 'string' ? suggest(value, allowed) : undefined;
      return error(
        `${nameOf(path)} must be ${allowed.length === 1 ? '' : 'one of '}${allowed.join(', ')}, not ${shown(value)}`,
        near === undefined ? undefined : `did you mean "${near}"?`,
      );
    }
    case 'invalid_union': {
      // The alternative whose kind is right is the one that was meant; of several maps, the one that knows the keys.
      const fitting = issue.errors.filter(
        (errors) => !errors.some((each) => each.path.length === 0 && isKindError(each)),
      );
      const meant =
        fitting.find(
          (errors) => !errors.some(({ path: at, code }) => at.length === 0 && code === 'unrecognized_keys'),
        ) ?? fitting[0];
      if (meant !== undefined) return meant.flatMap((each) => describeIssue(each, parsed, path));
      const expected = issue.errors.flat().flatMap(expectedKinds);
      return error(...wrongType(path, value, { expected, source: parsed.places.source(path) }));
    }
    case 'invalid_format':
    case 'invalid_key':
    case 'invalid_element':
    case 'too_small':
    case 'too_big':
    case 'not_multiple_of':
    case 'custom':
      // The schema words these itself: "must ...".
      return error(`${nameOf(path)} ${issue.message}`);
    default:
      return unreachable(issue);
  }
}

function isKindError(issue: SchemaIssue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function expectedKinds(issue: SchemaIssue): string[] {
  if (issue.code === 'invalid_type') return [issue.expected];
  return issue.code === 'invalid_value' ? issue.values.map((value) => `"${String(value)}"`) : [];
}

const kinds: Partial<Record<string, string>> = {
  string: 'text',
  object: 'a map',
  record: 'a map',
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a whole number', // all numbers of the schema are
};

interface Expectation {
  readonly expected: readonly string[];
  readonly source: string | undefined;
}

function wrongType(path: ManifestPath, value: unknown, { expected, source }: Expectation): [string, string?] {
  if (value === null) return [`${nameOf(path)} has no value`, 'give it one, or leave the key out'];
  const wanted = [...new Set(expected.filter((kind) => kind !== 'null').map((kind) => kinds[kind] ?? kind))].join(
    ' or ',
  );
  const isPlain = typeof value === 'number' || typeof value === 'boolean' || value instanceof Date;
  if (isPlain && expected.includes('string')) {
    return [`${nameOf(path)} must be ${wanted}; write it in quotes: "${source ?? String(value)}"`];
  }
  const message = `${nameOf(path)} must be ${wanted}, not ${shown(value)}`;
  return expected.includes('array') && typeof value === 'string'
    ? [message, `write it as a list: [${value}]`]
    : [message];
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'a list';
  return value === null ? 'nothing' : 'a map';
}

function unknownKey(path: ManifestPath): Finding {
  const key = String(path.at(-1));
  const known = keysAt(manifestJsonSchema(), path.slice(0, -1));
  const near = suggest(key, known);
  return {
    severity: 'error',
    path,
    part: 'key',
    message: `unknown key "${key}"`,
    hint: near === undefined ? `the keys here are ${known.join(', ')}` : `did you mean "${near}"?`,
  };
}

/** Which parts of a manifest have to go for an issue to go. */
function offendingPaths(issue: SchemaIssue): ManifestPath[] {
  const path = plainPath(issue.path);
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
}

function plainPath(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((key) => (typeof key === 'number' ? key : String(key)));
}

function valueAt(value: unknown, path: ManifestPath): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Readonly<Record<string | number, unknown>>)[key];
  }
  return current;
}

/**
 * The value without what is at the path, or, where nothing is there, without what lacks it. Of a list nothing stays:
 * its other entries would move to places that are not theirs.
 */
function without(value: unknown, path: ManifestPath): unknown {
  const present = valueAt(value, path) === undefined ? path.slice(0, -1) : path;
  const list = present.findIndex((key) => typeof key === 'number');
  const target = list === -1 ? present : present.slice(0, list);
  const last = target.at(-1);
  if (last === undefined) return {};
  const parent = valueAt(value, target.slice(0, -1));
  if (typeof parent === 'object' && parent !== null) Reflect.deleteProperty(parent, last);
  return value;
}

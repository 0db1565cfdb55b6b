import { getStaticTOMLValue, ParseError, parseTOML, type AST } from 'toml-eslint-parser';
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type Pair,
  type YAMLError,
} from 'yaml';

import type { Diagnostic } from '../errors/diagnostic.ts';
import { Places, type ManifestPath, type Position } from './places.ts';

/** A manifest's file as data, before anything was checked. */
export interface ParsedText {
  /** Undefined when the text holds no manifest: a pyproject.toml without our table, or a syntax error. */
  readonly value: unknown;
  readonly places: Places;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Parses the text of a `coachbuilder.yaml`. An empty file is an empty manifest.
 * Every syntax error that the parser can find is among the diagnostics.
 */
export function parseYamlManifest(text: string, file: string): ParsedText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error', merge: true });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems = [
    ...document.errors.map((error) => ({ severity: 'error' as const, error })),
    ...document.warnings.map((error) => ({ severity: 'warning' as const, error })),
  ];
  const diagnostics = problems.map(({ severity, error }): Diagnostic => ({
    severity,
    ...describeYamlError(error, text),
    file,
    ...at(error.pos[0]),
  }));
  const places = new Places();
  if (document.errors.length > 0) return { value: undefined, places, diagnostics };
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    const walk: YamlWalk = { document, places, at, circles: [] };
    addYamlPlaces(walk, { node: document.contents, path: [], around: new Set() });
    const [circle] = walk.circles;
    if (circle === undefined) return { value: value ?? {}, places, diagnostics };
    const problem: Diagnostic = {
      severity: 'error',
      message: 'an alias stands inside what it is an alias of',
      file,
      ...circle,
    };
    return { value: undefined, places, diagnostics: [...diagnostics, problem] };
  } catch (error) {
    // An alias without its anchor, or aliases that multiply beyond measure.
    if (!(error instanceof ReferenceError)) throw error;
    const problem: Diagnostic = {
      severity: 'error',
      message: sentence(error.message),
      file,
      ...at(firstUnresolvedAlias(document) ?? 0),
    };
    return { value: undefined, places, diagnostics: [...diagnostics, problem] };
  }
}

const yamlHints: Partial<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'indent the entries of one map or list alike',
};

function describeYamlError(error: YAMLError, text: string): Pick<Diagnostic, 'message' | 'hint'> {
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^[^:\n]*/.exec(text.slice(error.pos[0]))?.[0].trim() ?? '';
    return { message: `key "${key}" is written twice`, hint: 'keep one of them' };
  }
  if (error.code === 'MULTIPLE_DOCS') {
    return { message: 'the file holds more than one document', hint: 'remove the line "---" and what is behind it' };
  }
  const hint = yamlHints[error.code];
  return { message: sentence(error.message), ...(hint === undefined ? {} : { hint }) };
}

function firstUnresolvedAlias(document: Document.Parsed): number | undefined {
  let found: number | undefined;
  visit(document, {
    Alias(_key, node) {
      if (node.resolve(document) !== undefined) return undefined;
      found = node.range?.[0];
      return visit.BREAK;
    },
  });
  return found;
}

interface YamlWalk {
  readonly document: Document.Parsed;
  readonly places: Places;
  readonly at: (offset: number) => Position;
  /** Where aliases stand that would have no end. */
  readonly circles: Position[];
}

interface YamlStep {
  readonly node: Node | null;
  readonly path: ManifestPath;
  readonly key?: Position | undefined;
  /** The maps and lists that the node stands in. */
  readonly around: ReadonlySet<Node>;
}

function addYamlPlaces(walk: YamlWalk, { node, path, key, around }: YamlStep): void {
  const start = node?.range?.[0];
  const value = start === undefined ? undefined : walk.at(start);
  const source = isScalar(node) ? node.source : undefined;
  walk.places.add(path, {
    ...(key === undefined ? {} : { key }),
    ...(value === undefined ? {} : { value }),
    ...(source === undefined ? {} : { source }),
  });
  const content = isAlias(node) ? node.resolve(walk.document) : node;
  if (!isMap(content) && !isSeq(content)) return;
  if (around.has(content)) {
    walk.circles.push(value ?? { line: 1, column: 1 });
    return;
  }
  const within = new Set([...around, content]);
  if (isSeq(content)) {
    for (const [index, item] of content.items.entries()) {
      addYamlPlaces(walk, { node: item as Node, path: [...path, index], around: within });
    }
    return;
  }
  for (const pair of content.items as Pair<Node, Node | null>[]) {
    const name = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
    const keyStart = pair.key.range?.[0];
    const position = keyStart === undefined ? undefined : walk.at(keyStart);
    addYamlPlaces(walk, { node: pair.value, path: [...path, name], key: position, around: within });
  }
}

/** Where the manifest is in a pyproject.toml: `[tool.coachbuilder]`. */
const tablePath = ['tool', 'coachbuilder'] as const;

/** Parses a pyproject.toml and takes the table `[tool.coachbuilder]` out of it. Paths count from that table. */
export function parseTomlManifest(text: string, file: string): ParsedText {
  const places = new Places();
  let program: AST.TOMLProgram;
  try {
    program = parseTOML(text);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const place = { line: error.lineNumber, column: error.column + 1 };
    return {
      value: undefined,
      places,
      diagnostics: [{ severity: 'error', message: sentence(error.message), file, ...place }],
    };
  }
  let value: unknown = getStaticTOMLValue(program);
  for (const key of tablePath) value = isTable(value) ? value[key] : undefined;
  const inside: Places['add'] = (path, place) => {
    if (tablePath.every((key, index) => path[index] === key)) places.add(path.slice(tablePath.length), place);
  };
  for (const item of program.body[0].body) {
    if (item.type === 'TOMLKeyValue') addTomlPair(inside, item, []);
    else {
      const path = item.resolvedKey;
      // A header stands for the tables around its own as well, unless they have headers themselves.
      for (const [index, key] of item.key.keys.entries()) inside(path.slice(0, index + 1), { key: tomlPosition(key) });
      inside(path, { key: tomlPosition(item.key), value: tomlPosition(item) });
      for (const pair of item.body) addTomlPair(inside, pair, path);
    }
  }
  return { value, places, diagnostics: [] };
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function addTomlPair(add: Places['add'], pair: AST.TOMLKeyValue, base: ManifestPath): void {
  let path = base;
  for (const key of pair.key.keys) {
    path = [...path, key.type === 'TOMLBare' ? key.name : key.value];
    // A dotted key makes a table for every part but the last one.
    if (key !== pair.key.keys.at(-1)) add(path, { key: tomlPosition(key) });
  }
  addTomlValue(add, pair.value, path, tomlPosition(pair.key.keys.at(-1) ?? pair.key));
}

function addTomlValue(add: Places['add'], node: AST.TOMLContentNode, path: ManifestPath, key?: Position): void {
  const source = tomlSource(node);
  add(path, {
    ...(key === undefined ? {} : { key }),
    value: tomlPosition(node),
    ...(source === undefined ? {} : { source }),
  });
  if (node.type === 'TOMLInlineTable') for (const pair of node.body) addTomlPair(add, pair, path);
  if (node.type === 'TOMLArray') {
    for (const [index, element] of node.elements.entries()) addTomlValue(add, element, [...path, index]);
  }
}

function tomlSource(node: AST.TOMLContentNode): string | undefined {
  if (node.type !== 'TOMLValue') return undefined;
  if (node.kind === 'integer' || node.kind === 'float') return node.number;
  if (node.kind === 'string' || node.kind === 'boolean') return String(node.value);
  return node.datetime;
}

function tomlPosition(node: AST.TOMLNode): Position {
  return { line: node.loc.start.line, column: node.loc.start.column + 1 };
}

/** Another's message in the form of ours: one line, lower-case start, no full stop. */
function sentence(message: string): string {
  const line = message.replaceAll(/\s+/g, ' ').replace(/[.:]\s*$/, '');
  return /^[A-Z][a-z]/.test(line) ? line.charAt(0).toLowerCase() + line.slice(1) : line;
}

import type { Relation } from './manifest.ts';
import type { WrittenRelation } from './schema.ts';

type Condition = NonNullable<Relation['condition']>;
type SingleRelation = Omit<Relation, 'alternatives'>;

/** A relation, or why a text is none. */
export type RelationResult =
  { readonly relation: Relation } | { readonly problem: { readonly message: string; readonly hint?: string } };

/** Every spelling of an operator: Debian Policy 7.1 has `<<` and `>>`, rpm `<` and `>`; both mean the same here. */
const operators = {
  '<<': '<',
  '<': '<',
  '<=': '<=',
  '=': '=',
  '==': '=',
  '>=': '>=',
  '>': '>',
  '>>': '>',
} as const satisfies Record<string, Condition['operator']>;

// A path, or a name with rpm's capability brackets: `python(abi)`, `libc.so.6(GLIBC_2.4)(64bit)`, `openssl:any`.
const name = String.raw`\/[^\s()|,<>=]+|[A-Za-z0-9_][A-Za-z0-9+._:~-]*(?:\([^\s()<>=,|]*\))*`;
const operator = String.raw`<<|<=|<|==|=|>=|>>|>`;
const version = String.raw`[A-Za-z0-9.+:~^_-]+`;
const single = new RegExp(
  String.raw`^(?<name>${name})\s*(?:\(\s*(?<o1>${operator})\s*(?<v1>${version})\s*\)|(?<o2>${operator})\s*(?<v2>${version}))?$`,
);
const nameOnly = new RegExp(`^(?:${name})$`);
const versionOnly = new RegExp(`^${version}$`);

/**
 * Reads a relation as manifests write it: `name`, `name (>= 1.2)`, `name >= 1.2`, alternatives with `|`, or a map.
 * The version is the packages' own, in the packages' own notation.
 */
export function parseRelation(written: WrittenRelation): RelationResult {
  return typeof written === 'string' ? parseText(written) : parseMap(written);
}

function parseMap(written: Exclude<WrittenRelation, string>): RelationResult {
  const { compare, version: versionText } = written;
  if ((compare === undefined) !== (versionText === undefined)) {
    return { problem: { message: 'Must specify both or neither compare and version.' } };
  }
  if (!nameOnly.test(written.name)) {
    return { problem: { message: `"${written.name}" is not the name of a package` } };
  }
  if (versionText !== undefined && !versionOnly.test(versionText)) {
    return { problem: { message: `"${versionText}" is not the version of a package` } };
  }
  const condition =
    compare === undefined || versionText === undefined
      ? undefined
      : { operator: operators[compare], version: versionText };
  return { relation: { name: written.name, condition, alternatives: [] } };
}

function parseText(text: string): RelationResult {
  const parts: SingleRelation[] = [];
  for (const part of text.split('|')) {
    const groups = single.exec(part.trim())?.groups;
    if (groups?.['name'] === undefined) return { problem: explain(text, part.trim()) };
    const operatorText = (groups['o1'] ?? groups['o2']) as keyof typeof operators | undefined;
    const versionText = groups['v1'] ?? groups['v2'];
    const condition =
      operatorText === undefined || versionText === undefined
        ? undefined
        : { operator: operators[operatorText], version: versionText };
    parts.push({ name: groups['name'], condition });
  }
  const [first, ...alternatives] = parts;
  return first === undefined ? { problem: explain(text, '') } : { relation: { ...first, alternatives } };
}

function explain(text: string, part: string): { readonly message: string; readonly hint: string } {
  const message = `"${text}" is not a relation`;
  if (part.includes(',')) return { message, hint: 'give every package an entry of its own' };
  if (/\s(?:and|or|if|with)\s/.test(part)) return { message, hint: 'separate alternatives with "|"' };
  if (new RegExp(`(?:${operator})\\s*\\)?$`).test(part)) {
    return { message, hint: 'write the version behind the operator, or leave both out' };
  }
  return { message, hint: 'write "name", "name (>= 1.2)" or "name | other"' };
}

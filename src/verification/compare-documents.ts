/** Keys by which members of a list are told apart, in JSON documents that describe packages. */
const identities = ['bom-ref', 'ref', 'SPDXID', 'key', 'name', 'uri'] as const;

type Members = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list as a table by what its members are called, where all of them are called something, and nothing twice. */
function byIdentity(list: readonly unknown[], key: string): Members | undefined {
  const names = list.map((member) => (isObject(member) ? member[key] : undefined));
  if (!names.every((name) => typeof name === 'string') || new Set(names).size < names.length) return undefined;
  return Object.fromEntries(names.map((name, index) => [name, list[index]]));
}

function asTables(first: readonly unknown[], second: readonly unknown[]): readonly [Members, Members] {
  for (const key of identities) {
    const tables = [byIdentity(first, key), byIdentity(second, key)] as const;
    if (tables[0] !== undefined && tables[1] !== undefined) return [tables[0], tables[1]];
  }
  return [Object.fromEntries(first.entries()), Object.fromEntries(second.entries())];
}

const longest = 120;

function quoted(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function compareMembers(first: Members, second: Members, place: (key: string) => string): readonly string[] {
  const keys = [...new Set([...Object.keys(first), ...Object.keys(second)])];
  const differing = keys.flatMap((key) => compareValues(first[key], second[key], place(key)));
  if (differing.length > 0) return differing;
  const [before, after] = [Object.keys(first), Object.keys(second)];
  const at = before.findIndex((key, index) => key !== after[index]);
  return at === -1 ? [] : [`${place(after[at] ?? '')}: stands where ${place(before[at] ?? '')} stood`];
}

function compareValues(first: unknown, second: unknown, path: string): readonly string[] {
  if (Array.isArray(first) && Array.isArray(second)) {
    const [one, other] = asTables(first, second);
    return compareMembers(one, other, (key) => `${path}[${key}]`);
  }
  if (isObject(first) && isObject(second))
    return compareMembers(first, second, (key) => (path === '' ? key : `${path}.${key}`));
  return JSON.stringify(first) === JSON.stringify(second)
    ? []
    : [`${path === '' ? 'the document' : path}: ${quoted(first)} and then ${quoted(second)}`];
}

/**
 * The fields in which two JSON values differ, a line each, with both values: `components[attrs].version: "1" and then
 * "2"`. Members of lists are compared by what they are called, where they are called something.
 * @returns nothing for values that are the same, in the same order
 */
export function compareJson(first: unknown, second: unknown): readonly string[] {
  return compareValues(first, second, '');
}

/** Fields that are made of all others: identifiers that follow from a document's content. */
const derivedFields = /^(?:serialNumber|documentNamespace): /;

/** Lines that are told; the rest is counted. */
const mostTold = 10;

/**
 * The fields in which two JSON documents differ.
 * @param known digests that differ for a reason that is told elsewhere: the second build's, by those of the first
 * @returns nothing when all differences follow from those digests; a line for texts that differ in layout only
 */
export function explainDocuments(
  first: string,
  second: string,
  known: ReadonlyMap<string, string> = new Map(),
): readonly string[] {
  let adapted = second;
  for (const [after, before] of known) adapted = adapted.replaceAll(after, before);
  if (first === adapted) return [];
  const lines = compareJson(JSON.parse(first), JSON.parse(adapted));
  const telling = lines.filter((line) => !derivedFields.test(line));
  if (lines.length === 0) return ['only the layout of the text is another'];
  if (telling.length === 0) return known.size === 0 ? lines : [];
  const more = telling.length - mostTold;
  return more <= 0 ? telling : [...telling.slice(0, mostTold), `and ${String(more)} more`];
}

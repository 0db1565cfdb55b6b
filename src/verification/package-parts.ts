/** What a package holds at one place: a file of its data, a control file, a member of the archive around both. */
export interface PackageMember {
  /** What is told of it beside its content, by the name of the fact: `mode`, `owner`, `modification time`. */
  readonly facts: ReadonlyMap<string, string>;
  /** Of its content; undefined for what has none. */
  readonly sha256: string | undefined;
  /** Whether it is made from other parts, so that a difference in it explains nothing. */
  readonly derived: boolean;
}

/** A package taken apart, as far as two builds of it can differ. */
export interface PackageParts {
  /** Metadata by the name of the field (`control field Depends`), a list where the format has one. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** Names of fields that follow from other parts. */
  readonly derived: ReadonlySet<string>;
  /** By kind and path (`data /opt/fleet/bin/fleet`), in the order of the package. */
  readonly members: ReadonlyMap<string, PackageMember>;
}

/** One thing in which two packages differ. */
export interface Difference {
  /** The name of a field or a member. */
  readonly part: string;
  /** What differs in it, with both values; `content` is for who has the bytes to say. */
  readonly text: string;
  readonly isContent: boolean;
  /** 0: perhaps the cause; 1: follows from others where there are any; 2: follows from others, and tells nothing more. */
  readonly rank: 0 | 1 | 2;
}

const longest = 120;

function quoted(value: string | undefined): string {
  if (value === undefined) return 'nothing';
  return JSON.stringify(value.length > longest ? `${value.slice(0, longest)}…` : value);
}

function compareLists(part: string, first: readonly string[], second: readonly string[]): string | undefined {
  const at = [...Array(Math.max(first.length, second.length)).keys()].find((index) => first[index] !== second[index]);
  if (at === undefined) return undefined;
  const isList = first.length > 1 || second.length > 1;
  return `${part}${isList ? `, value ${String(at + 1)}` : ''}: ${quoted(first[at])} and then ${quoted(second[at])}`;
}

function compareFields(first: PackageParts, second: PackageParts): readonly Difference[] {
  const names = new Set([...first.fields.keys(), ...second.fields.keys()]);
  return [...names].flatMap((part) => {
    const text = compareLists(part, first.fields.get(part) ?? [], second.fields.get(part) ?? []);
    if (text === undefined) return [];
    const rank = first.derived.has(part) || second.derived.has(part) ? 2 : 0;
    return [{ part, text, isContent: false, rank }];
  });
}

/** Lists of files with their digests, and bytecode: they differ whenever another file does. */
function followsContent(part: string): boolean {
  return /(?:\.dist-info\/RECORD|\.pyc)$/.test(part);
}

function compareMember(part: string, first: PackageMember, second: PackageMember): readonly Difference[] {
  const names = new Set([...first.facts.keys(), ...second.facts.keys()]);
  const isContent = first.sha256 !== second.sha256;
  const rank = first.derived || second.derived ? 2 : followsContent(part) ? 1 : 0;
  const facts = [...names]
    .filter((name) => first.facts.get(name) !== second.facts.get(name))
    .map((name) => `${name} ${quoted(first.facts.get(name))} and then ${quoted(second.facts.get(name))}`);
  return [
    ...(facts.length === 0 ? [] : [{ part, text: `${part}: ${facts.join(', ')}`, isContent: false, rank } as const]),
    ...(isContent ? [{ part, text: `${part}: the content differs`, isContent, rank } as const] : []),
  ];
}

function compareOrder(first: readonly string[], second: readonly string[]): readonly Difference[] {
  const common = first.filter((part) => second.includes(part));
  const again = second.filter((part) => first.includes(part));
  const at = common.findIndex((part, index) => part !== again[index]);
  const [before, after] = [common[at], again[at]];
  if (before === undefined || after === undefined) return [];
  const text = `${after}: stands where ${before} stood`;
  return [{ part: after, text, isContent: false, rank: 0 }];
}

/**
 * All in which two packages differ, causes before what follows from them. What follows from others and tells nothing
 * more (digests of digests) is left out unless there is nothing else.
 */
export function compareParts(first: PackageParts, second: PackageParts): readonly Difference[] {
  const differences: Difference[] = [...compareFields(first, second)];
  for (const [part, member] of first.members) {
    const again = second.members.get(part);
    if (again !== undefined) differences.push(...compareMember(part, member, again));
    else differences.push({ part, text: `${part}: only in the first build`, isContent: false, rank: 0 });
  }
  for (const part of second.members.keys()) {
    if (!first.members.has(part))
      differences.push({ part, text: `${part}: only in the second build`, isContent: false, rank: 0 });
  }
  const order = compareOrder([...first.members.keys()], [...second.members.keys()]);
  const ranked = [...differences, ...order].sort((a, b) => a.rank - b.rank);
  const telling = ranked.filter(({ rank }) => rank < 2);
  return telling.length > 0 ? telling : ranked;
}

/** Where two contents differ for the first time: an offset in bytes, or undefined when they are the same. */
export function firstDifference(first: Uint8Array, second: Uint8Array): number | undefined {
  const shorter = Math.min(first.length, second.length);
  for (let at = 0; at < shorter; at += 1) if (first[at] !== second[at]) return at;
  return first.length === second.length ? undefined : shorter;
}

const shownBytes = 8;
const shownText = 60;

/** The beginning of the UTF-8 character that a place is in. */
function characterAt(content: Buffer, at: number): number {
  let start = at;
  while (start > 0 && ((content[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  return start;
}

/** The line of a text that a place is in; undefined for what is no text. */
function lineAt(content: Buffer, at: number): string | undefined {
  const start = at === 0 ? 0 : Math.max(content.lastIndexOf(0x0a, at - 1) + 1, at - shownText / 2);
  const lineEnd = content.indexOf(0x0a, at);
  const end = Math.min(lineEnd === -1 ? content.length : lineEnd, at + shownText / 2);
  const line = content.subarray(characterAt(content, start), characterAt(content, end));
  const text = line.toString('utf8');
  return /[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text) ? undefined : JSON.stringify(text);
}

function bytesAt(content: Buffer, at: number): string {
  const bytes = content.subarray(at, at + shownBytes);
  return bytes.length === 0 ? 'its end' : bytes.toString('hex').replaceAll(/(..)(?=.)/g, '$1 ');
}

/** Where two contents differ for the first time, with what is there in each. */
export function describeContent(first: Buffer, second: Buffer): string {
  const at = firstDifference(first, second);
  if (at === undefined) return 'the content is the same';
  const sizes =
    first.length === second.length ? '' : ` (${String(first.length)} bytes and then ${String(second.length)})`;
  const [before, after] = [lineAt(first, at), lineAt(second, at)];
  if (before === undefined || after === undefined) {
    return `the content differs at byte ${String(at)}${sizes}: ${bytesAt(first, at)} and then ${bytesAt(second, at)}`;
  }
  const line = first.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
  return `the content differs at byte ${String(at)}, line ${String(line)}${sizes}: ${before} and then ${after}`;
}

/** A field of a stanza; its name is compared without case (Debian Policy 5.1). */
export interface Deb822Field {
  readonly name: string;
  /** Without the blanks around its first line; further lines as they are written, each behind a line feed. */
  readonly value: string;
  /** Of its first line, counted from 1. */
  readonly line: number;
}

export interface Deb822Stanza {
  /** As it is written, without the line feed of its last line. */
  readonly text: string;
  /** Of its first line, counted from 1. */
  readonly line: number;
  /** By their names in lower case, in the order of the text. */
  readonly fields: ReadonlyMap<string, Deb822Field>;
}

/** Makes the error for a problem in a line, which counts from 1. */
export type Located = (line: number, problem: string) => Error;

/** Debian Policy 5.1: printable ASCII without space and colon, and neither `#` nor `-` at the beginning. */
const fieldPattern = /^(?<name>[!"$-,./0-9;-~][!-9;-~]*):(?<value>.*)$/s;

/** Neither may stand in a text that several programs read line by line. */
const forbidden = /[\u0000\r]/;

function addField(
  fields: Map<string, Deb822Field>,
  lines: readonly string[],
  line: number,
  fail: Located,
): Deb822Field {
  const [first = '', ...further] = lines;
  const groups = fieldPattern.exec(first)?.groups;
  if (groups === undefined) throw fail(line, 'this is neither a field nor the continuation of one');
  const { name = '', value = '' } = groups;
  if (fields.has(name.toLowerCase())) throw fail(line, `the field ${name} is there twice`);
  const field = { name, line, value: [value.replace(/^[ \t]+|[ \t]+$/g, ''), ...further].join('\n') };
  fields.set(name.toLowerCase(), field);
  return field;
}

function readStanza(lines: readonly string[], start: number, fail: Located): Deb822Stanza {
  const fields = new Map<string, Deb822Field>();
  let begin = 0;
  for (const [index, text] of lines.entries()) {
    if (forbidden.test(text)) throw fail(start + index, 'there is a control character');
    if (/^[ \t]*$/.test(text)) throw fail(start + index, 'there is nothing but blanks in this line');
    if (index === 0 || text.startsWith(' ') || text.startsWith('\t')) continue;
    addField(fields, lines.slice(begin, index), start + begin, fail);
    begin = index;
  }
  addField(fields, lines.slice(begin), start + begin, fail);
  return { text: lines.join('\n'), line: start, fields };
}

/**
 * Reads stanzas that empty lines separate (deb822(5)); there are no comments in what is published.
 * @throws what `fail` makes of the first problem
 */
export function parseDeb822(text: string, fail: Located): readonly Deb822Stanza[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw fail(lines.length + 1, 'the last line does not end: the text is cut off');
  const stanzas: Deb822Stanza[] = [];
  let begin = 0;
  for (let index = 0; index <= lines.length; index += 1) {
    if (index < lines.length && lines[index] !== '') continue;
    if (index > begin) stanzas.push(readStanza(lines.slice(begin, index), begin + 1, fail));
    begin = index + 1;
  }
  return stanzas;
}

/** A field as it is written; a value whose first line is empty has no blank behind the colon. */
export function renderField(name: string, value: string): string {
  return value === '' || value.startsWith('\n') ? `${name}:${value}` : `${name}: ${value}`;
}

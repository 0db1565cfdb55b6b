import { createHash } from 'node:crypto';

/** A line of a RECORD file (PEP 376, 427). */
export interface RecordEntry {
  /** As written: with `/`, relative to the directory that holds the `.dist-info`, or absolute. */
  readonly path: string;
  /** `sha256=<digest>` as {@link recordHash} makes it; undefined for RECORD itself and for bytecode. */
  readonly hash: string | undefined;
  /** Bytes. */
  readonly size: number | undefined;
}

/** The hash field of a file: `sha256=` and the digest in URL-safe base64 without padding (PEP 427, "Signed wheel files"). */
export function recordHash(bytes: Uint8Array): string {
  return `sha256=${createHash('sha256').update(bytes).digest('base64url')}`;
}

/** Parses a RECORD file: CSV in the dialect of Python's csv module (PEP 376). Empty lines are skipped. */
export function parseRecord(text: string): readonly RecordEntry[] {
  return parseRows(text)
    .filter((row) => row.length > 1 || row[0] !== '')
    .map(([path = '', hash = '', size = '']) => ({
      path,
      hash: hash === '' ? undefined : hash,
      size: /^[0-9]+$/.test(size) ? Number(size) : undefined,
    }));
}

/** Writes a RECORD file, one line per entry in the given order, every line ended by a newline. */
export function formatRecord(entries: readonly RecordEntry[]): string {
  return entries
    .map(({ path, hash, size }) => `${quote(path)},${quote(hash ?? '')},${size === undefined ? '' : String(size)}\n`)
    .join('');
}

function quote(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** A field is either quoted, with `""` for a quote and everything else as it is, or runs to the next comma or line end. */
const fieldPattern = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r\n|\n|\r|$)/y;

function parseRows(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  fieldPattern.lastIndex = 0;
  while (fieldPattern.lastIndex < text.length) {
    const match = fieldPattern.exec(text);
    // A quote that is never closed: what is left is one field, as Python's reader takes it.
    if (match === null) break;
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] !== ',') {
      rows.push(row);
      row = [];
    }
  }
  if (row.length > 0) rows.push(row);
  return rows;
}

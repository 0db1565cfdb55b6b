import { calendarWords } from '../../formats/calendar.ts';
import type { Place } from '../place.ts';
import { parseDeb822, renderField, type Deb822Field } from './deb822.ts';
import { invalidFile, invalidLines, isPlainPath } from './invalid.ts';

/** A file that a Release file vouches for. */
export interface ReleaseFile {
  /** Relative to the directory of the Release file. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export interface Release {
  /** Seconds since 1970. */
  readonly date: number;
  /** Seconds since 1970; undefined means that it is trusted for ever. */
  readonly validUntil: number | undefined;
  /** The fields that clients do not let change, as far as they are there. */
  readonly frozen: Readonly<Record<string, string>>;
  readonly isByHash: boolean;
  readonly files: readonly ReleaseFile[];
}

/**
 * apt asks the user when one of them changes (apt-secure(8), "INFORMATION CHANGES"). Codename is the suite's, as that of
 * Debian's `bookworm-updates` is: so a pin or a rule for unattended upgrades that names one channel never takes the other.
 */
function frozenFields({ origin, label, suite }: Place): Readonly<Record<string, string>> {
  return { Origin: origin, Label: label, Suite: suite, Codename: suite };
}

/** `Sat, 21 Nov 2026 13:18:28 UTC`: RFC 2822, in the one zone and spelling that every apt reads. */
export function releaseDate(seconds: number): string {
  const { weekday, day, month, year, time } = calendarWords(seconds);
  return `${weekday}, ${day} ${month} ${year} ${time} UTC`;
}

/** Seconds since 1970; undefined for what is not a date in UTC. */
export function parseReleaseDate(text: string): number | undefined {
  const match = /^([A-Z][a-z]{2}, )(\d{1,2})( [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d) (?:UTC|GMT|Z|[+-]0000)$/.exec(text);
  if (match === null) return undefined;
  const [, weekday = '', day = '', rest = ''] = match;
  const written = `${weekday}${day.padStart(2, '0')}${rest} UTC`;
  const seconds = Date.parse(written) / 1000;
  // The language's own reader takes 31 February, and any weekday.
  return Number.isNaN(seconds) || releaseDate(seconds) !== written ? undefined : seconds;
}

export interface ReleaseRequest {
  readonly place: Place;
  /** Seconds since 1970. */
  readonly date: number;
  /** Seconds since 1970. */
  readonly validUntil: number | undefined;
  readonly files: readonly ReleaseFile[];
}

function listing(files: readonly ReleaseFile[]): string {
  return files.map(({ path, size, sha256 }) => `\n ${sha256} ${String(size).padStart(16)} ${path}`).join('');
}

/**
 * A Release file (Debian Wiki, "RepositoryFormat"), its fields in the order in which Debian's archive writes them.
 * `all` is not among the architectures: packages for all of them are in the index of each, so that no client looks for
 * an index of their own, and `No-Support-for-Architecture-all` has nothing to say. SHA256 is the one list: with a
 * stronger one apt would look for by-hash names of that.
 */
export function renderRelease({ place, date, validUntil, files }: ReleaseRequest): string {
  const fields: readonly (readonly [string, string] | undefined)[] = [
    ...Object.entries(frozenFields(place)),
    ['Date', releaseDate(date)],
    validUntil === undefined ? undefined : ['Valid-Until', releaseDate(validUntil)],
    ['Acquire-By-Hash', 'yes'],
    ['Architectures', place.architectures.join(' ')],
    place.layout === 'flat' ? undefined : ['Components', place.component],
    ['SHA256', listing(files)],
  ];
  return fields
    .filter((field) => field !== undefined)
    .map(([name, value]) => `${renderField(name, value)}\n`)
    .join('');
}

function readListing({ value, line }: Deb822Field, origin: string): readonly ReleaseFile[] {
  const seen = new Set<string>();
  return value.split('\n').flatMap((text, index) => {
    if (index === 0 && text === '') return [];
    const fail = (problem: string): Error => invalidLines(origin)(line + index, problem);
    const groups = /^ (?<sha256>[0-9a-f]{64}) +(?<size>[0-9]{1,15}) (?<path>\S+)$/.exec(text)?.groups;
    const { sha256 = '', size = '', path = '' } = groups ?? {};
    if (groups === undefined || !isPlainPath(path)) throw fail('this is no digest, size and name of a file');
    if (seen.has(path)) throw fail(`${path} is there twice`);
    seen.add(path);
    return [{ path, size: Number(size), sha256 }];
  });
}

/**
 * Reads what was signed of an InRelease file.
 * @param origin where it is from, for messages
 * @throws CoachbuilderError `repository-invalid`, with the line
 */
export function parseRelease(text: string, origin: string): Release {
  const stanzas = parseDeb822(text.endsWith('\n') ? text : `${text}\n`, invalidLines(origin));
  const [stanza] = stanzas;
  if (stanza === undefined || stanzas.length > 1) throw invalidFile(origin, 'this is not one stanza');
  const dateOf = (name: string): number | undefined => {
    const field = stanza.fields.get(name.toLowerCase());
    if (field === undefined) return undefined;
    const date = parseReleaseDate(field.value);
    if (date === undefined) throw invalidLines(origin)(field.line, `${name} is no date in UTC: ${field.value}`);
    return date;
  };
  const date = dateOf('Date');
  const list = stanza.fields.get('sha256');
  if (date === undefined) throw invalidFile(origin, 'there is no field Date');
  if (list === undefined) throw invalidFile(origin, 'there is no field SHA256');
  const frozen = ['Origin', 'Label', 'Suite', 'Codename'].flatMap((name) => {
    const value = stanza.fields.get(name.toLowerCase())?.value;
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    date,
    validUntil: dateOf('Valid-Until'),
    frozen: Object.fromEntries(frozen),
    isByHash: stanza.fields.get('acquire-by-hash')?.value === 'yes',
    files: readListing(list, origin),
  };
}

import { tryParseVersion } from '../python/version.ts';
import { plainText } from './plain-text.ts';

/** What a changelog says about one release. */
export interface ReleaseNotes {
  /** As PEP 440 would have it; undefined for what is not released yet. */
  readonly version: string | undefined;
  /** Seconds since 1970; undefined when the changelog does not tell. */
  readonly date: number | undefined;
  /** Plain text, a paragraph each. */
  readonly changes: readonly string[];
}

interface Heading {
  readonly text: string;
  /** Lines from `start` up to `end` are the heading itself. */
  readonly start: number;
  readonly end: number;
}

const underline = /^(?:={3,}|-{3,}|~{3,}|\^{3,}|"{3,}|'{3,}|\*{3,}|#{3,}|\+{3,}|\.{3,}|:{3,}|`{3,})\s*$/;

/** Headings of Markdown (with `#` and underlined) and reStructuredText (underlined, perhaps with a line above). */
function headings(lines: readonly string[]): readonly Heading[] {
  const found: Heading[] = [];
  let fenced = false;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (/^\s{0,3}(?:```|~~~)(?!~*\s*$)/.test(line) || /^\s{0,3}```/.test(line)) fenced = !fenced;
    if (fenced) continue;
    const atx = /^#{1,6}[ \t]+(.*?)[ \t]*#*$/.exec(line)?.[1];
    if (atx !== undefined) {
      found.push({ text: atx, start: index, end: index + 1 });
      continue;
    }
    const next = lines[index + 1] ?? '';
    if (line.trim() === '' || underline.test(line) || !underline.test(next)) continue;
    // Something longer than its underline is a paragraph before a rule.
    if (next.trim().length < Math.min(line.trim().length, 3)) continue;
    const above = index > 0 && underline.test(lines[index - 1] ?? '');
    found.push({ text: line, start: above ? index - 1 : index, end: index + 2 });
    index += 1;
  }
  return found;
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] as const;

function seconds(year: number, month: number, day: number): number | undefined {
  const time = Date.UTC(year, month - 1, day);
  const date = new Date(time);
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && year >= 1980 && year < 2100;
  return isReal ? time / 1000 : undefined;
}

/** The day that a text names: `2023-01-31`, `January 31, 2023`, `31 Jan 2023`. What may be day or month is not guessed. */
function dateIn(text: string): number | undefined {
  const iso = /\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b/.exec(text);
  if (iso !== null) return seconds(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const spelled =
    /\b([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b/.exec(text) ??
    /\b(\d{1,2})(?:st|nd|rd|th)?\s+([A-Za-z]{3,9})\.?,?\s+(\d{4})\b/.exec(text);
  if (spelled === null) return undefined;
  const [, first = '', second = '', year = ''] = spelled;
  const [month, day] = /^\d/.test(first) ? [second, first] : [first, second];
  const index = monthNames.findIndex((name) => month.toLowerCase().startsWith(name));
  return index === -1 ? undefined : seconds(Number(year), index + 1, Number(day));
}

const version = String.raw`v?\d+(?:\.\d+)*(?:[-._]?(?:a|b|c|rc|alpha|beta|pre|preview|post|dev|rev|r)[-._]?\d*)*(?:\+[\w.]+)?`;
const versionHeading = new RegExp(
  // A word or two may come first ("Version", "Changes in", the project's name), then the version, then anything behind a break.
  String.raw`^(?:(?:version|release|changes in|what's new in|new in|[a-z][\w.-]*)\s+){0,2}?\[?(?<version>${version})\]?(?=$|[\s,:;()\[\]/–—-])`,
  'i',
);
const unreleased = /^\[?(?:unreleased|next|upcoming|in development|development|dev|master|main|trunk|head)\b/i;

interface Release {
  readonly heading: Heading;
  readonly version: string | undefined;
}

function releaseOf(heading: Heading): Release | undefined {
  const text = plainText(heading.text).replace(/^[^\w[]+/, '');
  const found = versionHeading.exec(text)?.groups?.['version'];
  // A date by itself is no version, although calendar versions look alike.
  if (found !== undefined && tryParseVersion(found) !== undefined) {
    return { heading, version: found.replace(/^v/i, '') };
  }
  return unreleased.test(text) ? { heading, version: undefined } : undefined;
}

const bullet = /^(\s*)(?:[-*+•]|\d+[.)])\s+(.*)$/;
/** Comments, directives and targets of reStructuredText, link definitions of Markdown, rules. */
const noise = /^\s*(?:\.\.(?:\s|$)|\[[^\]]+\]:\s|<!--|-->|(?:[-*_=~]\s?){3,}$|:[\w-]+:\s|\|.*\|\s*$)/;

/** The items of a release: bullets and paragraphs, each in one line; a heading above says what kind they are of. */
function changesOf(lines: readonly string[], inner: readonly Heading[], offset: number): readonly string[] {
  const changes: string[] = [];
  const byLine = new Map(inner.map((heading) => [heading.start - offset, heading]));
  let kind = '';
  let current: string[] = [];
  let fenced = false;
  const finish = (): void => {
    const text = plainText(current.join(' '));
    if (/\p{L}/u.test(text)) changes.push(kind === '' ? text : `${kind}: ${text}`);
    current = [];
  };
  for (let index = 0; index < lines.length; index += 1) {
    const heading = byLine.get(index);
    const line = lines[index] ?? '';
    if (heading !== undefined) {
      finish();
      kind = plainText(heading.text).replace(/[\s:]+$/, '');
      index = heading.end - offset - 1;
      continue;
    }
    if (/^\s*```/.test(line)) fenced = !fenced;
    const item = bullet.exec(line);
    if (fenced || /^\s*```/.test(line) || line.trim() === '' || noise.test(line)) finish();
    else if (item === null) current.push(line.trim());
    else {
      finish();
      current.push(item[2] ?? '');
    }
  }
  finish();
  return changes;
}

/**
 * Reads a changelog of an application: Keep a Changelog and what resembles it, in Markdown or reStructuredText. Every
 * heading that begins with a version (PEP 440), perhaps behind a word or two, begins a release, which goes on to the next
 * such heading.
 * @param text with `\n` at line ends
 * @returns in the order of the text; empty when no heading names a version
 */
export function parseReleaseNotes(text: string): readonly ReleaseNotes[] {
  const lines = text.split('\n');
  const all = headings(lines);
  const releases = all.flatMap((heading) => releaseOf(heading) ?? []);
  if (!releases.some((release) => release.version !== undefined)) return [];
  return releases.map((release, index) => {
    const start = release.heading.end;
    const end = releases[index + 1]?.heading.start ?? lines.length;
    const inner = all.filter((heading) => heading.start >= start && heading.start < end);
    return {
      version: release.version,
      date: dateIn(release.heading.text),
      changes: changesOf(lines.slice(start, end), inner, start),
    };
  });
}

import { formatMarker, scanMarker, type Marker } from './marker.ts';
import { Scanner } from './scanner.ts';
import { parseSpecifiers } from './specifiers.ts';

/** A dependency as PEP 508 writes it. */
export interface Requirement {
  /** As written; `normalizeName` gives the form for comparisons. */
  readonly name: string;
  readonly extras: readonly string[];
  /** `>=1.2,!=1.3.*` without spaces, as written otherwise; empty for any version. */
  readonly specifiers: string;
  /** Of a direct reference, `name @ url`; it may hold credentials. */
  readonly url: string | undefined;
  readonly marker: Marker | undefined;
}

const name = /[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?/iy;

/**
 * Parses a requirement such as `requests[socks] >=2.8.1, ==2.8.* ; python_version < "3"` (PEP 508, with the specifiers
 * in parentheses that PEP 345 wanted).
 * @throws CoachbuilderError `requirement-invalid` naming the column
 */
export function parseRequirement(text: string): Requirement {
  const scanner = new Scanner(text, 'requirement');
  scanner.skipSpace();
  const requirementName = scanner.expect(name, 'the name of a project')[0];
  scanner.skipSpace();
  const extras = scanExtras(scanner);
  scanner.skipSpace();
  const url = scanUrl(scanner);
  const specifiers = url === undefined ? scanSpecifiers(scanner) : '';
  scanner.skipSpace();
  const marker = scanner.take(/;/y) === undefined ? undefined : scanMarker(scanner);
  scanner.skipSpace();
  if (!scanner.atEnd) {
    scanner.fail(
      marker === undefined ? 'expected a version specifier, ";" or the end' : 'expected "and", "or" or the end',
    );
  }
  return { name: requirementName, extras, specifiers, url, marker };
}

function scanExtras(scanner: Scanner): readonly string[] {
  if (scanner.take(/\[/y) === undefined) return [];
  const extras: string[] = [];
  scanner.skipSpace();
  if (scanner.take(/\]/y) !== undefined) return extras;
  for (;;) {
    scanner.skipSpace();
    extras.push(scanner.expect(name, 'the name of an extra')[0]);
    scanner.skipSpace();
    if (scanner.take(/,/y) === undefined) break;
  }
  scanner.expect(/\]/y, '"," or "]" after an extra');
  return extras;
}

/** A semicolon is a legal part of a URL, so the marker needs a space before its own (PEP 508, "Grammar"). */
function scanUrl(scanner: Scanner): string | undefined {
  if (scanner.take(/@/y) === undefined) return undefined;
  scanner.skipSpace();
  const url = scanner.expect(/\S+/y, 'a URL after "@"')[0];
  if (!scanner.atEnd) scanner.expect(/\s+/y, 'a space after the URL');
  return url;
}

function scanSpecifiers(scanner: Scanner): string {
  const parenthesis = scanner.take(/\(/y) !== undefined;
  scanner.skipSpace();
  const clauses: string[] = [];
  for (;;) {
    const start = scanner.position;
    const clause = scanner.take(/(===|~=|==|!=|<=|>=|<|>)\s*([^\s,;()]+)/y);
    if (clause === undefined) break;
    const text = `${clause[1] ?? ''}${clause[2] ?? ''}`;
    try {
      parseSpecifiers(text);
    } catch {
      scanner.fail(`"${text}" is not a version specifier`, start);
    }
    clauses.push(text);
    scanner.skipSpace();
    if (scanner.take(/,/y) === undefined) break;
    scanner.skipSpace();
  }
  if (parenthesis) scanner.expect(/\)/y, 'a closing parenthesis');
  return clauses.join(',');
}

/** A requirement as text in one spelling: `name[extra]>=1,<2; python_version < "3"`, `name @ url ; marker`. */
export function formatRequirement(requirement: Requirement): string {
  const extras = requirement.extras.length === 0 ? '' : `[${requirement.extras.join(',')}]`;
  const subject = `${requirement.name}${extras}`;
  const target =
    requirement.url === undefined ? `${subject}${requirement.specifiers}` : `${subject} @ ${requirement.url} `;
  return requirement.marker === undefined ? target.trimEnd() : `${target}; ${formatMarker(requirement.marker)}`;
}

import { compareDebVersions } from '../../model/deb-version.ts';
import type { DebEntry } from '../index-format.ts';
import { parseDeb822, type Deb822Stanza } from './deb822.ts';
import { invalidFile, invalidLines, isPlainPath } from './invalid.ts';

/** What the fields that we read have to look like (Debian Policy 5.6.1, 5.6.8, 5.6.12; deb-version(7)). */
const patterns = {
  Package: /^[a-z0-9][a-z0-9+.-]+$/,
  Version: /^[A-Za-z0-9][A-Za-z0-9.+:~-]*$/,
  Architecture: /^[a-z0-9][a-z0-9-]*$/,
  Size: /^[0-9]{1,15}$/,
  SHA256: /^[0-9a-f]{64}$/,
} as const;

function readEntry(stanza: Deb822Stanza, origin: string): DebEntry {
  const fail = invalidLines(origin);
  const valueOf = (name: keyof typeof patterns | 'Filename'): string => {
    const field = stanza.fields.get(name.toLowerCase());
    if (field === undefined) throw fail(stanza.line, `the package has no field ${name}`);
    const isGood = name === 'Filename' ? isPlainPath(field.value) : patterns[name].test(field.value);
    if (!isGood) throw fail(field.line, `${name} cannot be ${JSON.stringify(field.value)}`);
    return field.value;
  };
  return {
    format: 'deb',
    name: valueOf('Package'),
    version: valueOf('Version'),
    architecture: valueOf('Architecture'),
    file: valueOf('Filename'),
    size: Number(valueOf('Size')),
    sha256: valueOf('SHA256'),
    stanza: stanza.text,
  };
}

/**
 * Reads a file Packages.
 * @param origin where it is from, for messages
 * @throws CoachbuilderError `repository-invalid`, with the line
 */
export function parsePackages(text: string, origin: string): readonly DebEntry[] {
  return parseDeb822(text, invalidLines(origin)).map((stanza) => readEntry(stanza, origin));
}

function keyOf({ name, version, architecture }: DebEntry): string {
  return `${name} ${version} ${architecture}`;
}

/**
 * Several files Packages as one list: a package for all architectures is in each of them.
 * @throws CoachbuilderError `repository-invalid` when they say different things of a package, or one names it twice
 */
export function uniteEntries(
  files: readonly { readonly origin: string; readonly entries: readonly DebEntry[] }[],
): readonly DebEntry[] {
  const united = new Map<string, DebEntry>();
  for (const { origin, entries } of files) {
    const here = new Set<string>();
    for (const entry of entries) {
      const key = keyOf(entry);
      if (here.has(key)) throw invalidFile(origin, `${key} is there twice`);
      here.add(key);
      const other = united.get(key);
      if (other === undefined) united.set(key, entry);
      else if (other.stanza !== entry.stanza) throw invalidFile(origin, `another index says other things of ${key}`);
    }
  }
  return [...united.values()];
}

/** Names, versions and architectures are ASCII: their order is that of their bytes. */
function compareText(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** By name, version (as dpkg compares them) and architecture. Versions may be equal and yet different: `1.0`, `1.00`. */
function compareEntries(left: DebEntry, right: DebEntry): number {
  return (
    compareText(left.name, right.name) ||
    compareDebVersions(left.version, right.version) ||
    compareText(left.version, right.version) ||
    compareText(left.architecture, right.architecture)
  );
}

/** The entries in the order of Packages; a new list. */
export function sortEntries(entries: readonly DebEntry[]): readonly DebEntry[] {
  return [...entries].sort(compareEntries);
}

/** Packages: the stanzas, each with an empty line behind it. */
export function renderPackages(entries: readonly DebEntry[]): string {
  return entries.map(({ stanza }) => `${stanza}\n\n`).join('');
}

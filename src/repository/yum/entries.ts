import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { compareRpmVersions } from '../../model/rpm-version.ts';
import type { RpmEntry } from '../index-format.ts';
import { kinds, type Kind } from './repomd.ts';
import { cutKnownPieces, cutPieces, escapeXml, type XmlElement, type XmlPiece } from './xml.ts';

/** The three documents, or something of each. */
export type OfEach<Value> = Readonly<Record<Kind, Value>>;

interface Shape {
  readonly root: string;
  readonly namespaces: Readonly<Record<string, string>>;
  readonly wanted: ReadonlySet<string>;
  /** In what createrepo_c writes, all that is wanted of a package is before this. */
  readonly rest: string;
}

const rpmNamespace = 'http://linux.duke.edu/metadata/rpm';

/** As createrepo_c writes them; there is no other specification of these files. */
const shapes: OfEach<Shape> = {
  primary: {
    root: 'metadata',
    namespaces: { '': 'http://linux.duke.edu/metadata/common', rpm: rpmNamespace },
    wanted: new Set(['name', 'arch', 'version', 'checksum', 'time', 'size', 'location']),
    rest: '<format>',
  },
  filelists: {
    root: 'filelists',
    namespaces: { '': 'http://linux.duke.edu/metadata/filelists' },
    wanted: new Set(),
    rest: '\n',
  },
  other: {
    root: 'otherdata',
    namespaces: { '': 'http://linux.duke.edu/metadata/other' },
    wanted: new Set(),
    rest: '\n',
  },
};

function invalid(origin: string, problem: string, hint: string): CoachbuilderError {
  return new CoachbuilderError('repository-invalid', `${origin} ${problem}`, { hint });
}

/** Whether we wrote the documents, and read every package in them before we did; what others wrote is read whole. */
export type Author = 'ours' | 'theirs';

function cut(kind: Kind, document: string, { origin, author }: Omit<Reading, 'base'>): readonly XmlPiece[] {
  const request = { ...shapes[kind], piece: 'package', origin };
  const { attributes, pieces } = author === 'ours' ? cutKnownPieces(document, request) : cutPieces(document, request);
  const said = attributes['packages'];
  if (said !== undefined && said !== String(pieces.length))
    throw invalid(
      origin,
      `holds ${String(pieces.length)} packages and says that there are ${said}`,
      'restore that file',
    );
  return pieces;
}

/** Replaces elements of a piece by others; they have to be in the order of the text. */
function replaceElements(piece: XmlPiece, replacements: readonly (readonly [XmlElement, string])[]): string {
  let from = 0;
  const parts = replacements.flatMap(([element, text]) => {
    const before = piece.xml.slice(from, element.start);
    from = element.end;
    return [before, text];
  });
  return [...parts, piece.xml.slice(from)].join('');
}

function locationElement(href: string): string {
  return `<location href="${escapeXml(href)}"/>`;
}

/** Where a package is, relative to the root of the place. */
function fileAt(href: string, base: string): string | undefined {
  if (!href.startsWith(base)) return undefined;
  const file = href.slice(base.length).replace(/^(?:\.\/)+/, '');
  const segments = file.split('/');
  // An address, a path out of the place, or one that no object's key can be.
  return /^[A-Za-z][A-Za-z0-9+.-]*:/.test(file) || segments.some((part) => ['', '.', '..'].includes(part))
    ? undefined
    : file;
}

/** How a document is read. */
interface Reading {
  readonly origin: string;
  /** What leads from the directory above repodata/ to the root of the place: nothing, or `../../` in a snapshot. */
  readonly base: string;
  readonly author: Author;
}

type PrimaryEntry = Omit<RpmEntry, 'filelists' | 'other'>;

function readPrimary(piece: XmlPiece, { origin, base }: Omit<Reading, 'author'>): PrimaryEntry {
  const find = (name: string): XmlElement => {
    const element = piece.children.get(name);
    if (element === undefined)
      throw invalid(origin, `holds a package without <${name}>`, 'make the index anew with createrepo_c');
    return element;
  };
  const [name, checksum, version, location] = [find('name').text, find('checksum'), find('version'), find('location')];
  const { epoch = '0', ver = '', rel = '' } = version.attributes;
  if (checksum.attributes['type'] !== 'sha256' || !/^[0-9a-f]{64}$/.test(checksum.text))
    throw invalid(origin, `gives no SHA-256 of ${name}`, 'make the index anew with createrepo_c --checksum sha256');
  const href = location.attributes['href'] ?? '';
  const file = location.attributes['xml:base'] === undefined ? fileAt(href, base) : undefined;
  if (file === undefined || piece.xml.indexOf('<location') !== piece.xml.lastIndexOf('<location'))
    throw invalid(
      origin,
      `says that ${name} is at ${location.attributes['xml:base'] ?? ''}${href}, which is not in this repository`,
      'move the package into the repository, and make the index anew with createrepo_c',
    );
  return {
    format: 'rpm',
    name,
    version: `${epoch === '0' || epoch === '' ? '' : `${epoch}:`}${ver}-${rel}`,
    architecture: find('arch').text,
    file,
    size: Number(find('size').attributes['package']),
    sha256: checksum.text,
    primary: replaceElements(piece, [[location, locationElement(file)]]),
  };
}

/**
 * The entries of an index.
 * @param origins where the documents are from, for messages
 * @throws CoachbuilderError `repository-invalid`
 */
export function readEntries(
  documents: OfEach<string>,
  origins: OfEach<string>,
  { base, author }: Omit<Reading, 'origin'>,
): readonly RpmEntry[] {
  const pieces = (kind: Kind): readonly XmlPiece[] => cut(kind, documents[kind], { origin: origins[kind], author });
  const byChecksum = (kind: 'filelists' | 'other'): ReadonlyMap<string, string> =>
    new Map(pieces(kind).map(({ attributes, xml }) => [attributes['pkgid'] ?? '', xml] as const));
  const [filelists, other] = [byChecksum('filelists'), byChecksum('other')];
  const found = (kind: 'filelists' | 'other', { sha256, name }: PrimaryEntry): string => {
    const xml = (kind === 'filelists' ? filelists : other).get(sha256);
    if (xml !== undefined) return xml;
    throw invalid(origins[kind], `lacks ${name} (${sha256}), which primary has`, 'restore that file');
  };
  return pieces('primary').map((piece) => {
    const entry = readPrimary(piece, { origin: origins.primary, base });
    return { ...entry, filelists: found('filelists', entry), other: found('other', entry) };
  });
}

/** An entry whose package is somewhere else. */
export function relocate(entry: RpmEntry, file: string): RpmEntry {
  return { ...entry, file, primary: entry.primary.replace(locationElement(entry.file), () => locationElement(file)) };
}

/**
 * An entry without the time at which the file came to lie where createrepo_c found it: `<time file>` becomes the time at
 * which the package was built, so that the same package makes the same entry. Clients show it, and decide nothing by it.
 */
export function withoutFileTime(entry: RpmEntry): RpmEntry {
  return {
    ...entry,
    primary: entry.primary.replace(/<time file="\d+" build="(\d+)"\/>/, '<time file="$1" build="$1"/>'),
  };
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** By name, version as rpm compares it, architecture, and place: one order for one set of packages. */
export function sortEntries(entries: readonly RpmEntry[]): readonly RpmEntry[] {
  return [...entries].sort(
    (a, b) =>
      compareText(a.name, b.name) ||
      compareRpmVersions(a.version, b.version) ||
      compareText(a.version, b.version) ||
      compareText(a.architecture, b.architecture) ||
      compareText(a.file, b.file) ||
      compareText(a.sha256, b.sha256),
  );
}

/**
 * One of the three documents.
 * @param entries in their order
 * @param base what leads from the directory above repodata/ to the root of the place
 */
export function renderDocument(kind: Kind, entries: readonly RpmEntry[], base: string): string {
  const { root, namespaces } = shapes[kind];
  const declarations = Object.entries(namespaces).map(
    ([prefix, uri]) => ` xmlns${prefix === '' ? '' : ':'}${prefix}="${uri}"`,
  );
  const pieces = entries.map((entry) => (base === '' ? entry : relocate(entry, base + entry.file))[kind]);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<${root}${declarations.join('')} packages="${String(entries.length)}">`,
    ...pieces,
    `</${root}>`,
    '',
  ].join('\n');
}

/** The same of each of the three. */
export function ofEach<Value>(make: (kind: Kind) => Value): OfEach<Value> {
  const [primary, filelists, other] = kinds.map(make) as [Value, Value, Value];
  return { primary, filelists, other };
}

import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { sha256Of } from '../../system/files.ts';
import { escapeXml, readTree, type XmlTree } from './xml.ts';

/** The three files about packages that yum and dnf read, in the order in which createrepo_c lists them. */
export const kinds = ['primary', 'filelists', 'other'] as const;
export type Kind = (typeof kinds)[number];

/** What repomd.xml says of one file. */
export interface RepomdRecord {
  readonly type: string;
  /** Relative to the directory above repodata/. */
  readonly href: string;
  /** Hexadecimal, of the file as it is. */
  readonly sha256: string;
}

export interface Repomd {
  /** Seconds since 1970. */
  readonly date: number;
  readonly records: Readonly<Record<Kind, RepomdRecord>>;
  /** Types of what else it lists. */
  readonly others: readonly string[];
}

/** A file of repodata/, named by its content. */
export interface MetadataFile {
  readonly kind: Kind;
  readonly bytes: Uint8Array;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Relative to the directory above repodata/. */
  readonly href: string;
  /** Of the text in it: SHA-256, and bytes. */
  readonly openSha256: string;
  readonly openSize: number;
}

const repoNamespace = 'http://linux.duke.edu/metadata/repo';

/** Names a compressed file by its content. */
export function metadataFile(kind: Kind, text: Uint8Array, bytes: Uint8Array): MetadataFile {
  const sha256 = sha256Of(bytes);
  const href = `repodata/${sha256}-${kind}.xml.gz`;
  return { kind, bytes, sha256, href, openSha256: sha256Of(text), openSize: text.length };
}

/** repomd.xml as createrepo_c lays it out; every time in it is the date of the publication. */
export function renderRepomd(files: readonly MetadataFile[], date: number): string {
  const data = files.flatMap((file) => [
    `  <data type="${file.kind}">`,
    `    <checksum type="sha256">${file.sha256}</checksum>`,
    `    <open-checksum type="sha256">${file.openSha256}</open-checksum>`,
    `    <location href="${escapeXml(file.href)}"/>`,
    `    <timestamp>${String(date)}</timestamp>`,
    `    <size>${String(file.bytes.length)}</size>`,
    `    <open-size>${String(file.openSize)}</open-size>`,
    '  </data>',
  ]);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<repomd xmlns="${repoNamespace}" xmlns:rpm="http://linux.duke.edu/metadata/rpm">`,
    `  <revision>${String(date)}</revision>`,
    ...data,
    '</repomd>',
    '',
  ].join('\n');
}

function child(tree: XmlTree, name: string): XmlTree | undefined {
  return tree.children.find((element) => element.name === name);
}

/** The revision when it is a time, as createrepo_c's own is unless it is told another; else the latest time of a file. */
function dateOf(root: XmlTree, data: readonly XmlTree[]): number {
  const revision = child(root, 'revision')?.text.trim() ?? '';
  if (/^\d{1,12}$/.test(revision)) return Number(revision);
  const times = data.map((record) => Math.floor(Number(child(record, 'timestamp')?.text ?? '')));
  return Math.max(0, ...times.filter(Number.isFinite));
}

const withSha256 = 'createrepo_c --checksum sha256 --general-compress-type=gz';

function readRecord(data: XmlTree, origin: string): RepomdRecord {
  const type = data.attributes['type'] ?? '';
  const checksum = child(data, 'checksum');
  const location = child(data, 'location')?.attributes;
  const href = location?.['href'] ?? '';
  if (checksum?.attributes['type'] !== 'sha256' || !/^[0-9a-f]{64}$/.test(checksum.text))
    throw new CoachbuilderError('repository-invalid', `${origin} gives no SHA-256 of ${type}`, {
      hint: `make the index anew with ${withSha256}`,
    });
  // A path out of the repository has no business here; clients refuse it as well (CVE-2020-14352).
  if (!/^repodata\/[^/]+$/.test(href) || location?.['xml:base'] !== undefined)
    throw new CoachbuilderError('repository-invalid', `${origin} names ${href || 'no file'} as ${type}`, {
      hint: 'the files that it names have to be in repodata/ beside it',
    });
  return { type, href, sha256: checksum.text };
}

/**
 * Reads repomd.xml.
 * @param origin where it is from, for the message
 * @throws CoachbuilderError `repository-invalid`
 */
export function readRepomd(text: string, origin: string): Repomd {
  const root = readTree(text, origin);
  if (root.name !== 'repomd' || root.namespace !== repoNamespace)
    throw new CoachbuilderError('repository-invalid', `${origin} is no index of a yum repository: <${root.name}>`, {
      hint: 'look at what that address serves',
    });
  const data = root.children.filter((element) => element.name === 'data');
  const typeOf = (record: XmlTree): string => record.attributes['type'] ?? '';
  const find = (kind: Kind): RepomdRecord => {
    const record = data.find((each) => typeOf(each) === kind);
    if (record !== undefined) return readRecord(record, origin);
    throw new CoachbuilderError('repository-invalid', `${origin} names no file for ${kind}`, {
      hint: `make the index anew with ${withSha256}`,
    });
  };
  return {
    date: dateOf(root, data),
    records: { primary: find('primary'), filelists: find('filelists'), other: find('other') },
    others: data.map(typeOf).filter((type) => !(kinds as readonly string[]).includes(type)),
  };
}

import { gunzipSync } from 'node:zlib';

import type { Verifier } from '../../signing/signer.ts';
import type { ObjectReader } from '../../store/object-store.ts';
import { mapConcurrently, sha256Of } from '../../system/files.ts';
import type { DebEntry, PublishedIndex } from '../index-format.ts';
import type { Place } from '../place.ts';
import { readAliases } from './aliases.ts';
import { decodeText, invalidFile } from './invalid.ts';
import { byHash, joinPath, parseIndexPath, releaseDirectory, type PackagesFile } from './layout.ts';
import { parsePackages, uniteEntries } from './packages-file.ts';
import { parseRelease, type Release, type ReleaseFile } from './release-file.ts';

/** How many objects are asked for at once. */
const atOnce = 6;

/** One of the indexes that a head names. */
interface NamedIndex {
  readonly directory: string;
  /** By the name within the directory. */
  readonly forms: ReadonlyMap<PackagesFile, ReleaseFile>;
}

function namedIndexes(release: Release, place: Place, origin: string): readonly NamedIndex[] {
  const found = new Map<string, Map<PackagesFile, ReleaseFile>>();
  for (const file of release.files) {
    const parsed = parseIndexPath(place, file.path);
    if (parsed === undefined) {
      const hint = 'publish with one program only, and with the layout and the component that the repository has';
      throw invalidFile(origin, `it names ${file.path}, which a new index would not`, hint);
    }
    const forms = found.get(parsed.directory) ?? new Map<PackagesFile, ReleaseFile>();
    found.set(parsed.directory, forms.set(parsed.name, file));
  }
  if (found.size === 0) throw invalidFile(origin, 'it names no index of packages');
  return [...found].map(([directory, forms]) => ({ directory, forms }));
}

/** The bytes of a file that a head names: under the name of its content, or under its own when they are the same. */
async function fetchNamed(
  file: ReleaseFile,
  names: readonly string[],
  { root, reader }: { readonly root: string; readonly reader: ObjectReader },
): Promise<{ readonly bytes: Buffer; readonly origin: string }> {
  let problem = `it names ${file.path}, which is not there`;
  for (const name of names) {
    const origin = `${reader.title}/${root}/${name}`;
    const bytes = (await reader.get(`${root}/${name}`))?.bytes;
    if (bytes === undefined) continue;
    if (bytes.length === file.size && sha256Of(bytes) === file.sha256) return { bytes, origin };
    problem = `${origin} is not the file that it names`;
  }
  throw invalidFile(`${reader.title}/${root}/InRelease`, problem);
}

function decompress(bytes: Buffer, plain: ReleaseFile | undefined, origin: string): Buffer {
  let content: Buffer;
  try {
    content = gunzipSync(bytes, plain === undefined ? {} : { maxOutputLength: Math.max(plain.size, 1) });
  } catch {
    throw invalidFile(origin, 'it cannot be decompressed');
  }
  if (plain !== undefined && sha256Of(content) !== plain.sha256) {
    throw invalidFile(origin, 'compressed and plain index are not the same');
  }
  return content;
}

async function readNamedIndex(
  { directory, forms }: NamedIndex,
  { isByHash, root, reader }: { readonly isByHash: boolean; readonly root: string; readonly reader: ObjectReader },
): Promise<{ readonly origin: string; readonly entries: readonly DebEntry[] }> {
  const [compressed, plain] = [forms.get('Packages.gz'), forms.get('Packages')];
  const file = compressed ?? plain;
  if (file === undefined) {
    throw invalidFile(`${reader.title}/${root}/InRelease`, 'it names neither Packages nor Packages.gz');
  }
  const names = [...(isByHash ? [byHash(directory, file.sha256)] : []), file.path];
  const { bytes, origin } = await fetchNamed(file, names, { root, reader });
  const content = file === compressed ? decompress(bytes, plain, origin) : bytes;
  return { origin, entries: parsePackages(decodeText(content, origin), origin) };
}

/**
 * The head, unless there is none yet. A first publication would take the place of an index that has no head: ours always
 * has one, and has it first, so that this is another program's, or somebody has deleted InRelease.
 */
async function fetchHead(root: string, reader: ObjectReader): ReturnType<ObjectReader['get']> {
  const key = `${root}/InRelease`;
  const head = await reader.get(key);
  if (head !== undefined) return head;
  const keys = ['Release', 'Packages', 'Packages.gz'].map((name) => `${root}/${name}`);
  const found = await mapConcurrently(keys, atOnce, async (each) => reader.head(each));
  const existing = found.find((object) => object !== undefined);
  if (existing === undefined) return undefined;
  // Or somebody has published for the first time since we looked.
  const late = await reader.get(key);
  if (late !== undefined) return late;
  throw invalidFile(
    `${reader.title}/${existing.key}`,
    'there is an index, but no InRelease beside it: another program made it, or InRelease was deleted',
    `publish at another place, or move Release and Packages* away from ${root} and publish all of its packages again`,
  );
}

/**
 * Reads what is published at a place, as a client does: what InRelease says when it is signed, and the indexes that it
 * names when they are the ones. A head that is older than what is signed beside it is refused, whatever it says.
 * @returns undefined when nothing was published yet
 * @throws CoachbuilderError `signature-invalid`, `repository-invalid`
 */
export async function readAptIndex(
  place: Place,
  reader: ObjectReader,
  verifier: Verifier,
): Promise<PublishedIndex | undefined> {
  const root = releaseDirectory(place);
  const key = `${root}/InRelease`;
  const head = await fetchHead(root, reader);
  if (head === undefined) return undefined;
  const origin = `${reader.title}/${key}`;
  const text = await verifier.verifyClearSigned(decodeText(head.bytes, origin), origin);
  const release = parseRelease(text, origin);
  const named = namedIndexes(release, place, origin);
  const { isByHash } = release;
  const indexes = await mapConcurrently(named, atOnce, (index) => readNamedIndex(index, { isByHash, root, reader }));

  // What a clear-signed text ends with is not signed (RFC 9580, 7.2); Release ends with a line feed.
  const signed = Buffer.from(`${text.replace(/\n+$/, '')}\n`);
  const { date, files } = release;
  const aliases = await readAliases({ key, etag: head.etag, date, root, text: signed, files }, { reader, verifier });

  const hashed = named.flatMap(({ directory, forms }) =>
    isByHash ? [...forms.values()].map(({ sha256 }) => joinPath(root, byHash(directory, sha256))) : [],
  );
  return {
    etag: head.etag,
    date,
    validUntil: release.validUntil,
    entries: uniteEntries(indexes),
    frozen: release.frozen,
    objects: [key, ...hashed, ...aliases.keys],
    staleAliases: aliases.stale,
  };
}

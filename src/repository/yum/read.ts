import { gunzipSync } from 'node:zlib';

import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import type { Verifier } from '../../signing/signer.ts';
import type { ObjectReader } from '../../store/object-store.ts';
import type { PublishedIndex, RpmEntry } from '../index-format.ts';
import { refuseOlderHead, type ReadHead } from '../older-head.ts';
import type { Place } from '../place.ts';
import { sha256Of } from '../../system/files.ts';
import { readEntries, type Author, type OfEach } from './entries.ts';
import { fixedDirectory, layout, mediaFile, snapshotDirectory, snapshotName, type IndexDirectory } from './layout.ts';
import { kinds, readRepomd, type Kind, type Repomd } from './repomd.ts';

interface Source {
  readonly reader: ObjectReader;
  readonly verifier: Verifier;
}

/** repomd.xml with what it is signed by. */
interface SignedRepomd {
  readonly repomd: Repomd;
  readonly directory: IndexDirectory;
}

function titleOf({ reader }: Source, key: string): string {
  return `${reader.title.replace(/\/+$/, '')}/${key}`;
}

function repomdKey({ prefix }: IndexDirectory): string {
  return `${prefix}repodata/repomd.xml`;
}

/** The bytes of an object that has to be there. */
async function must(key: string, source: Source, because: string): Promise<Buffer> {
  const object = await source.reader.get(key);
  if (object !== undefined) return object.bytes;
  throw new CoachbuilderError('repository-invalid', `${titleOf(source, key)} is not there, but ${because}`, {
    hint: 'restore it; what an index names may not be removed from the store',
  });
}

/** What the mirrorlist names; everything but what we write is refused. */
function snapshotNamed(list: string, place: Place, title: string): string {
  const lines = list
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const [line = '', ...more] = lines;
  const [, base = '', name = ''] = /^(.*)\/\.snap\/([0-9]+-[0-9a-f]{12})\/?$/.exec(line) ?? [];
  if (name === '' || more.length > 0)
    throw new CoachbuilderError('repository-invalid', `${title} does not name one snapshot`, {
      hint: `it is one line such as ${layout.addressOf(place, '1767225600-0123456789ab')}; look who else writes to this store, and restore it`,
      details: lines.slice(0, 3),
    });
  if (base !== place.url)
    throw new CoachbuilderError(
      'repository-invalid',
      `${title} sends clients to ${base}, but this repository is at ${place.url}`,
      {
        hint: [
          `if the repository has moved there, make ${layout.addressOf(place, name)} the one line of the mirrorlist, then run the same command again;`,
          `else put the manifest's address of the repository right`,
        ].join(' '),
      },
    );
  return name;
}

/** The same bytes as a record says, as text. */
async function documentOf(kind: Kind, { repomd, directory }: SignedRepomd, source: Source): Promise<string> {
  const { href, sha256 } = repomd.records[kind];
  const key = directory.prefix + href;
  const bytes = await must(key, source, `${titleOf(source, repomdKey(directory))} names it`);
  const title = titleOf(source, key);
  if (sha256Of(bytes) !== sha256)
    throw new CoachbuilderError('repository-invalid', `${title} is not what repomd.xml says`, {
      hint: 'restore it; nobody but the publisher may write to the store',
    });
  if (href.endsWith('.xml')) return bytes.toString();
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b)
    throw new CoachbuilderError('repository-invalid', `${title} is not compressed with gzip`, {
      hint: 'make the index anew with createrepo_c --checksum sha256 --general-compress-type=gz: what EL 7 reads',
    });
  try {
    return gunzipSync(bytes).toString();
  } catch (error) {
    throw new CoachbuilderError('repository-invalid', `${title} cannot be decompressed`, {
      hint: 'restore it, or make the index anew',
      cause: error,
    });
  }
}

async function entriesOf(signed: SignedRepomd, author: Author, source: Source): Promise<readonly RpmEntry[]> {
  const { directory, repomd } = signed;
  const title = (kind: Kind): string => titleOf(source, directory.prefix + repomd.records[kind].href);
  const [primary = '', filelists = '', other = ''] = await Promise.all(
    kinds.map((kind) => documentOf(kind, signed, source)),
  );
  const origins: OfEach<string> = { primary: title('primary'), filelists: title('filelists'), other: title('other') };
  return readEntries({ primary, filelists, other }, origins, { base: directory.base, author });
}

function objectsOf({ directory, repomd }: SignedRepomd): readonly string[] {
  const key = repomdKey(directory);
  return [key, `${key}.asc`, ...kinds.map((kind) => directory.prefix + repomd.records[kind].href)];
}

/** Parses a repomd.xml after its signature was verified. */
async function readSigned(
  directory: IndexDirectory,
  bytes: Buffer,
  signature: Buffer,
  { reader, verifier }: Source,
): Promise<SignedRepomd> {
  const title = titleOf({ reader, verifier }, repomdKey(directory));
  await verifier.verifyDetached(bytes, signature.toString(), title);
  return { directory, repomd: readRepomd(bytes.toString(), title) };
}

async function readSnapshot(place: Place, name: string, source: Source): Promise<SignedRepomd> {
  const directory = snapshotDirectory(place, name);
  const key = repomdKey(directory);
  const bytes = await must(key, source, 'the mirrorlist names its snapshot');
  const signature = await must(`${key}.asc`, source, 'the mirrorlist names its snapshot');
  const signed = await readSigned(directory, bytes, signature, source);
  // Signed by us is not enough: it could be an older snapshot under this name.
  if (snapshotName(signed.repomd.date, bytes, signature) === name) return signed;
  throw new CoachbuilderError(
    'repository-invalid',
    `${titleOf(source, key)} is not the one that the mirrorlist names`,
    {
      hint: 'restore it; nobody but the publisher may write to the store',
    },
  );
}

/** What is at the fixed path, when it is signed and an index; undefined for what is not. */
async function readFixed(
  directory: IndexDirectory,
  files: readonly [repomd: Buffer, signature: Buffer],
  source: Source,
): Promise<SignedRepomd | undefined> {
  try {
    return await readSigned(directory, ...files, source);
  } catch (error) {
    const isTheirs =
      error instanceof CoachbuilderError && ['signature-invalid', 'repository-invalid'].includes(error.code);
    if (!isTheirs) throw error;
    return undefined;
  }
}

/** What zypper needs at the fixed path, and whether it is not there. */
async function lookForMedia(
  place: Place,
  reader: ObjectReader,
): Promise<Pick<PublishedIndex, 'objects' | 'staleAliases'>> {
  const media = mediaFile(place);
  if (media === undefined) return { objects: [], staleAliases: [] };
  const isThere = (await reader.get(media.key)) !== undefined;
  return { objects: [media.key], staleAliases: isThere ? [] : [media.key] };
}

/** What is at the fixed path besides the snapshot, and which of its two files are not what they should be. */
async function compareFixed(
  place: Place,
  { snapshot, head }: { readonly snapshot: SignedRepomd; readonly head: ReadHead },
  source: Source,
): Promise<Pick<PublishedIndex, 'objects' | 'staleAliases'>> {
  const directory = fixedDirectory(place);
  const key = repomdKey(directory);
  const both = [key, `${key}.asc`];
  const [repomd, signature] = await Promise.all(both.map((each) => source.reader.get(each)));
  if (repomd === undefined || signature === undefined) return { objects: both, staleAliases: both };
  const fixed = await readFixed(directory, [repomd.bytes, signature.bytes], source);
  if (fixed === undefined) return { objects: both, staleAliases: both };
  const { date, records } = fixed.repomd;
  const restore = `Make the mirrorlist's one line the address of the snapshot of that date: ${layout.addressOf(place, `${String(date)}-…`)}, in full as the store has it`;
  await refuseOlderHead(head, { keys: both, date }, { reader: source.reader, restore });
  // The primary files differ in where packages are; every other change changes these, too.
  const isSame =
    date === snapshot.repomd.date &&
    records.filelists.sha256 === snapshot.repomd.records.filelists.sha256 &&
    records.other.sha256 === snapshot.repomd.records.other.sha256;
  return { objects: objectsOf(fixed), staleAliases: isSame ? [] : both };
}

/**
 * An index of another tool, at the fixed path and without a mirrorlist. Whoever signs the next index vouches for all that
 * is in it, so the one that it grows from has to be signed as well: by hand, by whoever has looked at it.
 */
async function adopt(place: Place, source: Source): Promise<PublishedIndex | undefined> {
  const directory = fixedDirectory(place);
  const key = repomdKey(directory);
  const [repomd, signature] = await Promise.all([source.reader.get(key), source.reader.get(`${key}.asc`)]);
  if (repomd === undefined) return undefined;
  const title = titleOf(source, key);
  if (signature === undefined)
    throw new CoachbuilderError('signature-invalid', `${title} is of another tool and not signed`, {
      hint: 'the next index would vouch for all that is in it. To take it over, look at it, sign it (gpg --armor --detach-sign repomd.xml, with the key of this repository), put repomd.xml.asc beside it, then run the same command again',
    });
  const signed = await readSigned(directory, repomd.bytes, signature.bytes, source);
  const lost = signed.repomd.others.filter((type) => !/_(?:db|zck)$/.test(type) && type !== 'filelists-ext');
  if (lost.length > 0)
    throw new CoachbuilderError('repository-invalid', `${title} names ${lost.join(', ')}, which would be lost`, {
      hint: 'only packages are published here; make the index anew without it, or keep that repository elsewhere',
    });
  return {
    etag: undefined,
    date: signed.repomd.date,
    entries: await entriesOf(signed, 'theirs', source),
    frozen: {},
    objects: objectsOf(signed),
    staleAliases: [],
  };
}

/**
 * What is published at a place: the snapshot that its mirrorlist names, when its signature and its files' hashes are right.
 * One that is older than what is signed at the fixed path is refused.
 * @throws CoachbuilderError `signature-invalid`, `repository-invalid`
 */
export async function readYumIndex(
  place: Place,
  reader: ObjectReader,
  verifier: Verifier,
): Promise<PublishedIndex | undefined> {
  const source: Source = { reader, verifier };
  const key = layout.head(place);
  const head = await reader.get(key);
  if (head === undefined) return adopt(place, source);
  const name = snapshotNamed(head.bytes.toString(), place, titleOf(source, key));
  const snapshot = await readSnapshot(place, name, source);
  const { date } = snapshot.repomd;
  const [entries, fixed, media] = await Promise.all([
    entriesOf(snapshot, 'ours', source),
    compareFixed(place, { snapshot, head: { key, etag: head.etag, date } }, source),
    lookForMedia(place, reader),
  ]);
  return {
    etag: head.etag,
    date,
    entries,
    frozen: {},
    objects: [key, ...objectsOf(snapshot), ...fixed.objects, ...media.objects],
    staleAliases: [...media.staleAliases, ...fixed.staleAliases],
  };
}

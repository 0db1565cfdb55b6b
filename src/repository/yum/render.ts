import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { gzip } from '../../formats/gzip.ts';
import { bytesObject } from '../../store/new-object.ts';
import type { Caching, NewObject } from '../../store/object-store.ts';
import type { IndexEntry, RenderedIndex, RenderRequest, RpmEntry } from '../index-format.ts';
import { ofEach, renderDocument, sortEntries } from './entries.ts';
import { fixedDirectory, layout, mediaFile, snapshotBase, snapshotDirectory, snapshotName } from './layout.ts';
import { kinds, metadataFile, renderRepomd, type Kind, type MetadataFile } from './repomd.ts';

const contentTypes = {
  gz: 'application/gzip',
  repomd: 'application/xml',
  signature: 'application/pgp-signature',
  mirrorlist: 'text/plain; charset=utf-8',
  media: 'text/plain; charset=utf-8',
} as const;

function newObject(
  key: string,
  content: string | Uint8Array,
  type: keyof typeof contentTypes,
  caching: Caching,
): NewObject {
  return bytesObject(key, content, { contentType: contentTypes[type], caching });
}

function rpmEntries(entries: readonly IndexEntry[]): readonly RpmEntry[] {
  return entries.map((entry) => {
    if (entry.format === 'rpm') return entry;
    throw new CoachbuilderError('publication-refused', `${entry.file} is no rpm, and this is a yum repository`, {
      hint: 'publish it to a place for deb packages',
    });
  });
}

function makeFile(kind: Kind, entries: readonly RpmEntry[], base: string): MetadataFile {
  const text = Buffer.from(renderDocument(kind, entries, base));
  return metadataFile(kind, text, gzip(text));
}

function fileObjects(prefix: string, files: readonly MetadataFile[]): readonly NewObject[] {
  return files.map(({ href, bytes }) => newObject(prefix + href, bytes, 'gz', 'immutable'));
}

/**
 * A new index: a snapshot, the mirrorlist that names it, and the index at the root. The packages are elsewhere as seen
 * from a snapshot, so that there are two primary files and two signatures; filelists and other are the same bytes, as two
 * objects: clients refuse an index with a file outside of its own directory (CVE-2020-14352).
 */
export async function renderYumIndex(request: RenderRequest): Promise<RenderedIndex> {
  const { place, date, signer } = request;
  const entries = sortEntries(rpmEntries(request.entries));
  const files = ofEach((kind) => makeFile(kind, entries, ''));
  const snapshotPrimary = makeFile('primary', entries, snapshotBase);
  const inRoot = kinds.map((kind) => files[kind]);
  const inSnapshot = [snapshotPrimary, files.filelists, files.other];

  const snapshotRepomd = renderRepomd(inSnapshot, date);
  const snapshotSignature = await signer.detachSign(Buffer.from(snapshotRepomd));
  const snapshot = snapshotName(date, snapshotRepomd, snapshotSignature);
  const repomd = renderRepomd(inRoot, date);
  const signature = await signer.detachSign(Buffer.from(repomd));

  const { prefix } = snapshotDirectory(place, snapshot);
  const root = fixedDirectory(place).prefix;
  const media = mediaFile(place);
  return {
    immutable: [
      ...fileObjects(root, inRoot),
      ...fileObjects(prefix, inSnapshot),
      newObject(`${prefix}repodata/repomd.xml`, snapshotRepomd, 'repomd', 'immutable'),
      newObject(`${prefix}repodata/repomd.xml.asc`, snapshotSignature, 'signature', 'immutable'),
    ],
    head: newObject(layout.head(place), `${layout.addressOf(place, snapshot)}\n`, 'mirrorlist', 'revalidate'),
    // In the order in which clients read them, repomd.xml and its signature back to back: between them is the window.
    aliases: [
      ...(media === undefined ? [] : [newObject(media.key, media.text, 'media', 'revalidate')]),
      newObject(`${root}repodata/repomd.xml`, repomd, 'repomd', 'revalidate'),
      newObject(`${root}repodata/repomd.xml.asc`, signature, 'signature', 'revalidate'),
    ],
  };
}

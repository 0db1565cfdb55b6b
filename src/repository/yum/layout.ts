import { createHash } from 'node:crypto';

import type { PackageFile } from '../index-format.ts';
import type { Place } from '../place.ts';

/**
 * The keys of a yum repository, relative to the store:
 *
 *     <root>/mirrorlist                                         the head: one line, the address of a snapshot
 *     <root>/.snap/<date>-<h12>/repodata/repomd.xml, .asc, …    an index that never changes
 *     <root>/repodata/repomd.xml, .asc, …                       the same for clients that know nothing but the root
 *     <root>/media.1/media                                      for zypper alone
 *     <root>/*.rpm
 *
 * repomd.xml and its signature are two objects, which no store exchanges in one step: between them, clients that
 * check the signature refuse the repository (librepo #311). The mirrorlist is one object, and what it names is whole
 * before it is named.
 */
export const layout = {
  head: (place: Place) => `${place.root}/mirrorlist`,
  snapshots: (place: Place) => `${place.root}/.snap`,
  /** Where the snapshot of a name is, as clients are told it. */
  addressOf: (place: Place, snapshot: string) => `${place.url}/.snap/${snapshot}/`,
};

/**
 * What zypper looks for besides the index, where it is the distribution's package manager; undefined elsewhere. It can
 * do without, but not where a store answers 403 for what is not there, as S3 does: from the second refresh on, that
 * ends it (libzypp 17). Lines: vendor, identity, number of media. Equal for ever, so that it never is another medium.
 */
export function mediaFile(place: Place): { readonly key: string; readonly text: string } | undefined {
  if (place.distribution.packageManager !== 'zypper') return undefined;
  return { key: `${place.root}/media.1/media`, text: `Coachbuilder\n${place.root}\n1\n` };
}

/**
 * A snapshot's name. The signature is part of the hash: no two are alike, and a publisher must not meet half of the
 * snapshot of another one that published the same in the same second.
 */
export function snapshotName(date: number, repomd: string | Uint8Array, signature: string | Uint8Array): string {
  const digest = createHash('sha256').update(repomd).update(signature).digest('hex');
  return `${String(date)}-${digest.slice(0, 12)}`;
}

/** What leads from a snapshot to the root of its place, where the packages are. */
export const snapshotBase = '../../';

/** The directory above repodata/, with a slash at its end, and what leads from it to the packages. */
export interface IndexDirectory {
  readonly prefix: string;
  readonly base: string;
}

export function fixedDirectory(place: Place): IndexDirectory {
  return { prefix: `${place.root}/`, base: '' };
}

export function snapshotDirectory(place: Place, snapshot: string): IndexDirectory {
  return { prefix: `${layout.snapshots(place)}/${snapshot}/`, base: snapshotBase };
}

/** `name-version-release.architecture.rpm`, as rpm itself names packages: never the epoch (rpm's `_rpmfilename`). */
export function rpmFileOf({
  name,
  version,
  architecture,
}: Omit<PackageFile, 'path' | 'format' | 'size' | 'sha256'>): string {
  const file = `${name}-${version.replace(/^\d+:/, '')}.${architecture}.rpm`;
  // What RFC 3986 (2.3) calls unreserved goes through every client, proxy and store as it is.
  return file.replace(/[^A-Za-z0-9._~-]/g, '_');
}

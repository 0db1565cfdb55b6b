import { createHash } from 'node:crypto';

import { formatPackageName } from '../packages/names.ts';
import type { ReleaseSettings } from '../manifest/manifest.ts';
import type { Place } from '../repository/place.ts';
import { publicKeyFile, stableReleaseKey } from '../repository/release-name.ts';
import type { Verifier } from '../signing/signer.ts';
import type { NewObject, ObjectStore } from '../store/object-store.ts';
import type { PlacePlan } from './plan.ts';
import { compareVersions, type IndexFormats } from './published.ts';
import { packageObject, type PutRecord } from './uploads.ts';

/*
 * Objects at addresses that people write down, whose content may change: the key, and the release packages under names
 * without a version. No client's index names them.
 */

/** How often others may change an object while we look at it. */
const rounds = 10;

/** The file with the keys that clients have to know. @param text armoured */
export function keyObject(release: Pick<ReleaseSettings, 'id'>, text: string): NewObject {
  const bytes = Buffer.from(text);
  return {
    key: publicKeyFile(release),
    body: { kind: 'bytes', bytes },
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    contentType: 'application/pgp-keys', // RFC 3156, 7
    caching: 'revalidate',
  };
}

/** Writes an object unless it is there already. */
export async function writeStanding(object: NewObject, store: ObjectStore): Promise<PutRecord> {
  const { key, size, sha256 } = object;
  const existing = await store.head(key);
  if (existing?.sha256 === sha256) return { key, size, outcome: 'present' };
  await store.put(object, { kind: 'none' });
  return { key, size, outcome: 'put' };
}

/** A release package of a publication, with the address that it gets beside its own. */
export interface ReleaseCandidate {
  readonly place: Place;
  readonly object: NewObject;
  readonly name: string;
  readonly sha256: string;
}

/** The release packages of a plan: of several architectures' places the first, since all have the same one. */
export function releaseCandidates(
  plans: readonly PlacePlan[],
  release: Pick<ReleaseSettings, 'packageName'>,
): readonly ReleaseCandidate[] {
  const found = new Map<string, ReleaseCandidate>();
  for (const { place, packages } of plans) {
    const name = formatPackageName(place.format, release.packageName);
    const key = stableReleaseKey(place.distribution, release.packageName);
    const versions = packages
      .filter(({ file }) => file.name === name)
      .sort((a, b) => compareVersions(place.format, a.file.version, b.file.version));
    const newest = versions.at(-1);
    if (newest === undefined || found.has(key)) continue;
    const object = { ...packageObject(place, newest.entry, newest.file.path), key, caching: 'revalidate' } as const;
    found.set(key, { place, object, name, sha256: newest.entry.sha256 });
  }
  return [...found.values()];
}

/**
 * Puts a release package at its address without a version, when it is the newest one of its index.
 * What lies there is looked at before the index is: whoever publishes a newer one meanwhile makes our exchange fail.
 */
export async function writeRelease(
  { place, object, name, sha256 }: ReleaseCandidate,
  ports: { readonly store: ObjectStore; readonly formats: IndexFormats; readonly verifier: Verifier },
): Promise<PutRecord> {
  const { store, formats, verifier } = ports;
  const { key, size } = object;
  for (let round = 0; round < rounds; round += 1) {
    const existing = await store.head(key);
    if (existing?.sha256 === sha256) return { key, size, outcome: 'present' };
    const index = await formats[place.format].read(place, store, verifier);
    const versions = (index?.entries ?? []).filter((entry) => entry.name === name);
    const newest = versions.sort((a, b) => compareVersions(place.format, a.version, b.version)).at(-1);
    if (newest?.sha256 !== sha256) return { key, size, outcome: 'lost' };
    const condition =
      existing === undefined ? ({ kind: 'absent' } as const) : ({ kind: 'unchanged', etag: existing.etag } as const);
    if ((await store.put(object, condition)).outcome === 'stored') return { key, size, outcome: 'put' };
  }
  return { key, size, outcome: 'lost' };
}

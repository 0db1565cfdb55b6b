import type { Distribution } from '../distributions/distribution.ts';
import { formatPackageName } from '../packages/names.ts';
import type { ReleaseSettings } from '../manifest/manifest.ts';
import type { IndexEntry } from '../repository/index-format.ts';
import { channels, type Place } from '../repository/place.ts';
import { publicKeyFile, stableReleaseKey } from '../repository/release-name.ts';
import { bytesObject } from '../store/new-object.ts';
import type { Condition, NewObject, ObjectStore, StoredObject } from '../store/object-store.ts';
import { mapConcurrently } from '../system/files.ts';
import { compareVersions } from './published.ts';
import { packageObject, type PutRecord } from './uploads.ts';

/*
 * Objects at addresses that people write down, whose content may change: the key, and the release packages under names
 * without a version. No client's index names them.
 */

/** Requests at once. */
const limit = 4;

/** The file with the keys that clients have to know. @param text armoured */
export function keyObject(release: Pick<ReleaseSettings, 'id'>, text: string): NewObject {
  const contentType = 'application/pgp-keys'; // RFC 3156, 7
  return bytesObject(publicKeyFile(release), text, { contentType, caching: 'revalidate' });
}

/** Writes an object unless it is there already. */
export async function writeStanding(object: NewObject, store: ObjectStore): Promise<PutRecord> {
  const { key, size, sha256 } = object;
  const existing = await store.head(key);
  if (existing?.sha256 === sha256) return { key, size, outcome: 'present' };
  await store.put(object, { kind: 'none' });
  return { key, size, outcome: 'put' };
}

/** An index with its place. */
export interface Indexed {
  readonly place: Place;
  readonly entries: readonly IndexEntry[];
}

/** Of a distribution's indexes: the newest release package of the stable channel, or of the testing one if that has none. */
function newestReleases(
  indexes: readonly Indexed[],
  name: string,
): readonly { readonly place: Place; readonly entry: IndexEntry }[] {
  for (const channel of channels) {
    const found = indexes
      .filter(({ place }) => place.channel === channel)
      .flatMap(({ place, entries }) =>
        entries.filter((entry) => entry.name === name).map((entry) => ({ place, entry })),
      )
      .sort((a, b) => compareVersions(a.entry.format, b.entry.version, a.entry.version));
    const [newest] = found;
    if (newest !== undefined) return found.filter(({ entry }) => entry.version === newest.entry.version);
  }
  return [];
}

/** What lies at the addresses without a version, and what was done about it. */
export interface StandingReleases {
  /** By the ids of distributions. */
  readonly files: ReadonlyMap<string, { readonly size: number; readonly sha256: string }>;
  readonly records: readonly PutRecord[];
  /** Addresses of release packages that no index has any more: nothing takes their place. */
  readonly orphans: readonly string[];
  /** Whether somebody else has changed one of them meanwhile: then all has to be looked at again. */
  readonly isLost: boolean;
}

/** Where a distribution's release package lies, and what it is called. */
export interface ReleaseAddress {
  /** Id. */
  readonly distribution: string;
  /** Relative to the store. */
  readonly key: string;
  readonly name: string;
}

/** The addresses without a version of distributions, each once. */
export function releaseAddresses(
  distributions: readonly Distribution[],
  { packageName }: Pick<ReleaseSettings, 'packageName'>,
): readonly ReleaseAddress[] {
  const addresses = distributions.map((each): readonly [string, ReleaseAddress] => {
    const name = formatPackageName(each.format, packageName);
    return [each.id, { distribution: each.id, key: stableReleaseKey(each, packageName), name }];
  });
  return [...new Map(addresses).values()];
}

/** What to do about an orphan: who publishes may not delete. */
export const orphanRepair =
  'publish a release package, which takes its place; or delete the object, which nothing of ours does';

/** What lies at the addresses of the release packages. It has to be asked before the indexes are read: see `writeReleases`. */
export async function readReleases(
  distributions: readonly Distribution[],
  release: Pick<ReleaseSettings, 'packageName'>,
  store: ObjectStore,
): Promise<ReadonlyMap<string, StoredObject | undefined>> {
  const addresses = releaseAddresses(distributions, release);
  return new Map(await mapConcurrently(addresses, limit, async ({ key }) => [key, await store.head(key)] as const));
}

/** A release package that belongs at an address without a version. */
interface StandingRelease {
  readonly distribution: Distribution;
  readonly key: string;
  /** Where the index has it. */
  readonly place: Place;
  readonly entry: IndexEntry;
  /** Whether it lies at the address already. */
  readonly isThere: boolean;
}

/**
 * Which release packages belong at the addresses without a version: the newest of each distribution, as indexes say it.
 * @param before what lies there
 */
export function chooseReleases(
  indexes: readonly Indexed[],
  before: ReadonlyMap<string, StoredObject | undefined>,
  release: Pick<ReleaseSettings, 'packageName'>,
): readonly StandingRelease[] {
  const distributions = new Map(indexes.map(({ place }) => [place.distribution.id, place.distribution]));
  return [...distributions.values()].flatMap((distribution): readonly StandingRelease[] => {
    const key = stableReleaseKey(distribution, release.packageName);
    if (!before.has(key)) return [];
    const own = indexes.filter(({ place }) => place.distribution.id === distribution.id);
    const newest = newestReleases(own, formatPackageName(distribution.format, release.packageName));
    // An rpm that was signed once for each architecture is several files of one version.
    const present = newest.find(({ entry }) => entry.sha256 === before.get(key)?.sha256);
    const chosen = present ?? newest[0];
    return chosen === undefined ? [] : [{ distribution, key, ...chosen, isThere: present !== undefined }];
  });
}

/**
 * Puts the newest release package of each distribution at its address without a version, as the indexes say it: published,
 * promoted, or left over by a yank. What lies there was looked at before the indexes were: whoever publishes a newer one
 * meanwhile makes our exchange fail.
 * @param before what lay there
 */
export async function writeReleases(
  indexes: readonly Indexed[],
  before: ReadonlyMap<string, StoredObject | undefined>,
  { release, store }: { readonly release: Pick<ReleaseSettings, 'packageName'>; readonly store: ObjectStore },
): Promise<StandingReleases> {
  const files = new Map<string, { readonly size: number; readonly sha256: string }>();
  const records: PutRecord[] = [];
  const chosen = chooseReleases(indexes, before, release);
  const addresses = releaseAddresses(
    indexes.map(({ place }) => place.distribution),
    release,
  ).map(({ key }) => key);
  const orphans = addresses.filter((key) => before.get(key) !== undefined && chosen.every((each) => each.key !== key));
  for (const { distribution, key, place, entry, isThere } of chosen) {
    const { size, sha256 } = entry;
    if (!isThere) {
      const found = await store.get(`${place.root}/${entry.file}`);
      if (found === undefined) continue; // `verify` says that it is missing
      const body = { kind: 'bytes', bytes: found.bytes } as const;
      const object = { ...packageObject(place, entry, ''), key, body, caching: 'revalidate' } as const;
      if ((await store.put(object, conditionFor(before.get(key)))).outcome !== 'stored')
        return { files, records, orphans, isLost: true };
    }
    files.set(distribution.id, { size, sha256 });
    records.push({ key, size, outcome: isThere ? 'present' : 'put' });
  }
  return { files, records, orphans, isLost: false };
}

/** The condition under which an object is written that was looked at before. */
export function conditionFor(existing: Pick<StoredObject, 'etag'> | undefined): Condition {
  return existing === undefined ? { kind: 'absent' } : { kind: 'unchanged', etag: existing.etag };
}

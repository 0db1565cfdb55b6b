import type { DistributionTable } from '../distributions/table.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { ReleaseSettings } from '../manifest/manifest.ts';
import { findArchitecture } from '../model/architecture.ts';
import type { Place } from '../repository/place.ts';
import { placesFor } from '../repository/places.ts';
import type { Reporter } from '../report/event.ts';
import { keyKind } from '../signing/judgement.ts';
import type { Signer, Verifier } from '../signing/signer.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { mapConcurrently, sha256Of } from '../system/files.ts';
import { pageKeys, renderPages } from './page/pages.ts';
import { placesSchema } from './page/repositories-schema.ts';
import { viewOf } from './page/view-of.ts';
import { widen } from './place-rules.ts';
import type { PlacePlan, PlannedObject } from './plan.ts';
import { readPlaces, type IndexFormats, type PublishedPlace } from './published.ts';
import type { RepositoryKeys } from './repository-keys.ts';
import { chooseReleases, conditionFor, orphanRepair, readReleases, writeReleases } from './standing-objects.ts';
import type { PutRecord } from './uploads.ts';

/** How often other publishers may write the pages while we read what they are about. */
const rounds = 10;

/** Requests at once. */
const limit = 4;

const [, , documentKey] = pageKeys;

export interface PageRequest {
  readonly release: ReleaseSettings;
  readonly table: DistributionTable;
  /** The public keys that are published. */
  readonly keys: Pick<RepositoryKeys, 'text' | 'primary' | 'facts'>;
  /** Places that were just published, whether the pages know of them or not. */
  readonly places: readonly Place[];
}

export interface PagePorts {
  readonly store: ObjectStore;
  readonly formats: IndexFormats;
  readonly verifier: Verifier;
  readonly signer: Pick<Signer, 'fingerprint'>;
  readonly reporter: Pick<Reporter, 'report'>;
}

/**
 * The places that a repository consists of, as its `repositories.json` says, be it of a later Coachbuilder with more keys.
 * @returns none for a document that is not ours
 */
export function placesIn(
  document: string,
  { release, table }: Pick<PageRequest, 'release' | 'table'>,
): readonly Place[] {
  let json: unknown;
  try {
    json = JSON.parse(document);
  } catch {
    return [];
  }
  const parsed = placesSchema.safeParse(json);
  if (!parsed.success) return [];
  return parsed.data.distributions.flatMap(({ id, repositories }) => {
    const distribution = table.get(id);
    if (distribution === undefined) return [];
    return repositories.flatMap(({ channel, architectures: words }) => {
      const architectures = words.map(findArchitecture).filter((each) => each !== undefined);
      return placesFor({ distribution, architectures, channel }, release);
    });
  });
}

function idOf({ root, suite }: Place): string {
  return `${root} ${suite}`;
}

/** Every place once; those of apt's classic layout with all the architectures that they are known for. */
function union(places: readonly Place[]): readonly Place[] {
  const found = new Map<string, Place>();
  for (const place of places) {
    const words = [...(found.get(idOf(place))?.architectures ?? []), ...place.architectures];
    found.set(idOf(place), { ...place, architectures: [...new Set(words)].sort() });
  }
  return [...found.values()];
}

/** The places that the repository says it has. */
async function knownPlaces(
  request: Pick<PageRequest, 'release' | 'table'>,
  { store }: Pick<PagePorts, 'store'>,
): Promise<readonly Place[]> {
  const document = await store.get(documentKey);
  return document === undefined ? [] : placesIn(document.bytes.toString(), request);
}

/** The places that were published before, by this publication or by any other one. */
async function publishedPlaces(
  request: PageRequest,
  { store, formats, verifier }: PagePorts,
): Promise<readonly (PublishedPlace & { readonly index: NonNullable<PublishedPlace['index']> })[]> {
  const all = union([...(await knownPlaces(request, { store })), ...request.places]);
  const published = await readPlaces(all, { reader: store, formats, verifier });
  return published.flatMap(({ place, index }) => (index === undefined ? [] : [{ place: widen(place, index), index }]));
}

/**
 * The release packages that a publication will put at their addresses without a version: what `writePages` does, on the
 * indexes as they will be. Writes nothing.
 * @throws what `IndexFormat.read` throws
 */
export async function planReleases(
  plans: readonly PlacePlan[],
  request: Pick<PageRequest, 'release' | 'table'>,
  { store, formats, verifier }: Pick<PagePorts, 'store' | 'formats' | 'verifier'>,
): Promise<readonly PlannedObject[]> {
  const distributions = plans.map(({ place }) => place.distribution);
  const before = await readReleases(distributions, request.release, store);
  const planned = new Set(plans.map(({ place }) => idOf(place)));
  const others = (await knownPlaces(request, { store })).filter(
    (place) => !planned.has(idOf(place)) && distributions.some(({ id }) => id === place.distribution.id),
  );
  const published = await readPlaces(union(others), { reader: store, formats, verifier });
  const indexes = [...plans, ...published.map(({ place, index }) => ({ place, entries: index?.entries ?? [] }))];
  return chooseReleases(indexes, before, request.release)
    .filter(({ isThere }) => !isThere)
    .map(({ key, entry }) => ({ key, size: entry.size }));
}

/**
 * Puts release packages at their addresses without a version, then writes the landing page, the instructions and `repositories.json`, from what all indexes of the repository say now. A
 * page replaces only what was there before the indexes were read, so that a slower publisher never undoes a faster one.
 * The same indexes make the same pages, and what is there already is not written.
 * @throws what `IndexFormat.read` throws; CoachbuilderError `publication-conflict`
 */
export async function writePages(request: PageRequest, ports: PagePorts): Promise<readonly PutRecord[]> {
  const { store, signer } = ports;
  const { release, keys } = request;
  const others = keys.primary.filter((each) => each !== signer.fingerprint);
  const signing = keys.facts.find((each) => each.fingerprint === signer.fingerprint);
  const key = {
    fingerprints: [signer.fingerprint, ...others],
    algorithm: signing === undefined ? '' : keyKind(signing),
    sha256: sha256Of(keys.text),
  };
  for (let round = 0; round < rounds; round += 1) {
    const before = new Map(
      await mapConcurrently(pageKeys, limit, async (name) => [name as string, await store.head(name)] as const),
    );
    const standing = await readReleases(
      request.places.map(({ distribution }) => distribution),
      release,
      store,
    );
    const published = await publishedPlaces(request, ports);
    const places = published.map(({ place, index }) => ({ place, date: index.date, entries: index.entries }));
    const date = Math.max(0, ...places.map((each) => each.date));
    const releases = await writeReleases(places, standing, { release, store });
    if (releases.isLost) continue;
    const records = [...releases.records];
    let isLost = false;
    for (const page of renderPages(viewOf({ release, key, date, places, releasePackages: releases.files }))) {
      const existing = before.get(page.key);
      const isThere = existing?.sha256 === page.sha256;
      const { outcome } = isThere ? { outcome: 'present' } : await store.put(page, conditionFor(existing));
      isLost ||= outcome === 'condition-failed';
      if (isLost) break;
      records.push({ key: page.key, size: page.size, outcome: isThere ? 'present' : 'put' });
    }
    if (isLost) continue;
    for (const orphan of releases.orphans) {
      const message = `${orphan} stays where it is, although no index has a release package for it any more`;
      ports.reporter.report({ type: 'warning', message, hint: orphanRepair });
    }
    return records;
  }
  throw new CoachbuilderError('publication-conflict', 'other publishers wrote the landing page again and again', {
    hint: 'run the same command again: the packages are published, only the page may be older than they are',
  });
}

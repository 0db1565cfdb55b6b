import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { builtInDistributions } from '../../../src/distributions/table.ts';
import { planPublication, type PlannedObject } from '../../../src/publication/plan.ts';
import { parseSelection } from '../../../src/publication/selection.ts';
import { readReleases, writeReleases, type StandingReleases } from '../../../src/publication/standing-objects.ts';
import { planReleases } from '../../../src/publication/write-pages.ts';
import { planYank } from '../../../src/publication/yank.ts';
import type { PackageFile } from '../../../src/repository/index-format.ts';
import type { Place } from '../../../src/repository/place.ts';
import { FakeRepository, packageOf, placeOf } from '../../support/fake-repository.ts';
import { usualRequest } from '../../support/landing.ts';

const stable = placeOf('debian-12');
const testing = placeOf('debian-12', 'testing');
const address = 'debian/acme-release.debian12.all.deb';

const release = { ...usualRequest().release, packageName: 'acme-release' };
const about = { release, table: builtInDistributions() };

const versions = ['1', '2', '3'] as const;
const packages = Object.fromEntries(
  versions.map((version) => [version, packageOf('acme-release', `${version}-1+debian12`)]),
) as Readonly<Record<(typeof versions)[number], ReturnType<typeof packageOf>>>;

/** A repository that says in `repositories.json` that it has both channels, as the pages do. */
async function repository(): Promise<FakeRepository> {
  const there = new FakeRepository([stable, testing]);
  const repositories = ['stable', 'testing'].map((channel) => ({ channel, architectures: ['x86_64'] }));
  const text = JSON.stringify({ schemaVersion: 1, distributions: [{ id: 'debian-12', repositories }] });
  const bytes = Buffer.from(text);
  await there.store.put(
    {
      ...{ key: 'repositories.json', body: { kind: 'bytes', bytes }, size: bytes.length },
      ...{ sha256: createHash('sha256').update(bytes).digest('hex'), contentType: 'application/json' },
      caching: 'revalidate',
    },
    { kind: 'none' },
  );
  return there;
}

/** What the publication of a release package would put at addresses without a version, by the dry run. */
async function planned(
  there: FakeRepository,
  place: Place,
  { entry }: ReturnType<typeof packageOf>,
): Promise<readonly PlannedObject[]> {
  const { format, name, version, architecture, size, sha256, file } = entry;
  const files: readonly PackageFile[] = [{ path: `/built/${file}`, format, name, version, architecture, size, sha256 }];
  const request = { shipments: [{ place, files }], validFor: undefined, preview: true };
  const { places } = await planPublication(request, { ...there.ports, reader: there.store });
  return await planReleases(places, about, there.ports);
}

/** Brings the addresses up to date with the indexes, as the end of every publication does. */
async function standing(there: FakeRepository, before: Parameters<typeof writeReleases>[1]): Promise<StandingReleases> {
  const indexes = (await there.read()).map((each) => ({ place: each.place, entries: each.index?.entries ?? [] }));
  return await writeReleases(indexes, before, { release, store: there.store });
}

/** Publishes, and says what really comes to the addresses. */
async function publish(there: FakeRepository, place: Place, made: ReturnType<typeof packageOf>): Promise<string[]> {
  const before = await readReleases([place.distribution], release, there.store);
  await there.publish(place, made);
  const { records } = await standing(there, before);
  return records.filter(({ outcome }) => outcome === 'put').map(({ key }) => key);
}

describe('a release package at its address without a version', () => {
  it.each([
    ['comes there with the first one', [], stable, '1', true],
    ['is replaced by a newer one', [[stable, '1']], stable, '2', true],
    ['stays when an older one is published', [[stable, '2']], stable, '1', false],
    ['stays when the same one is published once more', [[stable, '1']], stable, '1', false],
    ['is replaced by a newer testing one while the stable channel has none', [[testing, '1']], testing, '2', true],
    ['stays when an older testing one is published', [[testing, '2']], testing, '1', false],
    ['stays the stable one when a newer testing one is published', [[stable, '1']], testing, '2', false],
    ['is replaced by a stable one, although older than the testing one', [[testing, '2']], stable, '1', true],
  ] as const)('%s, and the dry run says so', async (_title, earlier, place, version, comes) => {
    const there = await repository();
    for (const [where, which] of earlier) await publish(there, where, packages[which]);
    const writes = there.store.log.filter(({ method }) => method === 'put').length;
    const expected = comes ? [{ key: address, size: packages[version].entry.size }] : [];
    expect(await planned(there, place, packages[version])).toEqual(expected);
    expect(there.store.log.filter(({ method }) => method === 'put')).toHaveLength(writes);
    // And so it happens.
    expect(await publish(there, place, packages[version])).toEqual(expected.map(({ key }) => key));
  });

  it('is said to be left there when the last one is yanked', async () => {
    const there = await repository();
    const orphans = async (): Promise<readonly string[]> =>
      (await standing(there, await readReleases([stable.distribution], release, there.store))).orphans;
    const yank = async (text: string): Promise<void> => {
      const { changes } = planYank([parseSelection(text)], await there.read(), undefined);
      for (const change of changes) await there.change(change);
    };
    await publish(there, stable, packages[1]);
    await publish(there, testing, packages[2]);
    await yank('acme-release=1');
    expect(await orphans()).toEqual([]);
    await yank('acme-release=2');
    expect(await orphans()).toEqual([address]);
    there.store.objects.delete(address);
    expect(await orphans()).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';

import { collectGarbage, type SweptRoot } from '../../../src/publication/collect-garbage.ts';
import type { GarbageRequest } from '../../../src/publication/garbage.ts';
import { planRefresh } from '../../../src/publication/refresh.ts';
import { parseSelection } from '../../../src/publication/selection.ts';
import { planYank } from '../../../src/publication/yank.ts';
import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import type { PublishedIndex } from '../../../src/repository/index-format.ts';
import type { Place } from '../../../src/repository/place.ts';
import { fakeIndex } from '../../support/fake-index.ts';
import { FakeRepository, packageOf, placeOf, secondsOfDay } from '../../support/fake-repository.ts';

const stable = placeOf('debian-12');
const testing = placeOf('debian-12', 'testing');

const week = 7 * secondsOfDay;
const app1 = packageOf('acme-app', '1.0-1');
const app2 = packageOf('acme-app', '2.0-1');

function keyOf({ entry }: ReturnType<typeof packageOf>, place: Place = stable): string {
  return `${place.root}/${entry.file}`;
}

async function gc(there: FakeRepository, facts: Partial<GarbageRequest> = {}): Promise<readonly SweptRoot[]> {
  const request = { places: there.places, generations: 2, grace: week, dryRun: false, ...facts };
  return await collectGarbage(request, there.ports);
}

async function yank(there: FakeRepository, text: string): Promise<void> {
  const { changes } = planYank([parseSelection(text)], await there.read(), undefined);
  for (const change of changes) await there.change(change);
}

async function refresh(there: FakeRepository): Promise<void> {
  for (const change of planRefresh(await there.read(), undefined)) await there.change(change);
}

/** What a client that has an index finds of it. */
function missing(there: FakeRepository, index: PublishedIndex | undefined, place: Place = stable): readonly string[] {
  const keys = [...(index?.objects ?? []), ...(index?.entries ?? []).map(({ file }) => `${place.root}/${file}`)];
  expect(keys.length).toBeGreaterThan(0);
  return keys.filter((key) => !there.store.objects.has(key));
}

describe('gc', () => {
  it('removes what was yanked once nobody can ask for it any more, and only then', async () => {
    const there = new FakeRepository([stable]);
    await there.publish(stable, app1, app2);
    const orphan = packageOf('left-by-a-killed-publisher', '1');
    await there.upload(stable, orphan);
    // Too young.
    expect((await gc(there))[0]?.removed).toEqual([]);
    there.pass(10 * week);
    expect((await gc(there))[0]?.removed.map(({ key }) => key)).toEqual([keyOf(orphan)]);
    // Old, but of one of the last two indexes.
    await yank(there, 'acme-app=1.0');
    await refresh(there);
    there.pass(2 * week);
    expect((await gc(there))[0]?.removed).toEqual([]);
    // Of the third one.
    await refresh(there);
    there.pass(2 * week);
    expect((await gc(there))[0]?.removed.map(({ key }) => key)).toContain(keyOf(app1));
    expect(there.store.objects.has(keyOf(app2))).toBe(true);
    expect(await there.versions(stable)).toEqual(['acme-app=2.0-1']);
  });

  it('keeps what an index named that was replaced within the grace, however many came since', async () => {
    const there = new FakeRepository([stable]);
    await there.publish(stable, app1, app2);
    there.pass(10 * week);
    await yank(there, 'acme-app=1.0');
    for (let turn = 0; turn < 5; turn += 1) await refresh(there);
    there.pass(secondsOfDay);
    expect((await gc(there))[0]?.removed).toEqual([]);
    there.pass(week);
    expect((await gc(there))[0]?.removed.map(({ key }) => key)).toContain(keyOf(app1));
    expect(there.store.objects.has(keyOf(app2))).toBe(true);
    expect(await there.versions(stable)).toEqual(['acme-app=2.0-1']);
  });

  it('keeps everything for a client that has any of the last indexes', async () => {
    const there = new FakeRepository([stable]);
    await there.publish(stable, app1);
    const held: (PublishedIndex | undefined)[] = [];
    for (let generation = 2; generation < 12; generation += 1) {
      const [published] = await there.read();
      held.unshift(published?.index);
      // Each replaces the one before: nothing but the history knows what earlier clients have.
      await there.publish(stable, packageOf('acme-app', `${String(generation)}.0-1`));
      await yank(there, `acme-app=${String(generation - 1)}.0`);
      there.pass(10 * week);
      await gc(there, { generations: 4 });
      // Two publications a turn: the client that is two turns behind has the fourth index before this one.
      for (const index of held.slice(0, 2)) expect(missing(there, index)).toEqual([]);
    }
    // The control: without anything in between, those of long ago are gone.
    expect(missing(there, held[9])).not.toEqual([]);
  });

  it('does not count publishers that lost, nor indexes that nobody has seen', async () => {
    const there = new FakeRepository([stable]);
    await there.publish(stable, app1, app2);
    const [first] = await there.read();
    // Many publishers at once: each one that loses leaves an index behind that was never published.
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    await Promise.all(names.map((name) => there.publish(stable, packageOf(name, '1'))));
    expect(await there.versions(stable)).toHaveLength(8);
    const indexes = [...there.store.objects.keys()].filter((key) => key.includes('/index-'));
    expect(indexes.length).toBeGreaterThan(7);
    there.pass(10 * week);
    await gc(there, { generations: 6 });
    expect(missing(there, first?.index)).toEqual([]);
    expect(missing(there, (await there.read())[0]?.index)).toEqual([]);
    const left = [...there.store.objects.keys()].filter((key) => key.includes('/index-'));
    expect(left.length).toBe(7);
  });

  it('takes nothing from a publisher that is between its uploads and its head', async () => {
    const there = new FakeRepository([stable]);
    await there.publish(stable, app1);
    there.pass(10 * week);
    let swept = 0;
    // Collected before every request of the publisher, with no grace: an hour is the least.
    there.store.meanwhile = async (request) => {
      if (request.method !== 'put') return;
      const before = there.store.meanwhile;
      there.store.meanwhile = undefined;
      swept += (await gc(there, { grace: 0, generations: 1 })).filter(({ outcome }) => outcome === 'swept').length;
      there.store.meanwhile = before;
    };
    await there.publish(stable, app2);
    there.store.meanwhile = undefined;
    expect(swept).toBeGreaterThan(3);
    expect(await there.versions(stable)).toEqual(['acme-app=1.0-1', 'acme-app=2.0-1']);
    expect(missing(there, (await there.read())[0]?.index)).toEqual([]);
  });

  it('stops when somebody publishes meanwhile', async () => {
    const there = new FakeRepository([stable]);
    await there.publish(stable, app1);
    await there.upload(stable, app2);
    there.pass(10 * week);
    // The publication takes place after everything was read, before the first removal: it relies on the old package.
    there.store.meanwhile = async ({ method, key }) => {
      const reads = there.store.log.filter((each) => each.key === `${stable.root}/alias`);
      if (method !== 'head' || !key.endsWith('/head') || reads.length === 0) return;
      there.store.meanwhile = undefined;
      await there.publish(stable, app2);
    };
    there.store.log.length = 0;
    const [report] = await gc(there);
    expect(report).toMatchObject({ outcome: 'left', removed: [] });
    expect(report?.reason).toContain('published meanwhile');
    expect(missing(there, (await there.read())[0]?.index)).toEqual([]);
  });

  it('says what a publisher lost that named an old object in the moment of its removal', async () => {
    const there = new FakeRepository([stable]);
    await there.publish(stable, app1);
    await there.upload(stable, app2);
    there.pass(10 * week);
    there.store.meanwhile = async ({ method }) => {
      if (method !== 'delete') return;
      there.store.meanwhile = undefined;
      await there.publish(stable, app2);
    };
    await expect(gc(there)).rejects.toMatchObject({ code: 'repository-invalid', details: [keyOf(app2)] });
  });

  it('removes no object that was put anew since it was listed', async () => {
    const there = new FakeRepository([stable]);
    await there.publish(stable, app1);
    await there.upload(stable, app2);
    there.pass(10 * week);
    there.store.meanwhile = async ({ method, key }) => {
      if (method !== 'head' || key !== keyOf(app2)) return;
      there.store.meanwhile = undefined;
      there.store.objects.delete(key);
      await there.upload(stable, app2);
    };
    expect((await gc(there))[0]?.removed).toEqual([]);
    expect(there.store.objects.has(keyOf(app2))).toBe(true);
  });

  it('removes also where a store lists fractions of a second and says whole ones of an object (MinIO)', async () => {
    const there = new FakeRepository([stable]);
    await there.publish(stable, app1);
    await there.upload(stable, app2);
    there.pass(10 * week);
    const list = there.store.list.bind(there.store);
    there.store.list = async function* (prefix) {
      for await (const object of list(prefix))
        yield { ...object, lastModified: new Date(object.lastModified.getTime() + 821) };
    };
    expect((await gc(there))[0]?.removed.map(({ key }) => key)).toEqual([keyOf(app2)]);
    expect(there.store.objects.has(keyOf(app2))).toBe(false);
  });

  it('prints what it would remove, and removes nothing, on a dry run', async () => {
    const there = new FakeRepository([stable, testing]);
    await there.publish(stable, app1);
    await there.upload(stable, app2);
    there.pass(10 * week);
    const before = [...there.store.objects.keys()];
    const reports = await gc(there, { dryRun: true });
    expect(reports).toMatchObject([
      { root: stable.root, outcome: 'swept', removed: [{ key: keyOf(app2), size: app2.bytes.length }] },
      { root: testing.root, outcome: 'empty', removed: [] },
    ]);
    expect([...there.store.objects.keys()]).toEqual(before);
    expect(there.store.log.filter(({ method }) => method === 'delete')).toEqual([]);
  });

  it('removes nothing where nothing is published', async () => {
    const there = new FakeRepository([stable]);
    await there.upload(stable, app1, app2);
    there.pass(10 * week);
    expect(await gc(there)).toMatchObject([{ outcome: 'empty', kept: 2, removed: [] }]);
    expect(there.store.objects.size).toBe(2);
  });

  it.each([
    [
      'the head is damaged',
      (there: FakeRepository) => {
        damage(there, `${stable.root}/head`);
      },
    ],
    [
      'the index is not there',
      (there: FakeRepository) => {
        lose(there, '/index-');
      },
    ],
    [
      'the history is damaged',
      (there: FakeRepository) => {
        damage(there, '/.history/');
      },
    ],
    [
      'the head cannot be read',
      (there: FakeRepository) => {
        there.store.get = () => Promise.resolve(undefined);
      },
    ],
    [
      'there is a repository that the manifest does not name',
      (there: FakeRepository) => {
        const held = there.store.objects.get(`${stable.root}/head`);
        if (held !== undefined) there.store.objects.set(`${stable.root}/dists/bullseye/head`, held);
      },
    ],
  ])('removes nothing when %s, and sweeps the other places', async (_, spoil) => {
    const there = new FakeRepository([stable, testing]);
    await there.publish(stable, app1);
    await there.publish(stable, app2);
    await yank(there, 'acme-app=1.0');
    await there.publish(testing, app1);
    await there.upload(stable, packageOf('orphan', '1'));
    await there.upload(testing, packageOf('orphan', '1'));
    there.pass(10 * week);
    spoil(there);
    const reports = await gc(there, { generations: 1 });
    expect(reports[0]).toMatchObject({ outcome: 'left', removed: [] });
    expect(reports[0]?.reason).toMatch(/\S/);
    expect(there.store.objects.has(`${stable.root}/orphan_1_amd64.deb`)).toBe(true);
    if (!reports[0]?.reason?.includes('cannot be read')) return;
    expect(
      there.store.log.filter(({ method }) => method === 'delete').every(({ key }) => !key.startsWith(stable.root)),
    ).toBe(true);
  });

  it('ends when the store fails', async () => {
    const there = new FakeRepository([stable]);
    await there.publish(stable, app1);
    there.store.get = () => Promise.reject(new CoachbuilderError('store-unavailable', 'no answer'));
    await expect(gc(there)).rejects.toThrow('no answer');
  });

  it('leaves what is not named by its content: pages, keys, release packages, what others put there', async () => {
    const there = new FakeRepository([stable]);
    await there.publish(stable, app1);
    const bytes = Buffer.from('x');
    const about = { size: 1, contentType: 'text/plain', caching: 'revalidate' } as const;
    const sha256 = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881';
    const keys = [
      `${stable.root}/index.html`,
      `${stable.root}/notes.txt`,
      'debian/acme-release.debian12.all.deb',
      'acme.asc',
    ];
    for (const key of keys)
      await there.store.put({ key, body: { kind: 'bytes', bytes }, sha256, ...about }, { kind: 'none' });
    there.pass(10 * week);
    expect((await gc(there))[0]?.removed).toEqual([]);
  });

  it('is finished by a second run when it was killed, and nothing named is missing in between', async () => {
    for (let kill = 0; kill < 40; kill += 1) {
      const there = new FakeRepository([stable]);
      await there.publish(stable, app1, app2);
      for (let turn = 0; turn < 3; turn += 1) await refresh(there);
      await yank(there, 'acme-app=1.0');
      there.pass(10 * week);
      await refresh(there);
      await refresh(there);
      await refresh(there);
      there.pass(10 * week);
      there.store.log.length = 0;
      there.store.fate = (_, index) => (index === kill ? (kill % 2 === 0 ? 'die-before' : 'die-after') : 'live');
      await gc(there, { generations: 1 }).catch(() => undefined);
      there.store.revive();
      const [report] = await gc(there, { generations: 1 });
      expect(report?.outcome).toBe('swept');
      expect(missing(there, (await there.read())[0]?.index)).toEqual([]);
      expect(there.store.objects.has(keyOf(app1))).toBe(false);
      expect(await there.versions(stable)).toEqual(['acme-app=2.0-1']);
    }
  });

  it('keeps what the places of one root share (the classic layout)', async () => {
    const classic = { ...stable, layout: 'classic', root: 'debian' } as const;
    const formats = {
      ...fakeIndex,
      headOf: ({ suite }: Place) => `debian/dists/${suite}/head`,
      read: (place: Place) =>
        Promise.resolve(
          place.suite === 'empty'
            ? undefined
            : {
                ...{ etag: `"${place.suite}"`, date: 5, frozen: {}, objects: [], staleAliases: [] },
                entries: [{ ...app1.entry, file: `pool/${place.suite}.deb` }],
              },
        ),
    };
    const there = new FakeRepository([
      { ...classic, suite: 'one' },
      { ...classic, suite: 'two', channel: 'testing' },
      { ...classic, suite: 'empty' },
    ]);
    for (const name of ['one', 'two', 'orphan'])
      await there.upload(
        { ...stable, root: 'debian/pool' },
        { ...app1, entry: { ...app1.entry, file: `${name}.deb` } },
      );
    await there.upload({ ...stable, root: 'debian' }, { ...app1, entry: { ...app1.entry, file: 'acme-release.deb' } });
    await there.upload({ ...stable, root: 'debian/12/amd64' }, app1);
    there.pass(10 * week);
    const request = { places: there.places, generations: 1, grace: week, dryRun: true };
    const reports = await collectGarbage(request, { ...there.ports, formats: { deb: formats, rpm: formats } });
    expect(reports.flatMap(({ removed }) => removed.map(({ key }) => key))).toEqual(['debian/pool/orphan.deb']);
  });
});

function damage(there: FakeRepository, part: string): void {
  for (const [key, held] of there.store.objects)
    if (key.includes(part) && key.startsWith(stable.root))
      there.store.objects.set(key, { ...held, bytes: Buffer.from('damaged') });
}

function lose(there: FakeRepository, part: string): void {
  for (const key of [...there.store.objects.keys()])
    if (key.includes(part) && key.startsWith(stable.root)) there.store.objects.delete(key);
}

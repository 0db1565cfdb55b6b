import { describe, expect, it } from 'vitest';

import type { IndexEntry } from '../../../src/repository/index-format.ts';
import { planPromotion, withCounterparts, type PromoteRequest } from '../../../src/publication/promote.ts';
import { planRefresh } from '../../../src/publication/refresh.ts';
import { parseSelection } from '../../../src/publication/selection.ts';
import { planYank, requireFinished } from '../../../src/publication/yank.ts';
import type { BuildEvent } from '../../../src/report/event.ts';
import { listJson, listText } from '../../../src/publication/list.ts';
import { FakeRepository, packageOf, placeOf } from '../../support/fake-repository.ts';
import { Killed } from '../../support/memory-store.ts';

const stable = placeOf('debian-12');
const testing = placeOf('debian-12', 'testing');
const other = placeOf('debian-11', 'testing');
const otherStable = placeOf('debian-11');

const app1 = packageOf('acme-app', '1.0-1+debian12');
const app2 = packageOf('acme-app', '2.0-1+debian12');
const old2 = packageOf('acme-app', '2.0-1+debian11');

function repository(): FakeRepository {
  return new FakeRepository([stable, testing, other, otherStable]);
}

function request(...texts: readonly string[]): PromoteRequest {
  const selections = texts.map(parseSelection);
  return { selections, from: 'testing', to: 'stable', allowOlder: false, validFor: undefined };
}

async function promote(there: FakeRepository, asked: PromoteRequest): Promise<readonly string[]> {
  const { changes } = planPromotion(asked, await there.read());
  const outcomes = [];
  for (const change of changes) outcomes.push(await there.change(change));
  return outcomes.map(({ place, outcome }) => `${place.root} ${outcome}`);
}

async function yank(there: FakeRepository, ...texts: readonly string[]): Promise<void> {
  const plan = planYank(texts.map(parseSelection), await there.read(), undefined);
  const outcomes = [];
  for (const change of plan.changes) outcomes.push((await there.change(change)).outcome);
  const reporter = { report: () => undefined, close: () => undefined };
  requireFinished(
    plan,
    outcomes.some((outcome) => outcome !== 'unchanged'),
    reporter,
  );
}

describe('promote', () => {
  it('brings the same bytes to the other channel, in all distributions, and leaves testing as it is', async () => {
    const there = repository();
    await there.publish(stable, app1);
    await there.publish(testing, app1, app2, packageOf('acme-tools', '2.0-1+debian12'));
    await there.publish(other, old2);
    const before = there.store.objects.get(`${testing.root}/head`);
    expect(await promote(there, request('acme-app=2.0'))).toEqual(
      ['debian-testing/12/amd64', 'debian-testing/11/amd64'].map((root) => `${root.replace('-testing', '')} published`),
    );
    expect(await there.versions(stable)).toEqual(['acme-app=1.0-1+debian12', 'acme-app=2.0-1+debian12']);
    expect(await there.versions(otherStable)).toEqual(['acme-app=2.0-1+debian11']);
    expect(there.store.objects.get(`${stable.root}/${app2.entry.file}`)?.bytes).toEqual(app2.bytes);
    expect(there.store.objects.get(`${testing.root}/head`)).toBe(before);
    // Again: it is there already.
    expect(await promote(there, request('acme-app=2.0-1'))).toEqual([
      'debian/12/amd64 unchanged',
      'debian/11/amd64 unchanged',
    ]);
  });

  it('takes globs, and versions as they are written in several ways', async () => {
    const there = repository();
    await there.publish(testing, packageOf('acme-app', '1:2.0-1+debian12'), packageOf('acme-meta', '1:2.0-1+debian12'));
    for (const version of ['1:2.0-1+debian12', '2.0-1+debian12', '2.0-1', '2.0'])
      expect(planPromotion(request(`acme-*=${version}`), await there.read()).entries, version).toHaveLength(2);
  });

  it('refuses other bytes of a version that is there, before anything is written', async () => {
    const there = repository();
    await there.publish(stable, packageOf('acme-app', '2.0-1+debian12', 'other'));
    await there.publish(testing, app2);
    await there.publish(other, old2);
    await expect(promote(there, request('acme-app=2.0'))).rejects.toThrow('with other bytes');
    expect(await there.versions(otherStable)).toEqual([]);
  });

  it('refuses a version that is lower than one that is there, unless it is asked for', async () => {
    const there = repository();
    await there.publish(stable, packageOf('acme-app', '10.0-1+debian12'));
    await there.publish(testing, app2);
    await expect(promote(there, request('acme-app=2.0'))).rejects.toThrow('10.0-1+debian12 already, which is higher');
    await promote(there, { ...request('acme-app=2.0'), allowOlder: true });
    expect(await there.versions(stable)).toContain('acme-app=2.0-1+debian12');
  });

  it('refuses it also when the higher one comes while it is at work', async () => {
    const there = repository();
    await there.publish(stable, app1);
    await there.publish(testing, app2);
    const { changes } = planPromotion(request('acme-app=2.0'), await there.read());
    await there.publish(stable, packageOf('acme-app', '3.0-1+debian12'));
    await expect(Promise.all(changes.map((change) => there.change(change)))).rejects.toThrow('which is higher');
  });

  it.each([
    ['acme-ap=2.0', 'no package acme-ap is published in the testing channel. Did you mean "acme-app"?'],
    ['acme-app=2.1', 'acme-app 2.1 is not published in the testing channel. Did you mean "2.0"?'],
    ['acme-app=9', 'acme-app 9 is not published in the testing channel.'],
    ['acme-app', '"acme-app" is no package and version'],
    ['=1', '"=1" is no package and version'],
  ])('refuses %s', async (text, message) => {
    const there = repository();
    await there.publish(testing, app2);
    const published = await there.read();
    expect(() => planPromotion(request(text), published)).toThrow(message);
  });

  it('refuses an upstream version of which there are two releases', async () => {
    const there = repository();
    await there.publish(testing, app2, packageOf('acme-app', '2.0-2+debian12'));
    await expect(promote(there, request('acme-app=2.0'))).rejects.toThrow('more than one version');
    expect(await promote(there, request('acme-app=2.0-2'))).toEqual(['debian/12/amd64 published']);
  });

  it("takes upstream's version for the release, and Python's for what is before it", async () => {
    const there = repository();
    const before = packageOf('acme-app', '2.0-0.rc.1+debian12');
    await there.publish(testing, before, app2);
    const versions = async (text: string): Promise<readonly string[]> =>
      planPromotion(request(text), await there.read()).changes.flatMap(({ arrivals }) =>
        arrivals.map(({ entry }) => entry.version),
      );
    expect(await versions('acme-app=2.0')).toEqual(['2.0-1+debian12']);
    expect(await versions('acme-app=2.0rc1')).toEqual(['2.0-0.rc.1+debian12']);
  });

  it('refuses to do nothing', async () => {
    const there = repository();
    expect(() => planPromotion(request(), [])).toThrow('nothing to promote');
    expect(() => planPromotion({ ...request('a=1'), to: 'testing' }, [])).toThrow('in the testing channel already');
    await expect(promote(there, request('acme-app=2.0'))).rejects.toThrow('no package acme-app is published');
  });

  it('copies nothing between channels that share their packages (the classic layout)', () => {
    const classic = { ...placeOf('debian-12'), layout: 'classic', root: 'debian' } as const;
    const target = { ...classic, suite: 'bookworm' };
    const source = { ...classic, suite: 'bookworm-testing', channel: 'testing' } as const;
    const index = { etag: '1', date: 1, entries: [app2.entry], frozen: {}, objects: [], staleAliases: [] };
    const published = [
      { place: source, index },
      { place: target, index: undefined },
    ];
    const { changes } = planPromotion(request('acme-app=2.0'), published);
    expect(changes).toMatchObject([{ place: target, arrivals: [] }]);
    expect(changes[0]?.edit([])).toEqual([app2.entry]);
  });

  it('knows the places to promote to where nothing is published yet', () => {
    const index = { etag: '1', date: 1, entries: [app2.entry], frozen: {}, objects: [], staleAliases: [] };
    const arm64 = { ...stable, root: 'debian/12/arm64', architectures: ['arm64'] };
    const published = [
      { place: testing, index },
      { place: other, index },
      { place: otherStable, index },
    ];
    expect(withCounterparts(published, [stable, arm64, testing, other, otherStable])).toEqual([
      ...published,
      { place: stable, index: undefined },
    ]);
    // One of apt's classic layout is for whatever architectures come.
    const classic = { ...testing, layout: 'classic', root: 'debian', architectures: ['amd64'] } as const;
    const target = { ...classic, channel: 'stable', suite: 'bookworm', architectures: ['amd64', 'arm64'] } as const;
    expect(withCounterparts([{ place: classic, index }], [classic, target])[1]).toEqual({
      place: { ...target, architectures: ['amd64'] },
      index: undefined,
    });
  });

  it('makes a place of the classic layout one for the architectures of what comes', () => {
    const classic = { ...placeOf('debian-12'), layout: 'classic', root: 'debian', architectures: ['i386'] } as const;
    const of = (architecture: string, version: string): IndexEntry => {
      const file = `pool/acme-app_${version}_${architecture}.deb`;
      return { ...app2.entry, version, architecture, file };
    };
    const index = { etag: '1', date: 1, frozen: {}, objects: [], staleAliases: [] };
    const newer = ['all', 'amd64', 'arm64'].map((architecture) => of(architecture, '2.0-1'));
    const { changes } = planPromotion(request('acme-app=2.0-1'), [
      { place: { ...classic, suite: 'bookworm-testing', channel: 'testing' }, index: { ...index, entries: newer } },
      { place: { ...classic, suite: 'bookworm' }, index: { ...index, entries: [of('i386', '1.0-1')] } },
    ]);
    expect(changes.map(({ place }) => place.architectures)).toEqual([['amd64', 'arm64', 'i386']]);
  });
});

describe('yank', () => {
  it('takes a version out of every index, and leaves its objects', async () => {
    const there = repository();
    await there.publish(stable, app1, app2);
    await there.publish(testing, app2);
    await yank(there, 'acme-app=2.0');
    expect(await there.versions(stable)).toEqual(['acme-app=1.0-1+debian12']);
    expect(await there.versions(testing)).toEqual([]);
    expect(there.store.objects.has(`${stable.root}/${app2.entry.file}`)).toBe(true);
  });

  it('can be taken back', async () => {
    const there = repository();
    await there.publish(stable, app1, app2);
    await yank(there, 'acme-app=2.0');
    await there.publish(stable, app2);
    expect(await there.versions(stable)).toEqual(['acme-app=1.0-1+debian12', 'acme-app=2.0-1+debian12']);
  });

  it('loses nothing that is published meanwhile', async () => {
    const there = repository();
    await there.publish(stable, app1, app2);
    const { changes } = planYank([parseSelection('acme-app=2.0')], await there.read(), undefined);
    await there.publish(stable, packageOf('acme-app', '3.0-1+debian12'));
    for (const change of changes) await there.change(change);
    expect(await there.versions(stable)).toEqual(['acme-app=1.0-1+debian12', 'acme-app=3.0-1+debian12']);
  });

  it.each([
    ['before the aliases', 'die-before'],
    ['after the head', 'die-after'],
  ] as const)('is finished by the same command when it was stopped %s', async (_, fate) => {
    const there = repository();
    await there.publish(stable, app1, app2);
    await there.publish(other, app1);
    const part = fate === 'die-after' ? '/head' : '/alias';
    there.store.fate = ({ method, key }) => (method === 'put' && key.endsWith(part) ? fate : 'live');
    await expect(yank(there, 'acme-app=2.0')).rejects.toThrow(Killed);
    there.store.revive();
    expect(await there.versions(stable)).toEqual(['acme-app=1.0-1+debian12']);
    expect((await there.read())[0]?.index?.staleAliases).not.toEqual([]);
    const plan = planYank([parseSelection('acme-app=2.0')], await there.read(), undefined);
    expect(plan.changes.map(({ place }) => place.root)).toEqual([stable.root]);
    const outcomes = [];
    for (const change of plan.changes) outcomes.push((await there.change(change)).outcome);
    expect(outcomes).toEqual(['repaired']);
    expect((await there.read())[0]?.index?.staleAliases).toEqual([]);
    const events: BuildEvent[] = [];
    const reporter = { report: (event: BuildEvent) => events.push(event), close: () => undefined };
    requireFinished(plan, true, reporter);
    expect(events).toMatchObject([{ type: 'warning', message: expect.stringContaining('is finished now') as string }]);
    // Nothing is left: whoever asks for it once more has mistaken something.
    await expect(yank(there, 'acme-app=2.0')).rejects.toThrow('is not published there');
  });

  it('finishes what is left of several places', async () => {
    const there = repository();
    await there.publish(stable, app1, app2);
    await there.publish(testing, app2);
    there.store.fate = ({ method, key }) =>
      method === 'put' && key === `${stable.root}/alias` ? 'die-before' : 'live';
    await expect(yank(there, 'acme-app=2.0')).rejects.toThrow(Killed);
    there.store.revive();
    await yank(there, 'acme-app=2.0');
    expect(await there.versions(testing)).toEqual([]);
    expect((await there.read()).flatMap(({ index }) => index?.staleAliases ?? [])).toEqual([]);
  });

  it('takes nothing out when one of several selections is not there', async () => {
    const there = repository();
    await there.publish(stable, app1, app2);
    await expect(yank(there, 'acme-app=2.0', 'acme-ap=1.0')).rejects.toMatchObject({
      message: 'no package acme-ap is published there. Did you mean "acme-app"?',
      details: [expect.stringContaining('leave it out')],
    });
    expect(await there.versions(stable)).toHaveLength(2);
  });

  it('refuses what is not there', async () => {
    const there = repository();
    await there.publish(stable, app1);
    await expect(yank(there, 'acme-app=2.0')).rejects.toThrow('Did you mean "1.0"?');
    expect(() => planYank([], [], undefined)).toThrow('nothing is said to be yanked');
  });
});

describe('refresh', () => {
  it('dates indexes anew, writes what a killed publisher has left, and publishes nowhere else', async () => {
    const there = repository();
    await there.publish(stable, app1);
    there.store.objects.delete(`${stable.root}/alias`);
    there.pass(100);
    const changes = planRefresh(await there.read(), 1000);
    expect(changes.map(({ place }) => place.root)).toEqual([stable.root]);
    for (const change of changes) await there.change(change);
    const [refreshed] = await there.read();
    expect(refreshed?.index).toMatchObject({ date: there.store.now, staleAliases: [] });
    expect(there.store.objects.get(`${stable.root}/head`)?.bytes.toString()).toContain(
      `"validUntil":${String(there.store.now + 1000)}`,
    );
  });

  it('refuses to refresh nothing', async () => {
    const published = await repository().read();
    expect(() => planRefresh(published, undefined)).toThrow('nothing to refresh');
  });
});

describe('list', () => {
  it('shows each place, the newest version first', async () => {
    const there = repository();
    await there.publish(stable, app1, packageOf('acme-app', '10.0-1+debian12'), app2, packageOf('a', '1-1'));
    await there.publish(other, old2);
    expect(listText(await there.read())).toBe(
      [
        'debian/12/amd64 (Debian 12, stable; 4 packages, 2023-11-14T22:13:20Z)',
        '  a         1-1              amd64  6 B',
        '  acme-app  10.0-1+debian12  amd64  25 B',
        '  acme-app  2.0-1+debian12   amd64  24 B',
        '  acme-app  1.0-1+debian12   amd64  24 B',
        '',
        'debian-testing/11/amd64 (Debian 11, testing; 1 package, 2023-11-14T22:13:20Z)',
        '  acme-app  2.0-1+debian11  amd64  24 B',
        '',
      ].join('\n'),
    );
    expect((JSON.parse(listJson(await there.read())) as object[])[4]).toEqual({
      ...{ repository: 'debian-testing/11/amd64', distribution: 'debian-11', channel: 'testing', suite: '11-testing' },
      ...{ name: 'acme-app', version: '2.0-1+debian11', architecture: 'amd64', size: 24, sha256: old2.entry.sha256 },
      key: 'debian-testing/11/amd64/acme-app_2.0-1_debian11_amd64.deb',
    });
  });

  it('says when there is nothing', async () => {
    const published = await repository().read();
    expect(listText(published)).toBe('nothing is published there\n');
    expect(listJson(published)).toBe('[]\n');
  });
});

import { describe, expect, it } from 'vitest';

import type { ReleaseSettings } from '../../../src/manifest/manifest.ts';
import { arrange, type ArrangeRequest } from '../../../src/publication/arrange.ts';
import { planPublication, requireAccepted, type PublicationPlan } from '../../../src/publication/plan.ts';
import { planJson, planText } from '../../../src/publication/plan-text.ts';
import type { PackageFile } from '../../../src/repository/index-format.ts';
import { builtInDistributions } from '../../../src/distributions/table.ts';
import { fakeIndex, fakeSigner, fakeVerifier } from '../../support/fake-index.ts';
import { expectGolden } from '../../support/golden.ts';
import { MemoryStore } from '../../support/memory-store.ts';

const release: Pick<ReleaseSettings, 'channels' | 'baseurl' | 'repository'> = {
  channels: [
    { id: 'acme', name: 'Acme', enabled: true, suffix: '' },
    { id: 'acme-testing', name: 'Acme testing', enabled: false, suffix: '-testing' },
  ],
  baseurl: 'https://acme.example/archive',
  repository: {
    ...{ store: undefined, endpoint: undefined, region: undefined, signingKey: undefined, validUntil: undefined },
    ...{ origin: 'Acme', label: 'Acme', layout: 'flat', component: 'main', mirrorlist: true },
    ...{ generations: 5, grace: 604_800 },
  },
};

function deb(name: string, version: string, architecture: string, digit = '1'): PackageFile {
  const path = `/built/${name}_${version}_${architecture}.deb`;
  return { path, format: 'deb', name, version, architecture, size: 1000, sha256: digit.repeat(64) };
}

function request(files: readonly PackageFile[], facts: Partial<ArrangeRequest> = {}): ArrangeRequest {
  return {
    ...{ files, release, table: builtInDistributions(), distributions: [], architectures: [], channel: undefined },
    publishedFor: () => Promise.resolve([]),
    ...facts,
  };
}

async function placesOf(files: readonly PackageFile[], facts: Partial<ArrangeRequest> = {}): Promise<unknown> {
  const shipments = await arrange(request(files, facts));
  return Object.fromEntries(shipments.map(({ place, files: own }) => [place.root, own.map(({ name }) => name)]));
}

describe('arrange', () => {
  it('sends packages for every architecture where the others go', async () => {
    const files = [
      deb('app', '1.0.0-1+debian12', 'amd64'),
      deb('app', '1.0.0-1+debian12', 'arm64'),
      deb('app-doc', '1.0.0-1+debian12', 'all'),
      deb('app', '1.1.0-0.dev.1+debian11', 'amd64'),
    ];
    expect(await placesOf(files)).toEqual({
      'debian/12/amd64': ['app', 'app-doc'],
      'debian/12/arm64': ['app', 'app-doc'],
      'debian-testing/11/amd64': ['app'],
    });
  });

  it('takes a package that is in two directories once, and two of one version not at all', async () => {
    const one = deb('app', '1.0.0-1+debian12', 'amd64');
    const copy = { ...one, path: '/copy/app_1.0.0-1+debian12_amd64.deb' };
    expect(await placesOf([one, copy])).toEqual({ 'debian/12/amd64': ['app'] });
    const other = { ...copy, sha256: '2'.repeat(64) };
    await expect(arrange(request([one, other]))).rejects.toMatchObject({
      code: 'publication-refused',
      message: 'app 1.0.0-1+debian12 amd64 is given twice, with different bytes',
      details: [expect.stringContaining(one.path), expect.stringContaining(copy.path)],
    });
  });

  it('sends nothing to an architecture that the distribution has not', async () => {
    const strange = { code: 'unsupported-by-target', message: 'Debian 12 is not made for riscv64' };
    await expect(arrange(request([deb('app', '1.0.0-1+debian12', 'riscv64')]))).rejects.toMatchObject(strange);
    const told = request([deb('app', '1.0.0-1+debian12', 'all')], { architectures: ['riscv64'] });
    await expect(arrange(told)).rejects.toMatchObject(strange);
  });

  it('sends them where it is told to, or where something was published', async () => {
    const files = [deb('app', '1.0.0-1+debian12', 'all')];
    expect(await placesOf(files, { architectures: ['aarch64'] })).toEqual({ 'debian/12/arm64': ['app'] });
    const publishedFor: ArrangeRequest['publishedFor'] = ({ root, architectures }) =>
      Promise.resolve(root === 'debian/12/i386' ? architectures : []);
    expect(await placesOf(files, { publishedFor })).toEqual({ 'debian/12/i386': ['app'] });
    await expect(placesOf(files)).rejects.toMatchObject({ code: 'usage' });
  });

  it('adds no architecture to a repository of the classic layout, which is one for all of them', async () => {
    const classic = { ...release, repository: { ...release.repository, layout: 'classic' } } as const;
    const shipments = await arrange(
      request([deb('app-doc', '1.0.0-1+debian12', 'all')], {
        release: classic,
        publishedFor: ({ root, suite }) =>
          Promise.resolve(root === 'debian' && suite === 'bookworm' ? ['amd64', 'arm64'] : []),
      }),
    );
    expect(shipments.map(({ place }) => place.architectures)).toEqual([['amd64', 'arm64']]);
  });

  it('puts all into the channel that was asked for, but nothing dirty', async () => {
    const files = [deb('app', '1.0.0-0.dev.3+debian12', 'amd64')];
    expect(await placesOf(files, { channel: 'stable' })).toEqual({ 'debian/12/amd64': ['app'] });
    const dirty = [deb('app', '1.0.0-1.0~dirty+debian12', 'amd64')];
    await expect(placesOf(dirty, { channel: 'stable' })).rejects.toMatchObject({ code: 'publication-refused' });
  });

  it('refuses an architecture that nobody has', async () => {
    await expect(placesOf([deb('app', '1.0.0-1+debian12', 'vax')])).rejects.toMatchObject({
      code: 'unsupported-by-target',
    });
  });
});

/** A place in which `old` is published, and `same`. */
async function published(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const [shipment] = await arrange(
    request([deb('old', '1.0.0-1+debian12', 'amd64'), deb('same', '1.0.0-1+debian12', 'amd64')]),
  );
  if (shipment === undefined) throw new Error('nothing was arranged');
  const entries = await fakeIndex.describe(shipment.place, shipment.files);
  const rendered = await fakeIndex.render({
    ...{ place: shipment.place, entries, date: 1_000_000, validUntil: undefined, signer: fakeSigner },
  });
  for (const object of [...rendered.immutable, rendered.head, ...rendered.aliases]) {
    await store.put(object, { kind: 'none' });
  }
  store.log.length = 0;
  return store;
}

async function plan(files: readonly PackageFile[], store: MemoryStore): Promise<PublicationPlan> {
  const formats = { deb: fakeIndex, rpm: fakeIndex };
  const ports = { reader: store, formats, verifier: fakeVerifier, clock: { now: () => 1_000_100 } };
  return planPublication({ shipments: await arrange(request(files)), validFor: undefined, preview: true }, ports);
}

const others = [{ key: 'acme.asc', size: 957 }];

describe('planPublication', () => {
  it('says what is written, in order, with sizes where they are known', async () => {
    const store = await published();
    const files = [
      deb('new', '1.0.0-1+debian12', 'amd64', '2'),
      deb('same', '1.0.0-1+debian12', 'amd64'),
      deb('new', '1.0.0-0.rc.1+debian12', 'amd64', '3'),
    ];
    const made = await plan(files, store);
    expect(store.log.filter(({ method }) => method !== 'get')).toEqual([]);
    expectGolden('publication/plan.txt', planText(made, others));
    expectGolden('publication/plan.json', planJson(made, others));
    requireAccepted(made);
  });

  it('tells all that is refused', async () => {
    const files = [
      deb('old', '1.0.0-1+debian12', 'amd64', '4'),
      deb('same', '1.0.0-1+debian12', 'amd64', '5'),
      deb('new', '1.0.0-1+debian12', 'amd64'),
    ];
    const made = await plan(files, await published());
    expectGolden('publication/refused.txt', planText(made, []));
    expect(() => {
      requireAccepted(made);
    }).toThrow(
      expect.objectContaining({ code: 'publication-refused', details: [expect.any(String), expect.any(String)] }),
    );
  });

  it('has nothing to do when all of it is there', async () => {
    const made = await plan([deb('same', '1.0.0-1+debian12', 'amd64')], await published());
    expectGolden('publication/nothing.txt', planText(made, []));
  });
});

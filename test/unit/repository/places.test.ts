import { describe, expect, it } from 'vitest';

import type { ReleaseSettings } from '../../../src/manifest/manifest.ts';
import { allPlaces, channelSuffix, placesFor } from '../../../src/repository/places.ts';
import { distributionOf } from '../../support/builds.ts';

const channels = [
  { id: 'acme', name: 'Acme', enabled: true, suffix: '' },
  { id: 'acme-testing', name: 'Acme testing', enabled: false, suffix: '-testing' },
];

const release: Pick<ReleaseSettings, 'channels' | 'baseurl' | 'repository'> = {
  channels,
  baseurl: 'https://acme.example/archive',
  repository: {
    ...{ store: undefined, endpoint: undefined, region: undefined, signingKey: undefined, validUntil: undefined },
    ...{ origin: 'Acme', label: 'Acme', layout: 'flat', component: 'main', mirrorlist: true },
    ...{ generations: 5, grace: 604_800 },
  },
};

const classic = { ...release, repository: { ...release.repository, layout: 'classic' } } as const;

describe('placesFor', () => {
  // The addresses of the documents: seed-systems §2.9, §2.14.
  it.each([
    ['centos-7', 'testing', ['centos-testing/7/x86_64']],
    ['ubuntu-16.04', 'testing', ['ubuntu-testing/16.04/amd64']],
    ['ubuntu-16.04', 'stable', ['ubuntu/16.04/amd64']],
  ] as const)('keeps the addresses of %s, %s', (id, channel, roots) => {
    const places = placesFor({ distribution: distributionOf(id), architectures: ['x86_64'], channel }, release);
    expect(places.map(({ root }) => root)).toEqual(roots);
  });

  it('makes a place for each architecture, in byte order and each once', () => {
    const distribution = distributionOf('debian-12');
    const architectures = ['x86_64', 'aarch64', 'x86_64'] as const;
    const places = placesFor({ distribution, architectures, channel: 'stable' }, release);
    expect(places.map(({ root }) => root)).toEqual(['debian/12/amd64', 'debian/12/arm64']);
    expect(places[1]).toMatchObject({
      ...{ format: 'deb', layout: 'flat', architectures: ['arm64'], suite: 'bookworm', origin: 'Acme', label: 'Acme' },
      url: 'https://acme.example/archive/debian/12/arm64',
    });
  });

  it('keeps all architectures of a classic repository together, and its channels in suites', () => {
    const distribution = distributionOf('debian-12');
    const places = placesFor({ distribution, architectures: ['x86_64', 'aarch64'], channel: 'testing' }, classic);
    expect(places).toMatchObject([
      { layout: 'classic', root: 'debian', suite: 'bookworm-testing', architectures: ['amd64', 'arm64'] },
    ]);
  });

  it('has no classic layout for yum', () => {
    const distribution = distributionOf('centos-7');
    const places = placesFor({ distribution, architectures: ['x86_64'], channel: 'stable' }, classic);
    expect(places).toMatchObject([{ layout: 'flat', root: 'centos/7/x86_64' }]);
  });
});

describe('allPlaces', () => {
  const table = new Map(['centos-7', 'debian-12'].map((id) => [id, distributionOf(id)]));
  const titles = (of: typeof release): readonly string[] =>
    allPlaces(of, table).map(({ root, suite, channel }) => `${root} ${suite} ${channel}`);

  it('are of each channel that the release package defines, with every architecture', () => {
    expect(titles(release)).toEqual(
      expect.arrayContaining(['centos/7/x86_64 7 stable', 'debian-testing/12/arm64 bookworm-testing testing']),
    );
    expect(titles({ ...classic, channels: channels.slice(0, 1) })).toContain('debian bookworm stable');
    expect(titles({ ...release, channels: channels.slice(0, 1) }).filter((each) => each.includes('testing'))).toEqual(
      [],
    );
  });
});

describe('channelSuffix', () => {
  it('takes the suffixes from the manifest', () => {
    const own = [
      { id: 'acme-edge', name: 'Edge', enabled: false, suffix: '-edge' },
      { id: 'acme', name: 'Acme', enabled: true, suffix: '-prod' },
    ];
    expect(channelSuffix({ channels: own }, 'stable')).toBe('-prod');
    expect(channelSuffix({ channels: own }, 'testing')).toBe('-edge');
  });

  it('says when there is no channel for testing', () => {
    expect(() => channelSuffix({ channels: channels.slice(0, 1) }, 'testing')).toThrow(
      expect.objectContaining({ code: 'publication-refused' }),
    );
  });
});

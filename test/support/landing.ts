import { createHash } from 'node:crypto';

import type { ReleaseSettings } from '../../src/manifest/manifest.ts';
import { normalizeRepository } from '../../src/manifest/normalize-repository.ts';
import { findArchitecture } from '../../src/model/architecture.ts';
import type { PublishedPlace, ViewRequest } from '../../src/publication/page/view-of.ts';
import type { DebEntry, IndexEntry, RpmEntry } from '../../src/repository/index-format.ts';
import type { Channel } from '../../src/repository/place.ts';
import { placesFor } from '../../src/repository/places.ts';
import { aDistribution } from './manifest.ts';

/** 2026-11-21 12:00 UTC. */
export const publishedAt = 1_795_262_400;

/** The release package's settings, as Acme has them. */
export function aRelease(overrides: Partial<ReleaseSettings> = {}): ReleaseSettings {
  const name = overrides.name ?? 'Acme packages';
  const id = overrides.id ?? 'acme';
  return {
    id,
    name,
    packageName: 'acme-release',
    version: '1',
    baseurl: 'https://packages.example.com',
    key: '/build/acme.asc',
    channels: [
      { id, name, enabled: true, suffix: '' },
      { id: `${id}-testing`, name: `${name} (testing)`, enabled: false, suffix: '-testing' },
    ],
    repository: normalizeRepository({}, { name, directory: '/build' }),
    ...overrides,
  };
}

/** Something that looks like a SHA-256, the same for the same text. */
export function someSha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A package as tests name it. */
export interface SomePackage {
  readonly name: string;
  readonly version: string;
  /** The format's word; by default the one for every machine. */
  readonly architecture?: string;
  readonly summary?: string;
  /** Names of packages that it needs in its very version. */
  readonly needs?: readonly string[];
  readonly size?: number;
  readonly file?: string;
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** An entry of an index, with as much of its metadata as pages read; apt's as dpkg-deb, yum's as createrepo_c write it. */
export function anEntry(format: 'deb' | 'rpm', each: SomePackage): DebEntry | RpmEntry {
  const { name, version, summary = `What ${name} is`, needs = [], size = 12_345 } = each;
  const architecture = each.architecture ?? (format === 'deb' ? 'all' : 'noarch');
  const separator = format === 'deb' ? '_' : '-';
  const file =
    each.file ??
    `${name}${separator}${version.replaceAll('+', '_')}${format === 'deb' ? '_' : '.'}${architecture}.${format}`;
  const common = { name, version, architecture, file, size, sha256: someSha256(`${file} ${version}`) };
  if (format === 'deb') {
    const depends = ['libc6 (>= 2.31)', ...needs.map((needed) => `${needed} (= ${version})`)];
    const stanza = `Package: ${name}\nVersion: ${version}\nDepends: ${depends.join(', ')}\nDescription: ${summary}\n Longer.\n .\n Text.\nFilename: ${file}`;
    return { ...common, format, stanza };
  }
  const [, epoch = '0', upstream = '', release = ''] = /^(?:(\d+):)?(.*)-([^-]*)$/.exec(version) ?? [];
  const requires = needs.map(
    (needed) =>
      `<rpm:entry name="${needed}" flags="EQ" epoch="${epoch}" ver="${xml(upstream)}" rel="${xml(release)}"/>`,
  );
  const primary = `<package type="rpm"><name>${xml(name)}</name><summary>${xml(summary)}</summary><format><rpm:requires><rpm:entry name="/bin/sh"/>${requires.join('')}</rpm:requires></format></package>`;
  return { ...common, format, primary, filelists: '', other: '' };
}

/** What a place of a distribution holds. */
export function aPlace(
  id: string,
  packages: readonly SomePackage[],
  options: { readonly channel?: Channel; readonly architecture?: string; readonly release?: ReleaseSettings } = {},
): PublishedPlace {
  const { channel = 'stable', architecture = 'x86_64', release = aRelease() } = options;
  const distribution = aDistribution(id);
  const [place] = placesFor({ distribution, channel, architectures: [findArchitecture(architecture)!] }, release);
  const entries: readonly IndexEntry[] = packages.map((each) => anEntry(distribution.format, each));
  return { place: place!, date: publishedAt, entries };
}

export const someKey = {
  fingerprints: ['0123456789ABCDEF0123456789ABCDEF01234567'],
  algorithm: 'RSA, 4096 bits',
  sha256: someSha256('acme.asc'),
} as const;

/** The packages of Acme's fleet in a version; `release` such as `1.el9`. */
export function fleet(version: string, architecture: string): readonly SomePackage[] {
  const main = { name: 'acme-python-fleet', version, architecture, size: 14_200_000 };
  return [
    { name: 'acme-fleet-node', version, summary: "Services of Acme's fleet", needs: [main.name] },
    { name: 'acme-fleet-cli', version, summary: "Client of Acme's fleet", needs: [main.name], size: 4_096 },
    { ...main, summary: "Programs and libraries of Acme's fleet" },
  ];
}

/** A repository with apt, dnf, yum and zypper, two channels, two architectures, old and unsupported distributions. */
export function usualRequest(): ViewRequest {
  const release = aRelease();
  const deb = (id: string, tag: string): readonly PublishedPlace[] => [
    aPlace(id, [
      { name: 'acme-release', version: `1-1${tag}`, summary: 'Acme packages repository configuration' },
      ...fleet(`1.0.0-1${tag}`, 'amd64'),
      ...fleet(`1.1.0-1${tag}`, 'amd64'),
    ]),
    aPlace(id, fleet(`1.2.0~rc1-1${tag}`, 'amd64'), { channel: 'testing' }),
  ];
  const rpm = (id: string, tag: string): readonly PublishedPlace[] => [
    ...['x86_64', 'aarch64'].map((architecture) =>
      aPlace(
        id,
        [
          { name: 'acme-release', version: `1-1${tag}`, summary: 'Acme packages repository configuration' },
          ...fleet(`1.0.0-1${tag}`, architecture),
          ...fleet(`1.1.0-1${tag}`, architecture),
        ],
        { architecture },
      ),
    ),
    aPlace(id, fleet(`1.2.0-0.rc.1${tag}`, 'x86_64'), { channel: 'testing' }),
  ];
  return {
    release,
    key: someKey,
    date: publishedAt,
    places: [
      ...deb('debian-13', '+debian13'),
      ...deb('debian-11', '+debian11'),
      ...deb('ubuntu-14.04', '+ubuntu14.04'),
      ...rpm('rocky-9', '.el9'),
      ...rpm('centos-7', '.el7'),
      ...rpm('fedora-43', '.fc43'),
      ...rpm('opensuse-leap-15.6', '.suse.lp156'),
    ],
  };
}

/** What would do harm, wherever it were taken for HTML, Markdown or a shell's word. */
export const attack = `"><script>document.title='owned'</script><img src="http://127.0.0.1:9/x" onerror="alert(1)"> & 'more' | [x](http://127.0.0.1:9/) \`$(touch owned)\` \u202e`;

/** Names, versions and texts that strangers chose. */
export function hostileRequest(): ViewRequest {
  const name = `Acme ${attack}`;
  const release = aRelease({ name });
  return {
    release,
    key: { ...someKey, algorithm: attack },
    date: publishedAt,
    places: [
      aPlace(
        'debian-12',
        [
          { name: attack, version: '1', file: `${attack}/../x.deb` },
          { name: '-o', version: '1' },
          { name: 'acme-release', version: '1-1' },
          { name: 'good', version: `1;touch owned`, summary: attack },
          { name: 'plain', version: '1:1.0~rc1+dfsg-1', summary: `# ${attack}\n\n## more` },
          { name: 'l'.repeat(120), version: `1.${'0'.repeat(120)}` },
        ],
        { release },
      ),
    ],
  };
}

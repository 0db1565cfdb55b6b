import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { makeTestKey, type TestKey } from '../support/keys.ts';
import { requireTools } from '../support/machine.ts';
import { makeNamedDeb, makePublisher, makeSeedPackages, type Publisher } from '../support/publisher.ts';
import { makeRpm } from '../support/rpms.ts';

/** seed-systems §2.14: what the documents' own test expects, but for the hash in the name of a file of yum's metadata. */
const parts = ['cli', 'docker-plugin', 'node'];
const documentedKeys: readonly string[] = [
  ...parts.map((part) => `centos-testing/7/x86_64/clusterhq-flocker-${part}-0.3.3-0.dev.1.noarch.rpm`),
  'centos-testing/7/x86_64/clusterhq-python-flocker-0.3.3-0.dev.1.x86_64.rpm',
  'centos-testing/7/x86_64/repodata/repomd.xml',
  ...['14.04', '16.04'].flatMap((version) => [
    ...parts.map((part) => `ubuntu-testing/${version}/amd64/clusterhq-flocker-${part}_0.3.3-0.dev.1_all.deb`),
    ...['clusterhq-python-flocker_0.3.3-0.dev.1_amd64.deb', 'Packages.gz', 'Release'].map(
      (name) => `ubuntu-testing/${version}/amd64/${name}`,
    ),
  ]),
];

let scratch = '';
let key: TestKey;

beforeAll(async () => {
  await requireTools('gpg', 'dpkg-deb', 'rpmbuild', 'createrepo_c');
  scratch = await mkdtemp(join(tmpdir(), 'publish-'));
  key = await makeTestKey();
  await makeSeedPackages(join(scratch, 'dev'), '0.3.3', '0.dev.1');
  await makeSeedPackages(join(scratch, 'release'), '0.3.3', '1');
});

afterAll(async () => {
  await key[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});

async function publisher(name: string, repository: readonly string[] = []): Promise<Publisher & { store: string }> {
  const store = join(scratch, name, 'store');
  await mkdir(store, { recursive: true });
  const settings = [`store: ${store}`, ...repository];
  const made = await makePublisher({
    directory: join(scratch, name),
    baseurl: 'https://acme.example/archive',
    key,
    repository: settings,
  });
  return { ...made, store };
}

async function keysOf(store: string): Promise<readonly string[]> {
  const entries = await readdir(store, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name).slice(store.length + 1))
    .sort();
}

describe('publish-packages', () => {
  it('plans, publishes and publishes again', async () => {
    const own = await publisher('seed');
    const dry = await own.publish('--dry-run', join(scratch, 'dev'));
    expect(dry).toMatchObject({ exitCode: 0 });
    expect(await keysOf(own.store)).toEqual([]);
    expect(dry.stdout).toMatch(/^ {4}\d+ bytes {2}centos-testing\/7\/x86_64\/repodata\/[0-9a-f]{64}-primary.xml.gz$/m);
    expect(dry.stdout).toMatch(/^ {4}with its signature {2}ubuntu-testing\/16.04\/amd64\/InRelease$/m);

    expect(await own.publish(join(scratch, 'dev'))).toMatchObject({ exitCode: 0 });
    const keys = await keysOf(own.store);
    expect(keys).toEqual(expect.arrayContaining([...documentedKeys]));

    // Signing an rpm again would make other bytes: what is published counts.
    const again = await own.publish(join(scratch, 'dev'));
    expect(again).toMatchObject({ exitCode: 0 });
    expect(again.stdout).toContain(
      'centos-testing/7/x86_64: all of it is published already, 4 packages in the index\n',
    );
    expect(await keysOf(own.store)).toEqual(keys);
    const receipt = JSON.parse(await readFile(join(own.directory, 'build/publication.json'), 'utf8')) as unknown;
    expect(receipt).toMatchObject({
      schemaVersion: 1,
      store: own.store,
      places: [{ outcome: 'unchanged', put: [] }, {}, {}],
    });
  });

  it('adds nothing to the keys of the documents but what signatures, atomic indexes and pages need', async () => {
    const own = await publisher('exact');
    expect(await own.publish(join(scratch, 'dev'))).toMatchObject({ exitCode: 0 });
    const keys = await keysOf(own.store);
    const added = keys.filter((key) => !documentedKeys.includes(key));
    const kinds = new Set(
      added.map((key) => key.replaceAll(/[0-9a-f]{64}/g, 'HASH').replace(/\d{10}-[0-9a-f]{12}/, 'SNAPSHOT')),
    );
    const apt = ['InRelease', 'Packages', 'Packages.xz', 'Release.gpg', 'by-hash/SHA256/HASH'];
    const snapshot = [
      'HASH-filelists.xml.gz',
      'HASH-other.xml.gz',
      'HASH-primary.xml.gz',
      'repomd.xml',
      'repomd.xml.asc',
    ];
    expect([...kinds].sort()).toEqual(
      [
        ...['acme.asc', 'index.html', 'install.md', 'repositories.json'],
        ...apt.flatMap((name) => ['14.04', '16.04'].map((version) => `ubuntu-testing/${version}/amd64/${name}`)),
        ...snapshot.map((name) => `centos-testing/7/x86_64/.snap/SNAPSHOT/repodata/${name}`),
        ...['filelists', 'other', 'primary'].map((name) => `centos-testing/7/x86_64/repodata/HASH-${name}.xml.gz`),
        'centos-testing/7/x86_64/repodata/repomd.xml.asc',
        'centos-testing/7/x86_64/mirrorlist',
      ].sort(),
    );
  });

  it('sends release versions to the stable channel', async () => {
    const own = await publisher('stable');
    expect(await own.publish(join(scratch, 'release'))).toMatchObject({ exitCode: 0 });
    const keys = await keysOf(own.store);
    expect(keys.filter((key) => key.includes('-testing'))).toEqual([]);
    expect(keys).toContain('centos/7/x86_64/clusterhq-flocker-cli-0.3.3-1.noarch.rpm');
    expect(keys).toContain('ubuntu/16.04/amd64/clusterhq-flocker-cli_0.3.3-1_all.deb');
  });

  it('refuses other bytes of a published version, rpm and deb, and tells all of them', async () => {
    const own = await publisher('refusal');
    expect(await own.publish(join(scratch, 'dev'))).toMatchObject({ exitCode: 0 });
    const before = await keysOf(own.store);
    const rpms = join(scratch, 'refusal/other/centos-7');
    await mkdir(rpms, { recursive: true });
    await makeRpm(rpms, { name: 'clusterhq-flocker-cli', version: '0.3.3', release: '0.dev.1', files: { '/x': 'y' } });
    const rpm = await own.publish('--architecture=x86_64', rpms);
    expect(rpm).toMatchObject({ exitCode: 1 });
    expect(rpm.stderr).toContain('clusterhq-flocker-cli 0.3.3-0.dev.1 noarch is published already, with other bytes');
    const debs = join(scratch, 'refusal/other/ubuntu-16.04');
    for (const name of ['clusterhq-flocker-cli', 'clusterhq-flocker-node']) {
      await makeNamedDeb(debs, { name, version: '0.3.3-0.dev.1', architecture: 'all', files: { '/other': name } });
    }
    const dry = await own.publish('--dry-run', debs); // both, for the architecture that is published
    expect(dry).toMatchObject({ exitCode: 1 });
    expect(dry.stdout).toContain('ubuntu-testing/16.04/amd64 (Ubuntu 16.04 LTS, testing): REFUSED');
    for (const name of ['cli', 'node'])
      expect(dry.stderr).toContain(`clusterhq-flocker-${name} 0.3.3-0.dev.1 all is published`);
    expect(await own.publish(debs)).toMatchObject({ exitCode: 1 });
    expect(await keysOf(own.store)).toEqual(before);
  });

  it('publishes a release package at its own address, and at one without a version', async () => {
    const own = await publisher('release-package');
    const [debs, rpms] = [join(own.directory, 'debian-12'), join(own.directory, 'centos-7')];
    await makeNamedDeb(debs, { name: 'acme-release', version: '1-1+debian12', architecture: 'all' });
    await mkdir(rpms);
    await makeRpm(rpms, { name: 'acme-release', version: '1', release: '1.el7' });
    expect(await own.publish('--architecture=amd64', debs, rpms)).toMatchObject({ exitCode: 0 });
    const stable = ['debian/acme-release.debian12.all.deb', 'centos/acme-release.el7.noarch.rpm'];
    expect(await keysOf(own.store)).toEqual(expect.arrayContaining(stable));
    const own12 = await readFile(join(own.store, 'debian/12/amd64/acme-release_1-1_debian12_all.deb'));
    expect(await readFile(join(own.store, stable[0] ?? ''))).toEqual(own12);

    // A newer one takes the address over; an older one, published late, does not.
    const [newer, older] = [join(own.directory, 'newer/debian-12'), join(own.directory, 'older/debian-12')];
    await makeNamedDeb(newer, { name: 'acme-release', version: '10-1+debian12', architecture: 'all' });
    await makeNamedDeb(older, { name: 'acme-release', version: '2-1+debian12', architecture: 'all' });
    expect(await own.publish(newer)).toMatchObject({ exitCode: 0 });
    expect(await own.publish(older)).toMatchObject({ exitCode: 0 });
    const ten = await readFile(join(own.store, 'debian/12/amd64/acme-release_10-1_debian12_all.deb'));
    expect(await readFile(join(own.store, stable[0] ?? ''))).toEqual(ten);
  });

  it('keeps a classic repository for the architectures that it has, in both channels', async () => {
    const own = await publisher('classic', ['layout: classic', 'grace: 0d']);
    const make = (version: string, architecture: string, name = 'acme'): Promise<unknown> =>
      makeNamedDeb(join(own.directory, version, 'debian-12'), { name, version: `${version}+debian12`, architecture });
    for (const version of ['1:1.0-1', '1:1.1~rc1-1'])
      for (const architecture of ['amd64', 'arm64']) await make(version, architecture);
    await make('2-1', 'all', 'acme-doc');
    await make('1:1.2-1', 'arm64');
    for (const version of ['1:1.0-1', '1:1.1~rc1-1', '2-1', '1:1.2-1'])
      expect(await own.publish(join(own.directory, version))).toMatchObject({ exitCode: 0 });

    const indexes = (await keysOf(own.store)).filter((key) => key.endsWith('/Packages'));
    expect(indexes).toEqual(
      ['bookworm-testing', 'bookworm'].flatMap((suite) =>
        ['amd64', 'arm64'].map((word) => `debian/dists/${suite}/main/binary-${word}/Packages`),
      ),
    );
    const packages = async (word: string): Promise<unknown> => {
      const text = await readFile(join(own.store, `debian/dists/bookworm/main/binary-${word}/Packages`), 'utf8');
      return [...text.matchAll(/^Filename: (.*)$/gm)].map(([, name]) => name);
    };
    const pool = 'pool/bookworm/main';
    const doc = `${pool}/acme-doc/acme-doc_2-1_debian12_all.deb`;
    expect(await packages('amd64')).toEqual([`${pool}/acme/acme_1.0-1_debian12_amd64.deb`, doc]);
    expect(await packages('arm64')).toEqual([
      ...['1.0-1', '1.2-1'].map((version) => `${pool}/acme/acme_${version}_debian12_arm64.deb`),
      doc,
    ]);
    const { distributions } = JSON.parse(await readFile(join(own.store, 'repositories.json'), 'utf8')) as {
      distributions: { definition: { text: string }; repositories: { suite: string; architectures: string[] }[] }[];
    };
    expect(distributions[0]?.repositories).toMatchObject([
      { suite: 'bookworm', architectures: ['amd64', 'arm64'] },
      { suite: 'bookworm-testing', architectures: ['amd64', 'arm64'] },
    ]);
    expect(distributions[0]?.definition.text).toMatch(/^URIs: .*\/debian\nSuites: bookworm\nComponents: main$/m);
    expect((await own.publish('gc')).exitCode).toBe(0);
    const verified = await own.publish('verify', '--deep');
    expect(verified.stdout).toMatch(/^debian, suite bookworm: 4 packages, of .*: ok$/m);
    expect(verified).toMatchObject({ exitCode: 0 });
  });

  describe('with bad input', () => {
    let own: Publisher & { store: string };
    beforeAll(async () => {
      own = await publisher('bad');
      const dirty = { name: 'acme', version: '1.0.0-1.dirty', architecture: 'all' };
      await makeNamedDeb(join(own.directory, 'debian-12'), dirty);
      await makeNamedDeb(join(own.directory, 'somewhere'), { name: 'acme', version: '1.0.0-1', architecture: 'all' });
    });

    it.each([
      ['no packages', [], 'Wrong number of arguments.'],
      ['a directory without packages', ['store'], 'holds no .deb and no .rpm files'],
      ['a file that is not there', ['none.deb'], 'there is no package'],
      ['a file that is no package', ['coachbuilder.yaml'], 'is neither a .deb nor an .rpm file'],
      ['a dirty version', ['debian-12'], 'was built from a checkout with uncommitted changes'],
      ['no distribution', ['somewhere'], 'nothing tells which distribution acme_1.0.0-1_all.deb is for'],
      ['an unknown distribution', ['--distribution=debian-99', 'somewhere'], '"debian-99" is not a known distribution'],
      ['no architecture', ['--distribution=debian-12', 'somewhere'], 'give --architecture'],
      ['another store', ['--to=nowhere', '--distribution=debian-12', '--architecture=amd64', 'somewhere'], 'nowhere'],
      ['no such key', [`--signing-key=${'0'.repeat(40)}`, 'somewhere'], 'there is no secret key'],
      ['no manifest', ['--manifest=none.yaml', 'somewhere'], 'none.yaml'],
    ])('says what is wrong with %s, and writes nothing', async (_, args, message) => {
      const { exitCode, stderr } = await own.publish(...args);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(message);
      expect(await keysOf(own.store)).toEqual([]);
    });
  });
});

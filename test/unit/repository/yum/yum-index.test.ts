import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import { beforeEach, describe, expect, it } from 'vitest';

import type { IndexEntry, RenderedIndex } from '../../../../src/repository/index-format.ts';
import { renderRepomd, metadataFile, readRepomd, kinds } from '../../../../src/repository/yum/repomd.ts';
import { yumIndex } from '../../../../src/repository/yum/yum-index.ts';
import type { ObjectReader } from '../../../../src/store/object-store.ts';
import { aDistribution } from '../../../support/manifest.ts';
import { rpmEntry } from '../../../support/rpm-entries.ts';
import { fakeSigner, yumPlace, YumStore } from '../../../support/yum-store.ts';

const format = yumIndex({
  commands: {
    run: () => Promise.reject(new Error('no command')),
    tryRun: () => Promise.reject(new Error('no command')),
  },
  environments: { base: {}, network: {} },
  scratch: '/nonexistent',
});
const place = yumPlace();
const { root } = place;
const fixed = `${root}/repodata/repomd.xml`;
const head = `${root}/mirrorlist`;
const entries = [
  rpmEntry('acme', '1.10-1'),
  rpmEntry('acme', '1.9-1', { description: '&lt;location href="no"/&gt; &amp;amp;' }),
  rpmEntry('Acme', '2-1', { architecture: 'x86_64' }),
  rpmEntry('acme', '0.1-1', { epoch: 1 }),
];

function render(which: readonly IndexEntry[], date: number, signer = fakeSigner()): Promise<RenderedIndex> {
  return format.render({ place, entries: which, date, validUntil: undefined, signer });
}

function failure(code: string, ...parts: readonly string[]): Error {
  return expect.objectContaining({
    code,
    message: expect.stringMatching(parts.map((part) => part.replace(/[.*+?^$()[\]]/g, '\\$&')).join('.*')) as string,
    hint: expect.stringMatching(/\S/) as string,
  }) as Error;
}

it.each([1, 2])('is not made up when createrepo_c ends with status %i and has written nothing', async (exitCode) => {
  const scratch = await mkdtemp(join(tmpdir(), 'cb-yum-'));
  const result = { exitCode, duration: 0, stdout: '', stderr: 'Critical: no space\n' };
  const commands = { run: () => Promise.reject(new Error('no command')), tryRun: () => Promise.resolve(result) };
  const failing = yumIndex({ commands, environments: { base: {}, network: {} }, scratch });
  const facts = { format: 'rpm', name: 'acme', version: '1-1', architecture: 'noarch', size: 1, sha256: 'x' } as const;
  await expect(failing.describe(place, [{ path: join(scratch, 'acme.rpm'), ...facts }])).rejects.toMatchObject({
    code: 'command-failed',
    message: `createrepo_c ended with status ${String(exitCode)}`,
    details: ['Critical: no space'],
  });
  await rm(scratch, { recursive: true });
});

describe('what is written', () => {
  it('appears in an order in which nothing is named before it is there', async () => {
    const index = await render(entries, 1_760_000_000);
    const snapshot = /\.snap\/1760000000-[0-9a-f]{12}\//.exec(index.immutable.at(-1)?.key ?? '')?.[0] ?? 'none';
    const hash = '[0-9a-f]{64}';
    const names = ['primary', 'filelists', 'other'].map((kind) => `repodata/${hash}-${kind}\\.xml\\.gz`);
    const patterns = [...names, ...names.map((name) => snapshot.replaceAll('.', '\\.') + name)];
    expect(index.immutable.slice(0, 6).map(({ key }) => key.slice(root.length + 1))).toEqual(
      patterns.map((pattern) => expect.stringMatching(new RegExp(`^${pattern}$`)) as string),
    );
    expect(index.immutable.slice(6).map(({ key }) => key)).toEqual([
      `${root}/${snapshot}repodata/repomd.xml`,
      `${root}/${snapshot}repodata/repomd.xml.asc`,
    ]);
    expect(index.head).toMatchObject({ key: head, caching: 'revalidate', contentType: 'text/plain; charset=utf-8' });
    expect(index.aliases.map(({ key }) => key)).toEqual([fixed, `${fixed}.asc`]);
    expect(index.immutable.every(({ caching }) => caching === 'immutable')).toBe(true);
    expect(index.aliases.every(({ caching }) => caching === 'revalidate')).toBe(true);
    const store = new YumStore();
    store.publish(index);
    expect(store.text(head)).toBe(`${place.url}/${snapshot}\n`);
    for (const { key, size, sha256 } of [...index.immutable, index.head, ...index.aliases]) {
      expect(store.bytes(key)).toHaveLength(size);
      expect(createHash('sha256').update(store.bytes(key)).digest('hex')).toBe(sha256);
    }
  });

  it('is sorted by name, version as rpm compares it, and architecture, whatever the order was', async () => {
    const [one, other] = [await render(entries, 1), await render([...entries].reverse(), 1)];
    // All but what is signed, which no two times is the same.
    expect(other.immutable.slice(0, 3)).toEqual(one.immutable.slice(0, 3));
    expect(other.aliases[0]).toEqual(one.aliases[0]);
    const store = new YumStore();
    store.publish(one);
    const primary = gunzipSync(store.bytes(one.immutable[0]!.key)).toString();
    const names = [...primary.matchAll(/<name>(.*?)<\/name>[^]*?ver="(.*?)"/g)].map(([, name, version]) => [
      name,
      version,
    ]);
    expect(names).toEqual([
      ['Acme', '2'],
      ['acme', '1.9'],
      ['acme', '1.10'],
      ['acme', '0.1'],
    ]);
  });

  it('says where the packages are as seen from the index', async () => {
    const store = new YumStore();
    const index = await render(entries, 1);
    store.publish(index);
    const hrefs = (key: string): readonly string[] =>
      [
        ...gunzipSync(store.bytes(key))
          .toString()
          .matchAll(/<location href="(.*?)"\/>/g),
      ].map((match) => match[1] ?? '');
    const files = ['Acme-2-1.x86_64.rpm', 'acme-1.9-1.noarch.rpm', 'acme-1.10-1.noarch.rpm', 'acme-0.1-1.noarch.rpm'];
    expect(hrefs(index.immutable[0]!.key)).toEqual(files);
    expect(hrefs(index.immutable[3]!.key)).toEqual(files.map((file) => `../../${file}`));
    // Clients refuse an index that names files elsewhere (CVE-2020-14352).
    for (const { key } of [index.immutable[6]!, index.aliases[0]!]) expect(store.text(key)).not.toContain('..');
  });

  it('has another snapshot for each signature', async () => {
    const signer = fakeSigner();
    const [one, other] = [await render(entries, 1, signer), await render(entries, 1, signer)];
    const shared = other.immutable.filter(({ key }) => one.immutable.some((object) => object.key === key));
    expect(shared.map(({ key }) => key.includes('/.snap/'))).toEqual([false, false, false]);
  });

  it('is no place for another format', async () => {
    const { name, version, architecture, file, size, sha256 } = entries[0]!;
    const deb: IndexEntry = { format: 'deb', name, version, architecture, file, size, sha256, stanza: '' };
    await expect(render([deb], 1)).rejects.toThrow(failure('publication-refused', 'is no rpm'));
  });

  it.each([
    [{ name: 'acme-app', version: '1.0-1.el7', architecture: 'x86_64' }, 'acme-app-1.0-1.el7.x86_64.rpm'],
    [{ name: 'acme', version: '2:1.0~rc1+local.1-1', architecture: 'noarch' }, 'acme-1.0~rc1_local.1-1.noarch.rpm'],
    [{ name: 'libstdc++', version: '1^git-1', architecture: 'noarch' }, 'libstdc__-1_git-1.noarch.rpm'],
  ])('has the package %j at %s', (facts, expected) => {
    expect(format.fileOf(place, { ...facts, path: '/tmp/whatever+it-is.rpm' })).toBe(expected);
  });

  it('describes nothing without a command', async () => {
    await expect(format.describe(place, [])).resolves.toEqual([]);
  });
});

describe('what is read', () => {
  let store: YumStore;
  let index: RenderedIndex;
  const signer = fakeSigner();

  beforeEach(async () => {
    store = new YumStore();
    index = await render(entries, 1_760_000_000, signer);
    store.publish(index);
  });

  const snapshotKey = (name: string): string =>
    index.immutable.map(({ key }) => key).find((key) => key.includes('/.snap/') && key.endsWith(name)) ?? '';

  it('is nothing when nothing was published', async () => {
    await expect(format.read(place, new YumStore(), signer)).resolves.toBeUndefined();
    const begun = new YumStore();
    begun.put(...index.immutable);
    await expect(format.read(place, begun, signer)).resolves.toBeUndefined();
  });

  it('is what was written', async () => {
    const published = await format.read(place, store, signer);
    expect(published).toEqual({
      etag: createHash('sha256').update(store.bytes(head)).digest('hex'),
      date: 1_760_000_000,
      entries: ['Acme 2-1', 'acme 1.9-1', 'acme 1.10-1', 'acme 1:0.1-1'].map((text) =>
        entries.find(({ name, version }) => text === `${name} ${version}`),
      ),
      frozen: {},
      objects: expect.anything() as unknown,
      staleAliases: [],
    });
    expect([...published!.objects].sort()).toEqual([...store.objects.keys()].sort());
    // Metadata, never packages, and nothing twice.
    expect([...new Set(store.asked)]).toHaveLength(store.asked.length);
    expect(store.asked.filter((key) => key.endsWith('.rpm'))).toEqual([]);
  });

  it('is the old index until the head is there, and the new one at once', async () => {
    const next = await render(entries.slice(0, 1), 1_760_000_001, signer);
    const objects = [...next.immutable, next.head, ...next.aliases];
    const seen: string[] = [];
    for (let count = 0; count <= objects.length; count += 1) {
      const partly = new YumStore();
      partly.publish(index);
      partly.put(...objects.slice(0, count));
      const published = await format.read(place, partly, signer);
      seen.push(`${String(published?.entries.length)} ${String(published?.staleAliases.length)}`);
    }
    expect(seen).toEqual([...Array.from({ length: 9 }, () => '4 0'), '1 2', '1 2', '1 0']);
  });

  it.each([
    ['gone', () => store.objects.delete(fixed)],
    ['without a signature', () => store.objects.delete(`${fixed}.asc`)],
    [
      'tampered with',
      () => {
        store.write(fixed, store.text(fixed).replace('</repomd>', ' </repomd>'));
      },
    ],
    [
      'not XML',
      () => {
        store.write(fixed, '');
      },
    ],
  ])('says that the fixed path is stale when it is %s', async (_title, spoil) => {
    spoil();
    const published = await format.read(place, store, signer);
    expect(published?.staleAliases).toEqual([fixed, `${fixed}.asc`]);
    expect(published?.entries).toHaveLength(4);
  });

  describe('when an older mirrorlist was put back', () => {
    const later = 1_760_000_001;
    let newer: RenderedIndex;

    beforeEach(async () => {
      const older = store.text(head);
      newer = await render(entries.slice(0, 1), later, signer);
      store.publish(newer);
      store.write(head, older);
    });

    it('is refused, and says what to do', async () => {
      const reading = format.read(place, store, signer);
      await expect(reading).rejects.toThrow(
        failure(
          'repository-invalid',
          `memory:/${head}`,
          '2025-10-09T08:53:20Z',
          '2025-10-09T08:53:21Z',
          'put an older',
        ),
      );
      await expect(reading).rejects.toMatchObject({
        details: [`of 2025-10-09T08:53:21Z: memory:/${fixed}`, `of 2025-10-09T08:53:21Z: memory:/${fixed}.asc`],
        hint: expect.stringMatching(/\.snap\/1760000001-….*remove repomd\.xml and repomd\.xml\.asc/) as string,
      });
    });

    it('is read again when the newer line is there', async () => {
      store.put(newer.head);
      await expect(format.read(place, store, signer)).resolves.toMatchObject({ date: later, staleAliases: [] });
    });

    it('is read when the newer aliases were removed: it was meant', async () => {
      for (const key of [fixed, `${fixed}.asc`]) store.objects.delete(key);
      await expect(format.read(place, store, signer)).resolves.toMatchObject({
        date: later - 1,
        staleAliases: [fixed, `${fixed}.asc`],
      });
    });

    it('proves nothing by what another key has signed', async () => {
      store.write(`${fixed}.asc`, await fakeSigner('other').detachSign(store.bytes(fixed)));
      await expect(format.read(place, store, signer)).resolves.toMatchObject({ date: later - 1 });
    });

    it('is no matter when somebody publishes between two looks', async () => {
      const { title } = store;
      const racing: ObjectReader = {
        title,
        head: () => store.head(),
        get: (key) => {
          const found = store.get(key);
          if (key === head) store.put(newer.head);
          return found;
        },
      };
      const published = await format.read(place, racing, signer);
      expect(published).toMatchObject({ date: later - 1, staleAliases: [fixed, `${fixed}.asc`] });
    });
  });

  it('has what zypper asks for where zypper is what asks, and says when that is not there', async () => {
    const leap = { ...place, distribution: aDistribution('opensuse-leap-15.6') };
    const key = `${root}/media.1/media`;
    const index = await format.render({ place: leap, entries, date: 1_760_000_001, validUntil: undefined, signer });
    expect(index.aliases.map((alias) => alias.key)).toEqual([key, fixed, `${fixed}.asc`]);
    store.publish(index);
    // Vendor, identity, number of media: libzypp takes another text for another medium.
    expect(store.text(key)).toBe(`Coachbuilder\n${root}\n1\n`);
    const published = await format.read(leap, store, signer);
    expect([published?.staleAliases, published?.objects.includes(key)]).toEqual([[], true]);
    store.objects.delete(key);
    await expect(format.read(leap, store, signer)).resolves.toMatchObject({ staleAliases: [key] });
  });

  it('takes aliases of the same date for stale ones', async () => {
    const twin = await render(entries.slice(0, 1), 1_760_000_000, signer);
    store.put(...twin.immutable, ...twin.aliases);
    await expect(format.read(place, store, signer)).resolves.toMatchObject({
      staleAliases: [fixed, `${fixed}.asc`],
    });
  });

  it('is refused when the repository is at another address, and says what to do', async () => {
    const moved = yumPlace('https://new.example.com');
    const address = store.text(head).trim().replace('packages.example.com', 'new.example.com');
    await expect(format.read(moved, store, signer)).rejects.toThrow(
      failure('repository-invalid', `sends clients to ${place.url}`, moved.url),
    );
    await expect(format.read(moved, store, signer)).rejects.toMatchObject({
      hint: expect.stringContaining(address) as string,
    });
    store.write(head, `${address}\n`);
    await expect(format.read(moved, store, signer)).resolves.toMatchObject({ date: 1_760_000_000 });
  });

  it.each([
    ['nothing', () => ''],
    ['two addresses', (text: string) => `${text}https://elsewhere.example.com/\n`],
    ['no snapshot', () => `${place.url}/\n`],
    ['a path out of the place', () => `${place.url}/.snap/../../../6/x86_64/\n`],
    ['a page', () => '<html>not here</html>'],
  ])('is refused when the mirrorlist holds %s', async (_title, change) => {
    store.write(head, change(store.text(head)));
    await expect(format.read(place, store, signer)).rejects.toThrow(
      failure('repository-invalid', `memory:/${head} does not name one snapshot`),
    );
  });

  it.each(['repomd.xml', 'repomd.xml.asc', '-primary.xml.gz', '-filelists.xml.gz', '-other.xml.gz'])(
    'is refused when the snapshot lacks %s',
    async (name) => {
      store.objects.delete(snapshotKey(name));
      await expect(format.read(place, store, signer)).rejects.toThrow(
        failure('repository-invalid', snapshotKey(name), 'is not there'),
      );
    },
  );

  it('is refused when another key signed it, or other bytes', async () => {
    await expect(format.read(place, store, fakeSigner('other'))).rejects.toThrow(
      expect.objectContaining({ code: 'signature-invalid' }) as Error,
    );
    store.write(snapshotKey('repomd.xml'), store.text(snapshotKey('repomd.xml')).replace('<revision>1', '<revision>2'));
    await expect(format.read(place, store, signer)).rejects.toThrow(
      expect.objectContaining({ code: 'signature-invalid' }) as Error,
    );
  });

  it.each(['primary', 'filelists', 'other'])('is refused when %s holds other bytes', async (kind) => {
    const key = snapshotKey(`-${kind}.xml.gz`);
    store.write(key, gzipSync(`${gunzipSync(store.bytes(key)).toString()} `));
    await expect(format.read(place, store, signer)).rejects.toThrow(
      failure('repository-invalid', key, 'is not what repomd.xml says'),
    );
  });

  it('is refused when an older snapshot lies where a newer one should', async () => {
    const next = await render([], 1_760_000_001, signer);
    store.publish(next);
    const [older, newer] = [index, next].map(({ immutable }) => immutable[6]!.key);
    for (const suffix of ['', '.asc']) store.write(`${newer!}${suffix}`, store.bytes(`${older!}${suffix}`));
    await expect(format.read(place, store, signer)).rejects.toThrow(
      failure('repository-invalid', newer!, 'is not the one that the mirrorlist names'),
    );
  });

  it('takes 2,000 packages with 50 files each in linear time', async () => {
    const files = Array.from(
      { length: 50 },
      (_, index) => `/opt/acme/lib/python3.11/site-packages/${String(index)}.py`,
    );
    const many = Array.from({ length: 2_000 }, (_, index) =>
      rpmEntry('acme', `1.${String((index * 7) % 2_000)}-1`, { files }),
    );
    const large = new YumStore();
    const start = performance.now();
    large.publish(await render(many, 1, signer));
    const published = await format.read(place, large, signer);
    expect(published?.entries).toHaveLength(2_000);
    expect(large.asked).toHaveLength(8);
    // About one second; read whole, element by element, it was six, and comparing each with each would be minutes.
    expect(performance.now() - start).toBeLessThan(15_000);
  });
});

describe('an index of another tool', () => {
  const signer = fakeSigner();
  const documents = {
    primary: `<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="1">\n${entries[0]!.primary}\n</metadata>`,
    filelists: `<filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="1">\n${entries[0]!.filelists}\n</filelists>`,
    other: `<otherdata xmlns="http://linux.duke.edu/metadata/other" packages="1">\n${entries[0]!.other}\n</otherdata>`,
  };

  async function foreign(change: Partial<typeof documents> = {}, repomd = (text: string) => text): Promise<YumStore> {
    const store = new YumStore();
    const texts = { ...documents, ...change };
    const files = kinds.map((kind) => metadataFile(kind, Buffer.from(texts[kind]), gzipSync(texts[kind])));
    for (const { href, bytes } of files) store.write(`${root}/${href}`, bytes);
    const text = repomd(renderRepomd(files, 1_700_000_000));
    store.write(fixed, text);
    store.write(`${fixed}.asc`, await signer.detachSign(Buffer.from(text)));
    return store;
  }

  it('is taken over when it is signed, and has no head yet', async () => {
    const store = await foreign();
    const adopted = await format.read(place, store, signer);
    expect(adopted).toMatchObject({ etag: undefined, date: 1_700_000_000, entries: [entries[0]!], staleAliases: [] });
    expect([...adopted!.objects].sort()).toEqual([...store.objects.keys()].sort());
    store.publish(await render([...adopted!.entries, entries[1]!], 1_760_000_000, signer));
    await expect(format.read(place, store, signer)).resolves.toMatchObject({ date: 1_760_000_000, staleAliases: [] });
  });

  it('is not vouched for unseen', async () => {
    const store = await foreign();
    await expect(format.read(place, store, fakeSigner('other'))).rejects.toMatchObject({ code: 'signature-invalid' });
    store.objects.delete(`${fixed}.asc`);
    await expect(format.read(place, store, signer)).rejects.toThrow(failure('signature-invalid', fixed, 'not signed'));
  });

  it('has a date also when its revision is a word', async () => {
    const store = await foreign({}, (text) => text.replace(/<revision>.*?<\/revision>/, '<revision>r7</revision>'));
    await expect(format.read(place, store, signer)).resolves.toMatchObject({ date: 1_700_000_000 });
  });

  it('loses databases, which are made of the rest, and nothing else', async () => {
    const listing = (type: string) => (text: string) =>
      text.replace('</repomd>', `<data type="${type}"><location href="repodata/x"/></data></repomd>`);
    await expect(format.read(place, await foreign({}, listing('primary_db')), signer)).resolves.toBeDefined();
    await expect(format.read(place, await foreign({}, listing('updateinfo')), signer)).rejects.toThrow(
      failure('repository-invalid', 'updateinfo'),
    );
  });

  it('may have packages in directories, but in its own', async () => {
    const at = (location: string) =>
      foreign({ primary: documents.primary.replace(/<location href=".*?"\/>/, location) });
    const [entry] =
      (await format.read(place, await at('<location href="./Packages/a/x+1.rpm"/>'), signer))?.entries ?? [];
    expect(entry?.file).toBe('Packages/a/x+1.rpm');
    for (const location of [
      '<location href="../x.rpm"/>',
      '<location href="/x.rpm"/>',
      '<location href="a//x.rpm"/>',
      '<location href="https://example.com/x.rpm"/>',
      '<location xml:base="https://example.com/" href="x.rpm"/>',
    ])
      await expect(format.read(place, await at(location), signer)).rejects.toThrow(
        failure('repository-invalid', 'not in this repository'),
      );
  });

  it.each([
    ['SHA-1', (text: string) => text.replace('type="sha256"', 'type="sha"'), 'gives no SHA-256 of primary'],
    ['a file elsewhere', (text: string) => text.replace('href="repodata/', 'href="../repodata/'), 'names ../repodata/'],
    ['no list of files', (text: string) => text.replace('type="filelists"', 'type="files"'), 'no file for filelists'],
    ['another root', () => '<html/>', 'is no index of a yum repository'],
  ])('is refused when its repomd.xml has %s', async (_title, change, problem) => {
    await expect(format.read(place, await foreign({}, change), signer)).rejects.toThrow(
      failure('repository-invalid', fixed, problem),
    );
  });

  it.each([
    ['packages of SHA-1', { primary: documents.primary.replace('type="sha256"', 'type="sha"') }, 'no SHA-256 of acme'],
    ['a package without files', { filelists: documents.filelists.replace('pkgid="', 'pkgid="0') }, 'lacks acme'],
    [
      'fewer packages than it says',
      { primary: documents.primary.replace('packages="1"', 'packages="2"') },
      'holds 1 packages',
    ],
    ['a package without a name', { primary: documents.primary.replace('<name>acme</name>', '') }, 'without <name>'],
    ['a document cut off', { other: documents.other.slice(0, -3) }, 'is not well-formed XML'],
  ])('is refused when it has %s', async (_title, change, problem) => {
    await expect(format.read(place, await foreign(change), signer)).rejects.toThrow(
      failure('repository-invalid', problem),
    );
  });

  it('is refused when it is compressed as EL 7 cannot read it', async () => {
    const store = await foreign();
    const zstd = Buffer.from('28b52ffd0458', 'hex');
    const { records } = readRepomd(store.text(fixed), fixed);
    const text = store.text(fixed).replaceAll(records.primary.sha256, createHash('sha256').update(zstd).digest('hex'));
    store.write(fixed, text);
    store.write(`${fixed}.asc`, await signer.detachSign(Buffer.from(text)));
    store.write(`${root}/${readRepomd(text, fixed).records.primary.href}`, zstd);
    await expect(format.read(place, store, signer)).rejects.toThrow(
      failure('repository-invalid', 'is not compressed with gzip'),
    );
  });
});

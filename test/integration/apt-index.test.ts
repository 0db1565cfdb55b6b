import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';

import { CoachbuilderError } from '../../src/errors/coachbuilder-error.ts';
import { aptIndex } from '../../src/repository/apt/apt-index.ts';
import type { DebEntry, IndexFormat, PackageFile, RenderRequest } from '../../src/repository/index-format.ts';
import type { Place } from '../../src/repository/place.ts';
import { HttpReader } from '../../src/store/http-reader.ts';
import type { ObjectReader } from '../../src/store/object-store.ts';
import {
  aptPlace,
  entriesWith,
  makeDeb,
  publish,
  scratchDirectory,
  Shelf,
  startLiteralServer,
} from '../support/apt-repository.ts';
import { gpgSigner, type GpgSigner } from '../support/gpg-signer.ts';
import { mustRun, requireTools } from '../support/machine.ts';
import { testPorts } from '../support/tool-ports.ts';

const date = Date.UTC(2026, 10, 1) / 1000;
const flat = aptPlace();
const classic = aptPlace({ layout: 'classic', root: 'debian', architectures: ['amd64', 'arm64'] });

function failing(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'nothing is wrong',
    (error: unknown) => {
      if (error instanceof CoachbuilderError) return `${error.code} ${error.message}`;
      throw error;
    },
  );
}

/** Fields by name in lower case, as `python3-debian` and apt take them: blanks at the ends do not count. */
function fieldsOf(stanza: string): ReadonlyMap<string, string> {
  return new Map(
    stanza.split(/\n(?! )/).map((field) => {
      const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/s.exec(field) ?? [];
      return [name.toLowerCase(), value.trim()];
    }),
  );
}

function stanzasOf(packages: string): readonly string[] {
  return packages
    .split('\n\n')
    .filter((stanza) => stanza.trim() !== '')
    .map((stanza) => stanza.replace(/^\n+|\n+$/g, ''));
}

let scratch: Awaited<ReturnType<typeof scratchDirectory>>;
let key: GpgSigner;
let other: GpgSigner;
let format: IndexFormat;
let files: readonly PackageFile[];

beforeAll(async () => {
  await requireTools('apt-ftparchive', 'dpkg-scanpackages', 'dpkg-deb', 'xz');
  scratch = await scratchDirectory();
  [key, other] = await Promise.all([gpgSigner(), gpgSigner()]);
  format = aptIndex(testPorts({ cacheDirectory: join(scratch.path, 'cache') }));
  const make = (facts: Parameters<typeof makeDeb>[1]): Promise<PackageFile> => makeDeb(scratch.path, facts);
  files = await Promise.all([
    make({
      name: 'acme',
      version: '1.10-1',
      compression: 'xz',
      fields: ['Depends: libc6 (>= 2.17), adduser', 'Section: misc'],
    }),
    make({
      name: 'acme',
      version: '1.9-1',
      compression: 'zstd',
      fields: ['X-Odd: yes', 'Homepage: https://acme.example/?a=b:c'],
    }),
    make({
      name: 'acme',
      version: '1:0.1~rc1+local.5-1+debian12',
      compression: 'none',
      fields: ['Tag: role::program'],
    }),
    make({
      name: 'acme-data',
      version: '1',
      architecture: 'all',
      fields: ['Installed-Size: 12', 'Multi-Arch: foreign', 'Provides: x,\n y (= 2)'],
    }),
    make({
      name: 'libacme++',
      version: '1.0-1',
      fields: ['Task: ü', 'Breaks: old (<< 3)', 'Essential: no', 'Priority: optional'],
    }),
  ]);
});

afterAll(async () => {
  await Promise.all([key, other].map((each) => each[Symbol.asyncDispose]()));
  await scratch[Symbol.asyncDispose]();
});

async function request(place: Place, more: Partial<RenderRequest> = {}): Promise<RenderRequest> {
  return {
    place,
    entries: await entriesWith(format, place, files),
    date,
    validUntil: undefined,
    signer: key.signer,
    ...more,
  };
}

async function published(place: Place, more: Partial<RenderRequest> = {}): Promise<Shelf> {
  const shelf = new Shelf();
  await publish(shelf, { ...(await request(place, more)), format, files });
  return shelf;
}

/** The shelf as a directory. */
async function onDisk(shelf: Shelf, name: string): Promise<string> {
  const directory = join(scratch.path, name);
  for (const each of shelf.keys()) {
    await mkdir(dirname(join(directory, each)), { recursive: true });
    await writeFile(join(directory, each), shelf.peek(each)!.bytes);
  }
  return directory;
}

describe.each([
  ['flat', flat, 'debian/12/amd64', ['Packages']],
  [
    'classic',
    classic,
    'debian',
    ['dists/bookworm/main/binary-amd64/Packages', 'dists/bookworm/main/binary-arm64/Packages'],
  ],
] as const)('the %s layout', (title, place, root, indexes) => {
  test("says of every package what apt-ftparchive and dpkg-scanpackages say, in apt-ftparchive's order", async () => {
    const directory = join(await onDisk(await published(place), title), root);
    const noDigests = ['MD5', 'SHA1', 'SHA512'].map((name) => `APT::FTPArchive::${name}=false`);
    const options = noDigests.flatMap((option) => ['-o', option]);
    const byArchive = (await mustRun(['apt-ftparchive', ...options, 'packages', '.'], { cwd: directory })).stdout;
    const byDpkg = (await mustRun(['dpkg-scanpackages', '--multiversion', '--hash', 'sha256', '.'], { cwd: directory }))
      .stdout;
    const plain = (text: string): readonly string[] =>
      stanzasOf(text.replaceAll(/^Filename: +\.\//gm, 'Filename: ')).toSorted();
    const ours = (await Promise.all(indexes.map((name) => readFile(join(directory, name), 'utf8')))).map(stanzasOf);
    const united = [...new Set(ours.flat())].toSorted();
    expect(united).toHaveLength(5);
    // The very same text, order of the fields included; of dpkg's, every field.
    expect(united).toEqual(plain(byArchive));
    const sorted = (stanzas: readonly string[]): unknown =>
      stanzas
        .map(fieldsOf)
        .map((fields) => [...fields].toSorted(([left], [right]) => (left < right ? -1 : 1)))
        .toSorted();
    expect(sorted(united)).toEqual(sorted(plain(byDpkg)));
  });

  test('vouches for the files that apt-ftparchive would vouch for', async () => {
    const directory = await onDisk(await published(place), `${title}-release`);
    const root = dirname(format.headOf(place));
    const names = ['MD5', 'SHA1', 'SHA512'].flatMap((name) => ['-o', `APT::FTPArchive::${name}=false`]);
    const { stdout } = await mustRun(['apt-ftparchive', ...names, 'release', '.'], { cwd: join(directory, root) });
    const linesOf = (text: string): readonly string[] =>
      [...text.matchAll(/^ [0-9a-f]{64} +[0-9]+ \S+$/gm)]
        .map(([line]) => line)
        .filter((line) => line.includes('Packages'))
        .toSorted();
    const ours = linesOf(await readFile(join(directory, root, 'Release'), 'utf8'));
    expect(ours).toHaveLength(3 * indexes.length);
    expect(ours).toEqual(linesOf(stdout));
  });

  test('writes the same bytes of the same packages in any order, the signatures aside', async () => {
    const [first, second] = [
      await published(place),
      await published(place, { entries: [...(await request(place)).entries].reverse() }),
    ];
    expect(first.keys()).toEqual(second.keys());
    const signed = (name: string): boolean => /(?:InRelease|Release\.gpg)$/.test(name);
    for (const name of first.keys().filter((each) => !signed(each))) expect(second.text(name)).toBe(first.text(name));
  });

  test('is read as it was written, through a store and through an address', async () => {
    for (const tellsDigests of [true, false]) {
      const shelf = await published(place, { validUntil: date + 60 });
      shelf.tellsDigests = tellsDigests;
      const found = await format.read(place, shelf, key.verifier);
      expect(found).toMatchObject({ date, validUntil: date + 60, staleAliases: [] });
      expect(found?.frozen).toEqual({
        Origin: 'Acme',
        Label: 'Acme packages',
        Suite: 'bookworm',
        Codename: 'bookworm',
      });
      expect(found?.etag).toBe((await shelf.head(format.headOf(place)))?.etag);
      const by = (left: { readonly file: string }, right: { readonly file: string }): number =>
        left.file < right.file ? -1 : 1;
      expect([...(found?.entries ?? [])].sort(by)).toEqual([...(await request(place)).entries].sort(by));
      // All that lies there is either a package or what garbage collection has to keep.
      const packages = found?.entries.map(({ file }) => `${root}/${file}`) ?? [];
      expect([...packages, ...(found?.objects ?? [])].sort()).toEqual(shelf.keys());
    }
  });

  test('is rendered again from what was read, to the same bytes', async () => {
    const shelf = await published(place);
    const { entries } = (await format.read(place, shelf, key.verifier))!;
    const again = await format.render(await request(place, { entries }));
    for (const { key: name, body } of [...again.immutable, ...again.aliases.slice(0, -1)]) {
      expect(body.kind === 'bytes' && shelf.peek(name)?.bytes.equals(body.bytes), name).toBe(true);
    }
  });

  test('may be empty', async () => {
    const shelf = await published(place, { entries: [] });
    expect(await format.read(place, shelf, key.verifier)).toMatchObject({ entries: [], staleAliases: [] });
  });
});

test('is read by its public address, where what is not there is forbidden', async () => {
  const shelf = await published(flat);
  await using server = await startLiteralServer(shelf);
  const reader = new HttpReader(server.url);
  expect(await format.read({ ...flat, root: 'debian/13/amd64' }, reader, key.verifier)).toBeUndefined();
  expect(await format.read(flat, reader, key.verifier)).toMatchObject({ date, staleAliases: [] });
  shelf.put(`${flat.root}/Release`, shelf.text(`${flat.root}/Release`).replace('2026', '2025'));
  expect((await format.read(flat, reader, key.verifier))?.staleAliases).toEqual([`${flat.root}/Release`]);
});

test('objects appear in an order in which no client meets a gap, and say how long they are good for', async () => {
  const { immutable, head, aliases } = await format.render(await request(flat));
  const hash = (name: string): string => aliases.find((each) => each.key === `debian/12/amd64/${name}`)?.sha256 ?? '';
  const names = ['Packages', 'Packages.gz', 'Packages.xz'];
  expect(immutable.map((each) => each.key)).toEqual(
    names.map((name) => `debian/12/amd64/by-hash/SHA256/${hash(name)}`),
  );
  expect(head.key).toBe('debian/12/amd64/InRelease');
  expect(aliases.map((each) => each.key)).toEqual(
    [...names, 'Release', 'Release.gpg'].map((name) => `debian/12/amd64/${name}`),
  );
  expect(new Set(immutable.map((each) => each.caching))).toEqual(new Set(['immutable']));
  expect(new Set([head, ...aliases].map((each) => each.caching))).toEqual(new Set(['revalidate']));
  expect(aliases.map((each) => each.contentType)).toEqual([
    ...['text/plain; charset=utf-8', 'application/gzip', 'application/x-xz', 'text/plain; charset=utf-8'],
    'application/pgp-signature',
  ]);
  const bytes = aliases.map(({ body, size, sha256 }) => {
    if (body.kind !== 'bytes') throw new Error('an index is no file');
    expect([body.bytes.length, createHash('sha256').update(body.bytes).digest('hex')]).toEqual([size, sha256]);
    return body.bytes;
  });
  // RFC 1952: neither the flag of a name nor a time.
  expect([...bytes[1]!.subarray(3, 8)]).toEqual([0, 0, 0, 0, 0]);
  expect(gunzipSync(bytes[1]!).equals(bytes[0]!)).toBe(true);
  await writeFile(join(scratch.path, 'p.xz'), bytes[2]!);
  expect((await mustRun(['xz', '--decompress', '--stdout', join(scratch.path, 'p.xz')])).stdout).toBe(
    Buffer.from(bytes[0]!).toString(),
  );
});

test('no key and no text has a path that an address would change', async () => {
  for (const place of [flat, classic]) {
    const shelf = await published(place);
    for (const each of shelf.keys()) {
      expect(each).toMatch(/^[A-Za-z0-9._~/-]+$/);
      expect(each).not.toMatch(/(?:^|\/)\.{0,2}(?:\/|$)/);
      if (/\/(?:Packages|Release)$/.test(each)) expect(shelf.text(each)).not.toMatch(/(?:^| )\.\/|\w\/\//m);
    }
  }
});

describe('reading', () => {
  test('nothing is nothing', async () => {
    expect(await format.read(flat, new Shelf(), key.verifier)).toBeUndefined();
    expect(
      await format.read(classic, await published({ ...classic, suite: 'bookworm-testing' }), key.verifier),
    ).toBeUndefined();
  });

  it.each(['Packages', 'Packages.gz', 'Packages.xz', 'Release', 'Release.gpg'])(
    'tells that %s is an old one',
    async (name) => {
      const alias = `${flat.root}/${name}`;
      const old = await published(flat, { entries: [] });
      for (const act of [
        (shelf: Shelf) => {
          shelf.put(alias, old.peek(alias)!.bytes);
        },
        (shelf: Shelf) => {
          shelf.delete(alias);
        },
      ]) {
        const shelf = await published(flat, { date: date + 1 });
        act(shelf);
        expect((await format.read(flat, shelf, key.verifier))?.staleAliases).toEqual([alias]);
      }
    },
  );

  describe.each([
    ['flat', flat],
    ['classic', classic],
  ] as const)('an InRelease that was put back, in the %s layout', (_title, place) => {
    const head = aptIndex(testPorts({ cacheDirectory: '/nonexistent' })).headOf(place);
    const [release, signature] = ['Release', 'Release.gpg'].map((name) => `${dirname(head)}/${name}`) as [
      string,
      string,
    ];

    /** The newest publication, under the head of the one before. */
    async function rolledBack(): Promise<Shelf> {
      const shelf = await published(place, { entries: [] });
      const older = shelf.peek(head)!.bytes;
      await publish(shelf, { ...(await request(place, { date: date + 1 })), format, files });
      shelf.put(head, older);
      return shelf;
    }

    test('is refused as long as what is newer is signed beside it', async () => {
      const shelf = await rolledBack();
      expect(await failing(format.read(place, shelf, key.verifier))).toBe(
        `repository-invalid shelf:/${head} leads to an index of 2026-11-01T00:00:00Z, but what is signed beside it is of 2026-11-01T00:00:01Z: somebody has put an older index back`,
      );
      await expect(format.read(place, shelf, key.verifier)).rejects.toMatchObject({
        hint: expect.stringMatching(/--clearsign .* remove Release and Release\.gpg there/) as string,
      });
      const forged = shelf.copy();
      forged.put(signature, await other.signer.detachSign(forged.peek(release)!.bytes));
      expect((await format.read(place, forged, key.verifier))?.staleAliases).toContain(release);
    });

    test('is read again when Release was signed as the head, or removed because it was meant', async () => {
      const shelf = await rolledBack();
      shelf.put(head, await key.signer.clearSign(shelf.text(release)));
      expect(await format.read(place, shelf, key.verifier)).toMatchObject({ date: date + 1, staleAliases: [] });
      const meant = await rolledBack();
      for (const each of [release, signature]) meant.delete(each);
      expect(await format.read(place, meant, key.verifier)).toMatchObject({ date, entries: [] });
    });

    test('is none when somebody publishes between two looks', async () => {
      const [shelf, whole] = [await rolledBack(), await published(place, { date: date + 1 })];
      const racing: ObjectReader = {
        title: shelf.title,
        head: (name) => shelf.head(name),
        get: (name) => {
          const found = shelf.get(name);
          if (name === head) shelf.put(head, whole.peek(head)!.bytes);
          return found;
        },
      };
      expect(await format.read(place, racing, key.verifier)).toMatchObject({ date });
    });
  });

  const hashOf = (shelf: Shelf, name: string): string =>
    `${flat.root}/by-hash/SHA256/${createHash('sha256')
      .update(shelf.peek(`${flat.root}/${name}`)!.bytes)
      .digest('hex')}`;

  test('takes an index by its own name where the one by its content is lost, when it is the same', async () => {
    const shelf = await published(flat);
    shelf.delete(hashOf(shelf, 'Packages.gz'));
    expect((await format.read(flat, shelf, key.verifier))?.entries).toHaveLength(5);
    shelf.delete(`${flat.root}/Packages.gz`);
    expect(await failing(format.read(flat, shelf, key.verifier))).toBe(
      'repository-invalid shelf:/debian/12/amd64/InRelease: it names Packages.gz, which is not there',
    );
  });

  test('refuses an index that is not the one that the head names', async () => {
    const shelf = await published(flat);
    const hashed = hashOf(shelf, 'Packages.gz');
    const bytes = Buffer.from(shelf.peek(hashed)!.bytes);
    bytes[bytes.length - 1]! ^= 1;
    shelf.put(hashed, bytes);
    shelf.delete(`${flat.root}/Packages.gz`);
    expect(await failing(format.read(flat, shelf, key.verifier))).toContain(
      `shelf:/${hashed} is not the file that it names`,
    );
  });

  test('refuses a head of another key, one that was changed, and one without a signature', async () => {
    const shelf = await published(flat);
    const head = format.headOf(flat);
    expect(await failing(format.read(flat, shelf, other.verifier))).toMatch(/^signature-invalid .*InRelease/);
    const text = shelf.text(head);
    shelf.put(head, text.replace('Origin: Acme', 'Origin: Evil'));
    expect(await failing(format.read(flat, shelf, key.verifier))).toMatch(/^signature-invalid/);
    shelf.put(head, shelf.text(`${flat.root}/Release`));
    expect(await failing(format.read(flat, shelf, key.verifier))).toMatch(/^signature-invalid/);
  });

  test('takes the first index of all when it appears between two looks', async () => {
    const [shelf, whole] = [new Shelf(), await published(flat)];
    const late: ObjectReader = {
      title: shelf.title,
      get: (name) => shelf.get(name),
      head: (name) => {
        shelf.restore(whole);
        return shelf.head(name);
      },
    };
    expect((await format.read(flat, late, key.verifier))?.entries).toHaveLength(5);
  });

  test("refuses another program's index, of which a publication would lose the packages", async () => {
    // flocker's publisher wrote these two and no more.
    const shelf = new Shelf();
    shelf.put(`${flat.root}/Packages.gz`, 'x');
    expect(await failing(format.read(flat, shelf, key.verifier))).toContain(
      'there is an index, but no InRelease beside it',
    );
    const release = `Date: Sun, 01 Nov 2026 00:00:00 UTC\nSHA256:\n ${'a'.repeat(64)} 1 contrib/binary-amd64/Packages\n`;
    shelf.put(`${flat.root}/InRelease`, await key.signer.clearSign(release));
    expect(await failing(format.read(flat, shelf, key.verifier))).toContain(
      'it names contrib/binary-amd64/Packages, which',
    );
  });
});

describe('describing', () => {
  test('refuses what is no package, and a package that is another one than it was taken for', async () => {
    const [file] = files as [PackageFile];
    expect(await failing(format.describe(flat, [{ ...file, version: '2' }]))).toBe(
      `archive-invalid the control file of ${file.path} cannot be published: Version is 1.10-1 and should be 2`,
    );
    const path = join(scratch.path, 'none.deb');
    await writeFile(path, 'none');
    expect(await failing(format.describe(flat, [{ ...file, path }]))).toContain(`archive-invalid ${path} is damaged`);
  });

  test('refuses a control file that is no UTF-8', async () => {
    const file = await makeDeb(scratch.path, { name: 'latin', version: '1', fields: ['Origin: \u00fc'] }, 'latin1');
    expect(await failing(format.describe(flat, [file]))).toContain('it is no text in UTF-8');
  });

  test('a control file says nothing of where it is and what its bytes are', async () => {
    const fields = ['Filename: ../evil', 'sha256: 00', 'Size: 1', 'MD5sum: 0'];
    const file = await makeDeb(scratch.path, { name: 'liar', version: '1', fields });
    const [entry] = (await format.describe(flat, [file])) as [DebEntry];
    expect(entry.stanza.match(/^(?:Filename|Size|sha256|md5sum):.*$/gim)).toEqual([
      ...['Filename: liar_1_amd64.deb', `Size: ${String(file.size)}`, `SHA256: ${file.sha256}`],
    ]);
  });
});

test('an index that would name a package twice, or lose one, is a defect', async () => {
  const { entries } = await request(classic);
  for (const more of [{ entries: [...entries, ...entries] }, { place: { ...classic, architectures: ['arm64'] } }]) {
    await expect(format.render(await request(classic, more))).rejects.toThrow('Internal error');
  }
});

test('an index of 2000 packages is written and read in seconds', async () => {
  const [one] = (await format.describe(flat, [files[0]!])) as [DebEntry];
  const entries = Array.from({ length: 2000 }, (_, index): DebEntry => {
    const [name, version] = [`acme-${String(index % 100)}`, `1.${String(index)}-1`];
    const file = `${name}_${version}_amd64.deb`;
    const description = Array.from({ length: 30 }, () => '\n some more words of a long description').join('');
    const stanza = one.stanza
      .replace('Package: acme', `Package: ${name}`)
      .replace('Version: 1.10-1', `Version: ${version}`)
      .replace(/Filename: .*/, `Filename: ${file}`)
      .concat(description);
    return { ...one, name, version, file, stanza };
  });
  const shelf = new Shelf();
  const begin = performance.now();
  await publish(shelf, { ...(await request(flat, { entries })), format, files: [] });
  const found = await format.read(flat, shelf, key.verifier);
  expect(found?.entries).toHaveLength(2000);
  expect(found?.staleAliases).toEqual([]);
  expect(performance.now() - begin).toBeLessThan(10_000);
  expect(shelf.requests.length).toBeLessThan(12);
});

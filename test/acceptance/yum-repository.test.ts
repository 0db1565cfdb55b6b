import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { IndexEntry, IndexFormat, PackageFile, RenderedIndex } from '../../src/repository/index-format.ts';
import type { Place } from '../../src/repository/place.ts';
import { yumIndex } from '../../src/repository/yum/yum-index.ts';
import { openSigner } from '../../src/signing/open-signer.ts';
import { openVerifier } from '../../src/signing/open-verifier.ts';
import type { Signer } from '../../src/signing/signer.ts';
import type { NewObject } from '../../src/store/object-store.ts';
import { makeTestKey, type TestKey } from '../support/keys.ts';
import { requireTools, whyNoRoots } from '../support/machine.ts';
import { makeRpm, packageFileOf, type RpmRequest } from '../support/rpms.ts';
import { testPorts } from '../support/tool-ports.ts';
import { DnfClient, ZypperClient, type Access } from '../support/yum-clients.ts';
import { serveObjects, yumPlace, YumStore, type YumServer } from '../support/yum-store.ts';

const accesses: readonly Access[] = ['mirrorlist', 'baseurl'];
const reason = whyNoRoots();
const noZypper = await requireTools('zypper').then(
  () => undefined,
  () => 'zypper is not here and cannot be installed',
);
const title = (text: string): string => (reason === undefined ? text : `${text} (skipped: ${reason})`);

interface Published {
  readonly entries: readonly IndexEntry[];
  readonly index: RenderedIndex;
  /** Packages that came with it. */
  readonly packages: readonly Pick<NewObject, 'key' | 'body'>[];
}

let scratch = '';
let server: YumServer;
let place: Place;
let key: TestKey;
let otherKey: TestKey;
let signer: Signer & AsyncDisposable;
let otherSigner: Signer & AsyncDisposable;
/** Signed. */
let old: PackageFile;
let next: PackageFile;
let unsigned: PackageFile;
const store = new YumStore();
const ports = testPorts({ cacheDirectory: tmpdir() });
let format: IndexFormat;

async function render(
  before: readonly IndexEntry[],
  files: readonly PackageFile[],
  date: number,
  by = signer,
): Promise<Published> {
  const described = await format.describe(place, files);
  const entries = [...before, ...described];
  return {
    entries,
    index: await format.render({ place, entries, date, validUntil: undefined, signer: by }),
    packages: described.map(({ file }, index) => ({
      key: `${place.root}/${file}`,
      body: { kind: 'file', path: files[index]!.path },
    })),
  };
}

/** All objects of a publication in the order in which they appear. */
function inOrder({ packages, index }: Published): readonly Pick<NewObject, 'key' | 'body'>[] {
  return [...packages, ...index.immutable, index.head, ...index.aliases];
}

/** Makes the store what it is after publications, of which the last may be whole or not. */
function fill(...objects: readonly Pick<NewObject, 'key' | 'body'>[]): void {
  store.objects.clear();
  store.put(...objects);
}

async function signed(directory: string, request: RpmRequest): Promise<PackageFile> {
  const { path } = await makeRpm(directory, request);
  await signer.signRpm(path);
  return packageFileOf(path, request);
}

function open(access: Access): Promise<DnfClient> {
  return DnfClient.open({ access, url: place.url, keyFile: key.publicKeyFile });
}

describe.skipIf(reason !== undefined)(title('a yum repository'), () => {
  let first: Published;
  let second: Published;

  beforeAll(async () => {
    await requireTools('rpmbuild', 'rpmsign', 'createrepo_c', 'dnf', 'gpg');
    scratch = await mkdtemp(join(tmpdir(), 'cb-yum-'));
    format = yumIndex({ ...ports, scratch });
    [key, otherKey] = await Promise.all([makeTestKey(), makeTestKey({ user: 'Mallory <mallory@example.com>' })]);
    [signer, otherSigner] = await Promise.all([openSigner(key, ports, scratch), openSigner(otherKey, ports, scratch)]);
    server = await serveObjects(store.objects);
    place = yumPlace(server.address);
    for (const name of ['old', 'next', 'unsigned']) await mkdir(join(scratch, name));
    const app = (version: string): RpmRequest => ({
      name: 'acme-app',
      version,
      epoch: 1,
      files: { '/opt/acme/version': version },
    });
    old = await signed(join(scratch, 'old'), app('1.9+local.1'));
    next = await signed(join(scratch, 'next'), app('1.10~rc1^git'));
    unsigned = await makeRpm(join(scratch, 'unsigned'), app('1.11'));
    first = await render([], [old], 1_760_000_000);
    second = await render(first.entries, [next], 1_760_000_001);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    for (const each of [signer, otherSigner, key, otherKey]) await each[Symbol.asyncDispose]();
    await rm(scratch, { recursive: true, force: true });
  });

  it.each(accesses)('is installed from, upgraded from, and has its old versions for dnf, by %s', async (access) => {
    const before = server.requests.length;
    await using client = await open(access);
    fill(...inOrder(first));
    const installed = await client.run('install', 'acme-app');
    expect(installed.stdout + installed.stderr).toContain('Importing GPG key');
    expect(await client.installed('acme-app'), installed.stderr).toBe('1:1.9+local.1-1');

    fill(...inOrder(first), ...inOrder(second));
    expect(await client.run('upgrade')).toMatchObject({ exitCode: 0 });
    expect(await client.installed('acme-app')).toBe('1:1.10~rc1^git-1');

    await using other = await open(access);
    expect(await other.run('install', 'acme-app-1.9+local.1')).toMatchObject({ exitCode: 0 });
    expect(await other.installed('acme-app')).toBe('1:1.9+local.1-1');
    const requests = server.requests.slice(before);
    expect(requests.filter((request) => !request.startsWith('200 '))).toEqual([]);
    expect(requests.filter((request) => /\/\.{0,2}\/|%|\+/.test(request))).toEqual([]);
    expect(requests.some((request) => request.includes('/.snap/'))).toBe(access === 'mirrorlist');
  });

  it('is read by ourselves as it was written', async () => {
    fill(...inOrder(first), ...inOrder(second));
    await using verifier = await openVerifier([key.publicKey], ports, scratch);
    const published = await format.read(place, store, verifier);
    expect(published).toMatchObject({ date: 1_760_000_001, staleAliases: [] });
    expect(new Set(published?.entries)).toEqual(new Set(second.entries));
    await using stranger = await openVerifier([otherKey.publicKey], ports, scratch);
    await expect(format.read(place, store, stranger)).rejects.toMatchObject({ code: 'signature-invalid' });
  });

  describe.each(accesses)('refused by dnf, by %s:', (access) => {
    /** What a fresh client says, and one that knows the repository as it was before. */
    async function refusals(spoil: () => void | Promise<void>): Promise<readonly string[]> {
      await using cached = await open(access);
      fill(...inOrder(first));
      expect(await cached.newest('acme-app')).toBe('1.9+local.1');
      await spoil();
      await using fresh = await open(access);
      const answers: string[] = [];
      for (const client of [fresh, cached]) {
        const { exitCode, stdout, stderr } = await client.run('install', 'acme-app');
        expect(await client.installed('acme-app')).toBe('none');
        expect(exitCode, stdout + stderr).toBe(1);
        answers.push(stdout + stderr);
      }
      return answers;
    }

    const ofIndex = (index: RenderedIndex, name: string): string => {
      const keys = [...index.immutable, ...index.aliases].map((object) => object.key);
      return keys.find((each) => each.endsWith(name) && each.includes('/.snap/') === (access === 'mirrorlist')) ?? '';
    };

    it('a primary with other bytes', async () => {
      const answers = await refusals(() => {
        fill(...inOrder(first), ...inOrder(second));
        const name = ofIndex(second.index, '-primary.xml.gz');
        store.write(name, store.bytes(ofIndex(first.index, '-primary.xml.gz')));
      });
      for (const answer of answers) expect(answer).toMatch(/checksum doesn't match|Cannot download/);
    });

    it('a repomd.xml without a signature', async () => {
      const answers = await refusals(() => {
        fill(...inOrder(first), ...inOrder(second));
        store.objects.delete(ofIndex(second.index, '.asc'));
      });
      for (const answer of answers) expect(answer).toContain('repomd.xml.asc');
    });

    it('a repomd.xml with other bytes', async () => {
      const answers = await refusals(() => {
        fill(...inOrder(first), ...inOrder(second));
        const name = ofIndex(second.index, 'repomd.xml');
        store.write(name, store.text(name).replace('</repomd>', ' </repomd>'));
      });
      for (const answer of answers) expect(answer).toContain('Bad GPG signature');
    });

    it('an index that another key signed', async () => {
      const forged = await render(first.entries, [next], 1_760_000_002, otherSigner);
      const answers = await refusals(() => {
        fill(...inOrder(first), ...inOrder(forged));
      });
      for (const answer of answers) expect(answer).toContain('Bad GPG signature');
    });

    it('a package that is not signed', async () => {
      const careless = await render(first.entries, [unsigned], 1_760_000_002);
      const answers = await refusals(() => {
        fill(...inOrder(first), ...inOrder(careless));
      });
      for (const answer of answers) expect(answer).toMatch(/is not signed[\s\S]*GPG check FAILED/);
    });

    it('a package with other bytes than the index says', async () => {
      const answers = await refusals(() => {
        fill(...inOrder(first), ...inOrder(second));
        store.put({ key: second.packages[0]!.key, body: first.packages[0]!.body });
      });
      for (const answer of answers) expect(answer).toMatch(/checksum|already tried|Interrupted by header callback/);
    });
  });

  it.each(accesses)('half uploaded, is the old one or the new one for dnf, fresh and cached, by %s', async (access) => {
    const objects = inOrder(second);
    const seen: string[] = [];
    for (let count = 0; count <= objects.length; count += 1) {
      await using cached = await open(access);
      fill(...inOrder(first));
      expect(await cached.newest('acme-app')).toBe('1.9+local.1');
      fill(...inOrder(first), ...objects.slice(0, count));
      await using fresh = await open(access);
      const answers: string[] = [];
      for (const client of [fresh, cached]) {
        const { exitCode, stderr } = await client.run('install', 'acme-app');
        answers.push(exitCode === 0 ? await client.installed('acme-app') : stderr.includes('Bad GPG') ? 'bad' : stderr);
      }
      seen.push(answers.join(' '));
    }
    const before = '1:1.9+local.1-1 1:1.9+local.1-1';
    const after = '1:1.10~rc1^git-1 1:1.10~rc1^git-1';
    const head = objects.indexOf(second.index.head);
    const all = (from: number, to: number, what: string): string[] => Array.from({ length: to - from }, () => what);
    expect(seen).toEqual(
      access === 'mirrorlist'
        ? [...all(0, head + 1, before), ...all(head + 1, objects.length + 1, after)]
        : // Between repomd.xml and its signature: what no order of two objects can avoid.
          [...all(0, head + 2, before), 'bad bad', after],
    );
  });

  describe.skipIf(noZypper !== undefined)(
    `for zypper${noZypper === undefined ? '' : ` (skipped: ${noZypper})`}`,
    () => {
      it.each(accesses)('is installed from and upgraded from, by %s', async (access) => {
        const before = server.requests.length;
        await using client = await ZypperClient.open({ access, url: place.url, keyFile: key.publicKeyFile });
        fill(...inOrder(first));
        const installed = await client.run('install', 'acme-app');
        expect(await client.installed('acme-app'), installed.stdout + installed.stderr).toBe('1:1.9+local.1-1');
        fill(...inOrder(first), ...inOrder(second));
        await client.run('refresh', '--force');
        const updated = await client.run('update');
        expect(await client.installed('acme-app'), updated.stdout + updated.stderr).toBe('1:1.10~rc1^git-1');
        const requests = server.requests.slice(before);
        expect(requests.some((request) => request.includes('/.snap/'))).toBe(access === 'mirrorlist');
      });
    },
  );
});

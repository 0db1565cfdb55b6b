import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { aptIndex } from '../../src/repository/apt/apt-index.ts';
import type { DebEntry, IndexFormat, PackageFile, PublishedIndex } from '../../src/repository/index-format.ts';
import { openSigner } from '../../src/signing/open-signer.ts';
import { openVerifier } from '../../src/signing/open-verifier.ts';
import type { Signer, Verifier } from '../../src/signing/signer.ts';
import { HttpReader } from '../../src/store/http-reader.ts';
import { openStore } from '../../src/store/open-store.ts';
import { aptPlace } from '../support/apt-repository.ts';
import { makeTestKey, type TestKey } from '../support/keys.ts';
import { requireTools } from '../support/machine.ts';
import { makeNamedDeb, makePublisher, publishCommand, type Publisher } from '../support/publisher.ts';
import { startS3Server, type S3Server } from '../support/s3-server.ts';
import { testPorts } from '../support/tool-ports.ts';

let scratch = '';
let key: TestKey;
let signer: Signer;
let verifier: Verifier;
let format: IndexFormat;
const packages = new Map<string, PackageFile>();
const names = ['a', 'b', 'c', 'd', 'e', 'f'];

const place = aptPlace({ origin: 'Acme', label: 'Acme' });

beforeAll(async () => {
  await requireTools('gpg', 'dpkg-deb');
  scratch = await mkdtemp(join(tmpdir(), 'publish-s3-'));
  key = await makeTestKey();
  const ports = testPorts({ cacheDirectory: scratch });
  signer = await openSigner({ fingerprint: key.fingerprint, gpgHome: key.gpgHome }, ports, scratch);
  verifier = await openVerifier([key.publicKey], ports, scratch);
  format = aptIndex(ports);
  for (const name of names) {
    const facts = { name: `acme-${name}`, version: '1.0.0-1+debian12' };
    packages.set(name, await makeNamedDeb(join(scratch, 'packages'), facts));
  }
});

afterAll(async () => {
  await key[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});

let server: S3Server;
beforeEach(async () => {
  server = await startS3Server({ publicRead: true });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

let publishers = 0;
function publisher(env: Readonly<Record<string, string>> = {}): Promise<Publisher> {
  publishers += 1;
  return makePublisher({
    directory: join(scratch, `publisher-${String(publishers)}`),
    baseurl: `${server.endpoint}/packages`,
    key,
    repository: ['store: s3://packages', `endpoint: ${server.endpoint}`, 'region: us-east-1'],
    env: { ...server.env, ...env },
  });
}

function pathOf(name: string): string {
  return packages.get(name)?.path ?? '';
}

/** What a client without credentials sees, all of which it can get; nothing before the first publication. */
async function clientView(): Promise<{
  readonly names: readonly string[];
  readonly index: PublishedIndex | undefined;
}> {
  const reader = new HttpReader(`${server.endpoint}/packages`);
  const index = await format.read(place, reader, verifier);
  for (const { file, sha256 } of index?.entries ?? []) {
    const object = await reader.get(`${place.root}/${file}`);
    expect(
      createHash('sha256')
        .update(object?.bytes ?? '')
        .digest('hex'),
    ).toBe(sha256);
  }
  const seen = (index?.entries ?? []).map(({ name }) => name.replace('acme-', '')).sort();
  return { names: seen, index };
}

describe('publish-packages to a bucket', () => {
  it('publishes what anonymous clients can read', async () => {
    const own = await publisher();
    expect(await own.publish(pathOf('a'))).toMatchObject({ exitCode: 0 });
    expect((await clientView()).names).toEqual(['a']);
    // Public addresses were read without credentials.
    expect(server.requests.filter(({ accessKeyId }) => accessKeyId === undefined).length).toBeGreaterThan(0);
  });

  it.each([
    ['packages', '.deb', 'acme-a_1.0.0-1_debian12_amd64.deb'],
    ['the key', 'acme.asc', 'acme.asc'],
  ])('says when anonymous clients do not get %s', async (_title, ending, name) => {
    const own = await publisher();
    expect(await own.publish(pathOf('b'))).toMatchObject({ exitCode: 0 });
    const readable = server.keys().filter((each) => !each.endsWith(ending));
    const resources = ['*Release*', '*Packages*', '*/by-hash/*', ...readable, ...(ending === '.deb' ? [] : ['*.deb'])];
    const statement = { Sid: '', Effect: 'Allow', Principal: '*', Action: ['s3:GetObject'] };
    const Resource = resources.map((each) => `arn:aws:s3:::packages/${each}`);
    const policy = { Version: '2012-10-17', Statement: [{ ...statement, Resource }] };
    server.setPolicy(JSON.stringify(policy));
    const closed = await own.publish(pathOf('a'));
    expect(closed).toMatchObject({ exitCode: 1 });
    expect(closed.stderr).toMatch(
      new RegExp(`clients do not see it at .*${name.replaceAll('.', '\\.')} cannot be had`),
    );
    server.setPolicy(JSON.stringify({ ...policy, Statement: [{ ...statement, Resource: 'arn:aws:s3:::packages/*' }] }));
    expect(await own.publish(pathOf('a'))).toMatchObject({ exitCode: 0 });
  });

  it('loses nothing of six publishers at once', async () => {
    const all = await Promise.all(names.map(() => publisher()));
    const outcomes = await Promise.all(all.map((own, index) => own.publish(pathOf(names[index] ?? ''))));
    expect(outcomes.map(({ exitCode, stderr }) => (exitCode === 0 ? '' : stderr))).toEqual(names.map(() => ''));
    const { names: seen, index } = await clientView();
    expect(seen).toEqual(names);
    expect(index?.staleAliases).toEqual([]);
  });

  it('asks the same number of questions whether 1 or 2,000 packages are published', async () => {
    const own = await publisher();
    expect(await own.publish(pathOf('a'))).toMatchObject({ exitCode: 0 });
    server.clearLog();
    expect(await own.publish(pathOf('b'))).toMatchObject({ exitCode: 0 });
    const few = server.requests.length;
    const fewLists = server.requests.filter(({ operation }) => operation === 'ListObjectsV2').length;
    expect(fewLists).toBe(1);

    const { index } = await clientView();
    const [first] = index?.entries ?? [];
    if (index === undefined || first?.format !== 'deb') throw new Error('nothing was published');
    const many = Array.from({ length: 2_000 }, (_, number): DebEntry => {
      const name = `acme-many-${String(number)}`;
      const file = `${name}.deb`;
      const stanza = first.stanza
        .replace(/^Package: .*$/m, `Package: ${name}`)
        .replace(/^Filename: .*$/m, `Filename: ${file}`);
      return { ...first, name, file, stanza };
    });
    const entries = [...index.entries, ...many];
    const rendered = await format.render({ place, entries, date: index.date + 1, validUntil: undefined, signer });
    const store = openStore({ url: 's3://packages', endpoint: server.endpoint, region: 'us-east-1', env: server.env });
    for (const object of [...rendered.immutable, rendered.head, ...rendered.aliases])
      await store.put(object, { kind: 'none' });
    // All of them are one file, under many names.
    const bytes = server.object(`${place.root}/${first.file}`)?.bytes ?? '';
    for (const { file } of many) server.tamper(`${place.root}/${file}`, Buffer.from(bytes));

    server.clearLog();
    expect(await own.publish(pathOf('c'))).toMatchObject({ exitCode: 0 });
    // Whether everything is there that the index names is asked of lists, of a thousand objects each: never one by one.
    const lists = server.requests.filter(({ operation }) => operation === 'ListObjectsV2').length;
    expect(lists).toBe(3);
    expect(server.requests.length - lists).toBe(few - fewLists);
    expect(few).toBeLessThan(80);
    // What is not there is asked for once more, for S3's word why: at the address of a release package.
    const read = server.requests.filter(
      ({ method, key: asked, status }) => method === 'GET' && asked.endsWith('.deb') && status !== 404,
    );
    expect(read).toEqual([]);
    const reader = new HttpReader(`${server.endpoint}/packages`);
    expect((await format.read(place, reader, verifier))?.entries.length).toBe(2_003);
  });

  it('keeps clients working when it is killed at any request that writes, and finishes when it is run again', async () => {
    const own = await publisher();
    expect(await own.publish(pathOf('a'))).toMatchObject({ exitCode: 0 });
    server.clearLog();
    expect(await own.publish(pathOf('b'))).toMatchObject({ exitCode: 0 });
    const writes = server.requests.filter(({ mutation }) => mutation > 0).length;
    expect(writes).toBeGreaterThan(10);
    for (let at = 1; at <= writes; at += 1) {
      // Half of the points before the request is done, half after it: both kinds meet every kind of object in two runs.
      const kind = at % 2 === 0 ? 'drop-before' : 'drop-after';
      await server[Symbol.asyncDispose]();
      server = await startS3Server({ publicRead: true });
      const again = await publisher();
      expect(await again.publish(pathOf('a'))).toMatchObject({ exitCode: 0 });
      const args = [pathOf('b'), ...again.argv];
      const child = spawn(publishCommand, args, {
        cwd: again.directory,
        env: { ...process.env, ...again.env },
        stdio: 'ignore',
      });
      let seen = 0;
      server.fault = ({ mutation }) => {
        if (mutation === 0) return undefined;
        seen += 1;
        if (seen < at) return undefined;
        child.kill('SIGKILL');
        return { kind };
      };
      const signal = await new Promise((resolve) =>
        child.on('close', (_, name) => {
          resolve(name);
        }),
      );
      expect(signal, `write ${String(at)}`).toBe('SIGKILL');
      server.fault = undefined;
      expect([['a'], ['a', 'b']], `${kind} write ${String(at)}`).toContainEqual((await clientView()).names);
      expect(await again.publish(pathOf('b'))).toMatchObject({ exitCode: 0 });
      const { names: finished, index } = await clientView();
      expect(finished).toEqual(['a', 'b']);
      expect(index?.staleAliases).toEqual([]);
      expect(server.keys()).toContain('repositories.json');
    }
  });

  it('says what is wrong with the bucket or the credentials, and never the secret', async () => {
    const own = await publisher();
    const missing = await own.publish('--to=s3://nowhere-at-all', pathOf('a'));
    expect(missing).toMatchObject({ exitCode: 1 });
    expect(missing.stderr).toContain('error[store-missing]');
    const secret = 'aWrongSecretThatNobodyMaySee1234567890';
    const wrong = await publisher({ AWS_SECRET_ACCESS_KEY: secret });
    const denied = await wrong.publish(pathOf('a'));
    expect(denied).toMatchObject({ exitCode: 1 });
    expect(denied.stderr).toContain('error[store-denied]');
    expect(`${denied.stdout}${denied.stderr}`).not.toContain(secret);
    expect(server.keys()).toEqual([]);
  });

  it('gives up on a server that fails for ever, and goes on when it is back', async () => {
    const own = await publisher();
    server.fault = ({ key: asked }) =>
      asked.endsWith('/InRelease') ? { kind: 'status', status: 503, code: 'SlowDown' } : undefined;
    const failed = await own.publish(pathOf('a'));
    expect(failed).toMatchObject({ exitCode: 1 });
    expect(failed.stderr).toContain('error[store-unavailable]');
    server.fault = undefined;
    expect(await own.publish(pathOf('a'))).toMatchObject({ exitCode: 0 });
    expect((await clientView()).names).toEqual(['a']);
  });
});

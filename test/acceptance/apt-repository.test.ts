import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test, describe } from 'vitest';

import { aptIndex } from '../../src/repository/apt/apt-index.ts';
import type { IndexFormat, PackageFile, RenderRequest } from '../../src/repository/index-format.ts';
import type { Place } from '../../src/repository/place.ts';
import {
  aptPlace,
  entriesWith,
  makeDeb,
  publish,
  scratchDirectory,
  Shelf,
  startLiteralServer,
  type LiteralServer,
} from '../support/apt-repository.ts';
import { gpgSigner, type GpgSigner } from '../support/gpg-signer.ts';
import { requireTools, type Outcome } from '../support/machine.ts';
import { debianRoot, describeWithRoots, type DebianRelease, type Root } from '../support/roots.ts';
import { testPorts } from '../support/tool-ports.ts';

const releases = ['debian-11', 'debian-12', 'debian-13'] as const satisfies readonly DebianRelease[];
const layouts = ['flat', 'classic'] as const;
const odd = { name: 'libacme++', version: '2:1.0~rc1+local.5-1+debian12' } as const;

const places: Readonly<Record<(typeof layouts)[number], readonly [stable: Place, testing: Place]>> = {
  flat: [aptPlace(), aptPlace({ root: 'debian-testing/12/amd64', channel: 'testing', suite: 'bookworm-testing' })],
  classic: [
    aptPlace({ layout: 'classic', root: 'debian', architectures: ['amd64', 'arm64'] }),
    aptPlace({
      layout: 'classic',
      root: 'debian',
      channel: 'testing',
      suite: 'bookworm-testing',
      architectures: ['amd64'],
    }),
  ],
};

function sources({ layout, root, suite, component }: Place, url: string): string {
  const where =
    layout === 'flat'
      ? [`URIs: ${url}/${root.replace(/amd64$/, '$(ARCH)')}/`, 'Suites: /']
      : [`URIs: ${url}/${root}`, `Suites: ${suite}`, `Components: ${component}`];
  return `${['Types: deb', ...where, 'Signed-By: /usr/share/keyrings/acme.asc'].join('\n')}\n`;
}

/** Only what a test says is configured; nothing that the root was made with is to help or to hinder. */
const configuration = `
Acquire::Retries "0";
Acquire::http::Proxy::127.0.0.1 "DIRECT";
Acquire::Check-Valid-Until "true";
Acquire::Check-Date "true";
`;

describeWithRoots('apt and our repositories', () => {
  let scratch: Awaited<ReturnType<typeof scratchDirectory>>;
  let key: GpgSigner;
  let other: GpgSigner;
  let format: IndexFormat;
  let files: Readonly<Record<'old' | 'new' | 'next' | 'data' | 'odd', PackageFile>>;
  const now = Math.floor(Date.now() / 1000) - 3600;

  beforeAll(async () => {
    await requireTools('dpkg-deb', 'xz');
    scratch = await scratchDirectory();
    [key, other] = await Promise.all([gpgSigner(), gpgSigner()]);
    format = aptIndex(testPorts({ cacheDirectory: join(scratch.path, 'cache') }));
    const make = (name: string, version: string, architecture: string): Promise<PackageFile> =>
      makeDeb(scratch.path, { name, version, architecture, files: { [`/opt/${name}/version`]: `${version}\n` } });
    files = {
      old: await make('acme', '1.9-1', 'amd64'),
      new: await make('acme', '1.10-1', 'amd64'),
      next: await make('acme', '2.0~rc1-1', 'amd64'),
      data: await make('acme-data', '1-1', 'all'),
      odd: await make(odd.name, odd.version, 'amd64'),
    };
  });

  afterAll(async () => {
    await Promise.all([key, other].map((each) => each[Symbol.asyncDispose]()));
    await scratch[Symbol.asyncDispose]();
  });

  type Change = Partial<Pick<RenderRequest, 'date' | 'validUntil' | 'signer'>>;

  async function put(shelf: Shelf, place: Place, chosen: readonly PackageFile[], change: Change = {}): Promise<void> {
    const entries = await entriesWith(format, place, chosen);
    const request = { place, entries, date: now, validUntil: undefined, signer: key.signer, ...change };
    await publish(shelf, { ...request, format, files: chosen });
  }

  describe.each(releases)('on %s', (release) => {
    let root: Root;

    beforeAll(async () => {
      root = await debianRoot(release);
      await root.must(['sh', '-c', 'rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*']);
      await writeFile(join(root.path, 'etc/apt/apt.conf.d/99test'), configuration);
      await writeFile(join(root.path, 'usr/share/keyrings/acme.asc'), key.signer.publicKey);
    });

    afterAll(async () => {
      await root[Symbol.asyncDispose]();
    });

    describe.each(layouts)('the %s layout', (layout) => {
      const [stable, testing] = places[layout];
      let shelf: Shelf;
      let server: LiteralServer;

      beforeEach(async () => {
        shelf = new Shelf();
        server = await startLiteralServer(shelf);
        await writeFile(join(root.path, 'etc/apt/sources.list.d/acme.sources'), sources(stable, server.url));
        await root.must(['sh', '-c', 'rm -rf /var/lib/apt/lists /etc/apt/sources.list.d/testing.sources']);
        return async () => {
          await root.must(['dpkg', '--purge', 'acme', 'acme-data', odd.name]);
          await root.must(['apt-get', 'clean']);
          await server[Symbol.asyncDispose]();
        };
      });

      const update = (): Promise<Outcome> => root.run(['apt-get', 'update']);
      const candidate = async (name = 'acme'): Promise<string | undefined> =>
        /^ *Candidate: (.*)$/m.exec(await root.must(['apt-cache', 'policy', name]))?.[1];
      const installed = (name: string): Promise<string> =>
        root.must(['dpkg-query', '--show', '--showformat', '${Version}', name]);
      const apt = (...args: readonly string[]): Promise<string> => root.must(['apt-get', '--yes', ...args]);

      /** What apt is to accept without a word of complaint. */
      async function updated(): Promise<void> {
        const outcome = await update();
        expect(`${outcome.stdout}${outcome.stderr}`).not.toMatch(/^(?:W|E|Err|Ign|N):? ?.*/m);
        expect(outcome.exitCode).toBe(0);
      }

      test('installs, upgrades and keeps old versions installable, by content', async () => {
        await put(shelf, stable, [files.old, files.data, files.odd]);
        await updated();
        await apt('install', 'acme', 'acme-data', odd.name);
        expect(await installed('acme')).toBe('1.9-1');
        expect(await installed('acme-data')).toBe('1-1');
        expect(await installed(odd.name)).toBe(odd.version);
        expect(await root.readText(`/opt/${odd.name}/version`)).toBe(`${odd.version}\n`);

        await put(shelf, stable, [files.old, files.new, files.data, files.odd], { date: now + 1 });
        await updated();
        await apt('upgrade');
        expect(await installed('acme')).toBe('1.10-1');
        await apt('--allow-downgrades', 'install', 'acme=1.9-1');
        expect(await installed('acme')).toBe('1.9-1');

        // Neither a key that is no key, nor a name that a publisher may be about to write.
        expect(server.requests.filter((each) => /\/\.?\/|\/Packages|\+|%2b/i.test(each))).toEqual([]);
        expect(server.requests.filter((each) => each.includes('/by-hash/SHA256/')).length).toBe(2);
        expect(server.requests.filter((each) => !/^(?:200|304) /.test(each))).toEqual([]);
      });

      test('the testing channel is another repository', async () => {
        await put(shelf, stable, [files.old]);
        await put(shelf, testing, [files.next, files.data]);
        await updated();
        expect([await candidate(), await candidate('acme-data')]).toEqual(['1.9-1', undefined]);
        await writeFile(join(root.path, 'etc/apt/sources.list.d/testing.sources'), sources(testing, server.url));
        await updated();
        expect([await candidate(), await candidate('acme-data')]).toEqual(['2.0~rc1-1', '1-1']);
        // What unattended-upgrades and preferences go by (apt_preferences(5)).
        const policy = await root.must(['apt-cache', 'policy']);
        expect(policy).toMatch(/release o=Acme,a=bookworm,n=bookworm,l=Acme packages/);
        expect(policy).toMatch(/release o=Acme,a=bookworm-testing,n=bookworm-testing,l=Acme packages/);
        await apt('install', 'acme');
        expect(await installed('acme')).toBe('2.0~rc1-1');
      });

      test('clients that know neither by-hash nor InRelease read the aliases', async () => {
        await put(shelf, stable, [files.old]);
        // apt before 1.2.
        expect((await root.run(['apt-get', '-o', 'Acquire::By-Hash=no', 'update'])).exitCode).toBe(0);
        expect(server.requests.filter((each) => each.includes('by-hash'))).toEqual([]);
        expect(await candidate()).toBe('1.9-1');

        // apt before 0.8: any apt, where a server says with the right word that there is no InRelease.
        await root.must(['rm', '-r', '/var/lib/apt/lists']);
        shelf.delete(format.headOf(stable));
        server.missing = 404;
        expect((await update()).exitCode).toBe(0);
        expect(server.requests.some((each) => /^200 .*\/Release\.gpg$/.test(each))).toBe(true);
        expect(await candidate()).toBe('1.9-1');
      });

      test('a client with a foreign architecture is not disturbed', async () => {
        await put(shelf, stable, [files.old]);
        await root.must(['dpkg', '--add-architecture', 'i386']);
        try {
          const { exitCode, stdout, stderr } = await update();
          expect(`${stdout}${stderr}`).not.toMatch(/^(?:W|E|Err|Ign)\b/m);
          expect(exitCode).toBe(0);
          expect(await candidate()).toBe('1.9-1');
        } finally {
          await root.must(['dpkg', '--remove-architecture', 'i386']);
        }
      });

      test('an empty repository is one, too', async () => {
        await put(shelf, stable, []);
        await updated();
      });

      describe('refuses', () => {
        /** The client has the old index; then something else is published. */
        beforeEach(async () => {
          await put(shelf, stable, [files.old], { validUntil: now + 86_400 });
          await updated();
        });

        async function expectRefusal(message: RegExp, status = 100): Promise<void> {
          const { exitCode, stderr } = await update();
          expect(stderr).toMatch(message);
          expect(exitCode).toBe(status);
          // What it knows is what it knew.
          expect(await candidate()).toBe('1.9-1');
        }

        /** As {@link expectRefusal}, and clients that know nothing yet learn nothing. */
        async function expectRefusalByAll(message: RegExp, status = 100): Promise<void> {
          await expectRefusal(message, status);
          await root.must(['rm', '-r', '/var/lib/apt/lists']);
          expect(await update()).toMatchObject({ exitCode: 100, stderr: expect.stringMatching(message) as string });
          expect(await candidate()).toBeUndefined();
        }

        test('a tampered index', async () => {
          await put(shelf, stable, [files.new], { date: now + 1 });
          for (const name of shelf.keys().filter((each) => /Packages|by-hash/.test(each))) {
            const bytes = Buffer.from(shelf.peek(name)!.bytes);
            bytes[bytes.length - 9]! ^= 1;
            shelf.put(name, bytes);
          }
          await expectRefusalByAll(/Hash Sum mismatch/);
        });

        test('a tampered package', async () => {
          await put(shelf, stable, [files.old, files.new], { date: now + 1 });
          await updated();
          const name = shelf.keys().find((each) => each.endsWith('acme_1.10-1_amd64.deb'))!;
          const bytes = Buffer.from(shelf.peek(name)!.bytes);
          bytes[bytes.length - 9]! ^= 1;
          shelf.put(name, bytes);
          const { exitCode, stderr } = await root.run(['apt-get', '--yes', 'install', 'acme']);
          expect(stderr).toMatch(/Hash Sum mismatch/);
          expect(exitCode).toBe(100);
        });

        test('an index without a signature', async () => {
          await put(shelf, stable, [files.new], { date: now + 1 });
          const head = format.headOf(stable);
          shelf.put(head, shelf.peek(head.replace('InRelease', 'Release'))!.bytes);
          await expectRefusalByAll(/not signed|isn't valid|NOSPLIT|NODATA|Malformed/);
        });

        test('an index that somebody else signed', async () => {
          await put(shelf, stable, [files.new], { date: now + 1, signer: other.signer });
          // A known repository is left as it is, with a warning (apt-secure(8)).
          await expectRefusalByAll(/NO_PUBKEY|Missing key|couldn't be verified/, 0);
        });

        test('an index that has expired', async () => {
          await put(shelf, stable, [files.new], { date: now + 1, validUntil: now + 2 });
          await expectRefusalByAll(/is expired/);
        });

        test('an index of the future', async () => {
          await put(shelf, stable, [files.new], { date: now + 2 * 86_400 });
          await expectRefusalByAll(/not valid yet/);
        });

        test.each(['origin', 'label', 'suite'] as const)('another %s', async (field) => {
          const place = { ...stable, [field]: 'changed' };
          const request = { place, entries: await entriesWith(format, place, [files.new]), date: now + 1 };
          const { head, immutable } = await format.render({ ...request, validUntil: undefined, signer: key.signer });
          for (const object of [...immutable, head]) {
            await shelf.putObject({ ...object, key: object.key.replace('dists/changed', `dists/${stable.suite}`) });
          }
          // A classic repository that calls itself otherwise than it is asked for is found out before.
          await expectRefusal(/changed its '(?:Origin|Label|Suite|Codename)' value|Conflicting distribution/);
        });

        test('to go back: an older index changes nothing', async () => {
          const before = shelf.copy();
          await put(shelf, stable, [files.old, files.new], { date: now + 1, validUntil: now + 86_400 });
          await updated();
          expect(await candidate()).toBe('1.10-1');
          shelf.restore(before);
          expect((await update()).exitCode).toBe(0);
          expect(await candidate()).toBe('1.10-1');
        });
      });

      test('a publisher that dies anywhere leaves the old index or the new one, to fresh and to cached clients', async () => {
        const before = [files.old, files.data];
        await put(shelf, stable, before);
        await updated();
        await root.must(['cp', '--archive', '/var/lib/apt/lists', '/var/tmp/lists']);
        const first = shelf.copy();
        const after = [...before, files.new];
        const target = shelf.copy();
        await put(target, stable, after, { date: now + 1 });
        const request = { place: stable, entries: await entriesWith(format, stable, after), date: now + 1 };
        const rendered = await format.render({ ...request, validUntil: undefined, signer: key.signer });
        const name = `${stable.root}/${format.fileOf(stable, files.new)}`;
        const order = [name, ...[...rendered.immutable, rendered.head, ...rendered.aliases].map((each) => each.key)];
        expect(order.length).toBe(layout === 'flat' ? 10 : 16);
        const seen: string[] = [];
        for (let count = 0; count <= order.length; count += 1) {
          shelf.restore(first);
          for (const each of order.slice(0, count)) shelf.put(each, target.peek(each)!.bytes);
          for (const client of ['fresh', 'cached']) {
            const lists = client === 'fresh' ? '' : 'cp --archive /var/tmp/lists /var/lib/apt/lists;';
            const script = `rm -rf /var/lib/apt/lists; ${lists} apt-get update && apt-get --print-uris --yes install acme`;
            const { exitCode, stdout, stderr } = await root.run(['sh', '-c', script]);
            const version = /acme_(1\.(?:9|10)-1)_amd64\.deb/.exec(stdout)?.[1] ?? stderr;
            seen.push(`${String(count)} ${client} ${String(exitCode)} ${version}`);
          }
        }
        const swap = order.indexOf(rendered.head.key);
        const expected = order.flatMap((_, count) => {
          const version = count <= swap ? '1.9-1' : '1.10-1';
          return ['fresh', 'cached'].map((client) => `${String(count)} ${client} 0 ${version}`);
        });
        const last = ['fresh', 'cached'].map((client) => `${String(order.length)} ${client} 0 1.10-1`);
        expect(seen).toEqual([...expected, ...last]);

        // The test bites: with the head before what it names, clients fail.
        shelf.restore(first);
        shelf.put(rendered.head.key, target.peek(rendered.head.key)!.bytes);
        const failure = await root.run(['sh', '-c', 'rm -rf /var/lib/apt/lists /var/tmp/lists; apt-get update']);
        expect(failure.exitCode).toBe(100);
      });
    });
  });
});

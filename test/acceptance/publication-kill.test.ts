import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { makeTestKey, type TestKey } from '../support/keys.ts';
import { requireTools } from '../support/machine.ts';
import { makeNamedDeb, makePublisher, publishCommand, type Publisher } from '../support/publisher.ts';
import { debianRoot, describeWithRoots, type Root } from '../support/roots.ts';
import { makeRpm } from '../support/rpms.ts';
import { startS3Server, type S3Server } from '../support/s3-server.ts';
import { DnfClient } from '../support/yum-clients.ts';

/*
 * The publisher's process is killed at every write of a publication of an apt and a yum repository: the server does it, and
 * nobody hears of it. That is all that can be left behind: killed before a write, there is what is there after the one before.
 */

const arch = 'debian/12/amd64';
const lists = '/var/lib/apt/lists';

interface Packages {
  readonly old: readonly string[];
  readonly young: readonly string[];
}

describeWithRoots('clients of a repository whose publisher is killed', () => {
  let directory: string;
  let key: TestKey;
  let server: S3Server;
  let packages: Packages;
  let root: Root;
  let publishers = 0;

  beforeAll(async () => {
    await requireTools('gpg', 'dpkg-deb', 'rpmbuild', 'createrepo_c', 'dnf');
    directory = await mkdtemp(join(tmpdir(), 'cbkill-'));
    key = await makeTestKey({ algorithm: 'rsa3072' });
    server = await startS3Server({ publicRead: true });
    const made = async (version: string): Promise<readonly string[]> => {
      const folder = join(directory, version, 'rocky-9');
      await mkdir(folder, { recursive: true });
      const facts = { name: 'acme-app', version: `${version}-1+debian12` };
      const deb = await makeNamedDeb(join(directory, version), facts);
      const rpm = await makeRpm(folder, { name: 'acme-app', version, release: '1.el9', architecture: 'x86_64' });
      return [deb.path, rpm.path];
    };
    packages = { old: await made('1.0.0'), young: await made('1.1.0') };
    root = await debianRoot('debian-12');
    await writeFile(join(root.path, 'etc/apt/apt.conf.d/99direct'), 'Acquire::http::Proxy::127.0.0.1 "DIRECT";\n');
    const [keyFile = ''] = await root.copyIn([key.publicKeyFile], '/usr/share/keyrings');
    const source = `deb [signed-by=${keyFile}] ${server.endpoint}/packages/debian/12/$(ARCH)/ /\n`;
    // Nothing but the repository: what clients say is about it alone.
    await rm(join(root.path, 'etc/apt/sources.list.d'), { recursive: true, force: true });
    await writeFile(join(root.path, 'etc/apt/sources.list'), source);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await key[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  async function publisher(): Promise<Publisher> {
    publishers += 1;
    return makePublisher({
      directory: join(directory, `publisher-${String(publishers)}`),
      baseurl: `${server.endpoint}/packages`,
      key,
      repository: ['store: s3://packages', `endpoint: ${server.endpoint}`, 'region: us-east-1'],
      env: server.env,
    });
  }

  /** The newest version that apt would install, or what it said. */
  async function aptSees(): Promise<string> {
    const update = await root.run(['apt-get', '-o', 'Acquire::Retries=0', 'update']);
    if (update.exitCode !== 0 || /^[WE]:/m.test(update.stderr)) return `${String(update.exitCode)}: ${update.stderr}`;
    await rm(join(root.path, 'var/cache/apt/archives'), { recursive: true, force: true });
    const download = await root.run(['apt-get', '--yes', '--download-only', 'install', 'acme-app']);
    if (download.exitCode !== 0) return `${String(download.exitCode)}: ${download.stderr}`;
    return /^Inst acme-app \(([\d.]+)-/m.exec(await root.must(['apt-get', '-s', 'install', 'acme-app']))?.[1] ?? 'none';
  }

  const kept = (): string => join(directory, 'lists');

  /** A client that knows what was published first. */
  async function cachedApt(): Promise<string> {
    await rm(join(root.path, lists), { recursive: true, force: true });
    await cp(kept(), join(root.path, lists), { recursive: true, preserveTimestamps: true });
    return aptSees();
  }

  async function freshApt(): Promise<string> {
    await rm(join(root.path, lists), { recursive: true, force: true });
    return aptSees();
  }

  function openDnf(): Promise<DnfClient> {
    const url = `${server.endpoint}/packages/rocky/9/x86_64`;
    return DnfClient.open({ access: 'mirrorlist', url, keyFile: key.publicKeyFile });
  }

  /** The version that dnf would install and has downloaded, or what it said. */
  async function dnfSees(client: DnfClient): Promise<string> {
    const { exitCode, stdout, stderr } = await client.run('--downloadonly', 'install', 'acme-app');
    if (exitCode !== 0) return `${String(exitCode)}: ${stderr}`;
    return /^ acme-app +x86_64 +([\d.]+)-/m.exec(stdout)?.[1] ?? 'none';
  }

  /** Publishes the second version and is killed at a write; undefined when there are fewer writes. */
  async function killAt(at: number): Promise<string | undefined> {
    const own = await publisher();
    const child = spawn(publishCommand, [...packages.young, ...own.argv], {
      cwd: own.directory,
      env: { PATH: process.env['PATH'], HOME: directory, ...own.env },
      stdio: 'ignore',
    });
    let seen = 0;
    let written: string | undefined;
    server.fault = ({ mutation, key: name }) => {
      if (mutation === 0) return undefined;
      seen += 1;
      if (seen < at) return undefined;
      written ??= name;
      child.kill('SIGKILL');
      return { kind: seen === at ? 'drop-after' : 'drop-before' };
    };
    await new Promise((resolve) => child.on('close', resolve));
    server.fault = undefined;
    return written;
  }

  it('see the old version or the new one, fresh and cached, and the new one after the next run', async () => {
    const first = await publisher();
    expect(await first.publish(...packages.old)).toMatchObject({ exitCode: 0 });
    expect(await freshApt()).toBe('1.0.0');
    await cp(join(root.path, lists), kept(), { recursive: true, preserveTimestamps: true });
    await using dnf = await openDnf();
    expect(await dnfSees(dnf)).toBe('1.0.0');
    const recall = await dnf.remember();
    await recall();
    server.clearLog();
    expect(await dnfSees(dnf)).toBe('1.0.0');
    // It knew the index, but for the question whether there is another one.
    expect(server.requests.filter(({ key: name }) => name.endsWith('.xml.gz'))).toEqual([]);
    const restore = server.keep();

    const versions = new Set<string>();
    const writes: string[] = [];
    for (let at = 1; ; at += 1) {
      restore();
      const written = await killAt(at);
      if (written === undefined) break;
      writes.push(written);
      const where = `killed at write ${String(at)}, ${written}`;
      // A client that has seen the new version is not asked to go back: it knows nothing, or the first one.
      const apt = [await cachedApt(), await freshApt()];
      await recall();
      const cached = await dnfSees(dnf);
      await dnf.forget();
      const seen = { apt, dnf: [cached, await dnfSees(dnf)] };
      for (const version of [...seen.apt, ...seen.dnf]) {
        expect(['1.0.0', '1.1.0'], `${where}: ${JSON.stringify(seen)}`).toContain(version);
        versions.add(version);
      }
      const again = await publisher();
      const outcome = await again.publish(...packages.young);
      expect([where, outcome.exitCode, outcome.stderr]).toEqual([where, 0, expect.anything() as unknown]);
      expect([where, await cachedApt(), await dnfSees(dnf)]).toEqual([where, '1.1.0', '1.1.0']);
    }
    // Both heads were among the writes, and clients saw both sides of them.
    expect(writes).toEqual(expect.arrayContaining([`${arch}/InRelease`, 'rocky/9/x86_64/mirrorlist', 'index.html']));
    expect(versions).toEqual(new Set(['1.0.0', '1.1.0']));
    await recall();
    expect(await dnfSees(dnf)).toBe('1.1.0');
  });
});

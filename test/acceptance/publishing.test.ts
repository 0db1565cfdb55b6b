import { readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  buildPackages,
  distributionOf,
  fleetCheckout,
  packagesFor,
  workspace,
  type Workspace,
} from '../support/builds.ts';
import { makeTestKey, type TestKey } from '../support/keys.ts';
import { failureText, requireTools, run, type Outcome } from '../support/machine.ts';
import { debianRoot, describeWithRoots, type Root } from '../support/roots.ts';
import { rpmRoot, type RpmRoot } from '../support/rpm-roots.ts';
import { startS3Server, type S3Server } from '../support/s3-server.ts';

/*
 * The whole way, by commands only: the example application is built, published to a bucket, installed by apt and dnf
 * from the release package's address, upgraded, tried from the testing channel, promoted, yanked and cleaned up.
 */

const admin = join(import.meta.dirname, '../../admin');
const passphrase = 'a passphrase of the test';
const debians = ['debian-11', 'debian-12', 'debian-13'] as const;
const distributions = [...debians, 'rocky-9'] as const;
const application = ['acme-python-fleet', 'acme-fleet-cli', 'acme-fleet-node'] as const;

describeWithRoots('a repository in a bucket', () => {
  let work: Workspace;
  let server: S3Server;
  let key: TestKey;
  let project: string;
  let address: string;

  /** Runs `publish-packages` as a CI job does: without a terminal, the passphrase in a file, credentials in variables. */
  async function publish(...args: readonly string[]): Promise<Outcome> {
    return run([join(admin, 'publish-packages'), ...args], {
      cwd: project,
      env: { ...server.env, GNUPGHOME: key.gpgHome },
    });
  }

  function signing(): readonly string[] {
    return [`--passphrase-file=${join(work.path, 'passphrase')}`, `--endpoint=${server.endpoint}`];
  }

  async function mustPublish(...args: readonly string[]): Promise<string> {
    const outcome = await publish(...args, ...signing());
    if (outcome.exitCode !== 0) throw new Error(failureText(['publish-packages', ...args], outcome));
    expect(`${outcome.stdout}${outcome.stderr}`).not.toContain(passphrase);
    expect(`${outcome.stdout}${outcome.stderr}`).not.toContain(server.secretAccessKey);
    return outcome.stdout;
  }

  /** Builds a version for all distributions at once. The tag .el9 is that of several: the directory tells whose it is. */
  async function build(name: string, ...options: readonly string[]): Promise<string> {
    const destination = await work.directory(name);
    const built = await buildPackages({ uri: project, distributions, destination, options });
    const own = await work.directory(`${name}/rocky-9`);
    for (const { path } of packagesFor(built, 'rocky-9')) await rename(path, join(own, basename(path)));
    return destination;
  }

  beforeAll(async () => {
    await requireTools('gpg', 'rpmbuild', 'createrepo_c', 'dpkg-deb');
    work = await workspace();
    key = await makeTestKey({ algorithm: 'rsa3072', passphrase });
    await writeFile(join(work.path, 'passphrase'), `${passphrase}\n`, { mode: 0o600 });
    server = await startS3Server({ publicRead: true });
    address = `${server.endpoint}/packages`;
    project = await fleetCheckout(await work.directory('project'));
    const manifest = join(project, 'coachbuilder.yaml');
    const text = await readFile(manifest, 'utf8');
    const told = text.replace('baseurl: https://packages.example.com', `baseurl: ${address}`);
    expect(told).not.toBe(text);
    await writeFile(manifest, `${told}\nrepository: {store: "s3://packages", origin: Acme}\n`);
    await writeFile(join(project, 'examples/fleet/packaging/acme.asc'), key.publicKey);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await key[Symbol.asyncDispose]();
    await work[Symbol.asyncDispose]();
  });

  async function fetchFile(path: string): Promise<string> {
    const answer = await fetch(`${address}/${path}`);
    expect([path, answer.status]).toEqual([path, 200]);
    const file = join(await work.directory('fetched'), path.replaceAll('/', '_'));
    await writeFile(file, Buffer.from(await answer.arrayBuffer()));
    return file;
  }

  const roots = new Map<string, Root>();
  let el: RpmRoot;

  async function apt(id: string, ...args: readonly string[]): Promise<string> {
    const root = roots.get(id);
    if (root === undefined) throw new Error(`no root of ${id}`);
    return root.must(['apt-get', '--yes', '--no-install-recommends', ...args]);
  }

  /** dnf of this machine with what is configured in the root, whose key it would look for on this machine. */
  async function dnf(...args: readonly string[]): Promise<Outcome> {
    const keys = `file://${join(el.path, 'etc/pki/rpm-gpg/RPM-GPG-KEY-acme')}`;
    return el.beside(
      [
        ...['dnf', '--assumeyes', '--refresh', '--noplugins', `--installroot=${el.path}`, '--releasever=9'],
        ...[`--setopt=reposdir=${el.path}/etc/yum.repos.d`, `--setopt=cachedir=${el.path}/var/tmp/dnf`],
        ...['--setopt=skip_if_unavailable=False', '--setopt=install_weak_deps=False', '--forcearch=x86_64'],
        ...[`--setopt=acme.gpgkey=${keys}`, `--setopt=acme-testing.gpgkey=${keys}`],
        ...args,
      ],
      { env: { HOME: join(el.path, 'var/tmp/rpm-home') } },
    );
  }

  async function mustDnf(...args: readonly string[]): Promise<string> {
    const outcome = await dnf(...args);
    if (outcome.exitCode !== 0) throw new Error(failureText(['dnf', ...args], outcome));
    return outcome.stdout;
  }

  async function expectEverywhere(version: string, release = '1'): Promise<void> {
    for (const [id, root] of roots) {
      const { tag } = distributionOf(id);
      const { stdout } = await root.run(['dpkg-query', '--show', '--showformat=${Version} ', ...application]);
      expect([id, stdout]).toEqual([id, `${version}-${release}${tag} `.repeat(3)]);
    }
    const queried = await el.mustRpm('--query', '--queryformat', '%{VERSION}-%{RELEASE} ', ...application);
    expect(queried).toBe(`${version}-${release}.el9 `.repeat(3));
  }

  test('is told beforehand what would be written, and nothing is', async () => {
    await build('first');
    const { exitCode, stdout } = await publish('--dry-run', ...signing(), join(work.path, 'first'));
    expect(exitCode).toBe(0);
    for (const place of ['debian/12/amd64', 'debian/13/amd64', 'rocky/9/x86_64']) expect(stdout).toContain(place);
    expect(server.keys()).toEqual([]);
  });

  test('is published, and verified from outside', async () => {
    await mustPublish(join(work.path, 'first'));
    expect(server.keys().filter((name) => !name.includes('by-hash') && !name.includes('repodata/'))).toEqual(
      expect.arrayContaining([
        'acme.asc',
        'debian/acme-release.debian12.all.deb',
        'debian/12/amd64/InRelease',
        'index.html',
        'install.md',
        'repositories.json',
        'rocky/9/x86_64/mirrorlist',
        'rocky/acme-release.el9.noarch.rpm',
      ]),
    );
    await mustPublish('verify');
    // Run again, nothing is written, although rpms are signed anew each time.
    const before = server.keys();
    const again = await mustPublish('--json', join(work.path, 'first'));
    expect(server.keys()).toEqual(before);
    expect(again).toContain('unchanged');
  });

  test('gives its release package by address, and then the application by name', async () => {
    for (const id of debians) {
      const root = await debianRoot(id);
      roots.set(id, root);
      await writeFile(join(root.path, 'etc/apt/apt.conf.d/99direct'), 'Acquire::http::Proxy::127.0.0.1 "DIRECT";\n');
      const file = await fetchFile(`debian/acme-release.${id.replace('-', '')}.all.deb`);
      await apt(id, 'update');
      await apt(id, 'install', ...(await root.copyIn([file])));
      await apt(id, 'update');
      await apt(id, 'install', ...application);
    }
    const rocky = distributionOf('rocky-9');
    el = await rpmRoot(rocky, ['openssh-clients', 'system-release']);
    await el.mustRpm('--import', await fetchFile('acme.asc'));
    await mustDnf('install', `${address}/rocky/acme-release.el9.noarch.rpm`);
    await mustDnf('install', ...application);
    await expectEverywhere('1.0.0');
    for (const root of roots.values()) expect(await root.must(['fleet', '--version'])).toContain('1.0.0');
  });

  test('upgrades, and still has the version before', async () => {
    const next = join(project, 'examples/fleet/fleet/__init__.py');
    await writeFile(next, (await readFile(next, 'utf8')).replace('"1.0.0"', '"1.1.0"'));
    await mustPublish(await build('second'));
    for (const id of debians) {
      await apt(id, 'update');
      await apt(id, 'upgrade');
    }
    await mustDnf('upgrade');
    await expectEverywhere('1.1.0');

    const pinned = (tag: string, mark: string): readonly string[] =>
      application.map((name) => `${name}${mark}1.0.0-1${tag}`);
    for (const id of debians) await apt(id, 'install', '--allow-downgrades', ...pinned(distributionOf(id).tag, '='));
    await mustDnf('downgrade', ...pinned('.el9', '-'));
    await expectEverywhere('1.0.0');
  });

  test('has what is not released in the testing channel, which nobody gets unasked', async () => {
    const pre = await build('pre', '--package-version=1.2.0rc1');
    await mustPublish(pre);
    for (const id of debians) {
      await apt(id, 'update');
      await apt(id, 'upgrade');
    }
    await mustDnf('upgrade');
    await expectEverywhere('1.1.0');
    await mustDnf('upgrade', '--enablerepo=acme-testing');
    expect(await el.mustRpm('--query', '--queryformat', '%{VERSION}', 'acme-fleet-cli')).toMatch(/^1\.2\.0/);
    expect(server.keys().filter((name) => name.startsWith('debian-testing/12/amd64/acme-fleet-cli'))).toHaveLength(1);
  });

  test('promotes the same bytes from testing to stable', async () => {
    await mustPublish('--channel=testing', await build('third', '--package-version=1.2.0'));
    await mustPublish('promote', ...application.map((name) => `${name}=1.2.0`));
    const files = server.keys().filter((name) => /^(?:debian|rocky)\/.*1\.2\.0-1/.test(name));
    expect(files).toHaveLength(12);
    for (const name of files) {
      const source = name.replace(/^(debian|rocky)/, '$1-testing');
      // Of megabytes, expect() would look at each byte by itself.
      const [copied, original] = [server.object(name)?.bytes, server.object(source)?.bytes];
      expect([name, original !== undefined && copied?.equals(original)]).toEqual([name, true]);
    }
    for (const id of debians) {
      await apt(id, 'update');
      await apt(id, 'upgrade');
    }
    await mustDnf('upgrade');
    await expectEverywhere('1.2.0');
  });

  test('yanks what should not be installed any more, and sweeps it later', async () => {
    await mustPublish('yank', ...application.map((name) => `${name}=1.2.0`), '--channel=stable');
    await mustPublish('verify');
    const root = roots.get('debian-12');
    await apt('debian-12', 'update');
    expect((await root?.must(['apt-cache', 'madison', 'acme-fleet-cli'])) ?? '').not.toContain('1.2.0');
    expect(
      await mustDnf('--quiet', 'repoquery', '--repo=acme', '--queryformat=%{version}', 'acme-fleet-cli'),
    ).not.toContain('1.2.0');
    // Everything is younger than the grace.
    const before = server.keys();
    await mustPublish('gc');
    expect(server.keys()).toEqual(before);
  });

  test('is not believed when somebody else has written to it', async () => {
    const [deb = ''] = server.keys().filter((name) => /^debian\/12\/amd64\/acme-fleet-cli_1\.1\.0/.test(name));
    const good = server.object(deb)?.bytes;
    if (good === undefined) throw new Error(`there is no ${deb}`);
    server.tamper(deb, Buffer.concat([good, Buffer.from('x')]));
    const { exitCode, stdout, stderr } = await publish('verify', ...signing());
    expect(exitCode).toBe(1);
    expect(`${stdout}${stderr}`).toContain(deb.split('/').at(-1));
    // What the application was before, so that each package has to be fetched again.
    const older = application.map((name) => `${name}=1.1.0-1+debian12`);
    const install = ['apt-get', 'install', '--yes', '--allow-downgrades', '--no-install-recommends', ...older];
    const root = roots.get('debian-12');
    await root?.must(['apt-get', 'clean']);
    const client = await root?.run(install);
    expect(client?.exitCode).toBe(100);
    expect(client?.stderr).toMatch(/Hash Sum mismatch|unexpected size/);
    server.tamper(deb, good);
    await root?.must(install);
    await mustPublish('verify');
  });
});

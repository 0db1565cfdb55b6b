import { createServer, type Server } from 'node:http';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { failureText, mustRun, requireTools, type Outcome } from '../support/machine.ts';
import { debianRoot, describeWithRoots, type DebianRelease, type Root } from '../support/roots.ts';

/*
 * A repository changes its key by way of its release package: version 1 has the old key, 2 both, 3 the new one. The
 * repositories are made here, of apt-ftparchive, createrepo_c and gpg; nothing of ours but the release packages.
 */

const command = join(import.meta.dirname, '../../admin/build-release-package');
// Short: gpg's sockets lie below it.
const directory = mkdtempSync(join(tmpdir(), 'cbrel-'));
const web = join(directory, 'web');
const gpgHome = join(directory, 'gpg');
const project = join(directory, 'project');
const env = { GNUPGHOME: gpgHome };

const releases = {
  '1': ['old'],
  '2': ['old', 'new'],
  '3': ['new'],
} as const satisfies Record<string, readonly KeyName[]>;
type Version = keyof typeof releases;
type KeyName = 'old' | 'new';
const fingerprints = { old: '', new: '' };

let server: Server;
let address = '';

async function gpg(...args: readonly string[]): Promise<Outcome> {
  return mustRun(['gpg', '--batch', '--yes', '--quiet', '--pinentry-mode=loopback', '--passphrase=', ...args], { env });
}

async function makeKey(name: KeyName): Promise<void> {
  const person = `${name}@example.com`;
  await gpg('--quick-generate-key', `The ${name} key <${person}>`, 'rsa3072', 'sign', 'never');
  const { stdout } = await gpg('--with-colons', '--list-keys', person);
  fingerprints[name] = /^fpr:+([0-9A-F]{40}):/m.exec(stdout)?.[1] ?? '';
}

function serve(request: { readonly url?: string | undefined }): Buffer | undefined {
  const path = join(web, decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(path) : undefined;
}

/** Builds a version of the release package for all distributions of the test; returns the directory. */
async function buildRelease(version: Version): Promise<string> {
  const keys: string[] = [];
  for (const name of releases[version]) keys.push((await gpg('--armor', '--export', fingerprints[name])).stdout);
  writeFileSync(join(project, 'acme.asc'), keys.join(''));
  const output = join(directory, `release-${version}`);
  const manifest = [
    'name: acme',
    'vendor: Acme',
    'maintainer: Acme Packaging <packaging@example.com>',
    'license: Apache-2.0',
    'url: https://example.com/acme',
    'package-prefix: acme',
    // The last one has another definition, too: what an administrator has edited meets what is new.
    `release: {id: acme, name: ${version === '3' ? 'Acme packages' : 'Acme'}, baseurl: "${address}", key: acme.asc, version: "${version}"}`,
    `repository: {signing-key: ${fingerprints[releases[version][0]]}}`,
    '',
  ].join('\n');
  writeFileSync(join(project, 'coachbuilder.yaml'), manifest);
  await mustRun([
    command,
    '--distribution=debian-11,debian-12,debian-13,centos-7',
    '--lint=off',
    '-d',
    output,
    project,
  ]);
  return output;
}

function debOf(version: Version, release: DebianRelease): string {
  return join(directory, `release-${version}`, `acme-release_${version}-1+${release.replace('-', '')}_all.deb`);
}

function rpmOf(version: Version): string {
  return join(directory, `release-${version}`, `acme-release-${version}-1.el7.noarch.rpm`);
}

async function makeDeb(name: string, version: string, output: string): Promise<void> {
  const root = join(directory, 'deb');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(join(root, 'DEBIAN'), { recursive: true });
  const control = [`Package: ${name}`, `Version: ${version}`, 'Architecture: all', 'Maintainer: T <t@example.com>'];
  writeFileSync(join(root, 'DEBIAN/control'), [...control, 'Description: of a test', ''].join('\n'));
  await mustRun(['dpkg-deb', '--root-owner-group', '--build', root, output]);
}

async function makeRpm(name: string, version: string, output: string): Promise<void> {
  const topdir = join(directory, 'rpmbuild');
  const spec = join(directory, 'x.spec');
  const header = [
    `Name: ${name}`,
    `Version: ${version}`,
    'Release: 1',
    'Summary: x',
    'License: MIT',
    'BuildArch: noarch',
  ];
  writeFileSync(spec, [...header, '%description', 'x', '%files', ''].join('\n'));
  await mustRun(['rpmbuild', '-bb', '--define', `_topdir ${topdir}`, spec]);
  copyFileSync(join(topdir, `RPMS/noarch/${name}-${version}-1.noarch.rpm`), output);
}

/** Indexes a flat repository and signs it with keys. */
async function indexApt(place: string, signers: readonly KeyName[]): Promise<void> {
  for (const name of ['Packages', 'Release', 'InRelease']) rmSync(join(place, name), { force: true });
  const packages = await mustRun(['apt-ftparchive', 'packages', '.'], { cwd: place });
  writeFileSync(join(place, 'Packages'), packages.stdout.replaceAll('Filename: ./', 'Filename: '));
  const release = await mustRun(['apt-ftparchive', '-o', 'APT::FTPArchive::Release::Origin=Acme', 'release', '.'], {
    cwd: place,
  });
  writeFileSync(join(directory, 'Release'), release.stdout);
  const by = signers.flatMap((name) => ['--local-user', fingerprints[name]]);
  await gpg(...by, '--digest-algo=SHA512', '--clearsign', '-o', join(place, 'InRelease'), join(directory, 'Release'));
}

async function signRpm(path: string, signer: KeyName): Promise<void> {
  const define = (name: string, value: string): [string, string] => ['--define', `${name} ${value}`];
  await mustRun(
    [
      'rpmsign',
      '--addsign',
      ...define('_gpg_name', fingerprints[signer]),
      ...define('__gpg', '/usr/bin/gpg'),
      ...define('_gpg_digest_algo', 'sha256'),
      ...define('_gpg_sign_cmd_extra_args', '--batch --pinentry-mode loopback --passphrase='),
      path,
    ],
    { env },
  );
}

async function indexYum(place: string, signer: KeyName): Promise<void> {
  await mustRun(['createrepo_c', '--quiet', '--general-compress-type=gz', place]);
  const repomd = join(place, 'repodata/repomd.xml');
  await gpg('--local-user', fingerprints[signer], '--armor', '--detach-sign', '-o', `${repomd}.asc`, repomd);
}

beforeAll(async () => {
  await requireTools('gpg', 'dpkg-deb', 'rpmbuild', 'createrepo_c');
  for (const path of [web, project]) mkdirSync(path);
  mkdirSync(gpgHome, { mode: 0o700 });
  server = createServer((request, response) => {
    const content = serve(request);
    // S3 says 403 where it says anything but the content.
    response.writeHead(content === undefined ? 403 : 200, { 'cache-control': 'no-cache' }).end(content);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  await makeKey('old');
  await makeKey('new');
  for (const version of ['1', '2', '3'] as const) await buildRelease(version);
}, 240_000);

afterAll(async () => {
  await mustRun(['gpgconf', '--kill', 'all'], { env });
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

/** What an edited definition says at its end. */
const edit = '# An administrator was here.\n';

describeWithRoots('a release package for apt', () => {
  /** The root's only sources are what the release package brings. */
  async function openRoot(release: DebianRelease): Promise<Root> {
    const root = await debianRoot(release);
    rmSync(join(root.path, 'etc/apt/sources.list'), { force: true });
    await root.must(['sh', '-c', 'rm -f /etc/apt/sources.list.d/*']);
    return root;
  }

  const update = (root: Root): Promise<Outcome> =>
    root.run(['apt-get', '-o', 'Acquire::Retries=0', '-o', 'APT::Update::Error-Mode=any', 'update']);
  const install = (root: Root, ...names: readonly string[]): Promise<string> =>
    root.must(['apt-get', 'install', '--yes', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0', ...names]);
  async function accepts(root: Root): Promise<boolean> {
    const outcome = await update(root);
    if (outcome.exitCode !== 0 && !/NO_PUBKEY|not signed|Missing key/.test(`${outcome.stdout}${outcome.stderr}`))
      throw new Error(failureText(['apt-get', 'update'], outcome));
    return outcome.exitCode === 0;
  }

  it.each(['debian-11', 'debian-12', 'debian-13'] as const)(
    'on %s brings the key, changes it when it is upgraded, keeps what was edited, and leaves nothing',
    async (release) => {
      await using root = await openRoot(release);
      const place = join(web, 'debian', release.replace('debian-', ''), 'amd64');
      mkdirSync(place, { recursive: true });
      await makeDeb('acme-hello', '1', join(place, 'acme-hello_1_all.deb'));
      const sources =
        release === 'debian-11' ? '/etc/apt/sources.list.d/acme.list' : '/etc/apt/sources.list.d/acme.sources';
      const keyring = '/usr/share/keyrings/acme-archive-keyring.asc';

      await install(root, ...(await root.copyIn([debOf('1', release)])));
      for (const path of [sources, keyring]) expect(statSync(join(root.path, path)).mode & 0o777).toBe(0o644);
      appendFileSync(join(root.path, sources), edit);
      const edited = await root.readText(sources);
      await indexApt(place, ['new']);
      expect(await accepts(root)).toBe(false);
      await indexApt(place, ['old']);
      expect(await accepts(root)).toBe(true);
      await install(root, 'acme-hello');

      copyFileSync(debOf('2', release), join(place, 'acme-release_2_all.deb'));
      await indexApt(place, ['old']);
      expect(await accepts(root)).toBe(true);
      await install(root, 'acme-release');
      // Both blocks of the key count, whichever is first.
      for (const signers of [['old'], ['new'], ['old', 'new']] as const) {
        await indexApt(place, signers);
        expect(await accepts(root)).toBe(true);
      }

      copyFileSync(debOf('3', release), join(place, 'acme-release_3_all.deb'));
      await indexApt(place, ['new']);
      expect(await accepts(root)).toBe(true);
      await install(root, '-o', 'Dpkg::Options::=--force-confold', 'acme-release');
      expect(root.filesBelow('/etc/apt/sources.list.d')).toEqual([basename(sources), `${basename(sources)}.dpkg-dist`]);
      expect(await accepts(root)).toBe(true);
      await indexApt(place, ['old']);
      expect(await accepts(root)).toBe(false);

      expect(await root.must(['dpkg-query', '--show', '--showformat=${Version}', 'acme-release'])).toMatch(/^3-1\+/);
      expect(await root.readText(sources)).toBe(edited);
      await root.must(['apt-get', 'purge', '--yes', 'acme-release']);
      expect(root.filesBelow('/etc/apt/sources.list.d')).toEqual([]);
      expect(root.exists(keyring)).toBe(false);
      expect(root.exists('/usr/share/doc/acme-release')).toBe(false);
    },
    240_000,
  );
});

describeWithRoots('a release package for dnf', () => {
  const dnf = (root: Root, ...args: readonly string[]): Promise<Outcome> =>
    root.run([
      'dnf',
      '--assumeyes',
      '--refresh',
      '--releasever=7',
      '--forcearch=x86_64',
      '--setopt=skip_if_unavailable=0',
      '--setopt=*.skip_if_unavailable=0',
      '--setopt=retries=1',
      ...args,
    ]);
  async function must(root: Root, ...args: readonly string[]): Promise<void> {
    const outcome = await dnf(root, ...args);
    if (outcome.exitCode !== 0) throw new Error(failureText(['dnf', ...args], outcome));
  }

  it('brings the key, changes it when it is upgraded, keeps what was edited, and leaves nothing', async () => {
    await using root = await debianRoot('debian-12', ['dnf', 'gpg', 'rpm']);
    const place = join(web, 'centos/7/x86_64');
    mkdirSync(place, { recursive: true });
    // The address of flocker's documents: s3://clusterhq-archive/centos/clusterhq-release.el7.noarch.rpm.
    const stable = 'centos/acme-release.el7.noarch.rpm';
    copyFileSync(rpmOf('1'), join(web, stable));
    writeFileSync(join(place, 'mirrorlist'), `${address}/centos/7/x86_64/\n`);
    const publish = async (name: string, signer: KeyName): Promise<void> => {
      await makeRpm(name, '1', join(place, `${name}.rpm`));
      await signRpm(join(place, `${name}.rpm`), signer);
      await indexYum(place, signer);
    };
    const definition = '/etc/yum.repos.d/acme.repo';
    const key = '/etc/pki/rpm-gpg/RPM-GPG-KEY-acme';

    await must(root, 'install', `${address}/${stable}`);
    for (const path of [definition, key]) expect(statSync(join(root.path, path)).mode & 0o777).toBe(0o644);
    appendFileSync(join(root.path, definition), edit);
    const edited = await root.readText(definition);
    expect(edited).toContain(`mirrorlist=${address}/centos/$releasever/$basearch/mirrorlist\n`);
    await publish('acme-one', 'new');
    const refused = await dnf(root, 'install', 'acme-one');
    expect(`${refused.stdout}${refused.stderr}`).toContain('Bad GPG signature');
    expect(refused.exitCode).not.toBe(0);
    await publish('acme-one', 'old');
    await must(root, 'install', 'acme-one');

    copyFileSync(rpmOf('2'), join(place, 'acme-release.rpm'));
    await signRpm(join(place, 'acme-release.rpm'), 'old');
    await indexYum(place, 'old');
    await must(root, 'upgrade', 'acme-release');
    await publish('acme-two', 'new');
    await must(root, 'install', 'acme-two');

    copyFileSync(rpmOf('3'), join(place, 'acme-release.rpm'));
    await signRpm(join(place, 'acme-release.rpm'), 'new');
    await indexYum(place, 'new');
    await must(root, 'upgrade', 'acme-release');
    await publish('acme-three', 'new');
    await must(root, 'install', 'acme-three');

    // dnf keeps what it has imported: it is for the administrator to take an old key away.
    await publish('acme-four', 'old');
    await must(root, 'install', 'acme-four');

    expect(await root.must(['rpm', '-q', 'acme-release'])).toBe('acme-release-3-1.el7.noarch\n');
    expect(await root.readText(definition)).toBe(edited);
    expect(root.filesBelow('/etc/yum.repos.d')).toEqual(['acme.repo', 'acme.repo.rpmnew']);
    expect(await root.readText('/etc/yum.repos.d/acme.repo.rpmnew')).toContain('\nname=Acme packages for CentOS ');
    expect(root.filesBelow('/etc/pki/rpm-gpg')).toEqual(['RPM-GPG-KEY-acme']);
    await must(root, 'remove', '--disablerepo=*', 'acme-release');
    expect(root.exists(key)).toBe(false);
    expect(root.exists(definition)).toBe(false);
    // rpm keeps what an administrator has edited under a name that dnf does not read.
    expect(root.filesBelow('/etc/yum.repos.d')).toEqual(['acme.repo.rpmnew', 'acme.repo.rpmsave']);
  }, 300_000);
});

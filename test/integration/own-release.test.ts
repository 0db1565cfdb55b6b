import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { listing, openCommandLine, writeFiles, type CommandLine } from '../support/command-line.ts';
import { mustRun, requireTools, type Outcome } from '../support/machine.ts';

const manifest = [
  'name: flocker',
  'vendor: ClusterHQ',
  'maintainer: ClusterHQ <packaging@example.com>',
  'license: Apache-2.0',
  'package-prefix: clusterhq',
  'release: {id: clusterhq, baseurl: "https://packages.example.com"}',
  '',
].join('\n');

// The facts of flocker's own package (seed-systems.md, 2.8): name, version, release, licence, texts, one file.
const header = [
  'Name: clusterhq-release',
  'Version: 1',
  'Release: 7%{?dist}',
  'Summary: ClusterHQ Repository Configuration',
  'License: ASL 2.0',
  'URL: https://clusterhq.com/',
  'Source0: clusterhq.repo',
  'BuildArch: noarch',
];
const body = [
  '%description',
  'ClusterHQ repository for CentOS',
  '%install',
  'cd %{_sourcedir}',
  'mkdir -p $RPM_BUILD_ROOT/etc/yum.repos.d',
  'install -m 644 clusterhq.repo $RPM_BUILD_ROOT/etc/yum.repos.d',
];
const files = ['%files', '%config(noreplace) /etc/yum.repos.d/clusterhq.repo'];
const repo = '[clusterhq]\nname=ClusterHQ for CentOS $releasever\n';

const spec = (...lines: readonly string[]): string => `${lines.join('\n')}\n`;
const goodSpec = spec(...header, ...body, ...files);

const control = [
  'Package: clusterhq-release',
  'Version: 2:1.5-3',
  'Architecture: all',
  'Maintainer: ClusterHQ <packaging@example.com>',
  'Description: ClusterHQ Repository Configuration',
  '',
].join('\n');

let line: CommandLine;
let project: string;

beforeAll(async () => {
  await requireTools('rpmbuild', 'dpkg-deb');
  line = await openCommandLine();
}, 120_000);
afterAll(async () => {
  await line[Symbol.asyncDispose]();
});
beforeEach(() => {
  project = line.newDirectory('project');
  writeFileSync(join(project, 'coachbuilder.yaml'), manifest);
});

function write(texts: Readonly<Record<string, string>>): void {
  writeFiles(join(project, 'release-packaging'), texts);
}

async function build(distributions: string, ...more: readonly string[]): Promise<Outcome & { output: string }> {
  const output = join(project, 'dist');
  const args = [`--distribution=${distributions}`, '-d', output, ...more, project];
  return { ...(await line.run(args, { command: 'build-release-package' })), output };
}

const written = (output: string): readonly string[] => (existsSync(output) ? listing(output) : []);

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('a spec of the project itself', () => {
  it('makes what it made by hand, with the tag of each distribution, twice the same', async () => {
    write({ 'centos/clusterhq-release.spec': goodSpec, 'centos/clusterhq.repo': repo });
    // Modes and owners of the checkout do not matter: the spec installs it.
    chmodSync(join(project, 'release-packaging/centos/clusterhq.repo'), 0o600);
    const before = listing(join(project, 'release-packaging'));
    const dry = await build('centos-7,rocky-9', '--dry-run');
    expect(dry.stdout).toBe('clusterhq-release-1-7.el7.noarch.rpm\nclusterhq-release-1-1.el9.noarch.rpm\n');
    const { exitCode, stderr, stdout, output } = await build('centos-7,rocky-9');
    expect(stderr).not.toContain('error');
    expect(exitCode).toBe(0);
    const rpm = join(output, 'clusterhq-release-1-7.el7.noarch.rpm');
    // Rocky's is no directory here, so that one is made of the manifest.
    expect(stdout).toBe(`${rpm}\n${join(output, 'clusterhq-release-1-1.el9.noarch.rpm')}\n`);
    expect(listing(join(project, 'release-packaging'))).toEqual(before);

    const query = async (...args: readonly string[]): Promise<readonly string[]> =>
      (await mustRun(['rpm', '-qp', '--nosignature', ...args, rpm])).stdout.trim().split('\n');
    expect(await query('--provides')).toEqual(['clusterhq-release = 1-7.el7', 'config(clusterhq-release) = 1-7.el7']);
    expect((await query('--requires')).map((text) => text.replace(/ <= .*/, ''))).toEqual([
      'config(clusterhq-release) = 1-7.el7',
      'rpmlib(CompressedFileNames)',
      'rpmlib(FileDigests)',
      'rpmlib(PayloadFilesHavePrefix)',
    ]);
    const format =
      '[%{FILENAMES} %{FILEFLAGS:fflags} %{FILEMODES:perms} %{FILEUSERNAME}\\n]%{SUMMARY}\\n%{DESCRIPTION}\\n';
    expect(await query('--queryformat', format)).toEqual([
      '/etc/yum.repos.d/clusterhq.repo cn -rw-r--r-- root',
      'ClusterHQ Repository Configuration',
      'ClusterHQ repository for CentOS',
    ]);
    expect(await query('--queryformat', '%{BUILDHOST} %{PACKAGER} %{LICENSE}')).toEqual(['localhost (none) ASL 2.0']);

    const first = sha256(rpm);
    rmSync(output, { recursive: true });
    expect((await build('centos-7')).exitCode).toBe(0);
    expect(sha256(rpm)).toBe(first);
  }, 60_000);

  it('knows the macros of its distribution, and sources that are links', async () => {
    write({
      'rocky/x.spec': spec(...header, ...body, ...files).replace(
        'ClusterHQ repository for CentOS',
        'for %{?rhel}%{?dist}',
      ),
      'shared.repo': repo,
    });
    symlinkSync('../shared.repo', join(project, 'release-packaging/rocky/clusterhq.repo'));
    const { output, exitCode } = await build('rocky-8,rocky-9', '--json');
    expect(exitCode).toBe(0);
    const rpm = join(output, 'clusterhq-release-1-7.el8.noarch.rpm');
    expect((await mustRun(['rpm', '-qp', '--nosignature', '--qf', '%{DESCRIPTION}', rpm])).stdout).toBe('for 8.el8');
  }, 60_000);

  const refusals: Readonly<
    Record<string, readonly [text: Readonly<Record<string, string>>, ...words: readonly string[]]>
  > = {
    'without a spec': [{ 'centos/clusterhq.repo': repo }, 'release-packaging/centos has no spec'],
    'with two specs': [
      { 'centos/a.spec': goodSpec, 'centos/b.spec': goodSpec },
      'release-packaging/centos has more than one spec',
      'a.spec',
      'b.spec',
    ],
    'that makes nothing': [
      { 'centos/a.spec': spec(...header, ...body), 'centos/clusterhq.repo': repo },
      'release-packaging/centos/a.spec makes no package',
    ],
    'that makes two packages': [
      {
        'centos/a.spec': spec(
          ...header,
          '%package extra',
          'Summary: x',
          '%description extra',
          'x',
          ...body,
          ...files,
          '%files extra',
        ),
        'centos/clusterhq.repo': repo,
      },
      'release-packaging/centos/a.spec makes 2 packages',
      'clusterhq-release-extra',
    ],
    'of another name': [
      { 'centos/a.spec': goodSpec.replace('Name: clusterhq-release', 'Name: acme'), 'centos/clusterhq.repo': repo },
      'a.spec makes the package "acme", and the manifest\'s is "clusterhq-release"',
      'package-name: acme',
    ],
    'for one architecture': [
      { 'centos/a.spec': goodSpec.replace('BuildArch: noarch\n', ''), 'centos/clusterhq.repo': repo },
      'a.spec makes a package for ',
      'BuildArch: noarch',
    ],
    'with an error': [
      { 'centos/a.spec': goodSpec.replace('Version: 1', 'Versoin: 1'), 'centos/clusterhq.repo': repo },
      'rpmspec cannot build ',
      'release-packaging/centos/a.spec',
      'Unknown tag: Versoin: 1',
    ],
    'without its source': [
      { 'centos/a.spec': goodSpec },
      'rpmbuild cannot build ',
      "install: cannot stat 'clusterhq.repo': No such file or directory",
      'error: Bad exit status from ',
      'release-packaging/centos/a.spec (%install)',
    ],
    'without a source that rpmbuild unpacks': [
      { 'centos/a.spec': goodSpec.replace('%install', '%prep\n%setup -q\n%install') },
      'rpmbuild cannot build ',
      'release-packaging/centos/clusterhq.repo',
      'No such file or directory',
    ],
    'whose section fails': [
      { 'centos/a.spec': goodSpec.replace('mkdir -p', 'mkdirx -p'), 'centos/clusterhq.repo': repo },
      'rpmbuild cannot build ',
      'mkdirx',
      'not found',
      '(%install)',
    ],
  };
  it.each(Object.entries(refusals))('%s is refused, and nothing is written', async (_, [texts, ...words]) => {
    write(texts);
    const { exitCode, stdout, stderr, output } = await build('debian-12,centos-7');
    expect(exitCode).toBe(1);
    for (const word of words) expect(stderr).toContain(word);
    expect(stderr).not.toMatch(/coachbuilder-release\w*|SOURCES/);
    expect(stdout).not.toContain('.rpm');
    expect(written(output).filter((name) => !name.endsWith('.deb'))).toEqual([]);
  });

  it('is refused beside what cannot be copied', async () => {
    write({ 'centos/a.spec': goodSpec, 'centos/clusterhq.repo': repo });
    const other = join(project, 'release-packaging/centos/other');
    symlinkSync('nowhere', other);
    const broken = await build('centos-7');
    expect([broken.exitCode, broken.stderr]).toEqual([
      1,
      expect.stringContaining(`${other} is a link that leads nowhere`),
    ]);
    rmSync(other);
    await mustRun(['mkfifo', other]);
    const pipe = await build('centos-7');
    expect([pipe.exitCode, pipe.stderr]).toEqual([
      1,
      expect.stringContaining(`${other} is a pipe, a socket or a device`),
    ]);
  });
});

describe('a tree of the project itself', () => {
  it('is packed as it stands, with the modes of a package', async () => {
    const script = '#!/bin/sh\nset -e\n';
    write({
      'debian/DEBIAN/control': control,
      'debian/DEBIAN/conffiles': '/etc/apt/sources.list.d/clusterhq.sources\n',
      'debian/DEBIAN/postinst': script,
      'debian/etc/apt/sources.list.d/clusterhq.sources': 'Types: deb\n',
      'debian/usr/share/keyrings/clusterhq.asc': 'key\n',
    });
    const tree = join(project, 'release-packaging/debian');
    for (const path of ['usr/share/keyrings/clusterhq.asc', 'DEBIAN/postinst']) chmodSync(join(tree, path), 0o600);
    chmodSync(join(tree, 'usr'), 0o700);
    const { exitCode, output, stdout } = await build('debian-11,debian-12', '--json');
    expect(exitCode).toBe(0);
    const rows = JSON.parse(stdout) as readonly { path: string; version: string; release: string }[];
    const name = 'clusterhq-release_1.5-3_all.deb';
    expect(rows.map(({ path }) => path)).toEqual([join(output, 'debian-11', name), join(output, 'debian-12', name)]);
    expect(rows[0]).toMatchObject({ name: 'clusterhq-release', version: '1.5', release: '3', architecture: 'all' });
    const [deb = '', other = ''] = rows.map(({ path }) => path);
    expect(sha256(deb)).toBe(sha256(other));
    expect((await mustRun(['dpkg-deb', '--field', deb, 'Version'])).stdout).toBe('2:1.5-3\n');
    const contents = (await mustRun(['dpkg-deb', '--contents', deb])).stdout;
    expect(contents).toMatch(/^-rw-r--r-- root\/root .* 2020-01-01 00:00 \.\/usr\/share\/keyrings\/clusterhq.asc$/m);
    expect(contents).toMatch(/^drwxr-xr-x root\/root .* \.\/usr\/$/m);
    expect((await mustRun(['dpkg-deb', '--info', deb, 'postinst'])).stdout).toBe(script);
    expect((await mustRun(['dpkg-deb', '--info', deb])).stdout).toMatch(/postinst +#!\/bin\/sh/);
  }, 60_000);

  it.each([
    ['without DEBIAN/control', { 'debian/clusterhq.sources': '' }, ['release-packaging/debian has no DEBIAN/control']],
    [
      'of another name',
      { 'debian/DEBIAN/control': control.replace('clusterhq', 'acme') },
      ['makes the package "acme-release", and the manifest\'s is "clusterhq-release"'],
    ],
    [
      'for one architecture',
      { 'debian/DEBIAN/control': control.replace('all', 'amd64') },
      ['makes a package for amd64', 'Architecture: all'],
    ],
    [
      'with an error',
      { 'debian/DEBIAN/control': control.replace('Maintainer:', 'Maintainer') },
      ['dpkg-deb cannot build ', 'release-packaging/debian/DEBIAN/control', "'Maintainer' must be followed by colon"],
    ],
    [
      'without a version',
      { 'debian/DEBIAN/control': control.replace('Version: 2:1.5-3\n', '') },
      ['release-packaging/debian/DEBIAN/control has no version'],
    ],
  ])('%s is refused, and nothing is written', async (_, texts, words) => {
    write(texts);
    const { exitCode, stderr, output } = await build('debian-12');
    expect(exitCode).toBe(1);
    for (const word of words) expect(stderr).toContain(word);
    expect(stderr).not.toMatch(/coachbuilder-release\w*|SOURCES/);
    expect(written(output)).toEqual([]);
  });
});

describe('build-package', () => {
  it('builds it beside the application, and again when it has changed', async () => {
    const checkout = line.project(
      { name: 'hello', version: '1.0' },
      {
        'coachbuilder.yaml': manifest.replace('name: flocker\n', ''),
        'release-packaging/centos/clusterhq-release.spec': goodSpec,
        'release-packaging/centos/clusterhq.repo': repo,
      },
    );
    const output = join(checkout, '../dist-own');
    mkdirSync(output);
    const args = ['--distribution=centos-7', '-d', output, '--resume', checkout];
    const first = await line.run(args);
    expect(first.stderr).not.toContain('error');
    const rpm = join(output, 'clusterhq-release-1-7.el7.noarch.rpm');
    expect(first.stdout).toContain(`${rpm}\n`);
    expect(first.exitCode).toBe(0);
    const before = sha256(rpm);
    writeFileSync(join(checkout, 'release-packaging/centos/clusterhq.repo'), `${repo}enabled=1\n`);
    const second = await line.run([...args, '--force']);
    expect(second.exitCode).toBe(0);
    expect(sha256(rpm)).not.toBe(before);
  }, 120_000);
});

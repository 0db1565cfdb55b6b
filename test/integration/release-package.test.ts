import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openCommandLine, type CommandLine } from '../support/command-line.ts';
import { mustRun, requireTools, type Outcome } from '../support/machine.ts';

const keys = join(import.meta.dirname, '../unit/formats/release/keys');
const old = readFileSync(join(keys, 'old.asc'), 'utf8');
const renewed = readFileSync(join(keys, 'new.asc'), 'utf8');
// gpg --with-colons --list-keys
const fingerprints = ['E66E5CF78785DBDE8D9ED12651041E0779D27EE7', '52688C45038C8622F239822E90AC72D8D2C67085'];

function manifest(more = ''): string {
  return [
    'name: hello',
    'vendor: Acme',
    'maintainer: Acme Packaging <packaging@example.com>',
    'license: Apache-2.0',
    'package-prefix: acme',
    'release: {id: acme, baseurl: "https://packages.example.com", key: acme.asc}',
    more,
  ].join('\n');
}

let line: CommandLine;
let project: string;

beforeAll(async () => {
  await requireTools('rpmbuild', 'dpkg-deb', 'gpg');
  line = await openCommandLine();
  project = line.newDirectory('project');
}, 120_000);
afterAll(async () => {
  await line[Symbol.asyncDispose]();
});

async function build(distributions: string, output: string): Promise<Outcome> {
  return line.run([`--distribution=${distributions}`, '-d', output, project], { command: 'build-release-package' });
}

/** The fingerprints of the primary keys in a file, as gpg reads it. */
async function fingerprintsIn(path: string): Promise<readonly string[]> {
  const env = { GNUPGHOME: line.newDirectory('gpg') };
  const { stdout } = await mustRun(['gpg', '--batch', '--with-colons', '--show-keys', path], { env });
  return [...stdout.matchAll(/^pub:.*\n(?:fpr:+)([0-9A-F]{40}):/gm)].map((match) => match[1] ?? '');
}

describe('a release package', () => {
  it('has the keys apart from what is an administrator’s to change, in rpm', async () => {
    writeFileSync(join(project, 'coachbuilder.yaml'), manifest('repository: {}\n'));
    // As other systems and people write files: a remark, and carriage returns.
    writeFileSync(join(project, 'acme.asc'), `The keys of Acme.\n\n${old}${renewed}`.replaceAll('\n', '\r\n'));
    const output = line.newDirectory('rpm');
    expect((await build('centos-7', output)).exitCode).toBe(0);
    const rpm = join(output, 'acme-release-1-1.el7.noarch.rpm');
    const format = '[%{FILENAMES} %{FILEFLAGS:fflags} %{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME}\\n]';
    const { stdout } = await mustRun(['rpm', '-qp', '--nosignature', '--queryformat', format, rpm]);
    expect(stdout.split('\n').filter((text) => text.startsWith('/etc'))).toEqual([
      '/etc/pki/rpm-gpg/RPM-GPG-KEY-acme  -rw-r--r-- root:root',
      '/etc/yum.repos.d/acme.repo cn -rw-r--r-- root:root',
    ]);
    const root = line.newDirectory('root');
    await mustRun(['sh', '-c', 'rpm2cpio "$1" | cpio -idm --quiet', 'sh', rpm], { cwd: root });
    const key = join(root, 'etc/pki/rpm-gpg/RPM-GPG-KEY-acme');
    expect(await fingerprintsIn(key)).toEqual(fingerprints);
    expect(readFileSync(key, 'latin1').match(/BEGIN PGP/g)).toHaveLength(2);
    expect(readFileSync(join(root, 'etc/yum.repos.d/acme.repo'), 'utf8')).toContain(
      'mirrorlist=https://packages.example.com/centos/$releasever/$basearch/mirrorlist\n',
    );
  }, 60_000);

  it.each([
    ['debian-12', 'acme.sources', 'usr/share/keyrings/acme-archive-keyring.asc', 'debian12', []],
    ['ubuntu-16.04', 'acme.list', 'usr/share/keyrings/acme-archive-keyring.gpg', 'ubuntu16.04', []],
    // Its apt looks for keys nowhere else, and what is below /etc is a conffile (Debian Policy 10.7.2).
    ['ubuntu-14.04', 'acme.list', 'etc/apt/trusted.gpg.d/acme.gpg', 'ubuntu14.04', ['/etc/apt/trusted.gpg.d/acme.gpg']],
  ])(
    'has them in %s, too, in a form that its apt reads',
    async (id, definition, keyring, tag, more) => {
      writeFileSync(join(project, 'coachbuilder.yaml'), manifest('repository: {layout: classic}\n'));
      writeFileSync(join(project, 'acme.asc'), `${old}${renewed}`);
      const output = line.newDirectory(id);
      expect((await build(id, output)).exitCode).toBe(0);
      const deb = join(output, `acme-release_1-1+${tag}_all.deb`);
      const conffiles = (await mustRun(['dpkg-deb', '--info', deb, 'conffiles'])).stdout.trim().split('\n').sort();
      expect(conffiles).toEqual([`/etc/apt/sources.list.d/${definition}`, ...more].sort());
      const listed = (await mustRun(['dpkg-deb', '--contents', deb])).stdout.split('\n');
      for (const path of [keyring, `etc/apt/sources.list.d/${definition}`])
        expect(listed.find((text) => text.endsWith(` ./${path}`))).toMatch(/^-rw-r--r-- root\/root /);
      const root = line.newDirectory('root');
      await mustRun(['dpkg-deb', '--extract', deb, root]);
      expect(await fingerprintsIn(join(root, keyring))).toEqual(fingerprints);
      const isArmoured = readFileSync(join(root, keyring), 'latin1').startsWith(
        '-----BEGIN PGP PUBLIC KEY BLOCK-----\n',
      );
      expect(isArmoured).toBe(keyring.endsWith('.asc'));
    },
    60_000,
  );

  it('of another content and the same version is not written over the first', async () => {
    writeFileSync(join(project, 'coachbuilder.yaml'), manifest());
    writeFileSync(join(project, 'acme.asc'), old);
    const output = line.newDirectory('twice');
    expect((await build('debian-12', output)).exitCode).toBe(0);
    expect((await build('debian-12', output)).exitCode).toBe(0);
    writeFileSync(join(project, 'acme.asc'), `${old}${renewed}`);
    const { exitCode, stderr } = await build('debian-12', output);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      `error[output-exists]: acme-release_1-1+debian12_all.deb is already in ${output}, with another content`,
    );
    expect(stderr).toContain('raise release.version (now 1)');
  }, 60_000);

  it('never holds a secret key, nor one that signs nothing', async () => {
    const output = line.newDirectory('refused');
    writeFileSync(join(project, 'coachbuilder.yaml'), manifest());
    writeFileSync(join(project, 'acme.asc'), old.replaceAll('PUBLIC', 'PRIVATE'));
    const secret = await build('debian-12', output);
    expect(secret.exitCode).toBe(1);
    expect(secret.stderr).toContain('error[manifest-invalid]: the key of the release package is a SECRET key');
    writeFileSync(
      join(project, 'coachbuilder.yaml'),
      manifest(`repository: {signing-key: ${fingerprints[1] ?? ''}}\n`),
    );
    writeFileSync(join(project, 'acme.asc'), old);
    const foreign = await build('debian-12', output);
    expect(foreign.exitCode).toBe(1);
    expect(foreign.stderr).toContain(`is not repository.signing-key ${fingerprints[1] ?? ''}`);
    expect(foreign.stderr).toContain(`keys in the file: ${fingerprints[0] ?? ''}`);
  }, 60_000);
});

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { debManager } from '../../../src/verification/deb-manager.ts';
import type { Root } from '../../../src/verification/root.ts';
import { findRpmManager, rpmManager } from '../../../src/verification/rpm-manager.ts';
import { fakeRoot } from '../../support/fake-root.ts';

/** This machine as a root: reading a package changes nothing. */
const machine: Root = {
  ...fakeRoot({ files: new Set(), log: [], answers: {} }),
  title: 'this machine',
  run([program, ...args]) {
    const { status, stdout, stderr } = spawnSync(program, args, {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
    return Promise.resolve({ exitCode: status ?? 127, stdout, stderr, duration: 1 });
  },
};

function workDirectory(): string {
  const made = mkdtempSync(join(tmpdir(), 'coachbuilder-managers-'));
  onTestFinished(() => {
    rmSync(made, { recursive: true });
  });
  return made;
}

function mustSpawn(program: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
}

/** Files of a package: odd names, a link, a program, configuration. */
function layOut(root: string): void {
  for (const name of ['opt/boat/bin', 'etc', 'usr/bin']) mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, 'opt/boat/a file -> with arrow'), '');
  writeFileSync(join(root, 'opt/boat/bin/boat'), '');
  chmodSync(join(root, 'opt/boat/bin/boat'), 0o755);
  writeFileSync(join(root, 'etc/boat.ini'), '');
  symlinkSync('/opt/boat/bin/boat', join(root, 'usr/bin/boat'));
}

const expected = [
  { path: '/etc/boat.ini', kind: 'file', executable: false },
  { path: '/opt/boat', kind: 'directory', executable: false },
  { path: '/opt/boat/a file -> with arrow', kind: 'file', executable: false },
  { path: '/opt/boat/bin', kind: 'directory', executable: false },
  { path: '/opt/boat/bin/boat', kind: 'file', executable: true },
  { path: '/usr/bin/boat', kind: 'link', executable: true },
];

describe('what a package says about itself', () => {
  it('is read with dpkg-deb', async () => {
    const work = workDirectory();
    const root = join(work, 'root');
    layOut(root);
    mkdirSync(join(root, 'DEBIAN'));
    const control = [
      'Package: boat',
      'Version: 1:2.0~rc1-1',
      'Architecture: all',
      'Maintainer: M <m@example.com>',
      'Description: x',
    ];
    writeFileSync(join(root, 'DEBIAN/control'), `${control.join('\n')}\n`);
    writeFileSync(join(root, 'DEBIAN/conffiles'), '/etc/boat.ini\n');
    mustSpawn('dpkg-deb', '--build', root, join(work, 'boat.deb'));
    const facts = await debManager.describe(machine, join(work, 'boat.deb'));
    expect(facts).toMatchObject({ name: 'boat', version: '1:2.0~rc1-1', configuration: ['/etc/boat.ini'] });
    expect(facts.entries).toEqual(expect.arrayContaining(expected));
    expect(facts.entries.map(({ path }) => path)).not.toContain('/');
  });

  it('is read with rpm', async () => {
    const work = workDirectory();
    const root = join(work, 'files');
    layOut(root);
    const spec = [
      'Name: boat',
      'Epoch: 1',
      'Version: 2.0',
      'Release: 1',
      'Summary: x',
      'License: MIT',
      'BuildArch: noarch',
      '%description',
      'x',
      '%install',
      `mkdir -p %{buildroot} && cp -a ${root}/. %{buildroot}/`,
      '%files',
      '%dir /opt/boat',
      '%dir /opt/boat/bin',
      '"/opt/boat/a file -> with arrow"',
      '/opt/boat/bin/boat',
      '/usr/bin/boat',
      '%config(noreplace) /etc/boat.ini',
    ];
    writeFileSync(join(work, 'boat.spec'), `${spec.join('\n')}\n`);
    mustSpawn('rpmbuild', '-bb', '--define', `_topdir ${work}`, '--define', `_rpmdir ${work}`, join(work, 'boat.spec'));
    const facts = await rpmManager('rpm').describe(machine, join(work, 'noarch/boat-2.0-1.noarch.rpm'));
    expect(facts).toMatchObject({ name: 'boat', version: '1:2.0-1', configuration: ['/etc/boat.ini'] });
    expect([...facts.entries].sort((one, other) => (one.path < other.path ? -1 : 1))).toEqual(expected);
  });

  it('is a failure with the words of the tool when it is no package', async () => {
    const file = join(workDirectory(), 'boat.deb');
    writeFileSync(file, 'not a package\n'.repeat(100));
    await expect(debManager.describe(machine, file)).rejects.toMatchObject({
      code: 'command-failed',
      details: expect.arrayContaining([expect.stringContaining('not a Debian format archive')]) as string[],
    });
  });
});

describe('the package manager of an rpm root', () => {
  function rootWith(...programs: readonly string[]): Root {
    const answers = Object.fromEntries(programs.map((program) => [`${program} --version`, {}]));
    return fakeRoot({
      files: new Set(),
      log: [],
      answers: { ...answers, dnf: { exitCode: 127 }, yum: { exitCode: 127 }, zypper: { exitCode: 127 } },
    });
  }

  it("is the distribution's own, else another front end, else rpm alone", async () => {
    expect((await findRpmManager(rootWith('dnf', 'yum'), 'yum')).name).toBe('yum');
    expect((await findRpmManager(rootWith('dnf'), 'yum')).name).toBe('dnf');
    expect((await findRpmManager(rootWith(), 'dnf')).name).toBe('rpm');
  });

  it('does not purge', () => {
    expect(rpmManager('dnf').purge).toBeUndefined();
    expect(debManager.purge?.(['boat'])).toEqual(['dpkg', '--purge', 'boat']);
  });
});

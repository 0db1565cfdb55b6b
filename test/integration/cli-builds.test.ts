import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import type { BuiltPackage } from '../support/builds.ts';
import { listing, openCommandLine, type CommandLine } from '../support/command-line.ts';
import { mustRun } from '../support/machine.ts';
import { makeSdist, makeWheel } from '../support/wheels.ts';

const hello = {
  name: 'hello',
  version: '1.2.0',
  summary: 'Says hello',
  scripts: { hello: 'hello:main' },
  files: { 'hello.py': 'def main():\n    print("hello")\n' },
  requires: ['leaf>=1'],
  metadata: ['License-Expression: MIT'],
};

const manifest = [
  'name: hello',
  'package-prefix: acme',
  'maintainer: Acme <acme@example.com>',
  'packages:',
  '  cli:',
  '    links:',
  '      /usr/bin: [hello]',
  'release:',
  '  id: acme',
  '  name: Acme packages',
  '  baseurl: https://packages.example.com',
  '  key: acme.asc',
  '',
].join('\n');

const key = readFileSync(join(import.meta.dirname, '../../examples/fleet/packaging/acme.asc'), 'utf8');

let line: CommandLine;

beforeAll(async () => {
  line = await openCommandLine();
  makeWheel(line.indexFiles, { name: 'leaf', version: '1.0', metadata: ['License-Expression: MIT'] });
  return async () => line[Symbol.asyncDispose]();
});

const debs = {
  main: 'acme-python-hello_1.2.0-1+debian12_amd64.deb',
  cli: 'acme-hello-cli_1.2.0-1+debian12_all.deb',
  release: 'acme-release_1-1+debian12_all.deb',
} as const;

describe('building a checkout', () => {
  let checkout: string;
  let destination: string;

  beforeAll(async () => {
    checkout = line.project(hello, { 'coachbuilder.yaml': manifest, 'acme.asc': key, '.gitignore': '*.deb\n*.rpm\n' });
    destination = line.newDirectory('packages');
    for (const words of [
      ['init', '-q'],
      ['add', '.'],
      ['-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '-qm', 'first'],
    ])
      await mustRun(['git', '-C', checkout, ...words]);
  });

  it('prints the paths on standard output, and everything else on standard error', async () => {
    const { exitCode, stdout, stderr } = await line.run(['--distribution=debian-12', '-d', destination, checkout], {
      cwd: checkout,
    });
    expect(stderr).toMatch(/^application: hello 1\.2\.0, /m);
    expect(stderr).toMatch(/^debian-12: lock: 1 pinned, /m);
    expect(stderr).toMatch(/^debian-12: gather: 2 wheels, /m);
    expect(stderr).toMatch(/^debian-12: package: 3 packages, /m);
    expect(exitCode).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual(
      [debs.main, debs.cli, debs.release].map((name) => join(destination, name)),
    );
    expect(listing(destination)).toEqual([debs.cli, debs.main, debs.release]);
  });

  it('leaves nothing in the checkout but the lock', async () => {
    const { stdout } = await mustRun(['git', '-C', checkout, 'status', '--porcelain', '--ignored']);
    expect(stdout).toBe('?? coachbuilder.lock\n');
  });

  it('is refused when a package is there already, which then stays as it is', async () => {
    const before = statSync(join(destination, debs.main)).mtimeMs;
    const { exitCode, stdout, stderr } = await line.run(['--distribution=debian-12', '-d', destination, checkout]);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(`error[output-exists]: ${debs.main} is already in ${destination}\n`);
    expect(stderr).toContain(`  so is ${debs.cli}\n`);
    expect(stderr.trimEnd().split('\n').at(-1)).toBe('hint: give --force to replace what is there');
    expect(statSync(join(destination, debs.main)).mtimeMs).toBe(before);
  });

  it('replaces packages with --force, and describes them as JSON', async () => {
    const args = ['--distribution=debian-12', '--force', '--json', '--quiet', '-d', destination, checkout];
    const { exitCode, stdout, stderr } = await line.run(args, { env: { TZ: 'Asia/Tokyo' } });
    expect(exitCode).toBe(0);
    expect(stderr.split('\n').filter((text) => text !== '' && !text.includes('warning: '))).toEqual([]);
    const rows = JSON.parse(stdout) as readonly BuiltPackage[];
    expect(rows.map(({ path }) => basename(path))).toEqual([debs.main, debs.cli, debs.release]);
    expect(Object.keys(rows[0] ?? {})).toEqual([
      ...['path', 'name', 'version', 'release', 'architecture', 'format', 'size', 'sha256'],
    ]);
    expect(rows[1]).toMatchObject({
      name: 'acme-hello-cli',
      version: '1.2.0',
      release: '1+debian12',
      architecture: 'all',
      format: 'deb',
    });
    for (const { path, size, sha256 } of rows) {
      const content = readFileSync(path);
      expect({ path, size, sha256 }).toEqual({
        path,
        size: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
      });
    }
  });

  it('builds for several distributions at once, each after the other', async () => {
    const several = line.newDirectory('several');
    const { exitCode, stdout } = await line.run(
      ['--distribution=rocky-9,debian-12', '--distribution', 'rocky-9', '-d', several, '.'],
      { cwd: checkout },
    );
    expect(exitCode).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((path) => basename(path)),
    ).toEqual([
      'acme-python-hello-1.2.0-1.el9.x86_64.rpm',
      'acme-hello-cli-1.2.0-1.el9.noarch.rpm',
      'acme-release-1-1.el9.noarch.rpm',
      debs.main,
      debs.cli,
      debs.release,
    ]);
  });

  it('needs no index when the lock is there and its files are in the cache', async () => {
    const offline = line.newDirectory('offline');
    const { exitCode, stderr } = await line.run(
      ['--distribution=debian-12', '--offline', '--locked', '-d', offline, checkout],
      { env: { PIP_INDEX_URL: 'http://127.0.0.1:9/simple/' } },
    );
    expect(stderr).not.toContain('error');
    expect(exitCode).toBe(0);
    expect(listing(offline)).toEqual([debs.cli, debs.main, debs.release]);
  });

  it('shows with --dry-run what would be built, and writes nothing', async () => {
    const nothing = line.newDirectory('nothing');
    const plain = await line.run(['--distribution=rocky-9', '--dry-run', '-d', nothing, checkout]);
    expect(plain.exitCode).toBe(0);
    expect(plain.stdout).toMatch(
      /^rocky-9: Rocky Linux 9, x86_64, Python 3\.9 \(\/usr\/bin\/python3\.9\), glibc 2\.34, below \/opt\/hello\n {2}acme-python-hello-1\.2\.0-1\.el9\.x86_64\.rpm\n/,
    );
    expect(plain.stdout).toContain('    /usr/bin/hello -> /opt/hello/bin/hello\n');
    const json = await line.run(['--distribution=rocky-9', '--dry-run', '--json', '-d', nothing, checkout]);
    expect(JSON.parse(json.stdout)).toMatchObject({ schemaVersion: 1, targets: [{ label: 'rocky-9' }] });
    expect(listing(nothing)).toEqual([]);
  });

  it('reports progress as lines of JSON', async () => {
    const { stderr } = await line.run([
      '--distribution=debian-12',
      '--progress=json',
      '--force',
      '-d',
      destination,
      checkout,
    ]);
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as Readonly<Record<string, unknown>>);
    expect(events.filter(({ type }) => type === 'stage-finished').map(({ stage }) => stage)).toEqual(
      expect.arrayContaining(['application', 'lock', 'gather', 'assemble', 'inspect', 'package']),
    );
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'artifact-built', target: 'debian-12', path: join(destination, debs.main) }),
    );
  });

  it('names every command with --verbose', async () => {
    const { stderr } = await line.run(['--distribution=debian-12', '-v', '--force', '-d', destination, checkout]);
    expect(stderr).toMatch(/^\$ dpkg-deb .*--build .*\(status 0, /m);
    expect(stderr).toContain(`log and records are kept in ${join(line.cache, 'coachbuilder/builds')}/`);
  });

  it('keeps trees and records in --build-directory, more than once', async () => {
    const kept = line.newDirectory('kept');
    for (const run of [1, 2]) {
      const args = ['--distribution=debian-12', '--force', '--build-directory', kept, '-d', destination, checkout];
      const { exitCode, stderr } = await line.run(args);
      expect({ run, exitCode, stderr }).toMatchObject({ exitCode: 0 });
      for (const file of [
        'plan.json',
        'commands.log',
        'debian-12/tree.json',
        'debian-12/artifacts.json',
        'debian-12/root/opt/hello/bin/hello',
      ])
        expect(existsSync(join(kept, file)), file).toBe(true);
    }
  });

  it('builds the release package by itself, for both formats', async () => {
    const releases = line.newDirectory('releases');
    const args = ['--distribution=debian-12,centos-7', '-d', releases, checkout];
    const { exitCode, stdout } = await line.run(args, { command: 'build-release-package' });
    expect(exitCode).toBe(0);
    const rpm = join(releases, 'acme-release-1-1.el7.noarch.rpm');
    expect(stdout).toBe(`${join(releases, debs.release)}\n${rpm}\n`);
    const deb = await mustRun(['dpkg-deb', '--contents', join(releases, debs.release)]);
    expect(deb.stdout).toContain('./etc/apt/sources.list.d/acme.sources');
    expect((await mustRun(['rpm', '-qpl', rpm])).stdout).toContain('/etc/yum.repos.d/acme.repo\n');
    // The same version is the same bytes, so there is nothing to refuse; other bytes of that name are.
    const again = await line.run(args, { command: 'build-release-package' });
    expect(again).toMatchObject({ exitCode: 0, stdout });
    writeFileSync(rpm, 'something else');
    const refused = await line.run(args, { command: 'build-release-package' });
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('error[output-exists]: acme-release-1-1.el7.noarch.rpm is already in ');
    expect(readFileSync(rpm, 'utf8')).toBe('something else');
    const dry = await line.run([...args, '--dry-run', '--json'], { command: 'build-release-package' });
    expect(JSON.parse(dry.stdout)).toEqual([debs.release, 'acme-release-1-1.el7.noarch.rpm']);
  });
});

describe('what can be packaged besides a checkout', () => {
  const without = (format: 'deb' | 'rpm'): readonly string[] =>
    format === 'deb'
      ? ['omnibus-hello-cli_1.2.0-1+debian12_all.deb', 'omnibus-python-hello_1.2.0-1+debian12_amd64.deb']
      : ['omnibus-hello-cli-1.2.0-1.el9.noarch.rpm', 'omnibus-python-hello-1.2.0-1.el9.x86_64.rpm'];

  it.each(['wheel', 'sdist', 'url', 'requirement'] as const)('a %s', async (kind) => {
    const sources = line.newDirectory(`source-${kind}`);
    const destination = line.newDirectory(kind);
    const wheel = makeWheel(sources, hello);
    const sdist = makeSdist(sources, hello);
    if (!existsSync(join(line.indexFiles, wheel.fileName)))
      copyFileSync(wheel.path, join(line.indexFiles, wheel.fileName));
    const uri = {
      wheel: wheel.path,
      sdist: sdist.path,
      url: `${line.index.publicUrl.replace(/simple\/$/, 'files/')}${wheel.fileName}`,
      requirement: 'hello==1.2.0',
    }[kind];
    const { exitCode, stderr } = await line.run(['--distribution=debian-12', '-d', destination, uri]);
    expect(stderr).not.toContain('error');
    expect(exitCode).toBe(0);
    expect(listing(destination)).toEqual(without('deb'));
  });

  it('a wheel in the current directory, into the current directory, with another version', async () => {
    const here = line.newDirectory('here');
    const { fileName } = makeWheel(here, hello);
    const { stdout, exitCode } = await line.run(['--distribution=rocky-9', '--package-version', '1.3rc1', fileName], {
      cwd: here,
    });
    expect(exitCode).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((path) => basename(path)),
    ).toEqual(['omnibus-python-hello-1.3.0-0.rc.1.el9.x86_64.rpm', 'omnibus-hello-cli-1.3.0-0.rc.1.el9.noarch.rpm']);
  });

  it('a project whose manifest is in pyproject.toml', async () => {
    const project = line.project(hello);
    const file = join(project, 'pyproject.toml');
    writeFileSync(
      file,
      `${readFileSync(file, 'utf8')}\n[tool.coachbuilder]\npackage-prefix = "zebra"\ndistribution-tag = false\n`,
    );
    const destination = line.newDirectory('toml');
    const { exitCode } = await line.run(['--distribution=debian-12', '-d', destination, project]);
    expect(exitCode).toBe(0);
    expect(listing(destination)).toEqual(['zebra-hello-cli_1.2.0-1_all.deb', 'zebra-python-hello_1.2.0-1_amd64.deb']);
  });

  it('a wheel with the manifest that is named', async () => {
    const elsewhere = line.newDirectory('manifests');
    writeFileSync(join(elsewhere, 'other.yaml'), 'package-prefix: other\npackages:\n  main: {}\n');
    const { path } = makeWheel(elsewhere, hello);
    const destination = line.newDirectory('named');
    const { exitCode, stdout, stderr } = await line.run([
      ...['--distribution=debian-12', '--manifest', join(elsewhere, 'other.yaml'), '-d', destination, path],
    ]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(stdout).toBe(`${join(destination, 'other-python-hello_1.2.0-1+debian12_amd64.deb')}\n`);
  });
});

describe('a later distribution that fails', () => {
  it('leaves the packages of the earlier ones, and names them', async () => {
    const project = line.project({ ...hello, requires: ['narrow'] });
    // Only CPython 3.11 on a recent glibc: debian-12 has it, rocky-9 has not.
    makeWheel(line.indexFiles, { name: 'narrow', version: '1', tag: 'cp311-cp311-manylinux_2_17_x86_64' });
    const destination = line.newDirectory('partly');
    const { exitCode, stdout, stderr } = await line.run([
      '--distribution=debian-12,rocky-9',
      '-d',
      destination,
      project,
    ]);
    expect(exitCode).toBe(1);
    expect(stdout.trimEnd().split('\n')).toEqual([
      join(destination, 'omnibus-python-hello_1.2.0-1+debian12_amd64.deb'),
      join(destination, 'omnibus-hello-cli_1.2.0-1+debian12_all.deb'),
    ]);
    expect(listing(destination)).toHaveLength(2);
    expect(stderr).toMatch(/^error\[\S+\]: .*Rocky Linux 9/m);
  });
});

describe('the same build elsewhere', () => {
  it('gives the same bytes, whatever the directory, the time, the home, the time zone and the umask', async () => {
    const epoch = '1700000000';
    const digests: string[][] = [];
    for (const [place, umask, zone] of [
      ['a', '022', 'UTC'],
      ['b/deeper/place', '077', 'America/New_York'],
    ] as const) {
      const project = line.project(hello, { 'coachbuilder.yaml': manifest, 'acme.asc': key });
      const top = line.newDirectory('same');
      const home = join(top, place, 'home');
      mkdirSync(home, { recursive: true });
      const { exitCode, stdout, stderr } = await line.run(
        ['--distribution=debian-12,rocky-9', '--json', '-d', join(top, place, 'out'), project],
        {
          through: ['sh', '-c', 'umask "$1"; shift; exec "$@"', 'sh', umask],
          env: {
            HOME: home,
            TZ: zone,
            SOURCE_DATE_EPOCH: epoch,
            XDG_CACHE_HOME: join(top, place, 'cache'),
            TMPDIR: home,
          },
        },
      );
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      const built = JSON.parse(stdout) as readonly BuiltPackage[];
      digests.push(built.map(({ path, sha256 }) => `${basename(path)} ${sha256}`));
      for (const { path } of built) expect((statSync(path).mode & 0o777).toString(8)).toBe('644');
      const [deb] = built;
      const times = await mustRun([
        'sh',
        '-c',
        'dpkg-deb --fsys-tarfile "$1" | tar -t --full-time -v',
        'sh',
        deb?.path ?? '',
      ]);
      expect(times.stdout).toContain('2023-11-14 22:13:20');
    }
    expect(digests[0]).toHaveLength(6);
    expect(digests[1]).toEqual(digests[0]);
  });
});

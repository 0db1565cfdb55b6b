import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { packagers } from '../../src/formats/packagers.ts';
import type { PackageArtifact, PackagerPorts } from '../../src/formats/packager.ts';
import { relation } from '../../src/packages/relations.ts';
import { stagePackage } from '../../src/packages/stage.ts';
import { createRedactor } from '../../src/report/redact.ts';
import { NodeCommandRunner } from '../../src/system/node-command-runner.ts';
import {
  aBytecodePolicy,
  aDirectory,
  aFile,
  aLink,
  aPackageDefinition,
  noRelations,
  noScripts,
  type DefinitionOverrides,
} from '../support/definitions.ts';
import { mustRun, requireTools, run } from '../support/machine.ts';

let scratch = '';
let count = 0;

beforeAll(async () => {
  await requireTools('rpm', 'rpmbuild', 'dpkg-deb');
  scratch = await mkdtemp(join(tmpdir(), 'coachbuilder formats '));
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

function somePorts(env: Readonly<Record<string, string>> = {}): PackagerPorts {
  const silent = { report: () => undefined, close: () => undefined };
  const base = {
    PATH: process.env['PATH'] ?? '',
    HOME: scratch,
    TMPDIR: tmpdir(),
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    ...env,
  };
  return {
    commands: new NodeCommandRunner({
      redact: createRedactor(),
      reporter: silent,
      interruption: new AbortController().signal,
    }),
    environments: { base, network: base },
  };
}

async function newDirectory(...names: readonly string[]): Promise<string> {
  count += 1;
  const path = join(scratch, String(count), ...names);
  await mkdir(path, { recursive: true });
  return path;
}

/** Stages and builds a package in directories of its own. */
async function build(overrides: DefinitionOverrides, ports = somePorts()): Promise<PackageArtifact> {
  const definition = aPackageDefinition(overrides);
  const root = await newDirectory('root');
  await stagePackage(definition, root);
  const output = join(await newDirectory('out'), definition.fileName);
  const artifact = await packagers[definition.distribution.format].build(
    definition,
    root,
    output,
    await newDirectory('scratch'),
    ports,
  );
  expect(await readdir(join(output, '..'))).toEqual([definition.fileName]);
  expect(existsSync(join(root, 'DEBIAN'))).toBe(false);
  return artifact;
}

async function query(path: string, ...args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await mustRun(['rpm', '-qp', '--nosignature', ...args, path]);
  return stdout.split('\n').filter((line) => line !== '');
}

async function debPaths(path: string): Promise<readonly string[]> {
  const { stdout } = await mustRun([
    'sh',
    '-c',
    'dpkg-deb --fsys-tarfile "$1" | tar -t --quoting-style=literal',
    'sh',
    path,
  ]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^\.\//, '/'));
}

/** The packages of the first documents' own tests. */
const fooBar = {
  name: 'FooBar',
  version: { epoch: 3, version: '0.3', release: '0.dev.1' },
  license: 'My Test License',
  url: 'https://www.example.com/foo/bar',
  vendor: 'Acme Corporation',
  maintainer: 'noreply@example.com',
  description: 'Explosive Boing Machine\n\n100% "quality" & more',
  summary: 'Explosive Boing Machine',
  relations: {
    ...noRelations,
    depends: [relation('test-dep'), relation('version-dep', { operator: '>=', version: '42' })],
  },
  contents: [aFile('/foo/bar/Bar'), aFile('/foo/bar/Foo'), aFile('/other/file')],
} as const satisfies DefinitionOverrides;

describe('an RPM package', () => {
  test('has the name, the fields, the requirements and exactly the files of its definition', async () => {
    const { path, ...facts } = await build({ ...fooBar, on: 'rocky-9', architecture: 'i386' });
    expect(path).toMatch(/\/FooBar-0\.3-0\.dev\.1\.i386\.rpm$/);
    expect(facts).toMatchObject({
      name: 'FooBar',
      version: '0.3',
      release: '0.dev.1',
      architecture: 'i386',
      format: 'rpm',
    });
    const tags = [
      'NAME',
      'EPOCH',
      'VERSION',
      'RELEASE',
      'LICENSE',
      'URL',
      'VENDOR',
      'PACKAGER',
      'ARCH',
      'GROUP',
      'SUMMARY',
      'BUILDHOST',
      'BUILDTIME',
    ];
    expect(await query(path, '--qf', tags.map((tag) => `${tag}=%{${tag}}\n`).join(''))).toEqual([
      'NAME=FooBar',
      'EPOCH=3',
      'VERSION=0.3',
      'RELEASE=0.dev.1',
      'LICENSE=My Test License',
      'URL=https://www.example.com/foo/bar',
      'VENDOR=Acme Corporation',
      'PACKAGER=noreply@example.com',
      'ARCH=i386',
      'GROUP=Applications/System',
      'SUMMARY=Explosive Boing Machine',
      'BUILDHOST=reproducible',
      'BUILDTIME=1609459200',
    ]);
    expect((await mustRun(['rpm', '-qp', '--nosignature', '--qf', '%{DESCRIPTION}', path])).stdout).toBe(
      fooBar.description,
    );
    const requires = await query(path, '--requires');
    expect(requires.filter((line) => !line.startsWith('rpmlib('))).toEqual(['test-dep', 'version-dep >= 42']);
    expect(await query(path, '--list')).toEqual(['/foo/bar/Bar', '/foo/bar/Foo', '/other/file']);
  });

  test('has no epoch tag when the epoch is 0', async () => {
    const { path } = await build({ on: 'rocky-9' });
    expect(await query(path, '--qf', '%{EPOCH}\n')).toEqual(['(none)']);
  });

  test('provides nothing but itself and requires nothing that was not asked for', async () => {
    const { path } = await build({
      on: 'rocky-9',
      contents: [
        aFile('/usr/bin/tool', { mode: 0o755, source: { kind: 'text', text: '#!/usr/bin/python3\n' }, size: 19 }),
      ],
    });
    expect(await query(path, '--provides')).toEqual(['acme-fleet-cli = 1.0-1']);
    expect((await query(path, '--requires')).filter((line) => !line.startsWith('rpmlib('))).toEqual([]);
  });

  test.each([
    ['centos-7', 'xz'],
    ['amazonlinux-2', 'xz'],
    ['rocky-8', 'xz'],
    ['rocky-9', 'zstd'],
    ['fedora-43', 'zstd'],
  ])('for %s has a payload that its rpm reads: %s', async (on, compressor) => {
    const { path } = await build({ on, contents: [aFile('/usr/share/a')] });
    expect(await query(path, '--qf', '%{PAYLOADCOMPRESSOR}\n')).toEqual([compressor]);
  });

  test('for CentOS 7 asks for no feature that rpm 4.11 lacks, weak dependencies included', async () => {
    const relations = { ...noRelations, recommends: [relation('fish')] };
    const { path } = await build({
      on: 'centos-7',
      relations,
      contents: [aFile('/usr/share/a')],
      version: { epoch: 0, version: '1.0~rc1', release: '1.el7' },
    });
    const known = ['CompressedFileNames', 'FileDigests', 'PayloadFilesHavePrefix', 'PayloadIsXz', 'TildeInVersions'];
    const features = (await query(path, '--requires')).flatMap((line) => /^rpmlib\((.*?)\)/.exec(line)?.[1] ?? []);
    expect(known).toEqual(expect.arrayContaining(features));
    expect(features).toContain('PayloadIsXz');
  });

  test('is refused when the version needs a feature that the target lacks', async () => {
    const version = { epoch: 0, version: '1.0^1', release: '1.el7' };
    await expect(build({ on: 'centos-7', version })).rejects.toMatchObject({
      code: 'unsupported-by-target',
      details: ['missing rpm features: CaretInVersions'],
    });
  });

  test('marks configuration, directories, modes and owners', async () => {
    const { path } = await build({
      on: 'rocky-9',
      contents: [
        aFile('/etc/fleet.conf', { configuration: true, mode: 0o640, group: 'fleet' }),
        aLink('/usr/bin/fleet', '/opt/fleet/bin/fleet'),
        aFile('/usr/share/setuid', { mode: 0o4755 }),
        aDirectory('/var/lib/fleet', { mode: 0o1777, owner: 'fleet', group: 'fleet' }),
      ],
    });
    expect(
      await query(
        path,
        '--qf',
        '[%{FILENAMES} %{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILEFLAGS:fflags} %{FILELINKTOS}\n]',
      ),
    ).toEqual([
      '/etc/fleet.conf -rw-r----- root:fleet cn ',
      '/usr/bin/fleet lrwxrwxrwx root:root  /opt/fleet/bin/fleet',
      '/usr/share/setuid -rwsr-xr-x root:root  ',
      '/var/lib/fleet drwxrwxrwt fleet:fleet  ',
    ]);
  });

  test('compiles bytecode after the transaction and discards it before', async () => {
    const { path } = await build({ on: 'rocky-9', bytecode: aBytecodePolicy() });
    const { stdout } = await mustRun(['rpm', '-qp', '--nosignature', '--scripts', path]);
    const sections = [...stdout.matchAll(/^(\w+) (?:scriptlet|program)/gm)].map((match) => match[1]);
    expect(sections).toEqual(['preinstall', 'postuninstall', 'posttrans']);
    expect(await query(path, '--requires')).toContain('/usr/bin/find');
  });

  test('keeps a percent sign of a script', async () => {
    const scripts = { ...noScripts, afterInstall: ['host=a.b; echo "${host%%.*} 100% %{nil} %(id)"\n'] };
    const { path } = await build({ on: 'rocky-9', scripts });
    expect((await query(path, '--scripts')).join('\n')).toContain('echo "${host%%.*} 100% %{nil} %(id)"');
  });
});

describe('a Debian package', () => {
  test('has the name, the fields and the files of its definition', async () => {
    const { path } = await build({ ...fooBar, name: 'foobar', on: 'debian-12', architecture: 'i386' });
    expect(path).toMatch(/\/foobar_0\.3-0\.dev\.1_i386\.deb$/);
    const { stdout } = await mustRun(['dpkg-deb', '--field', path]);
    expect(stdout).toBe(
      [
        'Package: foobar',
        'Version: 3:0.3-0.dev.1',
        'Architecture: i386',
        'Maintainer: noreply@example.com',
        'Installed-Size: 1',
        'Depends: test-dep, version-dep (>= 42)',
        'Section: admin',
        'Priority: optional',
        'Homepage: https://www.example.com/foo/bar',
        'Description: Explosive Boing Machine',
        ' Explosive Boing Machine',
        ' .',
        ' 100% "quality" & more',
        '',
      ].join('\n'),
    );
    expect((await debPaths(path)).filter((name) => !name.endsWith('/'))).toEqual([
      '/foo/bar/Bar',
      '/foo/bar/Foo',
      '/other/file',
    ]);
  });

  test.each([
    ['ubuntu-14.04', 'debian-binary control.tar.gz data.tar.xz'],
    ['ubuntu-16.04', 'debian-binary control.tar.xz data.tar.xz'],
    ['debian-11', 'debian-binary control.tar.xz data.tar.xz'],
    ['ubuntu-18.04', 'debian-binary control.tar.zst data.tar.zst'],
    ['debian-12', 'debian-binary control.tar.zst data.tar.zst'],
  ])('for %s has members that its dpkg reads: %s', async (on, members) => {
    const { path } = await build({ on, contents: [aFile('/usr/share/a')] });
    expect((await mustRun(['ar', 't', path])).stdout.trim().split('\n').join(' ')).toBe(members);
  });

  test('lists sums of all files but configuration, which conffiles lists', async () => {
    const { path } = await build({
      contents: [
        aFile('/etc/fleet.conf', { configuration: true }),
        aFile('/usr/share/b c'),
        aLink('/usr/share/link', 'b c'),
      ],
    });
    const member = async (name: string): Promise<string> => (await mustRun(['dpkg-deb', '--info', path, name])).stdout;
    // printf '/usr/share/b c\n' | md5sum
    expect(await member('md5sums')).toMatch(/^[0-9a-f]{32} {2}usr\/share\/b c\n$/);
    expect(await member('conffiles')).toBe('/etc/fleet.conf\n');
    const extracted = await newDirectory();
    await mustRun(['dpkg-deb', '--raw-extract', path, extracted]);
    await mustRun(['md5sum', '--check', '--strict', 'DEBIAN/md5sums'], { cwd: extracted });
  });

  test('belongs to root whoever builds it, and gives what is somebody else’s away in postinst', async () => {
    const { path } = await build({
      contents: [aDirectory('/var/lib/fleet', { mode: 0o2750, owner: 'fleet', group: 'fleet' })],
    });
    expect((await mustRun(['dpkg-deb', '--contents', path])).stdout).toMatch(
      /drwxr-s--- root\/root .* \.\/var\/lib\/fleet\//,
    );
    expect((await mustRun(['dpkg-deb', '--info', path, 'postinst'])).stdout).toContain(
      'chown fleet:fleet /var/lib/fleet',
    );
  });
});

const oddNames = [
  ' leading',
  '#hash',
  '%name%',
  '%{nil}',
  '%attr(0,0,0)',
  'It\'s "time" to go.txt',
  'a[b]{c,d}*?% "x" \\y',
  'back\\slash',
  'dol$lar',
  'file with space',
  'file*asterisk',
  'fileAasterisk',
  'file[with]bracket',
  'naïve 日本',
  'trailing ',
  'why?',
  'whyX',
  '{{ test }}',
].map((name) => `/usr/share/odd/${name}`);

describe.each(['debian-12', 'centos-7'])('a package for %s', (on) => {
  const contents = oddNames
    .map((path) => aFile(path))
    .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));

  test('keeps file names in which characters mean something to the tools', async () => {
    const { path, format } = await build({ on, contents });
    const listed =
      format === 'rpm' ? await query(path, '--list') : (await debPaths(path)).filter((name) => !name.endsWith('/'));
    expect([...listed].sort()).toEqual([...oddNames].sort());
  });

  test('is the same to the byte wherever, whenever and in whatever time zone and umask it is built', async () => {
    const everything = { on, contents, scripts: { ...noScripts, afterInstall: ['true'] }, bytecode: aBytecodePolicy() };
    const umask = process.umask(0o077);
    let first: PackageArtifact;
    try {
      first = await build(everything, somePorts({ TZ: 'Pacific/Apia', LC_ALL: 'C' }));
    } finally {
      process.umask(umask);
    }
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const second = await build(everything);
    expect(second.sha256).toBe(first.sha256);
    expect(second.size).toBe(first.size);
  });

  test('leaves nothing behind when its tool fails', async () => {
    const definition = aPackageDefinition({ on, contents });
    const root = await newDirectory('root');
    await stagePackage(definition, root);
    await rm(join(root, '/usr/share/odd/why?'));
    const out = await newDirectory('out');
    const failing = packagers[definition.distribution.format].build(
      definition,
      root,
      join(out, definition.fileName),
      await newDirectory('s'),
      somePorts(),
    );
    await expect(failing).rejects.toThrow();
    expect(await readdir(out)).toEqual([]);
    expect(existsSync(join(root, 'DEBIAN'))).toBe(false);
  });

  test('says so when the disk is full, and leaves nothing behind', async (context) => {
    const disk = await newDirectory('disk');
    const mounted = await run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'none', disk]);
    if (mounted.exitCode !== 0) return context.skip('mounting a small file system needs the rights of root');
    try {
      const definition = aPackageDefinition({
        on,
        contents: [aFile('/usr/share/noise', { size: 400_000, source: { kind: 'staged' } })],
      });
      const root = await newDirectory('root');
      await mkdir(join(root, 'usr/share'), { recursive: true });
      await writeFile(join(root, 'usr/share/noise'), randomBytes(400_000));
      await stagePackage(definition, root);
      const output = join(disk, definition.fileName);
      const building = packagers[definition.distribution.format].build(
        definition,
        root,
        output,
        await newDirectory('s'),
        somePorts(),
      );
      await expect(building).rejects.toMatchObject({ code: 'disk-full' });
      expect(await readdir(disk)).toEqual([]);
    } finally {
      await mustRun(['umount', disk]);
    }
    return undefined;
  });
});

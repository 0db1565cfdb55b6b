import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { beforeAll, describe, expect, it } from 'vitest';

import type { BuiltPackage } from '../support/builds.ts';
import { openCommandLine, type CommandLine } from '../support/command-line.ts';
import { copyrightReader, readCopyright, type ReadCopyright } from '../support/debian-copyright.ts';
import { mustRun } from '../support/machine.ts';
import { skipNote } from '../support/python-packages.ts';
import { billValidators, validateBills } from '../support/sbom-validators.ts';
import { makeWheel, zipArchive } from '../support/wheels.ts';

const permission = 'Permission is hereby granted, free of charge,\n  to any person.\n\n.hidden line\n';
const mit = (holder: string): string => `The MIT License (MIT)\n\nCopyright (c) 2015 ${holder}\n\n${permission}`;
const classified = 'Classifier: License :: OSI Approved :: MIT License';
const latin1 = Buffer.concat([Buffer.from('%pre\n100% of Zo'), Buffer.from([0xeb]), Buffer.from('\n')]);

const changelog = `# Changelog

## [1.2.0] - 2023-11-01

### Added

- Says 100% more, [see](https://example.com).

### Fixed

- %changelog

## 1.1.0 (2023-01-31)

- Older.
`;

const hello = {
  name: 'hello',
  version: '1.2.0',
  summary: 'Says hello',
  scripts: { hello: 'hello:main' },
  files: { 'hello.py': 'def main():\n    print("hello")\n', 'hello-1.2.0.dist-info/licenses/LICENSE': mit('Ann') },
  requires: ['leaf', 'bark==2.0rc1', 'twig', 'odd', 'bare'],
  metadata: ['License-Expression: MIT'],
};
const manifest =
  'name: hello\npackage-prefix: acme\nmaintainer: Acme <acme@example.com>\nvendor: Acme\nurl: https://example.com/hello\n' +
  'release: {id: acme, baseurl: "https://packages.example.com"}\n';
const environment = { SOURCE_DATE_EPOCH: '1700000000' };

let line: CommandLine;

beforeAll(async () => {
  line = await openCommandLine();
  const files = (name: string, version: string, more: Readonly<Record<string, string | Uint8Array>>) =>
    Object.fromEntries(
      Object.entries(more).map(([path, content]) => [
        path.startsWith('+') ? `${name}-${version}.dist-info/${path.slice(1)}` : path,
        content,
      ]),
    );
  const wheel = (
    name: string,
    version: string,
    metadata: readonly string[],
    more: Readonly<Record<string, string | Uint8Array>>,
  ): void => {
    makeWheel(line.indexFiles, { name, version, metadata, files: files(name, version, more) });
  };
  wheel('leaf', '1.0', [classified], { 'leaf/__init__.py': '', '+licenses/LICENSE': mit('Zoë') });
  wheel('bark', '2.0rc1', [classified], { 'bark.py': '', '+LICENSE.txt': mit('Bob'), '+AUTHORS': 'Bob\n' });
  wheel('twig', '2', ['License: Apache 2.0', 'Author: Tim'], { 'twig.py': '' });
  wheel('odd', '3.0.post1', ['License-Expression: ISC OR MIT'], {
    'odd/a b*c.txt': '',
    '+licenses/sub dir/LICENCE 100%.txt': latin1,
    '+licenses/COPYING': mit('Ann'),
  });
  wheel('bare', '0.1', [], { 'bare.py': '' });
  return async () => line[Symbol.asyncDispose]();
});

function project(files: Readonly<Record<string, string>> = { 'CHANGELOG.md': changelog }): string {
  return line.project(hello, { 'coachbuilder.yaml': manifest, ...files });
}

async function build(
  uri: string,
  ...args: readonly string[]
): Promise<{ readonly rows: readonly BuiltPackage[]; readonly stderr: string }> {
  const destination = line.newDirectory('packages');
  const outcome = await line.run(['--json', '-d', destination, ...args, uri], { env: environment });
  expect(outcome.stderr).not.toContain('error');
  expect(outcome.exitCode).toBe(0);
  return { rows: JSON.parse(outcome.stdout) as readonly BuiltPackage[], stderr: outcome.stderr };
}

async function unpack(path: string): Promise<string> {
  const directory = line.newDirectory('unpacked');
  await mustRun(['dpkg-deb', '--extract', path, directory]);
  return directory;
}

/** What dpkg's own reader says about the newest entries, a field each line. */
async function parsedChangelog(directory: string, name: string, ...args: readonly string[]): Promise<string> {
  const packed = readFileSync(join(directory, 'usr/share/doc', name, 'changelog.Debian.gz'));
  const file = join(line.newDirectory('changelog'), 'changelog');
  writeFileSync(file, gunzipSync(packed));
  const { stderr, stdout } = await mustRun(['dpkg-parsechangelog', '-l', file, ...args]);
  expect(stderr).toBe('');
  return stdout;
}

describe('a deb', () => {
  let rows: readonly BuiltPackage[];
  let main: string;
  let stderr: string;
  const copyrightOf = async (directory: string, name: string, paths: readonly string[] = []): Promise<ReadCopyright> =>
    readCopyright(join(directory, 'usr/share/doc', name, 'copyright'), paths);

  beforeAll(async () => {
    ({ rows, stderr } = await build(project(), '--distribution=debian-12'));
    main = await unpack(rows[0]?.path ?? '');
  });

  const note = skipNote(copyrightReader);

  it.skipIf('reason' in copyrightReader)(`says whose each of its files is${note}`, async () => {
    const site = 'opt/hello/lib/python3.11/site-packages';
    const whose = {
      [`${site}/hello.py`]: 'hello 1.2.0',
      [`${site}/leaf/__init__.py`]: 'leaf 1.0',
      [`${site}/bark.py`]: 'bark 2.0rc1',
      [`${site}/odd/a b*c.txt`]: 'odd 3.0.post1',
      [`${site}/twig-2.dist-info/METADATA`]: 'twig 2',
      'opt/hello/pyvenv.cfg': 'hello 1.2.0',
    };
    const read = await copyrightOf(main, 'acme-python-hello', Object.keys(whose));
    expect(read.format).toBe('https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/');
    expect(read.name).toBe('hello');
    expect(read.found).toEqual(whose);
    const parts = read.parts.map(({ comment, copyright, license }) => [comment, copyright, license]);
    expect(parts).toEqual([
      ['hello 1.2.0', ['Copyright (c) 2015 Ann'], 'Expat'],
      ['bare 0.1', ['not stated'], 'LicenseRef-Unknown'],
      ['bark 2.0rc1', ['Copyright (c) 2015 Bob'], 'Expat'],
      ['leaf 1.0', ['Copyright (c) 2015 Zoë'], 'Expat'],
      ['odd 3.0.post1', ['Copyright (c) 2015 Ann'], 'ISC or Expat'],
      ['twig 2', ['not stated (author: Tim)'], 'LicenseRef-Apache-2.0'],
    ]);
  });

  it.skipIf('reason' in copyrightReader)(`holds each licence text, once where several share it${note}`, async () => {
    const { licenses, parts } = await copyrightOf(main, 'acme-python-hello');
    expect(Object.keys(licenses)).toEqual(['Expat']);
    expect(licenses['Expat']).toBe(
      'The MIT License (MIT)\n\nPermission is hereby granted, free of charge,\n  to any person.\n\n .hidden line',
    );
    const texts = Object.fromEntries(parts.map(({ comment, text }) => [comment, text]));
    expect(texts['leaf 1.0']).toBe('');
    expect(texts['odd 3.0.post1']).toContain('[sub dir/LICENCE 100%.txt]\n\n%pre\n100% of Zoë');
    expect(texts['odd 3.0.post1']).toContain('[COPYING]');
    expect(texts['twig 2']).toBe('There is no licence file; the metadata says:\n\nApache 2.0');
    expect(texts['bare 0.1']).toContain('Neither the metadata nor a licence file says');
  });

  it('warns of what it does not know, and says what is perhaps meant', () => {
    expect(stderr).toMatch(/warning: the licence of twig 2, "Apache 2\.0", is not an SPDX .*\n +perhaps "Apache-2\.0"/);
    expect(stderr).toContain('warning: 1 distribution without a licence in the metadata: bare 0.1\n');
  });

  it('has the changelog of the application, with its own version first', async () => {
    expect(await parsedChangelog(main, 'acme-python-hello', '--count', '9')).toBe(
      [
        'Source: acme-python-hello',
        'Version: 1.2.0-1+debian12',
        'Distribution: bookworm',
        'Urgency: medium',
        'Maintainer: Acme <acme@example.com>',
        'Timestamp: 1700000000',
        'Date: Tue, 14 Nov 2023 22:13:20 +0000',
        'Changes:',
        ' acme-python-hello (1.2.0-1+debian12) bookworm; urgency=medium',
        ' .',
        '   * Added: Says 100% more, see.',
        '   * Fixed: %changelog',
        ' .',
        ' acme-python-hello (1.1.0-1+debian12) bookworm; urgency=medium',
        ' .',
        '   * Older.',
        '',
      ].join('\n'),
    );
    const own = readFileSync(join(main, 'usr/share/doc/acme-python-hello/changelog.gz'));
    expect(gunzipSync(own).toString()).toBe(changelog);
    // RFC 1952: no time, no name; the best compression.
    expect([...own.subarray(3, 9)]).toEqual([0, 0, 0, 0, 0, 2]);
  });

  it.skipIf('reason' in copyrightReader)(`also as a meta-package and as a release package${note}`, async () => {
    for (const { name, path } of rows.slice(1)) {
      const directory = await unpack(path);
      const read = await copyrightOf(directory, name);
      expect(read.parts.map(({ files, license }) => [files, license])).toEqual([[['*'], 'Expat']]);
      const isRelease = name === 'acme-release';
      expect(await parsedChangelog(directory, name, '--show-field', 'Version')).toBe(
        isRelease ? '1-1+debian12\n' : '1.2.0-1+debian12\n',
      );
      if (!isRelease) expect(read.parts[0]?.text).toContain('Permission is hereby granted');
    }
    expect(rows.map(({ name }) => name)).toEqual(['acme-python-hello', 'acme-hello-cli', 'acme-release']);
  });

  it.skipIf('reason' in billValidators)(`holds its bills of materials${skipNote(billValidators)}`, async () => {
    const paths = ['cdx', 'spdx'].map((kind) => join(main, `opt/hello/share/sbom/acme-python-hello.${kind}.json`));
    expect(await validateBills(paths)).toEqual([]);
    const digest = rows[0]?.sha256 ?? '';
    for (const path of paths) expect(readFileSync(path, 'utf8')).not.toContain(digest);
  });
});

describe('an rpm', () => {
  let rows: readonly BuiltPackage[];
  const query = async (path: string, ...args: readonly string[]): Promise<string> =>
    (await mustRun(['rpm', '--query', '--package', ...args, path], { env: { TZ: 'UTC', LC_ALL: 'C' } })).stdout;

  beforeAll(async () => {
    ({ rows } = await build(project(), '--distribution=rocky-9'));
  });

  const path = (index: number): string => rows[index]?.path ?? '';

  it('has the licence of all that is in it, and a meta-package that of the application', async () => {
    const license = ['--queryformat', '%{LICENSE}\n'];
    expect(await query(path(0), ...license)).toBe(
      'MIT AND (ISC OR MIT) AND LicenseRef-Apache-2.0 AND LicenseRef-Unknown\n',
    );
    expect(await query(path(1), ...license)).toBe('MIT\n');
  });

  it('provides what is bundled, in the form of versions that rpm has for Python', async () => {
    const provides = (await query(path(0), '--provides')).split('\n').filter((text) => text.startsWith('bundled'));
    expect(provides).toEqual([
      'bundled(python3dist(bare)) = 0.1',
      'bundled(python3dist(bark)) = 2~rc1',
      'bundled(python3dist(leaf)) = 1',
      'bundled(python3dist(odd)) = 3^post1',
      'bundled(python3dist(twig)) = 2',
    ]);
    expect(await query(path(1), '--provides')).not.toContain('bundled');
  });

  it('has licence files, as they were in the wheels', async () => {
    const top = '/usr/share/licenses/acme-python-hello';
    const files = (await query(path(0), '--licensefiles')).trim().split('\n');
    expect(files).toEqual([
      `${top}/bark/AUTHORS`,
      `${top}/bark/LICENSE.txt`,
      `${top}/hello/LICENSE`,
      `${top}/leaf/LICENSE`,
      `${top}/odd/sub dir/LICENCE 100%.txt`,
    ]);
    const listed = await query(path(0), '--queryformat', '[%{FILENAMES}\t%{FILEDIGESTS}\t%{FILELINKTOS}\n]');
    const facts = new Map(
      listed
        .trimEnd()
        .split('\n')
        .map((row) => [row.split('\t')[0], row.split('\t').slice(1)] as const),
    );
    const digest = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
    expect(facts.get(`${top}/leaf/LICENSE`)?.[0]).toBe(digest(mit('Zoë')));
    expect(facts.get(`${top}/odd/sub dir/LICENCE 100%.txt`)?.[0]).toBe(digest(latin1));
    // The same text again.
    expect(facts.get(`${top}/odd/COPYING`)?.[1]).toBe('../hello/LICENSE');
    expect(await query(path(0), '--docfiles')).toBe('/usr/share/doc/acme-python-hello/CHANGELOG.md\n');
  });

  it('has a changelog', async () => {
    expect(await query(path(0), '--changelog')).toBe(
      [
        '* Tue Nov 14 2023 Acme <acme@example.com> - 1.2.0-1.el9',
        '- Added: Says 100% more, see.',
        '- Fixed: %changelog',
        '',
        '* Tue Jan 31 2023 Acme <acme@example.com> - 1.1.0-1.el9',
        '- Older.',
        '',
        '',
      ].join('\n'),
    );
    expect(await query(path(2), '--changelog')).toContain('* Wed Jan 01 2020 Acme <acme@example.com> - 1-1.el9\n');
  });
});

describe('the changelog', () => {
  const git = async (directory: string, ...args: readonly string[]): Promise<void> => {
    const dates = { GIT_COMMITTER_DATE: '2023-05-06T07:08:09Z', GIT_AUTHOR_DATE: '2023-05-06T07:08:09Z' };
    const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com', '-c', 'init.defaultBranch=main'];
    await mustRun(['git', ...identity, ...args], { cwd: directory, env: dates });
  };

  async function repository(more: string): Promise<string> {
    const directory = line.project(hello, { 'coachbuilder.yaml': `${manifest}${more}` });
    await git(directory, 'init', '--quiet');
    await git(directory, 'add', '.');
    await git(directory, 'commit', '--quiet', '--message=Begin');
    await git(directory, 'tag', 'v1.1.0');
    for (const subject of ['Say `hello` at 100%', '-- Nobody <nobody@example.com>']) {
      await git(directory, 'commit', '--quiet', '--allow-empty', `--message=${subject}`);
      writeFileSync(join(directory, `${String(subject.length)}.txt`), subject);
      await git(directory, 'add', '.');
      await git(directory, 'commit', '--quiet', '--amend', '--no-edit');
    }
    return directory;
  }

  async function changesOf(uri: string): Promise<string> {
    const { rows } = await build(uri, '--distribution=debian-12');
    const directory = await unpack(rows[0]?.path ?? '');
    return parsedChangelog(directory, 'acme-python-hello', '--count', '9', '--show-field', 'Changes');
  }

  it('comes from the tags of a checkout that has none', async () => {
    expect(await changesOf(await repository(''))).toBe(
      [
        '',
        'acme-python-hello (1.2.0-1+debian12) bookworm; urgency=medium',
        '.',
        '  * -- Nobody <nobody@example.com>',
        '  * Say `hello` at 100%',
        '.',
        'acme-python-hello (1.1.0-1+debian12) bookworm; urgency=medium',
        '.',
        '  * Begin',
        '',
      ].join('\n'),
    );
  });

  it('is the file that the manifest names, or nothing where it says so', async () => {
    const named = project({
      'coachbuilder.yaml': `${manifest}changelog: docs/new.rst\n`,
      'docs/new.rst': '1.2\n===\n\n* Reread.\n',
    });
    expect(await changesOf(named)).toContain('  * Reread.\n');
    expect(await changesOf(await repository('changelog: none\n'))).toContain('  * Release 1.2.0.\n');
  });

  it('is missed where it is named and not there, with its place', async () => {
    const uri = project({ 'coachbuilder.yaml': `${manifest}changelog: NEWS\n` });
    const outcome = await line.run(['--distribution=debian-12', '-d', line.newDirectory('none'), uri]);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toMatch(/coachbuilder\.yaml:7:\d+: .*there is no file "NEWS"/);
  });
});

it('a wheel without metadata is refused by name', async () => {
  const directory = line.newDirectory('broken');
  mkdirSync(directory, { recursive: true });
  const wheel = join(directory, 'none-1.0-py3-none-any.whl');
  writeFileSync(wheel, zipArchive([{ name: 'none-1.0.dist-info/WHEEL', content: 'Wheel-Version: 1.0\n' }]));
  const outcome = await line.run(['--distribution=debian-12', '-d', directory, wheel]);
  expect(outcome.exitCode).toBe(1);
  expect(outcome.stderr).toContain(`error[wheel-invalid]: ${wheel} has no none-1.0.dist-info/METADATA`);
  expect(basename(wheel)).toBe('none-1.0-py3-none-any.whl');
});

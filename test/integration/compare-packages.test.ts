import {
  chmodSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { explainDifference } from '../../src/verification/compare-packages.ts';
import { mustRun } from '../support/machine.ts';
import { testPorts } from '../support/tool-ports.ts';

let directory: string;
let count = 0;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-compare-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** 2024-01-02 03:04:06 UTC. */
const epoch = Date.UTC(2024, 0, 2, 3, 4, 6) / 1000;

/** What a package is made of; the defaults are those of the package that the others are compared with. */
interface Recipe {
  readonly summary?: string;
  readonly depends?: string;
  readonly script?: string;
  readonly content?: string | Buffer;
  readonly mode?: number;
  readonly mtime?: number;
  readonly target?: string;
  readonly extra?: string;
  readonly owner?: string;
  /** Of the members of the ar archive. */
  readonly arTime?: number;
  readonly compression?: string;
}

function newDirectory(): string {
  count += 1;
  const path = join(directory, String(count));
  mkdirSync(path);
  return path;
}

/** A tree with a text, a link and perhaps something more, with fixed times. */
function makeTree(recipe: Recipe): string {
  const root = newDirectory();
  mkdirSync(join(root, 'opt/app'), { recursive: true });
  writeFileSync(join(root, 'opt/app/grün.txt'), recipe.content ?? 'first\nsecond\n');
  chmodSync(join(root, 'opt/app/grün.txt'), recipe.mode ?? 0o644);
  symlinkSync(recipe.target ?? 'grün.txt', join(root, 'opt/app/link'));
  if (recipe.extra !== undefined) writeFileSync(join(root, 'opt/app', recipe.extra), 'extra\n');
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }))
    lutimesSync(join(root, name), epoch, epoch);
  lutimesSync(join(root, 'opt/app/grün.txt'), recipe.mtime ?? epoch, recipe.mtime ?? epoch);
  lutimesSync(root, epoch, epoch);
  return root;
}

async function tar(root: string, output: string, owner: string): Promise<Buffer> {
  const options = ['--sort=name', '--format=gnu', `--owner=${owner}`, '--group=root:0', '--file', output];
  await mustRun(['tar', '--create', ...options, '--directory', root, '.']);
  return readFileSync(output);
}

/** An ar archive as deb(5) wants it. */
function ar(members: readonly (readonly [name: string, content: Buffer])[], mtime: number): Buffer {
  const parts = members.flatMap(([name, content]) => {
    const fields = [name.padEnd(16), String(mtime).padEnd(12), '0     ', '0     ', '100644  '];
    const header = `${fields.join('')}${String(content.length).padEnd(10)}\`\n`;
    return [Buffer.from(header), content, Buffer.from(content.length % 2 === 1 ? '\n' : '')];
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}

async function makeDeb(recipe: Recipe): Promise<string> {
  const control = newDirectory();
  const fields = [
    'Package: app',
    'Version: 1',
    'Architecture: all',
    'Maintainer: A <a@example.com>',
    `Depends: ${recipe.depends ?? 'one'}`,
    `Description: ${recipe.summary ?? 'An application'}`,
    '',
  ];
  writeFileSync(join(control, 'control'), fields.join('\n'));
  writeFileSync(join(control, 'postinst'), recipe.script ?? '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  for (const name of ['control', 'postinst', '.']) lutimesSync(join(control, name), epoch, epoch);
  const place = newDirectory();
  const members = [
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar', await tar(control, join(place, 'control.tar'), 'root:0')],
    ['data.tar', await tar(makeTree(recipe), join(place, 'data.tar'), recipe.owner ?? 'root:0')],
  ] as const;
  const path = join(place, 'app_1_all.deb');
  writeFileSync(path, ar(members, recipe.arTime ?? epoch));
  return path;
}

async function makeRpm(recipe: Recipe): Promise<string> {
  const place = newDirectory();
  const { owner = 'root:0' } = recipe;
  const spec = [
    'Name: app',
    'Version: 1',
    'Release: 1',
    `Summary: ${recipe.summary ?? 'An application'}`,
    'License: MIT',
    'BuildArch: noarch',
    `Requires: ${recipe.depends ?? 'one'}`,
    '%description',
    'It & others.',
    '%post',
    recipe.script ?? 'exit 0',
    '%files',
    `%defattr(-,${owner.split(':')[0] ?? ''},root)`,
    '/opt/app',
    '',
  ];
  writeFileSync(join(place, 'app.spec'), spec.join('\n'));
  const defines = {
    _topdir: place,
    _build_id_links: 'none',
    _buildhost: 'host',
    use_source_date_epoch_as_buildtime: '1',
    clamp_mtime_to_source_date_epoch: '0',
    _binary_payload: recipe.compression ?? 'w6.gzdio',
  };
  const flags = Object.entries(defines).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  const words = ['-bb', '--noclean', '--nodeps', '--buildroot', makeTree(recipe), ...flags, join(place, 'app.spec')];
  await mustRun(['rpmbuild', ...words], { env: { SOURCE_DATE_EPOCH: String(epoch), HOME: place } });
  return join(place, 'RPMS/noarch/app-1-1.noarch.rpm');
}

const makers = { deb: makeDeb, rpm: makeRpm } as const;

async function explain(format: keyof typeof makers, recipe: Recipe): Promise<readonly string[]> {
  const paths = [await makers[format]({}), await makers[format](recipe)] as const;
  const scratch = newDirectory();
  const { commands, environments } = testPorts({ cacheDirectory: scratch });
  const lines = await explainDifference(format, paths, { commands, env: environments.base, scratch });
  expect(readdirSync(scratch)).toEqual([]);
  return lines;
}

const text = 'data /opt/app/grün.txt';
const later = epoch + 60;
const times = 'modification time "2024-01-02T03:04:06.000Z" and then "2024-01-02T03:05:06.000Z"';

describe('two Debian packages', () => {
  it.each<[what: string, recipe: Recipe, lines: readonly string[]]>([
    ['nothing', {}, []],
    ['a field', { depends: 'two' }, ['control field Depends: "one" and then "two"']],
    [
      'a maintainer script',
      { script: '#!/bin/sh\nexit 1\n' },
      ['control file postinst: the content differs at byte 15, line 2: "exit 0" and then "exit 1"'],
    ],
    [
      'the content of a file',
      { content: 'first\nthird\n' },
      [`${text}: the content differs at byte 6, line 2 (13 bytes and then 12): "second" and then "third"`],
    ],
    ['a mode', { mode: 0o600 }, [`${text}: mode "0644" and then "0600"`]],
    ['a time', { mtime: later }, [`${text}: ${times}`]],
    ['a target', { target: '/etc' }, ['data /opt/app/link: target "grün.txt" and then "/etc"']],
    ['a file', { extra: 'more' }, ['data /opt/app/more: only in the second build']],
    [
      'the owner',
      { owner: 'me:1000' },
      ['/', '/opt', '/opt/app', '/opt/app/grün.txt', '/opt/app/link'].map(
        (path) => `data ${path}: owner "root (0)" and then "me (1000)"`,
      ),
    ],
    [
      'a time of the archive',
      { arTime: later },
      ['debian-binary', 'control.tar', 'data.tar'].map(
        (name) => `ar member ${name}: modification time "${String(epoch)}" and then "${String(later)}"`,
      ),
    ],
  ])('that differ in %s', async (_what, recipe, lines) => {
    expect(await explain('deb', recipe)).toEqual(lines);
  });

  it('tells twenty differences, and counts the others', async () => {
    const control = Array.from({ length: 30 }, (_, index) => `X-${String(index)}: 1`).join('\n');
    const lines = await explain('deb', { depends: `one\n${control}` });
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('and 10 more');
  });
});

describe('two RPM packages', () => {
  it.each<[what: string, recipe: Recipe, lines: readonly string[]]>([
    ['nothing', {}, []],
    ['a tag', { summary: 'A & B' }, ['header tag Summary: "An application" and then "A & B"']],
    ['a scriptlet', { script: 'exit 1' }, ['header tag Postin: "exit 0" and then "exit 1"']],
    [
      'the content of a file',
      { content: 'first\nsecret\n' },
      [`${text}: the content differs at byte 9, line 2: "second" and then "secret"`],
    ],
    [
      'the bytes of a file',
      { content: Buffer.from([0, 1, 2]) },
      [`${text}: the content differs at byte 0 (13 bytes and then 3): 66 69 72 73 74 0a 73 65 and then 00 01 02`],
    ],
    ['a mode', { mode: 0o600 }, [`${text}: mode "100644" and then "100600"`]],
    ['a time', { mtime: later }, [`${text}: ${times}`]],
    ['a target', { target: '/etc' }, ['data /opt/app/link: target "grün.txt" and then "/etc"']],
  ])('that differ in %s', async (_what, recipe, lines) => {
    expect(await explain('rpm', recipe)).toEqual(lines);
  });

  it('that differ in the owner', async () => {
    const lines = await explain('rpm', { owner: 'daemon' });
    expect(lines).toContain(`${text}: owner "root" and then "daemon"`);
  });

  it('that differ in a requirement and a file', async () => {
    expect(await explain('rpm', { depends: 'two' })).toContainEqual(
      expect.stringMatching(/^header tag Requirename, value \d+: "\S+" and then "\S+"$/),
    );
    expect(await explain('rpm', { extra: 'more' })).toContain('data /opt/app/more: only in the second build');
  });

  it('that differ in how they are compressed', async () => {
    expect(await explain('rpm', { compression: 'w9.gzdio' })).toContain('header tag Payloadflags: "6" and then "9"');
  });
});

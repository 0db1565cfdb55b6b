import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { parseRecord } from '../../../src/python/record.ts';
import { inventory } from '../../../src/tree/inventory.ts';
import type { TreeEntry } from '../../../src/tree/tree.ts';
import { elfHead } from '../../support/elf.ts';
import { assemble, entryAt, epoch, targetOf, wheelhouseOf } from '../../support/trees.ts';
import { makeWheel, type WheelOptions } from '../../support/wheels.ts';

let directory: string;
let root: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-assemble-'));
  root = join(directory, 'root');
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const site = '/opt/fleet/lib/python3.11/site-packages';
const wheel = (options: Partial<WheelOptions> = {}): string =>
  makeWheel(join(directory, 'wheels'), { name: 'fleet', version: '1.0', ...options }).path;
const assembleWheels = (...paths: readonly string[]) => assemble({ root, wheelhouse: wheelhouseOf(...paths) });
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
/** An inventory without what only the assembler knows. */
const anonymous = (entries: readonly TreeEntry[]): readonly unknown[] =>
  entries.map((entry) => (entry.kind === 'file' ? { ...entry, distribution: undefined } : entry));

describe('assembleTree', () => {
  it('puts every scheme of a wheel where the format says', async () => {
    const tree = await assembleWheels(
      wheel({
        files: { 'fleet/__init__.py': '' },
        data: {
          'purelib/pure.py': '1\n',
          'platlib/plat.py': '2\n',
          'scripts/tool': '#!python\nprint(1)\n',
          'data/share/fleet/x.txt': 'x',
          'headers/fleet.h': '/* */',
        },
      }),
    );
    const files = tree.entries.filter(({ kind }) => kind === 'file').map(({ path }) => path);
    expect(files).toEqual(
      [
        '/opt/fleet/bin/tool',
        '/opt/fleet/include/site/python3.11/fleet/fleet.h',
        `${site}/fleet-1.0.dist-info/INSTALLER`,
        `${site}/fleet-1.0.dist-info/METADATA`,
        `${site}/fleet-1.0.dist-info/RECORD`,
        `${site}/fleet-1.0.dist-info/WHEEL`,
        `${site}/fleet/__init__.py`,
        `${site}/plat.py`,
        `${site}/pure.py`,
        '/opt/fleet/pyvenv.cfg',
        '/opt/fleet/share/fleet/x.txt',
      ].sort(),
    );
    expect(read('/opt/fleet/bin/tool')).toBe('#!/opt/fleet/bin/python\nprint(1)\n');
    expect(read(`${site}/fleet-1.0.dist-info/INSTALLER`)).toBe('coachbuilder\n');
  });

  it('makes an inventory that is what lies on the disk, the prefix first, in byte order', async () => {
    const tree = await assembleWheels(
      wheel({
        files: { 'a/z.py': 'z', 'a.py': 'a', 'ü.py': '', '\u{1f697}.py': '', '\ufb01.py': '' },
        scripts: { fleet: 'a:b' },
      }),
    );
    expect(tree.entries[0]).toEqual({ kind: 'directory', path: '/opt/fleet', mode: 0o755 });
    expect(anonymous(tree.entries)).toEqual(anonymous(await inventory(root, '/opt/fleet')));
    const bytes = tree.entries.map(({ path }) => Buffer.from(path));
    expect(bytes).toEqual([...bytes].sort((left, right) => Buffer.compare(left, right)));
  });

  it('lists in RECORD every file of the distribution with its hash, the generated ones as well', async () => {
    const tree = await assembleWheels(
      wheel({ scripts: { fleet: 'fleet:main' }, data: { 'scripts/tool': '#!python\n', 'data/etc/a b.conf': 'x' } }),
    );
    const record = parseRecord(read(`${site}/fleet-1.0.dist-info/RECORD`));
    expect(record.map(({ path }) => path)).toEqual([
      '../../../bin/fleet',
      '../../../bin/tool',
      '../../../etc/a b.conf',
      'fleet-1.0.dist-info/INSTALLER',
      'fleet-1.0.dist-info/METADATA',
      'fleet-1.0.dist-info/RECORD',
      'fleet-1.0.dist-info/WHEEL',
      'fleet-1.0.dist-info/entry_points.txt',
      'fleet.py',
    ]);
    for (const { path, hash, size } of record) {
      if (path.endsWith('/RECORD')) continue;
      const content = readFileSync(join(root, site, path));
      expect(hash, path).toBe(`sha256=${createHash('sha256').update(content).digest('base64url')}`);
      expect(size, path).toBe(content.length);
    }
    const owned = tree.entries.filter((entry) => entry.kind === 'file' && entry.distribution === 'fleet');
    expect(owned).toHaveLength(record.length);
  });

  it('takes over only whether a file is a program, and makes every script one', async () => {
    const tree = await assembleWheels(
      wheel({
        files: { 'a.py': '', helper: '#!/bin/sh\n', odd: '' },
        data: { 'scripts/tool': '#!/bin/sh\n' },
        modes: { 'a.py': 0o600, helper: 0o711, odd: 0o4777, 'scripts/tool': 0o644 },
      }),
    );
    const modeOf = (path: string): number => entryAt(tree, path).mode;
    expect([`${site}/a.py`, `${site}/helper`, `${site}/odd`, '/opt/fleet/bin/tool'].map(modeOf)).toEqual([
      0o644, 0o755, 0o755, 0o755,
    ]);
  });

  it('gives everything one date, the links and the directories above the prefix as well', async () => {
    const tree = await assemble({
      root,
      wheelhouse: wheelhouseOf(wheel({ scripts: { fleet: 'fleet:main' } })),
      target: targetOf({ lib64: true }),
    });
    const dates = ['/', '/opt', ...tree.entries.map(({ path }) => path)].map(
      (path) => lstatSync(join(root, path)).mtimeMs,
    );
    expect(new Set(dates)).toEqual(new Set([epoch * 1000]));
  });

  it('marks what was asked for with REQUESTED, and nothing else', async () => {
    const tree = await assemble({
      root,
      wheelhouse: wheelhouseOf(wheel(), wheel({ name: 'other' })),
      requested: ['fleet'],
    });
    expect(tree.entries.filter(({ path }) => path.endsWith('/REQUESTED')).map(({ path }) => path)).toEqual([
      `${site}/fleet-1.0.dist-info/REQUESTED`,
    ]);
  });

  it('does not take over what only the installer may write', async () => {
    const tree = await assembleWheels(
      wheel({
        files: { 'fleet-1.0.dist-info/direct_url.json': '{}', 'fleet-1.0.dist-info/INSTALLER': 'pip\n', 'a.py': '' },
      }),
    );
    expect(tree.entries.some(({ path }) => path.endsWith('direct_url.json'))).toBe(false);
    expect(read(`${site}/fleet-1.0.dist-info/INSTALLER`)).toBe('coachbuilder\n');
  });

  it('writes one script for an entry point that setuptools wrote a script for as well', async () => {
    await assembleWheels(
      wheel({
        scripts: { fleet: 'fleet:main' },
        data: { 'scripts/fleet': '#!python\nold\n', 'scripts/fleet-script.py': '#!python\nold\n' },
      }),
    );
    expect(read('/opt/fleet/bin/fleet')).toContain('sys.exit(main())');
  });

  it('streams large members with the same result', async () => {
    const large = Buffer.alloc(5 * 1024 * 1024, 'large ');
    const tree = await assembleWheels(wheel({ files: { 'large.bin': large } }));
    expect(entryAt(tree, `${site}/large.bin`)).toMatchObject({
      size: large.length,
      sha256: createHash('sha256').update(large).digest('hex'),
    });
  });

  it('notes for which machine ELF files were built', async () => {
    const tree = await assembleWheels(wheel({ files: { 'x.so': elfHead({ bits: 64, machine: 183 }) } }));
    expect(entryAt(tree, `${site}/x.so`)).toMatchObject({ elf: { elfClass: 64, machine: 183 } });
  });

  it('notes whether a module imports distutils', async () => {
    expect((await assembleWheels(wheel())).importsDistutils).toBe(false);
    root = join(directory, 'root-2');
    expect((await assembleWheels(wheel({ files: { 'fleet.py': 'import distutils.util\n' } }))).importsDistutils).toBe(
      true,
    );
  });
});

describe('two distributions with one path', () => {
  it('are refused, with both names and every path', async () => {
    const one = wheel({ name: 'one', files: { 'same/a.py': '1', 'same/b.py': '1' } });
    const two = wheel({ name: 'two', files: { 'same/a.py': '2', 'same/b.py': '2' } });
    await expect(assembleWheels(one, two)).rejects.toMatchObject({
      code: 'file-conflict',
      message: 'lib/python3.11/site-packages/same/a.py belongs to one and to two',
      details: ['lib/python3.11/site-packages/same/b.py belongs to one and to two'],
    });
  });

  it('may bring the same bytes: the first one writes them, and both list them', async () => {
    const one = wheel({ name: 'one', files: { 'space/__init__.py': 'x\n', 'space/one.py': '' } });
    const two = wheel({ name: 'two', files: { 'space/__init__.py': 'x\n', 'space/two.py': '' } });
    const tree = await assembleWheels(two, one);
    expect(entryAt(tree, `${site}/space/__init__.py`)).toMatchObject({ distribution: 'one' });
    for (const name of ['one', 'two']) {
      const record = parseRecord(read(`${site}/${name}-1.0.dist-info/RECORD`));
      expect(record.map(({ path }) => path)).toContain('space/__init__.py');
    }
  });

  it('are refused when the same bytes have different modes', async () => {
    const one = wheel({ name: 'one', files: { run: 'x' }, modes: { run: 0o755 } });
    const two = wheel({ name: 'two', files: { run: 'x' } });
    await expect(assembleWheels(one, two)).rejects.toMatchObject({ code: 'file-conflict' });
  });

  it('are refused when one has a file where the other has a directory', async () => {
    const one = wheel({ name: 'one', files: { same: 'x' } });
    const two = wheel({ name: 'two', files: { 'same/a.py': 'x' } });
    await expect(assembleWheels(one, two)).rejects.toMatchObject({ code: 'file-conflict', message: /one and to two/ });
  });

  it('are refused when both have a script of one name', async () => {
    const one = wheel({ name: 'one', scripts: { run: 'one:main' } });
    const two = wheel({ name: 'two', scripts: { run: 'two:main' } });
    await expect(assembleWheels(one, two)).rejects.toMatchObject({
      code: 'file-conflict',
      message: 'bin/run belongs to one and to two',
    });
  });

  it.each(['data/bin/python', 'scripts/python3', 'data/pyvenv.cfg'])(
    'includes the virtual environment: %s is refused',
    async (name) => {
      await expect(assembleWheels(wheel({ data: { [name]: 'x' } }))).rejects.toMatchObject({
        code: 'file-conflict',
        message: /the virtual environment itself and to fleet/,
      });
    },
  );
});

describe('a wheel that breaks its format', () => {
  it.each<[string, Partial<WheelOptions>, RegExp]>([
    [
      'a member that RECORD does not list',
      { rawMembers: [{ name: 'extra.py', content: '' }] },
      /extra\.py, which its RECORD does not list/,
    ],
    ['a link', { rawMembers: [{ name: 'link', content: '/etc/passwd', mode: 0o120777 }] }, /the link link/],
    ['a device', { rawMembers: [{ name: 'null', content: '', mode: 0o020666 }] }, /null, which is a device/],
    ['a name that leads out', { rawMembers: [{ name: '../x', content: '' }] }, /\.\.\/x/],
    ['an absolute name', { rawMembers: [{ name: '/etc/x', content: '' }] }, /\/etc\/x/],
    ['a name that leads out of a scheme', { data: { 'data/../../x': 'x' } }, /x/],
    ['a scheme that there is not', { data: { 'stdlib/x.py': '' } }, /\.data\/stdlib is none of/],
    ['a file beside the schemes', { data: { 'x.py': '' } }, /outside of every scheme/],
    ['an editable finder', { files: { '__editable___fleet_finder.py': '' } }, /editable installation/],
    ['an egg-link', { files: { 'fleet.egg-link': '/src/fleet\n' } }, /editable installation/],
    ['a second .dist-info', { files: { 'other-1.dist-info/METADATA': '' } }, /several \.dist-info/],
    ['an entry point that is none', { entryPoints: '[console_scripts]\nfleet = fleet\n' }, /entry_points\.txt, line 2/],
  ])('is refused: %s', async (_, options, message) => {
    await expect(assembleWheels(wheel(options))).rejects.toMatchObject({ code: 'wheel-invalid', message });
  });

  it('is refused when a member is not what RECORD says, small or large', async () => {
    for (const size of [10, 5 * 1024 * 1024]) {
      const path = wheel({ files: { 'a.bin': Buffer.alloc(size, 'a') } });
      // The archive's own checksum is put right; only RECORD can tell.
      writeFileSync(path, withMember(readFileSync(path), Buffer.alloc(size, 'a'), Buffer.alloc(size, 'b')));
      root = join(directory, `root-${String(size)}`);
      await expect(assembleWheels(path)).rejects.toMatchObject({
        code: 'wheel-invalid',
        message: 'a.bin in fleet-1.0-py3-none-any.whl is not what its RECORD says',
      });
    }
  });

  it.each([
    'cp310-cp310-linux_x86_64',
    'cp311-cp311-manylinux_2_17_aarch64',
    'py2-none-any',
    'cp311-cp311-manylinux_2_39_x86_64',
  ])('is refused when it was built for something else: %s', async (tag) => {
    await expect(assembleWheels(wheel({ tag }))).rejects.toMatchObject({
      code: 'unsupported-wheel',
      message: `fleet-1.0-${tag}.whl was not built for CPython 3.11 on x86_64 with glibc 2.36`,
    });
  });
});

/** Exchanges the stored bytes of one member, and its checksum in both headers. */
function withMember(archive: Buffer, before: Buffer, after: Buffer): Buffer {
  const changed = Buffer.from(archive);
  after.copy(changed, changed.indexOf(before));
  const old = crcBytes(before);
  for (let at = changed.indexOf(old); at !== -1; at = changed.indexOf(old, at + 4)) crcBytes(after).copy(changed, at);
  return changed;
}

function crcBytes(content: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(crc32(content));
  return bytes;
}

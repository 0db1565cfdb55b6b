import { existsSync, lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { SlimSettings } from '../../../src/manifest/tree-settings.ts';
import { parseRecord } from '../../../src/python/record.ts';
import { importedNames } from '../../../src/tree/slim/imports.ts';
import { keepsLocale, testDirectories } from '../../../src/tree/slim/parts.ts';
import { slimTree } from '../../../src/tree/slim/slim.ts';
import { inventory } from '../../../src/tree/inventory.ts';
import { placesOf } from '../../../src/tree/tree-glob.ts';
import type { Tree } from '../../../src/tree/tree.ts';
import { elfHead } from '../../support/elf.ts';
import { assemble, epoch, wheelhouseOf } from '../../support/trees.ts';
import { makeWheel, type WheelOptions } from '../../support/wheels.ts';

let directory: string;
let root: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-slim-'));
  root = join(directory, 'root');
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const site = '/opt/fleet/lib/python3.11/site-packages';
const nothing: SlimSettings = { remove: [], exclude: [], keep: [], locales: undefined, sizeLimit: undefined };

async function slimmed(
  settings: Partial<SlimSettings>,
  ...wheels: readonly (Partial<WheelOptions> & Pick<WheelOptions, 'files'>)[]
): Promise<Tree> {
  const paths = wheels.map((options) =>
    makeWheel(join(directory, 'wheels'), { name: 'fleet', version: '1.0', ...options }),
  );
  const tree = await assemble({
    root,
    wheelhouse: wheelhouseOf(...paths.map(({ path }) => path)),
    exclude: settings.exclude ?? [],
  });
  return slimTree(tree, { settings: { ...nothing, ...settings }, places: placesOf('/opt/fleet', '3.11'), epoch });
}

/** What is left of a distribution's own files, relative to site-packages. */
function left(tree: Tree): readonly string[] {
  return tree.entries
    .filter(({ kind, path }) => kind !== 'directory' && path.startsWith(`${site}/`) && !path.includes('.dist-info/'))
    .map(({ path }) => path.slice(site.length + 1));
}

function recordOf(name: string): readonly string[] {
  return parseRecord(readFileSync(join(root, site, `${name}-1.0.dist-info/RECORD`), 'utf8')).map(({ path }) => path);
}

describe('slimTree', () => {
  it('leaves out what is named, with its empty directories and its lines of RECORD', async () => {
    const tree = await slimmed(
      {
        remove: ['tests', 'headers', 'static-libraries', 'sources', 'type-stubs'],
        exclude: ['bin/tool', '**/*.ipynb'],
      },
      {
        files: {
          'fleet/__init__.py': 'x = 1\n',
          'fleet/__init__.pyi': '',
          'fleet/py.typed': '',
          'fleet/fast.pyx': '',
          'fleet/fast.c': '',
          'fleet/a.h': '',
          'fleet/libx.a': 'four',
          'fleet/doc/deep/x.ipynb': '',
          'fleet/sub/tests/__init__.py': '',
          'fleet/sub/tests/test_a.py': '',
          'fleet/sub/tests/data/x.csv': '',
        },
        data: { 'headers/fleet.h': '', 'scripts/tool': '', 'scripts/other': '' },
      },
    );
    expect(left(tree)).toEqual(['fleet/__init__.py']);
    for (const path of [`${site}/fleet/doc`, `${site}/fleet/sub`, '/opt/fleet/include', '/opt/fleet/bin/tool']) {
      expect(existsSync(join(root, path)), path).toBe(false);
    }
    expect(recordOf('fleet').filter((path) => !path.includes('.dist-info/'))).toEqual([
      '../../../bin/other',
      'fleet/__init__.py',
    ]);
    expect(tree.slimming).toEqual({
      parts: [
        { part: 'exclude', files: 2, bytes: 0 },
        { part: 'headers', files: 2, bytes: 0 },
        { part: 'sources', files: 2, bytes: 0 },
        { part: 'static-libraries', files: 1, bytes: 4 },
        { part: 'tests', files: 3, bytes: 0 },
        { part: 'type-stubs', files: 2, bytes: 0 },
      ],
      idle: [],
    });
    // The inventory is what lies on the disk, and everything has its date still.
    const known = tree.entries.map((entry) => (entry.kind === 'file' ? { ...entry, distribution: undefined } : entry));
    expect(await inventory(root, '/opt/fleet')).toEqual(known);
    for (const { path } of tree.entries) expect(lstatSync(join(root, path)).mtimeMs, path).toBe(epoch * 1000);
  });

  it('keeps test modules that others import, and what those import', async () => {
    const tree = await slimmed(
      { remove: ['tests'] },
      {
        files: {
          'fleet/__init__.py': '',
          'fleet/testing.py': 'from fleet.core.tests import (  # all\n    natype,\n)\n',
          'fleet/core/__init__.py': '',
          'fleet/core/tests/__init__.py': '',
          'fleet/core/tests/natype.py': 'from .helper import x\n',
          'fleet/core/tests/helper.py': 'x = 1\n',
          'fleet/core/tests/test_natype.py': '',
        },
      },
    );
    expect(left(tree)).toEqual([
      'fleet/__init__.py',
      'fleet/core/__init__.py',
      'fleet/core/tests/__init__.py',
      'fleet/core/tests/helper.py',
      'fleet/core/tests/natype.py',
      'fleet/testing.py',
    ]);
  });

  it('keeps stubs that are read at run time, and what keep says', async () => {
    const tree = await slimmed(
      { remove: ['type-stubs', 'tests'], keep: ['fleet/tests/*.csv'] },
      {
        files: {
          'fleet/__init__.py': 'import lazy_loader as lazy\nlazy.attach_stub(__name__, __file__)\n',
          'fleet/__init__.pyi': '',
          'fleet/other.py': '',
          'fleet/other.pyi': '',
          'fleet/tests/x.csv': '',
          'fleet/tests/test_x.py': '',
        },
      },
    );
    expect(left(tree)).toEqual(['fleet/__init__.py', 'fleet/__init__.pyi', 'fleet/other.py', 'fleet/tests/x.csv']);
  });

  it('keeps the licences and all else in .dist-info, and the environment itself, and says what took nothing in', async () => {
    const tree = await slimmed(
      { exclude: ['fleet-1.0.dist-info', '/opt/fleet/pyvenv.cfg', 'bin/python*', 'gone/**'] },
      { files: { 'fleet/__init__.py': '' } },
    );
    expect(tree.slimming).toEqual({
      parts: [],
      idle: ['fleet-1.0.dist-info', '/opt/fleet/pyvenv.cfg', 'bin/python*', 'gone/**'],
    });
  });

  it('takes a file that two distributions share out of both RECORDs', async () => {
    const files = { 'space/__init__.py': '' };
    await slimmed({ exclude: ['space/__init__.py'] }, { name: 'one', files }, { name: 'two', files });
    for (const name of ['one', 'two']) expect(recordOf(name)).not.toContain('space/__init__.py');
  });

  it('leaves the RECORD of what a distribution vendors as it came', async () => {
    const vendored = `${site}/fleet/_vendor/other-2.0.dist-info/RECORD`;
    const text = 'other/x.py,,\nother/y.py,,\n';
    const files = { 'fleet/_vendor/other-2.0.dist-info/RECORD': text, 'other/x.py': '' };
    await slimmed({ exclude: ['other/x.py'] }, { files });
    expect(readFileSync(join(root, vendored), 'utf8')).toBe(text);
    expect(recordOf('fleet')).not.toContain('other/x.py');
  });

  it('settles what two distributions fight for, and nothing else', async () => {
    const one = { name: 'one', files: { 'tests/conftest.py': '1', 'one.py': '' } };
    const two = { name: 'two', files: { 'tests/conftest.py': '2', 'two.py': '' } };
    expect(left(await slimmed({ exclude: ['tests'] }, one, two))).toEqual(['one.py', 'two.py']);
    for (const name of ['one', 'two']) expect(recordOf(name)).not.toContain('tests/conftest.py');
    root = join(directory, 'another');
    await expect(slimmed({ remove: ['tests'] }, one, two)).rejects.toMatchObject({
      code: 'file-conflict',
      message: 'lib/python3.11/site-packages/tests/conftest.py belongs to one and to two',
    });
    // The environment itself cannot be left out.
    root = join(directory, 'third');
    const thief = { files: {}, data: { 'scripts/python': '' } };
    await expect(slimmed({ exclude: ['bin/python'] }, thief)).rejects.toMatchObject({ code: 'file-conflict' });
  });

  it('makes links of libraries that are the same, which keep their name for the loader and their digest for RECORD', async () => {
    const library = elfHead({ machine: 62, bits: 64 });
    const tree = await slimmed(
      { remove: ['duplicate-libraries'] },
      {
        name: 'one',
        tag: 'cp311-cp311-linux_x86_64',
        files: { 'one.libs/libz-1.so.1': library, 'one/ext.so': library },
      },
      { name: 'two', tag: 'cp311-cp311-linux_x86_64', files: { 'two.libs/libz-1.so.1': library } },
    );
    expect(readlinkSync(join(root, site, 'two.libs/libz-1.so.1'))).toBe('../one.libs/libz-1.so.1');
    expect(lstatSync(join(root, site, 'one/ext.so')).isFile()).toBe(true);
    expect(recordOf('two')).toContain('two.libs/libz-1.so.1');
    expect(tree.slimming?.parts).toEqual([{ part: 'duplicate-libraries', files: 1, bytes: library.length }]);
    const known = tree.entries.map((entry) => (entry.kind === 'file' ? { ...entry, distribution: undefined } : entry));
    expect(await inventory(root, '/opt/fleet')).toEqual(known);
  });

  it('leaves out translations, but those of the languages that stay and of English', async () => {
    const tree = await slimmed(
      { locales: ['de'] },
      {
        files: Object.fromEntries(
          ['de', 'de_AT', 'en', 'fr', 'pt_BR', 'sr@latin'].flatMap((locale) => [
            [`fleet/locale/${locale}/LC_MESSAGES/x.mo`, ''],
            [`fleet/locale/${locale}/formats.py`, ''],
          ]),
        ),
      },
    );
    const locales = left(tree).map((path) => path.split('/')[2]);
    expect([...new Set(locales)]).toEqual(['de', 'de_AT', 'en']);
  });
});

it('takes test for a directory of tests only when it holds some', () => {
  const paths = ['django/test/client.py', 'twisted/test/test_abc.py', 'a/tests/x/tests/y.py', 'tests/conftest.py'];
  expect([...testDirectories(paths)].sort()).toEqual(['a/tests', 'tests', 'twisted/test']);
});

it.each<[string, readonly string[], boolean]>([
  ['de', ['de'], true],
  ['de_AT', ['de'], true],
  ['pt', ['pt_BR'], true],
  ['pt_PT', ['pt_BR'], false],
  ['zh-Hans', ['zh_Hans'], true],
  ['den', ['de'], false],
  ['en_GB', [], true],
])('locale %s with %j stays: %s', (locale, kept, expected) => {
  expect(keepsLocale(locale, kept)).toBe(expected);
});

it.each<[string, readonly string[]]>([
  ['import a.b as c, d', ['a.b', 'd']],
  ['from a import b as c, d', ['a', 'a.b', 'a.d']],
  ['    from . import x', ['p.q', 'p.q.x']],
  ['from ..r import (\n  s,  # why\n  t,\n)', ['p.r', 'p.r.s', 'p.r.t']],
  ['from .t import *', ['p.q.t']],
  ['# import a\nx = "import b"', []],
])('%j imports', (text, expected) => {
  expect([...importedNames('p/q/m.py', text)]).toEqual(expected);
});

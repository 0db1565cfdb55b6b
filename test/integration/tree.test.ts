import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseRecord } from '../../src/python/record.ts';
import { inventory } from '../../src/tree/inventory.ts';
import type { AssembleTarget } from '../../src/tree/assemble.ts';
import type { TreeEntry } from '../../src/tree/tree.ts';
import { mustRun, run } from '../support/machine.ts';
import { assemble, targetOf, wheelhouseOf } from '../support/trees.ts';
import { makeWheel } from '../support/wheels.ts';

/** Small and well known; between them they bring shared libraries, a script, headers and a package that uses C. */
const fromTheIndex = ['attrs', 'pyyaml', 'cryptography', 'xlrd', 'greenlet'];

let directory: string;
let python: { readonly path: string; readonly minor: string };

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-tree-'));
  const { stdout } = await mustRun([
    'python3',
    '-c',
    'import os, sys; print(os.path.realpath(sys.executable), "%d.%d" % sys.version_info[:2])',
  ]);
  const [path = '', minor = ''] = stdout.trim().split(' ');
  python = { path, minor };
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

function syntheticWheels(): readonly string[] {
  const wheels = join(directory, 'synthetic');
  return [
    makeWheel(wheels, {
      name: 'fleet',
      version: '1.0',
      files: {
        'fleet/__init__.py':
          'def main():\n    import sys, helper\n    print("fleet", sys.prefix, sys.argv[1:], helper.answer)\n',
        'fleet/nested/deep.py':
          'class Main:\n    @staticmethod\n    def run():\n        print("deep")\n        return 3\n',
        'fleet/data.bin': Buffer.from([0, 1, 2, 255]),
        'fleet/run.sh': '#!/bin/sh\necho run\n',
        'space/__init__.py': '__path__ = __import__("pkgutil").extend_path(__path__, __name__)\n',
      },
      modes: { 'fleet/run.sh': 0o755, 'fleet/data.bin': 0o600 },
      entryPoints:
        '[console_scripts]\nfleet = fleet:main\ndeep = fleet.nested.deep:Main.run [extra]\n\n[gui_scripts]\nfleet-gui = fleet:main\n\n[fleet.plugins]\nx = fleet\n',
      data: {
        'purelib/pure.py': 'x = 1\n',
        'platlib/plat.py': 'x = 2\n',
        'scripts/fleet-tool': '#!python\nimport sys\nprint("tool", sys.prefix)\n',
        'scripts/fleet-sh': '#!/bin/sh\necho sh\n',
        'data/etc/fleet.conf': 'a = 1\n',
        'data/share/fleet/x.txt': 'x',
        'headers/fleet.h': '/* */\n',
      },
    }).path,
    makeWheel(wheels, { name: 'helper', version: '2', files: { 'helper.py': 'answer = 42\n' } }).path,
    makeWheel(wheels, {
      name: 'other',
      version: '2',
      files: {
        'space/__init__.py': '__path__ = __import__("pkgutil").extend_path(__path__, __name__)\n',
        'space/other.py': '',
        'other-nspkg.pth': 'import sys\n',
      },
    }).path,
  ];
}

function targetAt(prefix: string): AssembleTarget {
  return targetOf({ prefix, minor: python.minor, python: python.path, lib64: true, glibc: '2.99' });
}

/** What is documented to differ from what pip does. */
function isComparable({ path }: TreeEntry): boolean {
  return !/\/bin\/(?:activate.*|Activate\.ps1)$|\/pyvenv\.cfg$|\/bin\/python[0-9.]*$|\.dist-info\/(?:INSTALLER|REQUESTED|direct_url\.json|RECORD)$/.test(
    path,
  );
}

/** RECORD as a map, without the files that are documented to differ. */
function recordAt(path: string): ReadonlyMap<string, string | undefined> {
  const lines = parseRecord(readFileSync(path, 'utf8'));
  return new Map(
    lines
      .filter((line) => !/\/(?:INSTALLER|REQUESTED|direct_url\.json|RECORD)$/.test(line.path))
      .map((line) => [line.path, line.hash]),
  );
}

async function compareWithPip(name: string, wheels: readonly string[]): Promise<void> {
  // The same path is the prefix of both, so that even the first lines of the scripts have to agree.
  const prefix = join(directory, name, 'opt');
  const root = join(directory, `${name}-root`);
  await mustRun(['python3', '-m', 'venv', '--without-pip', prefix]);
  await mustRun(
    [
      'python3',
      '-m',
      'pip',
      '--python',
      join(prefix, 'bin/python'),
      'install',
      '--no-index',
      '--no-deps',
      '--no-compile',
      '--quiet',
      ...wheels,
    ],
    { env: { PIP_ROOT_USER_ACTION: 'ignore' } },
  );
  const tree = await assemble({ root, wheelhouse: wheelhouseOf(...wheels), target: targetAt(prefix) });
  const made = await inventory(root, prefix);
  const expected = (await inventory('/', prefix)).filter(isComparable);
  // `include` is there only when headers are.
  const hasHeaders = expected.some(({ path }) => path.startsWith(join(prefix, 'include/site')));
  const wanted = expected.filter(({ path }) => hasHeaders || !path.startsWith(join(prefix, 'include')));
  const ours = made.filter(isComparable);
  // venv makes a directory for headers of the interpreter's own naming, which nothing uses, and from Python 3.13 on a
  // .gitignore.
  const unused = [join(prefix, `include/python${python.minor}`), join(prefix, '.gitignore')];
  expect(ours).toEqual(wanted.filter(({ path }) => !unused.includes(path)));
  expect(ours.filter(({ kind }) => kind === 'file').length).toBeGreaterThan(5);

  for (const { path } of tree.entries.filter((entry) => entry.path.endsWith('.dist-info/RECORD'))) {
    expect(recordAt(join(root, path)), path).toEqual(recordAt(path));
  }
}

describe('the layout of a tree', () => {
  it('is what venv and pip make of the same wheels: every scheme', async () => {
    await compareWithPip('schemes', syntheticWheels());
  });

  it('is what venv and pip make of the same wheels: real ones from the index', async (context) => {
    const wheels = join(directory, 'index');
    const argv = [
      'python3',
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-deps',
      '--only-binary=:all:',
      '-d',
      wheels,
    ] as const;
    const outcome = await run([...argv, ...fromTheIndex]);
    if (outcome.exitCode !== 0) context.skip(`the index cannot be reached: ${outcome.stderr}`);
    const paths = readdirSync(wheels).map((file) => join(wheels, file));
    expect(paths).toHaveLength(fromTheIndex.length);
    await compareWithPip('index-venv', paths);
  });
});

describe('a tree at its prefix', () => {
  it.each([
    ['a usual path', 'opt/app'],
    ['a path that is too long for a first line', `opt/${'long/'.repeat(30)}app`],
    ['a path with a space and signs that a shell knows', 'opt/my $app'],
  ])('runs its programs from %s', async (_, below) => {
    const prefix = join(directory, 'installed', below);
    const root = join(directory, 'run', below.slice(0, 8));
    const wheels = syntheticWheels();
    await assemble({ root, wheelhouse: wheelhouseOf(...wheels), target: targetAt(prefix) });
    mkdirSync(dirname(prefix), { recursive: true });
    renameSync(join(root, prefix), prefix);
    const bin = (name: string): string => join(prefix, 'bin', name);

    expect((await mustRun([bin('fleet'), 'a b', '*'])).stdout).toBe(`fleet ${prefix} ['a b', '*'] 42\n`);
    expect((await mustRun([bin('fleet-gui')])).stdout).toBe(`fleet ${prefix} [] 42\n`);
    expect((await run([bin('deep')])).exitCode).toBe(3);
    expect((await mustRun([bin('fleet-tool')])).stdout).toBe(`tool ${prefix}\n`);
    expect((await mustRun([bin('fleet-sh')])).stdout).toBe('sh\n');
    const listed = await mustRun([
      bin('python'),
      '-c',
      'from importlib.metadata import distributions\nprint(sorted({(d.metadata["Name"], all(f.locate().exists() for f in d.files)) for d in distributions()}))',
    ]);
    expect(listed.stdout).toBe("[('fleet', True), ('helper', True), ('other', True)]\n");
    rmSync(prefix, { recursive: true });
  });

  it('is accepted by pip as an environment whose dependencies are all there', async () => {
    const prefix = join(directory, 'checked');
    const root = join(directory, 'check-root');
    await assemble({ root, wheelhouse: wheelhouseOf(...syntheticWheels()), target: targetAt(prefix) });
    renameSync(join(root, prefix), prefix);
    const { stdout } = await mustRun(['python3', '-m', 'pip', '--python', join(prefix, 'bin/python'), 'check']);
    expect(stdout).toContain('No broken requirements found.');
  });
});

describe('reproducibility', () => {
  it('is independent of the directory, the umask and the order of the wheels', async () => {
    const wheels = syntheticWheels();
    const target = targetAt('/opt/fleet');
    const first = join(directory, 'first');
    const second = join(directory, 'somewhere', 'else');
    const one = await assemble({ root: first, wheelhouse: wheelhouseOf(...wheels), target });
    const before = process.umask(0o077);
    try {
      const two = await assemble({ root: second, wheelhouse: wheelhouseOf(...[...wheels].reverse()), target });
      expect(two.entries).toEqual(one.entries);
    } finally {
      process.umask(before);
    }
    const listing = async (root: string): Promise<string> =>
      (await mustRun(['find', '.', '-printf', '%y %m %T@ %s %p %l\\n'], { cwd: root })).stdout
        .split('\n')
        .sort()
        .join('\n');
    // Sizes of directories depend on the file system.
    const withoutSizes = (text: string): string => text.replaceAll(/^(d \d+ \S+) \d+/gm, '$1');
    expect(withoutSizes(await listing(second))).toBe(withoutSizes(await listing(first)));
    expect(await inventory(second, '/opt/fleet')).toEqual(await inventory(first, '/opt/fleet'));
  });
});

import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';

import { findLeaks, forbiddenPaths } from '../../src/inspect/leaks.ts';
import { parseRecord } from '../../src/python/record.ts';
import { createRedactor } from '../../src/report/redact.ts';
import { NodeCommandRunner } from '../../src/system/node-command-runner.ts';
import { compileBytecode } from '../../src/tree/bytecode.ts';
import { findInterpreter, type FoundInterpreter } from '../../src/tree/interpreters.ts';
import { inventory } from '../../src/tree/inventory.ts';
import type { Tree } from '../../src/tree/tree.ts';
import { mustRun } from '../support/machine.ts';
import { assemble, entryAt, epoch, targetOf, wheelhouseOf } from '../support/trees.ts';
import { makeWheel } from '../support/wheels.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-bytecode-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const commands = new NodeCommandRunner({
  redact: createRedactor(),
  reporter: { report: () => undefined, close: () => undefined },
  interruption: new AbortController().signal,
});
const base = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: homedir(), LC_ALL: 'C.UTF-8', TZ: 'UTC' };
const search = { commands, environments: { base, network: base } };

async function interpreterOr(context: TestContext, minor: string): Promise<FoundInterpreter> {
  const found = await findInterpreter(minor, search);
  return found ?? context.skip(`no CPython ${minor} on this machine`);
}

/** Names and strings that several modules share: what makes the bytes of old marshal formats depend on their neighbours. */
const module = (index: number): string =>
  `"""Module ${String(index)}."""\nimport os\nshared = frozenset({"alpha", "beta", "gamma", "delta-${String(index)}"})\n\ndef find(name, path=os.curdir):\n    return name in {"alpha", "beta", "gamma"} or [name for name in path if name in shared]\n`;

function wheel(): string {
  return makeWheel(join(directory, 'wheels'), {
    name: 'fleet',
    version: '1.0',
    files: {
      'fleet/__init__.py': 'def main():\n    print(main.__code__.co_filename)\n',
      'fleet/python2.py': 'print "no"\n',
      'fleet/latin.py': Buffer.from('x = "\xe9"\n', 'latin1'),
      // What setuptools brings of what it vendors: no RECORD of the tree's, and nothing is written to it.
      'fleet/_vendor/other-2.0.dist-info/RECORD': 'other/__init__.py,,\n',
      ...Object.fromEntries(
        Array.from({ length: 20 }, (_, index) => [`fleet/sub/m${String(index)}.py`, module(index)]),
      ),
    },
    scripts: { fleet: 'fleet:main' },
  }).path;
}

async function compile(name: string, interpreter: FoundInterpreter, prefix = '/opt/fleet'): Promise<Tree> {
  const root = join(directory, name);
  const target = targetOf({ minor: interpreter.minor, prefix, python: interpreter.path, lib64: true });
  const tree = await assemble({ root, wheelhouse: wheelhouseOf(wheel()), target });
  return compileBytecode(tree, { ...search, interpreter, epoch });
}

describe('findInterpreter', () => {
  it('finds the interpreter itself, not a shim that chooses one', async (context) => {
    const { stdout } = await mustRun(['python3', '-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
    const found = await interpreterOr(context, stdout.trim());
    expect(found.path).not.toContain('/shims/');
    const version = await mustRun([found.path, '-c', 'import platform; print(platform.python_version())']);
    expect(version.stdout.trim()).toBe(found.version);
  });

  it('finds none of a version that there is not', async () => {
    expect(await findInterpreter('3.99', search)).toBeUndefined();
  });
});

describe.each(['3.7', '3.8', '3.9', '3.10', '3.11', '3.12', '3.13', '3.14'])('bytecode of Python %s', (minor) => {
  it('is valid whatever the dates are, names the paths of the target, and stands in RECORD', async (context) => {
    const interpreter = await interpreterOr(context, minor);
    const prefix = join(directory, `installed-${minor}`, 'opt/fleet');
    const tree = await compile(`root-${minor}`, interpreter, prefix);
    const site = `${prefix}/lib/python${minor}/site-packages`;
    const compiled = `${site}/fleet/sub/__pycache__/m3.cpython-${minor.replace('.', '')}.pyc`;
    expect(entryAt(tree, compiled)).toMatchObject({ kind: 'file', mode: 0o644, distribution: 'fleet' });
    // PEP 552: after the magic number, flags; 1 is "hash-based, unchecked".
    expect(readFileSync(join(tree.root, compiled)).readUInt32LE(4)).toBe(1);
    expect(tree.bytecode).toBe('shipped');

    const onDisk = await inventory(tree.root, prefix);
    const anonymous = tree.entries.map((entry) =>
      entry.kind === 'file' ? { ...entry, distribution: undefined } : entry,
    );
    expect(onDisk).toEqual(anonymous);
    const record = parseRecord(readFileSync(join(tree.root, site, 'fleet-1.0.dist-info/RECORD'), 'utf8'));
    for (const { path, hash } of record.filter((line) => line.hash !== undefined)) {
      const entry = entryAt(tree, join(site, path));
      const digest = entry.kind === 'file' ? Buffer.from(entry.sha256, 'hex').toString('base64url') : undefined;
      expect(hash, path).toBe(`sha256=${String(digest)}`);
    }
    expect(record.filter(({ path }) => path.endsWith('.pyc'))).toHaveLength(21);
    const dates = (await mustRun(['find', tree.root, '-printf', '%T@\\n'])).stdout.trim().split('\n');
    expect(new Set(dates)).toEqual(new Set([`${String(epoch)}.0000000000`]));

    expect(await findLeaks(tree, forbiddenPaths({ directories: [tree.root], prefix }))).toEqual([]);
    mkdirSync(dirname(prefix), { recursive: true });
    renameSync(join(tree.root, prefix), prefix);
    expect((await mustRun([join(prefix, 'bin/fleet')])).stdout).toBe(`${site}/fleet/__init__.py\n`);
    // Importing everything leaves nothing new behind.
    await mustRun([join(prefix, 'bin/python'), '-c', 'import fleet.sub.m3, fleet.sub.m7']);
    expect(await inventory('/', prefix)).toEqual(anonymous);
  });

  it('is the same in every directory and every time', async (context) => {
    const interpreter = await interpreterOr(context, minor);
    const one = await compile(`a-${minor}`, interpreter);
    const two = await compile(`b/somewhere-else-${minor}`, interpreter);
    expect(two.entries).toEqual(one.entries);
    expect(existsSync(one.root)).toBe(true);
  });
});

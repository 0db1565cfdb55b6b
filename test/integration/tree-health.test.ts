import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';

import { importEntryPoints } from '../../src/inspect/health/imports.ts';
import { readInstalled } from '../../src/inspect/health/installed.ts';
import { removeStrangers } from '../../src/inspect/health/strangers.ts';
import { createRedactor } from '../../src/report/redact.ts';
import { NodeCommandRunner } from '../../src/system/node-command-runner.ts';
import { findInterpreter, type FoundInterpreter } from '../../src/tree/interpreters.ts';
import { inventory } from '../../src/tree/inventory.ts';
import type { Tree } from '../../src/tree/tree.ts';
import { assemble, epoch, targetOf, wheelhouseOf } from '../support/trees.ts';
import { makeWheel, type WheelOptions } from '../support/wheels.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-health-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const commands = new NodeCommandRunner({
  redact: createRedactor(),
  reporter: { report: () => undefined, close: () => undefined },
  interruption: new AbortController().signal,
});
const base = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: homedir(),
  ...(process.env['PYENV_ROOT'] === undefined ? {} : { PYENV_ROOT: process.env['PYENV_ROOT'] }),
};
const environments = { base, network: base };

async function interpreterOr(context: TestContext, minor: string): Promise<FoundInterpreter> {
  const found = await findInterpreter(minor, { commands, environments });
  return found ?? context.skip(`no CPython ${minor} on this machine`);
}

/** Every way in which an import can end; `main` of each module is an entry point of the same name. */
const modules: Readonly<Record<string, string>> = {
  good: 'import json, ssl, ctypes\ndef main(): pass\n',
  missing: 'import no_such_module\ndef main(): pass\n',
  renamed: 'from json import no_such_name\ndef main(): pass\n',
  absent: '',
  attribute: 'import collections\ncollections.no_such_attribute\ndef main(): pass\n',
  syntax: 'def main(:\n',
  windows: 'import winreg\ndef main(): pass\n',
  library: 'import ctypes\nctypes.CDLL("libno-such-library.so.7")\ndef main(): pass\n',
  shared: 'raise ImportError("libfoo.so.1: cannot open shared object file: No such file or directory")\n',
  exits: 'import sys\nsys.exit(3)\n',
  dies: 'import os\nos._exit(7)\n',
  configured: 'import os\nos.environ["FLEET_SETTINGS"]\ndef main(): pass\n',
  network: 'import socket\nsocket.create_connection(("127.0.0.1", 9), 1)\ndef main(): pass\n',
  numeric: 'import socket\nsocket.getaddrinfo("127.0.0.1", 9)\nsocket.getaddrinfo("::1", 9)\ndef main(): pass\n',
  writes: 'import os\nopen(os.path.join(os.path.dirname(__file__), "cache.txt"), "w")\ndef main(): pass\n',
  forgives:
    'import os\ntry:\n    open(os.path.join(os.path.dirname(__file__), "c2.txt"), "w").close()\nexcept OSError:\n    pass\ndef main(): pass\n',
  prints: 'print("{\\"id\\": 0, \\"kind\\": \\"ok\\"}")\nimport os\nos.write(1, b"noise\\n")\ndef main(): pass\n',
  home: 'import os\nopen(os.path.expanduser("~/x"), "w").close()\ndef main(): pass\n',
  site: 'import sys\nif any("/dist-packages" in p for p in sys.path): raise ImportError("not isolated")\ndef main(): pass\n',
  last: 'def main(): pass\n',
};

interface Imports {
  readonly tree: Tree;
  readonly said: Readonly<Record<string, string>>;
}

async function importsOf(
  name: string,
  interpreter: FoundInterpreter,
  ...wheels: readonly Partial<WheelOptions>[]
): Promise<Imports> {
  return importsAmong({ name, interpreter, published: false }, ...wheels);
}

async function importsAmong(
  {
    name,
    interpreter,
    published,
  }: { readonly name: string; readonly interpreter: FoundInterpreter; readonly published: boolean },
  ...wheels: readonly Partial<WheelOptions>[]
): Promise<Imports> {
  const root = join(directory, name, 'root');
  const paths = wheels.map(
    (options) => makeWheel(join(directory, name), { name: 'fleet', version: '1.0', ...options }).path,
  );
  const target = targetOf({ minor: interpreter.minor });
  const tree = await assemble({ root, wheelhouse: wheelhouseOf(...paths), target });
  const sitePackages = `/opt/fleet/lib/python${interpreter.minor}/site-packages`;
  const { findings } = await importEntryPoints({
    tree,
    installed: readInstalled(tree, sitePackages),
    sitePackages,
    platform: { title: 'T', pythonVersion: interpreter.version, glibc: '2.36', architecture: 'x86_64' },
    application: 'fleet',
    published,
    interpreter,
    scratch: mkdtempSync(join(directory, 'scratch-')),
    commands,
    environments,
  });
  const said = findings.map(({ severity, path, message }) => [
    path.replace('/opt/fleet/bin/', ''),
    `${severity} ${/cannot be imported: (.*)/.exec(message)?.[1] ?? message}`,
  ]);
  return { tree, said: Object.fromEntries(said) as Readonly<Record<string, string>> };
}

describe.each(['3.6', '3.7', '3.8', '3.9', '3.10', '3.11', '3.12', '3.13', '3.14'])(
  'imports with Python %s',
  (minor) => {
    it('tells what is missing from what may be so on this machine only', async (context) => {
      const interpreter = await interpreterOr(context, minor);
      const { tree, said } = await importsOf(`kinds-${minor}`, interpreter, {
        files: Object.fromEntries(Object.entries(modules).map(([name, text]) => [`fleet/${name}.py`, text])),
        scripts: Object.fromEntries(Object.keys(modules).map((name) => [name, `fleet.${name}:main`])),
      });
      const hooked = Number(minor.slice(2)) >= 8;
      expect(said).toEqual({
        missing: "error ModuleNotFoundError: No module named 'no_such_module' (fleet/missing.py:1)",
        renamed: expect.stringMatching(
          /^error ImportError: cannot import name 'no_such_name'.*\(fleet\/renamed\.py:1\)$/,
        ) as unknown,
        absent: "error AttributeError: module 'fleet.absent' has no attribute 'main'",
        attribute:
          "error AttributeError: module 'collections' has no attribute 'no_such_attribute' (fleet/attribute.py:2)",
        syntax: expect.stringMatching(/^error SyntaxError: invalid syntax/) as unknown,
        windows: expect.stringMatching(
          /^warning ModuleNotFoundError: No module named 'winreg'.*this machine's Python/,
        ) as unknown,
        library: expect.stringMatching(
          /^warning OSError: libno-such-library.*a library of the system is missing/,
        ) as unknown,
        shared: expect.stringMatching(
          /^warning ImportError: libfoo\.so\.1.*a library of the system is missing/,
        ) as unknown,
        exits: expect.stringMatching(/^warning SystemExit: 3/) as unknown,
        dies: expect.stringMatching(/^warning the interpreter ended with status 7/) as unknown,
        configured: expect.stringMatching(/^warning KeyError: 'FLEET_SETTINGS'/) as unknown,
        network: expect.stringMatching(/^warning OSError: .*Network is unreachable/) as unknown,
        ...(hooked ? { writes: expect.stringMatching(/^warning PermissionError/) as unknown } : {}),
      });
      const strangers = removeStrangers(tree, epoch).map(({ path }) => path.replace(/.*\//, ''));
      expect(strangers.sort()).toEqual(hooked ? [] : ['c2.txt', 'cache.txt']);
      const known = tree.entries.map((entry) =>
        entry.kind === 'file' ? { ...entry, distribution: undefined } : entry,
      );
      expect(await inventory(tree.root, '/opt/fleet')).toEqual(known);
    });
  },
);

it('does not take what an extra would bring for missing; in the application only when it is the very module', async (context) => {
  const interpreter = await interpreterOr(context, '3.11');
  const optional = { requires: ['click; extra == "cli"'], extras: ['cli'] };
  const { said } = await importsOf(
    'extras',
    interpreter,
    {
      ...optional,
      files: {
        'fleet.py': 'import click\n',
        'server.py':
          'try:\n    import click\nexcept ImportError as e:\n    raise ImportError("install fleet[cli]") from e\n',
        'other.py': 'import other_module\n',
      },
      scripts: { own: 'fleet:main', server: 'server:main', other: 'other:main' },
    },
    { ...optional, name: 'dep', files: { 'dep.py': 'import click\n' }, scripts: { one: 'dep:main', two: 'dep:main' } },
    { name: 'plain', files: { 'plain.py': 'import click\n' }, scripts: { plain: 'plain:main' } },
  );
  expect(said).toEqual({
    own: "warning ModuleNotFoundError: No module named 'click' (fleet.py:1); it is probably for one of the extras that are not installed (cli)",
    server:
      'warning ImportError: install fleet[cli] (server.py:4); it is probably for one of the extras that are not installed (cli)',
    other: "error ModuleNotFoundError: No module named 'other_module' (other.py:1)",
    one: "warning ModuleNotFoundError: No module named 'click' (dep.py:1); it is probably for one of the extras that are not installed (cli)",
    plain: "error ModuleNotFoundError: No module named 'click' (plain.py:1)",
  });
});

it('warns of a program that others published for what they do not require, while their other programs work', async (context) => {
  const interpreter = await interpreterOr(context, '3.11');
  const fleet = {
    requires: ['sphinx; extra == "docs"'],
    extras: ['docs'],
    files: {
      'fleet.py': 'def main(): pass\n',
      'hub.py': 'import hub_server\n',
      'broken.py': 'import fleet_parts.core\n',
      'fleet_parts/__init__.py': '',
    },
    scripts: { fleet: 'fleet:main', hub: 'hub:main', broken: 'broken:main' },
  };
  const alone = { name: 'alone', files: { 'alone.py': 'import pkg_resources\n' }, scripts: { alone: 'alone:main' } };
  const hub = "ModuleNotFoundError: No module named 'hub_server' (hub.py:1)";
  const broken = "error ModuleNotFoundError: No module named 'fleet_parts.core' (broken.py:1)";
  const needy = "error ModuleNotFoundError: No module named 'pkg_resources' (alone.py:1)";
  const { said } = await importsAmong({ name: 'published', interpreter, published: true }, fleet, alone);
  expect(said).toEqual({ hub: expect.stringContaining(`warning ${hub}; its other`) as unknown, broken, alone: needy });
  const built = await importsAmong({ name: 'built', interpreter, published: false }, fleet, alone);
  expect(built.said).toEqual({ hub: `error ${hub}`, broken, alone: needy });
});

it('names what an import changed and cannot be put right', async (context) => {
  const interpreter = await interpreterOr(context, '3.7');
  const { tree } = await importsOf('changes', interpreter, {
    files: { 'fleet.py': 'open(__file__, "a").write("# more\\n")\ndef main(): pass\n' },
    scripts: { fleet: 'fleet:main' },
  });
  expect(removeStrangers(tree, epoch)).toMatchObject([
    { check: 'record', severity: 'error', message: expect.stringMatching(/changed .*\/fleet\.py$/) as unknown },
  ]);
  expect(readFileSync(join(tree.root, '/opt/fleet/lib/python3.7/site-packages/fleet.py'), 'utf8')).toContain('# more');
  expect(existsSync(join(tree.root, '/opt/fleet/bin/fleet'))).toBe(true);
});

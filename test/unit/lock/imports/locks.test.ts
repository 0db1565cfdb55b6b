import { join } from 'node:path';
import { readFileSync } from 'node:fs';

import { describe, expect, it, test } from 'vitest';

import { CoachbuilderError } from '../../../../src/errors/coachbuilder-error.ts';
import type { ImportedPackage, LockScope } from '../../../../src/lock/imports/imported-lock.ts';
import { makePins } from '../../../../src/lock/imports/pins.ts';
import { readLockFile } from '../../../../src/lock/imports/read-lock-file.ts';
import { readPoetryLock } from '../../../../src/lock/imports/poetry-lock.ts';
import { readPylock } from '../../../../src/lock/imports/pylock.ts';
import { readUvLock } from '../../../../src/lock/imports/uv-lock.ts';
import { applying } from '../../../../src/lock/lock-request.ts';
import type { Architecture } from '../../../../src/model/architecture.ts';
import { markerEnvironment } from '../../../../src/python/environment.ts';
import { parseRequirement } from '../../../../src/python/requirement.ts';

/*
 * The files in locks/ were written by the real tools, uv 0.13.8 (`uv lock`, `uv export --all-extras` as pylock.toml,
 * `uv export --extra tls --no-dev` as requirements) and Poetry 2.5.1 (`poetry lock`), for one project of example names:
 *
 *   dependencies: base[fast]>=1, native>=3, only-source, winonly; sys_platform == "win32",
 *                 forked<2; python_version < "3.10", forked>=2; python_version >= "3.10"
 *   extra tls: tlslib; group dev: testtool
 *   base requires tomlish; python_version < "3.11", and speed>=2 for its extra fast
 */
const locks = join(import.meta.dirname, 'locks');

/** What the application of the project requires (its Requires-Dist). */
const requirements = [
  'base[fast]>=1',
  'native>=3',
  'only-source',
  'winonly; sys_platform == "win32"',
  'forked<2; python_version < "3.10"',
  'forked>=2; python_version >= "3.10"',
  'tlslib; extra == "tls"',
];

function scope(
  pythonVersion: string,
  extras: readonly string[] = [],
  architecture: Architecture = 'x86_64',
): LockScope {
  const markers = markerEnvironment({ pythonVersion, architecture });
  const roots = applying(requirements.map(parseRequirement), extras, markers);
  return { markers, extras, own: 'app', roots };
}

async function pinsOf(file: string, target: LockScope): Promise<readonly string[]> {
  const { pins } = await readLockFile(join(locks, file), target);
  return pins.map(({ requirement, version }) => `${requirement.name} ${version}`);
}

async function failureOf(action: () => unknown): Promise<CoachbuilderError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof CoachbuilderError) return error;
    throw error;
  }
  throw new Error('it was expected to fail');
}

const on311 = ['base 1.4', 'forked 2.5', 'native 3.2.1', 'only-source 1.1', 'speed 2.1'];
const on39 = ['base 1.4', 'forked 1.9', 'native 3.2.1', 'only-source 1.1', 'speed 2.1'];

describe.each(['uv.lock', 'poetry.lock'])('%s', (file) => {
  it('gives the versions for the target’s Python, without other systems and developers’ groups', async () => {
    expect(await pinsOf(file, scope('3.11.2'))).toEqual(on311);
    expect(await pinsOf(file, scope('3.9.2'))).toEqual([...on39, 'tomlish 2.0']);
  });

  it('adds what an extra needs only when the extra is packaged', async () => {
    expect(await pinsOf(file, scope('3.11.2', ['tls']))).toEqual([...on311, 'tlslib 0.7']);
  });
});

// An exported lock is of some extras and groups already: these two were exported with the extra tls.
it('gives all that applies of a pylock.toml, which names neither extras nor groups', async () => {
  expect(await pinsOf('pylock.toml', scope('3.9.2'))).toEqual([...on39, 'testtool 8.0', 'tlslib 0.7', 'tomlish 2.0']);
});

it('gives all that applies of requirements with hashes', async () => {
  expect(await pinsOf('requirements.txt', scope('3.11.2'))).toEqual([...on311, 'tlslib 0.7']);
});

test.each(['uv.lock', 'poetry.lock', 'pylock.toml', 'requirements.txt'])(
  '%s tells the digests of all files of a package',
  async (file) => {
    const { pins } = await readLockFile(join(locks, file), scope('3.11.2'));
    const base = pins.find(({ requirement }) => requirement.name === 'base');
    expect(base?.files.map(({ sha256 }) => sha256).sort()).toEqual([
      '1abf339dd1bfde988150aa057b8b778233ba1e83ae334bdd2f41db50eb536d48',
      'ee25a42b1e2592132565d6a020dfb985d5dfc679ea46c94240bae74bed664d90',
    ]);
    const names = base?.files.map(({ fileName }) => fileName ?? '').sort();
    expect(names).toEqual(file === 'requirements.txt' ? ['', ''] : ['base-1.4-py3-none-any.whl', 'base-1.4.tar.gz']);
  },
);

it('has one digest for what is pinned, whatever else is in the file', async () => {
  const digest = async (file: string, target: LockScope): Promise<string> =>
    (await readLockFile(join(locks, file), target)).digest;
  expect(await digest('uv.lock', scope('3.11.2'))).toBe(await digest('poetry.lock', scope('3.11.2')));
  expect(await digest('uv.lock', scope('3.11.2'))).not.toBe(await digest('uv.lock', scope('3.9.2')));
});

it.each(['uv.lock', 'poetry.lock', 'pylock.toml'])('refuses %s for a Python that it was not made for', async (file) => {
  const error = await failureOf(() => readLockFile(join(locks, file), scope('3.6.8')));
  expect(error.code).toBe('requires-python');
  expect(error.message).toContain(join(locks, file));
  expect(error.message).toContain('>=3.9');
});

const names = (packages: readonly ImportedPackage[]): readonly string[] => packages.map(({ name }) => name);

describe('a uv.lock', () => {
  const text = readFileSync(join(locks, 'uv.lock'), 'utf8');

  it('of another project is refused, and says of which it is', async () => {
    const error = await failureOf(() => readUvLock(text, { ...scope('3.11'), own: 'boat' }));
    expect(error.message).toBe('it is not the lock of boat');
    expect(error.details).toEqual(['it is of app']);
  });

  it('is read from its only project when an index offers the application', () => {
    expect(names(readUvLock(text, { ...scope('3.11'), own: undefined }))).toContain('native');
  });

  it('of a later version is refused', async () => {
    const error = await failureOf(() => readUvLock(text.replace('version = 1', 'version = 2'), scope('3.11')));
    expect(error.code).toBe('lock-file-unusable');
    expect(error.message).toContain('version is 2');
  });

  it('that is limited to other environments is refused', async () => {
    const limited = `supported-markers = ["sys_platform == 'win32'"]\n${text}`;
    expect((await failureOf(() => readUvLock(limited, scope('3.11')))).details).toEqual([
      "it is for sys_platform == 'win32'",
    ]);
  });

  it('with two versions for the target is ambiguous', async () => {
    const both = text
      .replaceAll(/, marker = "python_full_version [^"]*"/g, '')
      .replaceAll(/resolution-markers = \[[^\]]*\]\n/g, '');
    const error = await failureOf(() => makePins(readUvLock(both, scope('3.11')), 'app'));
    expect(error.message).toContain('two versions of forked for the target');
  });

  // As uv 0.13 writes `[tool.uv] conflicts = [[{extra = "cpu"}, {extra = "gpu"}]]`.
  it('with conflicting extras gives those of the chosen one', () => {
    const conflicting = `version = 1
requires-python = ">=3.9"
conflicts = [[{ package = "app", extra = "cpu" }, { package = "app", extra = "gpu" }]]
[[package]]
name = "app"
version = "1"
source = { editable = "." }
dependencies = [
  { name = "lib", version = "1", source = { registry = "https://packages.example.com/simple/" }, marker = "extra == 'extra-3-app-cpu'" },
  { name = "lib", version = "2", source = { registry = "https://packages.example.com/simple/" }, marker = "extra == 'extra-3-app-gpu' or extra != 'extra-3-app-cpu'" },
]
[[package]]
name = "lib"
version = "1"
source = { registry = "https://packages.example.com/simple/" }
[[package]]
name = "lib"
version = "2"
source = { registry = "https://packages.example.com/simple/" }
`;
    const versions = (extras: readonly string[]): readonly string[] =>
      readUvLock(conflicting, scope('3.11', extras)).map(({ version }) => version);
    expect(versions(['cpu'])).toEqual(['1']);
    expect(versions(['gpu'])).toEqual(['2']);
    expect(versions([])).toEqual(['2']);
  });

  it.each([
    ['{ git = "https://example.com/lib.git?rev=v1#0123456789012345678901234567890123456789" }', 'it is a repository'],
    ['{ editable = "packages/lib" }', 'it is a directory'],
  ])('with the source %s says why that cannot be pinned', async (source, reason) => {
    const lock = `version = 1
[[package]]
name = "app"
source = { virtual = "." }
dependencies = [{ name = "lib" }]
[[package]]
name = "lib"
version = "1"
source = ${source}
`;
    const error = await failureOf(() => makePins(readUvLock(lock, scope('3.11')), 'app'));
    expect(error.message).toContain(`its lib cannot be packaged from it: ${reason}`);
  });

  it('with a package behind an address gives a direct reference', () => {
    const sha256 = 'a'.repeat(64);
    const lock = `version = 1
[[package]]
name = "app"
source = { virtual = "." }
dependencies = [{ name = "lib" }]
[[package]]
name = "lib"
version = "1"
source = { url = "https://example.com/lib-1-py3-none-any.whl" }
wheels = [{ url = "https://example.com/lib-1-py3-none-any.whl", hash = "sha256:${sha256}" }]
`;
    expect(readUvLock(lock, scope('3.11'))).toEqual([
      {
        name: 'lib',
        version: '1',
        url: 'https://example.com/lib-1-py3-none-any.whl',
        files: [{ fileName: 'lib-1-py3-none-any.whl', sha256 }],
        unpinnable: undefined,
      },
    ]);
  });
});

describe('a pylock.toml', () => {
  // The example of extras and groups in PEP 751, "packages.marker", and "default-groups".
  const lock = (marker: string): string => `lock-version = "1.0"
extras = ["docs"]
dependency-groups = ["dev", "default"]
default-groups = ["default"]
[[packages]]
name = "lib"
version = "1"
marker = "${marker}"
`;

  it.each([
    ["'docs' in extras", ['docs'], true],
    ["'docs' in extras", [], false],
    ["'docs' not in extras", ['docs'], false],
    ["'default' in dependency_groups", [], true],
    ["'dev' in dependency_groups", [], false],
    ["'dev' in dependency_groups or 'docs' in extras and python_version >= '3.8'", ['docs'], true],
  ])('asks %s of the extras %j', (marker, extras, applies) => {
    expect(names(readPylock(lock(marker), scope('3.11', extras)))).toEqual(applies ? ['lib'] : []);
  });

  it.each(['directory = { path = "../lib" }', 'archive = { path = "lib.zip", hashes = { sha256 = "00" } }'])(
    'with %s cannot be pinned',
    (source) => {
      const [lib] = readPylock(`lock-version = "1.0"\n[[packages]]\nname = "lib"\n${source}\n`, scope('3.11'));
      expect(lib?.unpinnable).toContain('directory');
    },
  );

  it('of a later version is refused', async () => {
    const error = await failureOf(() => readPylock('lock-version = "2.0"\n', scope('3.11')));
    expect(error.message).toContain('lock-version is 2.0');
  });
});

describe('a poetry.lock', () => {
  it.each(['', 'lock-version = "0.9"', 'lock-version = "3.0"'])(
    'of an unknown version is refused: %s',
    async (line) => {
      const error = await failureOf(() =>
        readPoetryLock(`[metadata]\n${line}\npython-versions = "^3.9"\n`, scope('3.11')),
      );
      expect(error.message).toContain('lock-version is ');
      expect(error.hint).toContain('Poetry 2');
    },
  );

  /*
   * poetry-1.1.lock and poetry-1.8.lock were written by Poetry 1.1.15 and 1.8.5 for the same project; there tlslib 0.7
   * requires base and shared, and testtool of the developers requires testhelper.
   */
  describe.each(['poetry-1.1.lock', 'poetry-1.8.lock'])('of Poetry 1 (%s)', (file) => {
    const of = (target: LockScope): readonly string[] =>
      readPoetryLock(readFileSync(join(locks, file), 'utf8'), target)
        .map(({ name, version }) => `${name} ${version}`)
        .sort();

    it('gives what the application requires, and what that requires', () => {
      expect(of(scope('3.11.2'))).toEqual(on311);
      expect(of(scope('3.9.2'))).toEqual([...on39, 'tomlish 2.0']);
      expect(of(scope('3.11.2', ['tls']))).toEqual([...on311, 'shared 1.0', 'tlslib 0.7'].sort());
    });

    it('tells the digests of the files of a package, and of no other version of it', () => {
      const packages = readPoetryLock(readFileSync(join(locks, file), 'utf8'), scope('3.11.2'));
      const files = packages.find(({ name }) => name === 'forked')?.files.map(({ fileName }) => fileName);
      expect(files).toEqual(['forked-2.5-py3-none-any.whl']);
      const base = packages.find(({ name }) => name === 'base')?.files.map(({ sha256 }) => sha256);
      expect(base).toHaveLength(2);
    });

    it('is not taken for the lock of something that it does not have', async () => {
      const target = { ...scope('3.11.2'), roots: [parseRequirement('absent>=1')] };
      expect((await failureOf(() => of(target))).message).toBe('it has no absent, which is required');
    });
  });

  it('of Poetry 1 is not guessed at where nothing tells two versions apart', async () => {
    const lock =
      '[[package]]\nname = "lib"\nversion = "1"\n[[package]]\nname = "lib"\nversion = "2"\n[metadata]\nlock-version = "2.0"\n';
    const error = await failureOf(() => readPoetryLock(lock, { ...scope('3.11'), roots: [parseRequirement('lib')] }));
    expect(error.message).toBe('it has several versions of lib for the target');
    expect(error.details).toEqual(['lib 1', 'lib 2']);
  });

  it.each([
    ['^3.9', '3.11.2', true],
    ['^3.9', '3.8.1', false],
    ['~3.9', '3.11.2', false],
    ['~3.9', '3.9.2', true],
    ['>=3.8,<3.9 || ^3.11', '3.11.2', true],
    ['*', '2.7.18', true],
  ])('for Python %s: may be used with %s: %s', async (range, version, usable) => {
    const lock = `[metadata]\nlock-version = "2.1"\npython-versions = "${range}"\n`;
    if (usable) expect(readPoetryLock(lock, scope(version))).toEqual([]);
    else expect((await failureOf(() => readPoetryLock(lock, scope(version)))).code).toBe('requires-python');
  });

  // Poetry writes a table when a package has another marker in each of its groups.
  it('takes the marker of the main group', () => {
    const lock = `[[package]]
name = "lib"
version = "1"
groups = ["main", "dev"]
markers = {main = "python_version < \\"3.9\\""}
[metadata]
lock-version = "2.1"
`;
    expect(names(readPoetryLock(lock, scope('3.11')))).toEqual([]);
    expect(names(readPoetryLock(lock, scope('3.8')))).toEqual(['lib']);
  });
});

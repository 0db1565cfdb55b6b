import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { builtInDistributions } from '../../src/distributions/table.ts';
import { listing, openCommandLine, writeFiles, type CommandLine } from '../support/command-line.ts';
import type { Outcome } from '../support/machine.ts';
import { makeWheel, wheelBytes, wheelFileName } from '../support/wheels.ts';

const hello = {
  name: 'hello',
  version: '1.2.0',
  scripts: { hello: 'hello:main' },
  files: { 'hello.py': 'def main():\n    print("hello")\n' },
};

let line: CommandLine;
/** Where the packages would go: empty before, and empty after. */
let destination: string;

beforeAll(async () => {
  line = await openCommandLine();
  makeWheel(line.indexFiles, { name: 'leaf', version: '1.0' });
  return async () => line[Symbol.asyncDispose]();
});

beforeEach(() => {
  destination = line.newDirectory('destination');
});

function lines({ stderr }: Outcome): readonly string[] {
  return stderr.trimEnd().split('\n');
}

/** What is printed from the error on. */
function complaint({ stderr }: Outcome): string {
  return stderr.slice(stderr.search(/^(?:\S+:\d+:\d+: error: |error\[)/m)).trimEnd();
}

/** Runs a command that has to be refused with status 1 and without a trace in the destination. */
async function refuse(args: readonly string[], options?: Parameters<CommandLine['run']>[1]): Promise<Outcome> {
  const outcome = await line.run(['-d', destination, ...args], options);
  expect({ ...outcome, left: listing(destination) }).toMatchObject({ exitCode: 1, stdout: '', left: [] });
  return outcome;
}

describe('a command line that is incomplete', () => {
  it('asks for --distribution', async () => {
    const outcome = await refuse(['.']);
    expect(lines(outcome).at(-1)).toBe('Must specify --distribution.');
    expect(lines(outcome)[0]).toBe('Usage: build-package [options] <package-uri>');
    expect(lines(await refuse(['.'], { command: 'build-release-package' })).at(-1)).toBe(
      'Must specify --distribution.',
    );
  });

  it('asks for --distribution also when nothing else is given', async () => {
    expect(lines(await line.run([])).at(-1)).toBe('Must specify --distribution.');
  });

  it.each([[[]], [['a', 'b']]])('counts its arguments: %j', async (uris) => {
    const outcome = await refuse(['--distribution=debian-12', ...uris]);
    expect(lines(outcome).at(-1)).toBe('Wrong number of arguments.');
  });

  it('names an option that it does not know', async () => {
    expect(lines(await refuse(['--distribution=debian-12', '--lock', '.'])).at(-1)).toBe(
      "unknown option '--lock' (Did you mean --locked?)",
    );
  });
});

describe('a distribution that nobody knows', () => {
  it('is answered with the list and the one that was probably meant', async () => {
    const outcome = await refuse(['--distribution=debain-12', 'leaf']);
    expect(complaint(outcome)).toBe(
      [
        'error[unknown-distribution]: "debain-12" is not a known distribution. Did you mean "debian-12"?',
        ...[...builtInDistributions().keys()].map((id) => `  ${id}`),
        '',
        'hint: name one of the distributions above, or describe your own under "distributions" in the manifest',
      ].join('\n'),
    );
  });

  it('is listed by --help, all of them', async () => {
    const { exitCode, stdout, stderr } = await line.run(['--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const words = stdout.split(/[\s,;]+/);
    for (const id of builtInDistributions().keys()) expect(words).toContain(id);
  });
});

describe('a hook that no shell can read', () => {
  it('is told with its line before anything is locked, an empty one is none', async () => {
    const manifest = [
      'maintainer: Acme <packaging@example.com>',
      'packages: {main: {scripts: {after-install: bad.sh, before-remove: empty.sh}}}',
    ].join('\n');
    const files = { 'coachbuilder.yaml': manifest, 'bad.sh': 'true\nif true; then\n', 'empty.sh': '#!/bin/sh\n' };
    const project = line.project(hello, files);
    const said = complaint(await refuse(['--distribution=debian-12,rocky-9', project]));
    expect(said).toMatch(
      /^\S+\/bad\.sh:[23]:1: error: sh cannot read this script, after-install of omnibus-python-hello: .*\nerror\[manifest-invalid\]: a script of the packages cannot be read by a shell\n/,
    );
    expect(listing(project)).not.toContain('coachbuilder.lock');
  });
});

describe('a package URI that is no Python project', () => {
  const hint =
    'hint: give the directory of a project with a pyproject.toml or setup.py, a wheel (.whl), an sdist (.tar.gz, .zip), a URL of either, a git URL (git+https://…), or a requirement such as name==1.0';

  it('is said of a directory without pyproject.toml and setup.py', async () => {
    const empty = line.newDirectory('empty');
    expect(complaint(await refuse(['--distribution=debian-12', empty]))).toBe(
      [
        `error[not-a-python-project]: ${empty} is not a Python project: it has no pyproject.toml and no setup.py`,
        `  looked for ${empty}/pyproject.toml`,
        `  looked for ${empty}/setup.py`,
        '',
        hint,
      ].join('\n'),
    );
  });

  it('is said of a path that does not exist, and never taken for a requirement', async () => {
    const requests = line.index.requests.length;
    expect(complaint(await refuse(['--distribution=debian-12', './leaf']))).toBe(
      `error[not-a-python-project]: there is no ${line.directory}/leaf; ${line.directory} exists\n\n${hint}`,
    );
    expect(line.index.requests.length).toBe(requests);
  });

  it('is said of a file that is neither wheel nor sdist', async () => {
    const file = join(line.newDirectory('text'), 'notes.txt');
    writeFileSync(file, '');
    expect(complaint(await refuse(['--distribution=debian-12', file]))).toBe(
      `error[not-a-python-project]: ${file} is neither a wheel nor an sdist\n\n${hint}`,
    );
  });
});

describe('a manifest that cannot be used', () => {
  it('is told with the place of a mistake in its YAML', async () => {
    const project = line.project(hello, { 'coachbuilder.yaml': 'name: hello\npackages: [main\n' });
    const file = join(project, 'coachbuilder.yaml');
    const told = complaint(await refuse(['--distribution=debian-12', project]));
    expect(told.split('\n')[0]).toMatch(new RegExp(`^${file}:\\d+:\\d+: error: .*\\]`));
    expect(told).toContain(`\nerror[manifest-invalid]: the manifest ${file} has a problem`);
  });

  it('is told with all that is wrong at once', async () => {
    const project = line.project(hello, { 'coachbuilder.yaml': 'nmae: hello\nprefix: opt/hello\nepoch: many\n' });
    const told = complaint(await refuse(['--distribution=debian-12', project]));
    const file = join(project, 'coachbuilder.yaml');
    expect(told).toMatch(new RegExp(`^${file}:1:1: error: unknown key "nmae"\\n +.*"name"`));
    expect(told).toContain(`${file}:2:9: error: `);
    expect(told).toContain(`${file}:3:8: error: `);
    expect(told).toMatch(/^error\[manifest-invalid\]: .*3 /m);
  });

  it('is refused when two packages claim one path', async () => {
    const project = line.project(hello, {
      'coachbuilder.yaml':
        'packages:\n  cli:\n    links:\n      /usr/bin: [hello]\n  node:\n    links:\n      /usr/bin: [hello]\n',
    });
    const told = complaint(await refuse(['--distribution=debian-12', project]));
    expect(told).toContain(`${join(project, 'coachbuilder.yaml')}:7:`);
    expect(told).toMatch(/\/usr\/bin\/hello/);
  });

  it('is refused when a link leads to a script that does not exist', async () => {
    const project = line.project(hello, {
      'coachbuilder.yaml': 'package-prefix: acme\npackages:\n  cli:\n    links:\n      /usr/bin: [helo]\n',
    });
    expect(complaint(await refuse(['--distribution=debian-12', project]))).toBe(
      [
        'error[link-target-missing]: the package acme-hello-cli links to /opt/hello/bin/helo, which the application does not have',
        '  scripts in /opt/hello/bin: hello, python, python3, python3.11',
        '',
        'hint: did you mean "hello"?',
      ].join('\n'),
    );
  });

  it('is missed when it was named and is not there', async () => {
    const project = line.project(hello);
    const told = complaint(await refuse(['--distribution=debian-12', '--manifest', 'none.yaml', project]));
    expect(told).toMatch(/^error\[manifest-missing\]: .*none\.yaml/);
  });

  it('has to describe a repository for a release package', async () => {
    const project = line.project(hello);
    const told = complaint(await refuse(['--distribution=debian-12', project], { command: 'build-release-package' }));
    expect(told).toBe(
      `error[manifest-invalid]: ${project} describes no package repository\n\nhint: add a section release: with id, name, baseurl and key to the manifest`,
    );
  });
});

describe('requirements that cannot be met', () => {
  it('are explained by the resolver', async () => {
    const project = line.project({ ...hello, requires: ['leaf>=2'] });
    const told = complaint(await refuse(['--distribution=debian-12', project]));
    expect(told).toMatch(/^error\[unresolvable\]: no set of versions satisfies the requirements for Debian 12 /);
    expect(told).toContain('leaf>=2');
    expect(told).toMatch(/ {2}every command and its output: .*\/commands\.log\n/);
    expect(told.split('\n').at(-1)).toBe('hint: relax or correct one of the requirements that the explanation names');
  });

  it('are not searched for elsewhere when the index does not answer', async () => {
    const project = line.project({ ...hello, requires: ['leaf'] });
    const told = complaint(
      await refuse(['--distribution=debian-12', project], { env: { PIP_INDEX_URL: 'http://127.0.0.1:9/simple/' } }),
    );
    expect(told).toMatch(/^error\[index-unreachable\]: the index http:\/\/127\.0\.0\.1:9\/simple\/ did not answer\n/);
  });

  it('are told apart from a wheel for another platform', async () => {
    const wheel = makeWheel(line.newDirectory('foreign'), { ...hello, tag: 'cp311-cp311-manylinux_2_17_aarch64' });
    const told = complaint(await refuse(['--distribution=debian-12', wheel.path]));
    expect(told).toMatch(/^error\[unsupported-wheel\]: hello-1\.2\.0-cp311-cp311-manylinux_2_17_aarch64\.whl /);
    expect(told).toContain('Debian 12');
  });

  it('name the dependency that has no wheel for the target', async () => {
    makeWheel(line.indexFiles, { name: 'foreign', version: '1', tag: 'cp311-cp311-win_amd64' });
    const project = line.project({ ...hello, requires: ['foreign'] });
    expect(complaint(await refuse(['--distribution=debian-12', project]))).toContain('foreign');
  });

  it('name the interpreter that a project does not run on', async () => {
    const project = line.project({ ...hello, requiresPython: '>=3.12' });
    const told = complaint(await refuse(['--distribution=debian-12', project]));
    expect(told).toMatch(
      /^error\[requires-python\]: hello 1\.2\.0 wants Python >=3\.12, and Debian 12 has Python 3\.11/,
    );
    expect(told).toContain('python.interpreter in the manifest, packaged by the distribution or bundled');
  });
});

describe('a lock', () => {
  const manifest = 'python:\n  requirements: [requirements.txt]\n';
  let project: string;

  beforeAll(async () => {
    project = line.project(hello, { 'coachbuilder.yaml': manifest, 'requirements.txt': 'leaf==1.0\n' });
    const locked = await line.run(['--distribution=debian-12', '-d', line.newDirectory('first'), project]);
    expect(locked).toMatchObject({ exitCode: 0 });
  });

  it('has to be there for --locked', async () => {
    const other = line.project(hello);
    const told = complaint(await refuse(['--distribution=debian-12', '--locked', other]));
    expect(told).toMatch(/^error\[lock-missing\]: --locked was given, and there is no /);
  });

  it('has to have the distribution for --locked', async () => {
    const told = complaint(await refuse(['--distribution=rocky-9', '--locked', project]));
    expect(told).toMatch(/^error\[lock-missing\]: --locked was given, and .*\/coachbuilder\.lock has no environment /);
  });

  it('has to be up to date for --locked, which says what changed', async () => {
    const path = join(project, 'requirements.txt');
    const before = readFileSync(path, 'utf8');
    writeFiles(project, { 'requirements.txt': 'leaf>=1.0\n' });
    const lock = readFileSync(join(project, 'coachbuilder.lock'), 'utf8');
    const told = complaint(await refuse(['--distribution=debian-12', '--locked', project]));
    expect(told).toMatch(/^error\[lock-stale\]: .*\/coachbuilder\.lock is stale for /);
    expect(told).toContain('\n  requirement changed: leaf==1.0 -> leaf>=1.0\n');
    expect(readFileSync(join(project, 'coachbuilder.lock'), 'utf8')).toBe(lock);
    writeFileSync(path, before);
  });

  it('is held against what the index gives', async () => {
    const file = { name: 'leaf', version: '1.0' };
    const path = join(line.indexFiles, wheelFileName(file));
    const original = readFileSync(path);
    writeFileSync(path, wheelBytes({ ...file, description: 'not the one that was locked' }));
    try {
      const env = { XDG_CACHE_HOME: line.newDirectory('fresh-cache') };
      const told = complaint(await refuse(['--distribution=debian-12', '--locked', project], { env }));
      expect(told).toMatch(/^error\[hash-mismatch\]: leaf-1\.0-py3-none-any\.whl is not the file that was locked\n/);
      expect(told).toMatch(/ {2}expected sha256 [0-9a-f]{64}\n {2}got sha256 {6}[0-9a-f]{64}\n/);
    } finally {
      writeFileSync(path, original);
    }
  });

  it('cannot help --offline when the cache is empty', async () => {
    const env = { XDG_CACHE_HOME: line.newDirectory('empty-cache') };
    const told = complaint(await refuse(['--distribution=debian-12', '--locked', '--offline', project], { env }));
    expect(told).toBe(
      [
        'error[offline]: leaf-1.0-py3-none-any.whl would have to be downloaded, and --offline was given',
        '',
        'hint: run once without --offline; everything that was fetched stays in the cache',
      ].join('\n'),
    );
  });
});

describe('--offline without a lock', () => {
  it('names what it would have to ask the index', async () => {
    const env = { XDG_CACHE_HOME: line.newDirectory('no-cache') };
    const requests = line.index.requests.length;
    const told = complaint(await refuse(['--distribution=debian-12', '--offline', 'leaf==1.0'], { env }));
    expect(told).toMatch(/^error\[offline\]: .*leaf/);
    expect(line.index.requests.length).toBe(requests);
    rmSync(env.XDG_CACHE_HOME, { recursive: true });
  });
});

describe('settings that make no sense', () => {
  it.each([
    [['--architecture=sparc', 'leaf'], {}, /^error\[usage\]: there is no architecture sparc\n/],
    [['--package-version=one', 'leaf'], {}, /^error\[version-invalid\]: /],
    [['leaf'], { SOURCE_DATE_EPOCH: 'now' }, /^error\[usage\]: SOURCE_DATE_EPOCH is "now", /],
    [['--architecture=armv7l', 'leaf'], {}, /^error\[unsupported-by-target\]: Rocky Linux 9 does not run on armv7l\n/],
  ])('%j with %j', async (args, env, message) => {
    expect(complaint(await refuse(['--distribution=rocky-9', ...args], { env }))).toMatch(message);
  });
});

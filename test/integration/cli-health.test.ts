import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRedactor } from '../../src/report/redact.ts';
import { NodeCommandRunner } from '../../src/system/node-command-runner.ts';
import { findInterpreter } from '../../src/tree/interpreters.ts';
import type { Tree } from '../../src/tree/tree.ts';
import { workspace, type Workspace } from '../support/builds.ts';
import { openCommandLine, type CommandLine } from '../support/command-line.ts';
import { mustRun, run } from '../support/machine.ts';
import { makeWheel } from '../support/wheels.ts';

let line: CommandLine;
let work: Workspace;

beforeAll(async () => {
  line = await openCommandLine();
  work = await workspace();
  makeWheel(line.indexFiles, {
    name: 'dep',
    version: '1.0',
    files: {
      'dep/__init__.py': 'import no_such_module\n',
      'dep/tests/test_dep.py': 'x'.repeat(3000),
      'dep/.svn/entries': '',
      'dep/.DS_Store': '',
    },
    scripts: { dep: 'dep:main' },
  });
});

afterAll(async () => {
  await line[Symbol.asyncDispose]();
  await work[Symbol.asyncDispose]();
});

const base = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: homedir(),
  ...(process.env['PYENV_ROOT'] === undefined ? {} : { PYENV_ROOT: process.env['PYENV_ROOT'] }),
};
const commands = new NodeCommandRunner({
  redact: createRedactor(),
  reporter: { report: () => undefined, close: () => undefined },
  interruption: new AbortController().signal,
});
const interpreterOf = async (minor: string): Promise<string | undefined> =>
  (await findInterpreter(minor, { commands, environments: { base, network: base } }))?.path;

/** Builds an application that depends on `dep`, with some lines of manifest. */
async function build(
  name: string,
  manifest: string,
  distribution = 'debian-12',
  files: Readonly<Record<string, string>> = {},
) {
  const project = line.project(
    {
      name: 'boat',
      version: '1.0',
      requires: ['dep'],
      files: {
        'boat/__init__.py': 'def main(): pass\n',
        'boat/tool.py': 'import no_such_module_either\n',
        'boat/.env': 'TOKEN=x\n',
        'boat/.pytest_cache/README.md': '',
      },
      scripts: { boat: 'boat:main', tool: 'boat.tool:main' },
    },
    { 'coachbuilder.yaml': `maintainer: Acme <packaging@example.com>\n${manifest}`, ...files },
  );
  const destination = line.newDirectory(`${name}-packages`);
  const records = line.newDirectory(`${name}-records`);
  const args = ['-d', destination, '--progress=plain', '--build-directory', records, `--distribution=${distribution}`];
  const outcome = await line.run([...args, '.'], { cwd: project });
  const tree = join(records, distribution, 'tree.json');
  return {
    ...outcome,
    destination,
    tree: existsSync(tree) ? (JSON.parse(readFileSync(tree, 'utf8')) as Tree) : undefined,
  };
}

const accepted = `
slim: {exclude: [boat/.env, "**/.DS_Store", dep/.svn]}
health:
  accept:
    - {check: imports, path: bin/dep, reason: nobody calls it}
    - {check: imports, path: bin/tool, reason: for developers}
    - {check: caches, path: boat/.pytest_cache, reason: harmless}
`;

describe('the health check', () => {
  it('says all that is wrong at once, with the distribution it is of', async (context) => {
    if ((await interpreterOf('3.11')) === undefined) context.skip('no CPython 3.11 on this machine');
    const { exitCode, stderr } = await build('bad', '');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('error[health-check-failed]: the virtual environment for Debian 12 is not fit');
    const site = '/opt/boat/lib/python3.11/site-packages';
    for (const text of [
      "imports: the entry point dep = dep:main of dep 1.0 cannot be imported: ModuleNotFoundError: No module named 'no_such_module' (dep/__init__.py:1)",
      "imports: the entry point tool = boat.tool:main of boat 1.0 cannot be imported: ModuleNotFoundError: No module named 'no_such_module_either' (boat/tool.py:1)",
      `credentials: ${site}/boat/.env (of boat) holds the settings of one machine`,
      `caches: ${site}/boat/.pytest_cache (of boat) was left behind by a tool`,
      `repositories: ${site}/dep/.svn (of dep) is part of a version control checkout`,
      `warning: ${site}/dep/.DS_Store (of dep) was left behind by a tool`,
    ]) {
      expect(stderr).toContain(text);
    }
  });

  it('takes what the manifest leaves out or accepts, reports what accepts nothing, and records it', async (context) => {
    if ((await interpreterOf('3.11')) === undefined) context.skip('no CPython 3.11 on this machine');
    const { exitCode, stderr, tree } = await build(
      'good',
      `${accepted}    - {check: links, path: bin/x, reason: why}\n`,
    );
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(stderr).toMatch(/^debian-12: health: 3 entry points imported with CPython 3\.11\.\d+, /m);
    expect(stderr).toContain('warning: health.accept has "bin/x" for links, where nothing is found');
    expect(stderr).toContain('debian-12: slim: left out 3 files, ');
    expect(tree?.slimming).toEqual({ parts: [{ part: 'exclude', files: 3, bytes: 8 }], idle: [] });
    expect(tree?.health).toMatchObject({ imported: 3, warnings: [] });
    expect(tree?.health?.accepted.map(({ check, reason }) => [check, reason])).toEqual([
      ['imports', 'nobody calls it'],
      ['imports', 'for developers'],
      ['caches', 'harmless'],
    ]);
  });

  it('can do without imports, or insist on them', async () => {
    const never = await build('never', accepted.replace('health:', 'health:\n  imports: never'));
    expect(never).toMatchObject({ exitCode: 0 });
    expect(never.stderr).toContain('health: entry points not imported, ');
    // What imports are accepted for is not idle where nothing was imported.
    expect(never.stderr).not.toContain('nothing is found');
  });

  it('refuses to go on without an interpreter when imports are required', async (context) => {
    if ((await interpreterOf('3.4')) !== undefined) context.skip('this machine has CPython 3.4');
    const manifest = accepted.replace('health:', 'health:\n  imports: require');
    const { exitCode, stderr } = await build('require', manifest, 'ubuntu-14.04');
    expect(stderr).toContain('error[tool-missing]: entry points cannot be imported: no CPython 3.4 for x86_64');
    expect(exitCode).toBe(3);
  });

  it('looks over what the manifest adds, too, and takes what it accepts there', async () => {
    const files = {
      'conf/fleet.conf': 'port = 4700\n',
      'conf/.env': 'A=b\n',
      'conf/.git/HEAD': 'ref: x\n',
      '.env': 'A=b\n',
    };
    const packages =
      'packages: {main: {files: {/etc/boat: conf, /opt/boat/etc: conf}, environment-files: {boat: .env}}}\n';
    const bad = await build('payload', `${accepted}${packages}`, 'debian-12', files);
    expect(bad.exitCode).toBe(1);
    expect(bad.stderr).toContain(
      'error[health-check-failed]: what the manifest adds to the packages for Debian 12 is not fit to be packaged: 4 findings',
    );
    expect(bad.stderr).toMatch(
      /^ {2}credentials: \/etc\/boat\/\.env \(packages\.main\.files, from \S+\/conf\/\.env\) holds the settings of one machine/m,
    );
    expect(bad.stderr).toMatch(
      /^ {2}repositories: \/opt\/boat\/etc\/\.git \(packages\.main\.files, from \S+\/conf\/\.git\)/m,
    );
    expect(bad.stderr).toMatch(/warning: \/etc\/default\/boat \(packages\.main\.environment-files, from \S+\/\.env\)/);
    const rules = ['/etc/boat/**', '/etc/default/boat', '/opt/boat/etc'].flatMap((path) =>
      ['credentials', 'repositories'].map((check) => `    - {check: ${check}, path: ${path}, reason: meant}\n`),
    );
    const good = await build('payload-accepted', `${accepted}${rules.join('')}${packages}`, 'debian-12', files);
    expect({ exitCode: good.exitCode, stderr: good.stderr }).toMatchObject({ exitCode: 0 });
    expect(good.stderr.match(/warning: health.accept has .*/g)).toEqual([
      'warning: health.accept has "/etc/default/boat" for repositories, where nothing is found',
    ]);
  });

  it('holds the tree to its budget', async () => {
    const manifest = accepted.replace('slim: {', 'slim: {size-limit: 2 kB, remove: [tests], ');
    const { exitCode, stderr } = await build('budget', manifest);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/error\[too-large\]: the files below \/opt\/boat have \d+\.\d kB, and 2\.0 kB are allowed/);
    expect(stderr).toMatch(/^ {2}\d.* dep$/m);
    const both = await build('budget-and-more', 'health: {imports: never}\nslim: {size-limit: 2 kB}\n');
    expect(both.stderr).toMatch(/^ {2}size: the files below .* are allowed$/m);
    expect(both.stderr).toContain('error[health-check-failed]');
  });
});

/** What importlib.metadata says of every distribution: its files, and those whose digest is not what RECORD says. */
const oracle = `
import base64, hashlib, importlib.metadata, json, os, sys
wrong, count = [], 0
for dist in importlib.metadata.distributions(path=[sys.argv[1]]):
    for file in dist.files:
        count += 1
        path = file.locate()
        if not os.path.exists(path):
            wrong.append(str(file))
        elif file.hash is not None:
            digest = hashlib.new(file.hash.mode, open(path, "rb").read()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
                wrong.append(str(file))
sys.path.insert(0, sys.argv[1])
import numpy, numpy.testing, pandas, scipy.stats
numpy.testing.assert_allclose(pandas.Series([1.0, 2.0]).mean(), 1.5)
print(json.dumps({"wrong": wrong, "count": count, "r": float(scipy.stats.pearsonr([1, 2, 3], [2, 4, 6.5])[0])}))
`;

describe('slimming of real wheels', () => {
  it('leaves NumPy, pandas and SciPy whole, smaller by a fifth', async (context) => {
    const python = await interpreterOf('3.11');
    if (python === undefined) return context.skip('no CPython 3.11 on this machine');
    const project = join(work.path, 'science');
    const application = line.project({
      name: 'science',
      version: '1.0',
      requires: ['numpy==1.26.4', 'pandas==2.2.2', 'scipy==1.13.1'],
      files: {
        'science.py': 'import numpy.testing, pandas, scipy.stats\ndef main(): print(numpy.testing.__name__)\n',
      },
      scripts: { science: 'science:main' },
    });
    await mkdir(project, { recursive: true });
    await mustRun(['cp', '-r', `${application}/.`, project]);
    await writeFile(
      join(project, 'coachbuilder.yaml'),
      [
        'maintainer: Acme <packaging@example.com>',
        'slim: {remove: [tests, headers, static-libraries, sources, type-stubs, duplicate-libraries]}',
        'health: {imports: require}',
      ].join('\n'),
    );
    const destination = await work.directory('packages');
    const records = await work.directory('records');
    const command = join(import.meta.dirname, '../../admin/build-package');
    // The machine's own index: these wheels are too large to be made here.
    const built = await run(
      [command, '-d', destination, '--progress=plain', '--build-directory', records, '--distribution=debian-12', '.'],
      { cwd: project, env: { XDG_CACHE_HOME: join(work.path, 'cache') } },
    );
    if (/error\[(?:index-unreachable|unresolvable|offline)\]/.test(built.stderr)) {
      return context.skip('no index with NumPy can be reached');
    }
    expect({ exitCode: built.exitCode, stderr: built.stderr }).toMatchObject({ exitCode: 0 });
    const tree = JSON.parse(readFileSync(join(records, 'debian-12/tree.json'), 'utf8')) as Tree;
    const saved = tree.slimming?.parts.reduce((sum, { bytes }) => sum + bytes, 0) ?? 0;
    const size = tree.entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.size : 0), 0);
    expect(saved / (saved + size)).toBeGreaterThan(0.15);
    expect(tree.slimming?.parts.map(({ part }) => part)).toEqual(
      expect.arrayContaining(['headers', 'sources', 'tests']),
    );
    const root = await work.directory('installed');
    const [main = ''] = built.stdout.split('\n').filter((path) => path.includes('python-science'));
    await mustRun(['dpkg-deb', '-x', main, root]);
    const site = join(root, 'opt/science/lib/python3.11/site-packages');
    const { stdout } = await mustRun([python, '-I', '-S', '-B', '-c', oracle, site]);
    const answer = JSON.parse(stdout) as {
      readonly wrong: readonly string[];
      readonly count: number;
      readonly r: number;
    };
    expect(answer.wrong).toEqual([]);
    expect(answer.count).toBeGreaterThan(1000);
    expect(answer.r).toBeGreaterThan(0.99);
    expect(existsSync(join(site, 'pandas/tests'))).toBe(false);
    await rm(root, { recursive: true });
  });
});

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { packagesFor, pathsOf, workspace, type BuiltPackage, type Workspace } from '../support/builds.ts';
import { describeWithContainers, testEngine, type TestEngine } from '../support/containers.ts';
import { startIndexServer, type IndexServer } from '../support/index-server.ts';
import { failureText, mustRun, run } from '../support/machine.ts';
import { debianRoot, describeWithRoots, type Root } from '../support/roots.ts';
import { makeSdist } from '../support/wheels.ts';

const program = join(import.meta.dirname, '../../admin/build-package');

/** The archive of Debian 11 is the last one that has Python 2.7. */
const distribution = 'debian-11';

const manifest = (name: string): string =>
  [
    `name: ${name}`,
    'overrides:',
    `  ${distribution}: {python: {interpreter: {package: python2.7, path: /usr/bin/python2.7}}}`,
    '',
  ].join('\n');

async function project(directory: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(directory, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  return directory;
}

async function build(
  work: Workspace,
  uri: string,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly BuiltPackage[]> {
  const destination = await work.directory('packages');
  const words = [`--distribution=${distribution}`, '--lint=off', '--json', `--destination-path=${destination}`, uri];
  const outcome = await run([program, ...words], { cwd: work.path, env });
  if (outcome.exitCode !== 0) throw new Error(failureText([program], outcome));
  return packagesFor(JSON.parse(outcome.stdout) as readonly BuiltPackage[], distribution);
}

async function install(root: Root, built: readonly BuiltPackage[], ...names: readonly string[]): Promise<void> {
  const paths = await root.copyIn(pathsOf(built, ...names));
  await root.must(['apt-get', '--yes', '--no-install-recommends', 'install', ...paths]);
}

describeWithRoots(`an application for Python 2.7 on ${distribution}`, () => {
  let work: Workspace;
  let root: Root;
  const names = ['omnibus-python-legacy', 'omnibus-legacy-cli'] as const;

  beforeAll(async () => {
    work = await workspace();
    root = await debianRoot(distribution);
  });

  afterAll(async () => {
    await root[Symbol.asyncDispose]();
    await work[Symbol.asyncDispose]();
  });

  test('brings dependencies for it, of which one has no wheel, and depends on that interpreter', async () => {
    const uri = await project(join(work.path, 'legacy'), {
      'coachbuilder.yaml': manifest('legacy'),
      'setup.cfg': '[bdist_wheel]\npython_tag = py2\n',
      'setup.py': [
        'from setuptools import setup',
        'setup(name="legacy", version="1.0", py_modules=["legacy"], python_requires=">=2.7,<3",',
        '    install_requires=["six==1.16.0", "click>=7,<8", "docopt==0.6.2", "enum34",',
        '        "futures==3.4.0; python_version < \'3\'", "dataclasses; python_version >= \'3\'"],',
        '    entry_points={"console_scripts": ["legacy = legacy:main"]})',
        '',
      ].join('\n'),
      'legacy.py': [
        'import sys',
        'from concurrent.futures import ThreadPoolExecutor',
        'import click, docopt, enum, six',
        '@click.command()',
        'def main():',
        '    with ThreadPoolExecutor(2) as pool:',
        '        print "squares", list(pool.map(lambda x: x * x, xrange(4)))',
        '    print sys.version_info[:2], sys.prefix, six.PY2, enum.__name__, docopt.__version__',
        '',
      ].join('\n'),
    });
    const built = await build(work, uri);
    const [main] = pathsOf(built, names[0]);
    const { stdout } = await mustRun(['dpkg-deb', '--field', main ?? '', 'Depends']);
    expect(stdout.split(',').map((relation) => relation.trim())).toContain('python2.7');
    await install(root, built, ...names);
    expect(await root.must(['legacy'], { user: 'nobody' })).toBe(
      'squares [0, 1, 4, 9]\n(2, 7) /opt/legacy True enum 0.6.2\n',
    );
  });

  test('is compiled for it when it is installed, and leaves nothing when it is purged', async () => {
    const files = root.filesBelow('/opt/legacy');
    expect(files).toContain('lib/python2.7/site-packages/legacy.pyc');
    expect(files.filter((path) => path.includes('__pycache__'))).toEqual([]);
    await root.must(['apt-get', '--yes', 'purge', ...names]);
    expect(root.exists('/opt/legacy')).toBe(false);
  });
});

/** Setup scripts that only Python 2 can read. */
const setup = `
from setuptools import Extension, setup
print "built by", repr(__import__("sys").version_info[:2])
setup(
    name="antique",
    version="2.1",
    py_modules=["antique"],
    ext_modules=[Extension("_antique", ["_antique.c"])],
    install_requires=["modernish"],
    entry_points={"console_scripts": ["antique = antique:main"]},
)
`;

const extension = `
#include <Python.h>

static PyObject *answer(PyObject *self, PyObject *none) {
    return PyInt_FromLong(42);
}

static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {NULL, NULL, 0, NULL}};

PyMODINIT_FUNC init_antique(void) {
    Py_InitModule("_antique", methods);
}
`;

describeWithContainers(`an application that only Python 2.7 can build, for ${distribution}`, () => {
  let work: Workspace;
  let engine: TestEngine;
  let index: IndexServer;

  beforeAll(async () => {
    work = await workspace();
    engine = await testEngine(await work.directory('engine'));
    await engine.importDebian(distribution);
    const files = await work.directory('index');
    // A Python 3 makes a wheel of it that is for Python 3 only.
    const sources = {
      'pyproject.toml': '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n',
      'setup.py': 'from setuptools import setup\nsetup(name="modernish", version="3.0", py_modules=["modernish"])\n',
      'modernish.py': 'import sys\nmajor = sys.version_info[0]\n',
    };
    makeSdist(files, { name: 'modernish', version: '3.0', sources });
    index = await startIndexServer(files);
  });

  afterAll(async () => {
    await index[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
    await work[Symbol.asyncDispose]();
  });

  test('is compiled in a container, with a dependency that has to be built there, installed and run', async () => {
    const uri = await project(join(work.path, 'antique'), {
      'coachbuilder.yaml': manifest('antique'),
      'setup.py': setup,
      '_antique.c': extension,
      'antique.py':
        'import _antique, modernish\ndef main():\n    print "answer", _antique.answer(), "for", modernish.major\n',
    });
    const cache = { XDG_CACHE_HOME: await work.directory('cache'), PIP_EXTRA_INDEX_URL: index.url };
    const built = await build(work, uri, { ...engine.env, ...cache });
    await using root = await debianRoot(distribution);
    await install(root, built, 'omnibus-python-antique', 'omnibus-antique-cli');
    expect(await root.must(['antique'], { user: 'nobody' })).toBe('answer 42 for 2\n');
    expect(await engine.containers()).toEqual([]);
  });
});

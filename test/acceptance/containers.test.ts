import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { packagesFor, pathsOf, workspace, type BuiltPackage, type Workspace } from '../support/builds.ts';
import { describeWithContainers, isInstalled, testEngine, type TestEngine } from '../support/containers.ts';
import { startIndexServer, type IndexServer } from '../support/index-server.ts';
import { failureText, mustRun, run, type Outcome } from '../support/machine.ts';
import { debianRoot } from '../support/roots.ts';
import { makeSdist } from '../support/wheels.ts';

const program = join(import.meta.dirname, '../../admin/build-package');
const releases = ['debian-11', 'debian-12', 'debian-13'] as const;

/** Tells from inside of a build what it may do, and puts that into the distribution. */
const setup = `
import errno, json, os, socket
from setuptools import Extension, setup

def network():
    try:
        # An address for documentation (RFC 5737): with any network, the connection times out.
        socket.create_connection(("192.0.2.1", 80), timeout=2).close()
        return "connected"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))

facts = {
    "network": network(),
    "interfaces": [name for _, name in socket.if_nameindex()],
    "uid": os.getuid(),
    "writable": [path for path, _, _ in os.walk("/coachbuilder") if os.access(path, os.W_OK)],
}
with open("speedy_facts.py", "w") as stream:
    stream.write("text = %r\\n" % json.dumps(facts))

setup(
    py_modules=["speedy", "speedy_facts"],
    ext_modules=[Extension("_speedy", ["_speedy.c"], extra_compile_args=["-march=native"])],
)
`;

const extension = `
#include <Python.h>

static PyObject *native(PyObject *self, PyObject *none) {
#ifdef __SSE3__
    return PyBool_FromLong(1);
#else
    return PyBool_FromLong(0);
#endif
}

static PyMethodDef methods[] = {{"native", native, METH_NOARGS, ""}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_speedy", "", -1, methods};

PyMODINIT_FUNC PyInit__speedy(void) {
    return PyModule_Create(&module);
}
`;

function project(name: string): string {
  return [
    '[build-system]',
    'requires = ["setuptools>=61"]',
    'build-backend = "setuptools.build_meta"',
    '[project]',
    `name = "${name}"`,
    'version = "1.0"',
    '[project.scripts]',
    `${name} = "speedy:main"`,
    '',
  ].join('\n');
}

const main =
  'import json, _speedy, speedy_facts\ndef main():\n    print(json.dumps([_speedy.native(), json.loads(speedy_facts.text)]))\n';

describeWithContainers('what has no wheel and needs a compiler', () => {
  let work: Workspace;
  let engine: TestEngine;
  let index: IndexServer;
  let env: Readonly<Record<string, string>>;

  function build(distributions: string, destination: string, ...words: readonly string[]): Promise<Outcome> {
    const shared = ['--json', '--progress=plain', `--destination-path=${destination}`];
    return run([program, `--distribution=${distributions}`, ...shared, ...words], { cwd: work.path, env });
  }

  async function built(outcome: Promise<Outcome>): Promise<readonly BuiltPackage[]> {
    const result = await outcome;
    if (result.exitCode !== 0) throw new Error(failureText(['build-package'], result));
    return JSON.parse(result.stdout) as readonly BuiltPackage[];
  }

  beforeAll(async () => {
    work = await workspace();
    engine = await testEngine(await work.directory('engine'));
    const files = await work.directory('index');
    const sources = {
      'pyproject.toml': project('speedy'),
      'setup.py': setup,
      '_speedy.c': extension,
      'speedy.py': main,
    };
    makeSdist(files, { name: 'speedy', version: '1.0', sources });
    const broken = { ...sources, 'pyproject.toml': project('broken'), '_speedy.c': 'this is not C;\n' };
    makeSdist(files, { name: 'broken', version: '1.0', sources: broken });
    const endless = `import os, time\nif os.path.exists("/coachbuilder"):\n    time.sleep(600)\n${setup}`;
    makeSdist(files, {
      name: 'endless',
      version: '1.0',
      sources: { ...sources, 'pyproject.toml': project('endless'), 'setup.py': endless },
    });
    index = await startIndexServer(files);
    env = { ...engine.env, XDG_CACHE_HOME: await work.directory('cache'), PIP_EXTRA_INDEX_URL: index.url };
    for (const release of releases) await engine.importDebian(release);
  });

  afterAll(async () => {
    await index[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
    await work[Symbol.asyncDispose]();
  });

  test('is compiled for each release by nobody, without network and for any processor, installed and run', async () => {
    const packages = await built(build(releases.join(','), await work.directory('speedy'), 'speedy==1.0'));
    for (const release of releases) {
      await using root = await debianRoot(release);
      const names = ['omnibus-python-speedy', 'omnibus-speedy-cli'];
      const paths = await root.copyIn(pathsOf(packagesFor(packages, release), ...names));
      await root.must(['apt-get', '--yes', '--no-install-recommends', 'install', ...paths]);
      const [native, facts] = JSON.parse(await root.must(['speedy'], { user: 'nobody' })) as [boolean, unknown];
      expect(native, release).toBe(false);
      expect(facts, release).toEqual({ network: 'ENETUNREACH', interfaces: ['lo'], uid: 65534, writable: [] });
    }
    expect(await engine.containers()).toEqual([]);
  });

  test('is taken from the cache the next time, checked, and compiled again when it was damaged', async () => {
    const again = await build('debian-12', await work.directory('again'), '-v', 'speedy==1.0');
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.stderr).not.toMatch(/podman create/);
    const directory = join(work.path, 'cache/coachbuilder/compiled');
    const { stdout } = await run(['find', directory, '-name', 'speedy-1.0-cp311-*.whl']);
    await run(['truncate', '--size', '100', stdout.trim()]);
    const mended = await build('debian-12', await work.directory('mended'), '-v', 'speedy==1.0');
    expect(mended.exitCode, mended.stderr).toBe(0);
    expect(mended.stderr).toMatch(/podman create/);
  });

  describe('is the application itself', () => {
    const scmProject = [
      '[build-system]',
      'requires = ["setuptools>=61", "setuptools-scm>=7,<9"]',
      'build-backend = "setuptools.build_meta"',
      '[project]',
      'name = "Ga.uge"',
      'dynamic = ["version"]',
      'requires-python = ">=3.8"',
      '[project.scripts]',
      'gauge = "speedy:main"',
      '[tool.setuptools_scm]',
      '',
    ].join('\n');

    /** A checkout at the tag v1.4, whose headers setuptools would leave out of an sdist. */
    async function checkout(name: string, sources: Readonly<Record<string, string>> = {}): Promise<string> {
      const directory = await work.directory(name);
      const files = {
        'pyproject.toml': scmProject,
        'setup.py': setup.replace('["_speedy.c"]', '["_speedy.c"], include_dirs=["include"]'),
        '_speedy.c': `#include "level.h"\n${extension}`,
        'include/level.h': '#define LEVEL 3\n',
        'speedy.py': main,
        ...sources,
      };
      for (const [file, content] of Object.entries(files)) {
        await mkdir(join(directory, file, '..'), { recursive: true });
        await run(['tee', join(directory, file)], { input: content });
      }
      const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com'];
      await mustRun(['git', 'init', '--quiet', directory]);
      await mustRun(['git', '-C', directory, 'add', '.']);
      await mustRun(['git', '-C', directory, ...identity, 'commit', '--quiet', '--message', 'first']);
      await mustRun(['git', '-C', directory, 'tag', 'v1.4']);
      return directory;
    }

    test('is built for each release from its checkout, with the version of its tag, installed and run', async () => {
      const directory = await checkout('gauge');
      const destination = await work.directory('gauge-packages');
      const packages = await built(build('debian-11,debian-12', destination, directory));
      expect(new Set(packages.map(({ version }) => version))).toEqual(new Set(['1.4.0']));
      for (const release of ['debian-11', 'debian-12'] as const) {
        await using root = await debianRoot(release);
        const names = ['omnibus-python-ga-uge', 'omnibus-ga-uge-cli'];
        const paths = await root.copyIn(pathsOf(packagesFor(packages, release), ...names));
        await root.must(['apt-get', '--yes', '--no-install-recommends', 'install', ...paths]);
        const [native, facts] = JSON.parse(await root.must(['gauge'], { user: 'nobody' })) as [boolean, unknown];
        expect(native, release).toBe(false);
        expect(facts, release).toEqual({ network: 'ENETUNREACH', interfaces: ['lo'], uid: 65534, writable: [] });
      }
      const { stdout } = await mustRun(['git', '-C', directory, 'status', '--porcelain', '--ignored']);
      expect(stdout).toBe('');
      const again = await build('debian-12', await work.directory('gauge-again'), '-v', directory);
      expect(again.exitCode, again.stderr).toBe(0);
      expect(again.stderr).not.toMatch(/podman create/);
    });

    test('is refused with --builder=wheels, and where the interpreter is not one that it accepts', async () => {
      const directory = await checkout('refused');
      const destination = await work.directory('refused-packages');
      const wheels = await build('debian-12', destination, '--builder=wheels', directory);
      expect(wheels.exitCode).toBe(1);
      expect(wheels.stderr).toMatch(/error\[needs-compiler\]: .*refused is not pure Python/);
      const newer = await checkout('newer', { 'pyproject.toml': scmProject.replace('>=3.8', '>=3.10') });
      const old = await build('debian-11', destination, '-v', newer);
      expect(old.exitCode).toBe(1);
      expect(old.stderr).toMatch(
        /error\[requires-python\]: ga-uge 1\.4 wants Python >=3\.10, and Debian 11 has Python 3\.9/,
      );
      expect(old.stderr).not.toMatch(/podman create/);
      expect((await run(['ls', '-A', destination])).stdout).toBe('');
    });

    test('is reported with the compiler’s words when it does not compile anywhere, an sdist as well', async () => {
      const sources = {
        'pyproject.toml': project('broken'),
        'setup.py': setup,
        'speedy.py': main,
        '_speedy.c': 'no C;\n',
      };
      const { path } = makeSdist(await work.directory('broken-sdist'), { name: 'broken', version: '1.0', sources });
      const outcome = await build('debian-12', await work.directory('broken-own'), path);
      expect(outcome.exitCode).toBe(1);
      expect(outcome.stderr).toMatch(/error\[compile-failed\]: .*broken-1\.0\.tar\.gz does not compile for Debian 12/);
      expect(outcome.stderr).toMatch(/^ +on this machine it does not build, either:$/m);
      expect(outcome.stderr).toMatch(/_speedy\.c:1:\d+: error: /);
      expect(await engine.containers()).toEqual([]);
    });

    test('does not end a run for the others with --keep-going when it does not compile for one', async () => {
      const source = `#include <Python.h>\n#if PY_VERSION_HEX < 0x030a0000\n#error "too old"\n#endif\n${extension}`;
      const directory = await checkout('modern', { '_speedy.c': source });
      const destination = await work.directory('modern-packages');
      const outcome = await build('debian-11,debian-12', destination, '--keep-going', directory);
      expect(outcome.exitCode).toBe(1);
      expect(outcome.stderr).toMatch(/debian-11: error\[compile-failed\]/);
      expect(outcome.stderr).toMatch(/^debian-12 .* 2 /m);
      expect((await run(['ls', destination])).stdout).toMatch(/^omnibus-ga-uge-cli_1\.4\.0-1\+debian12_all\.deb$/m);
    });
  });

  test('of the index, which has an sdist of it only, is compiled and runs', async () => {
    const packages = await built(build('debian-12', await work.directory('sysv-ipc'), 'sysv-ipc==1.1.0'));
    await using root = await debianRoot('debian-12');
    const paths = await root.copyIn(pathsOf(packages, 'omnibus-python-sysv-ipc'));
    await root.must(['apt-get', '--yes', '--no-install-recommends', 'install', ...paths]);
    const script =
      'import sysv_ipc; q = sysv_ipc.MessageQueue(None, sysv_ipc.IPC_CREX); q.send(b"hello"); print(q.receive()[0]); q.remove()';
    expect(await root.must(['/opt/sysv-ipc/bin/python', '-c', script])).toBe("b'hello'\n");
  });

  test('is pinned with what its build takes in the lock, which then needs nothing else', async () => {
    const directory = await work.directory('locked');
    const manifest = join(directory, 'coachbuilder.yaml');
    await run(['sh', '-c', 'printf "name: speedy\\n" > "$1"', 'sh', manifest]);
    const first = await build('debian-12', directory, `--manifest=${manifest}`, 'speedy==1.0');
    expect(first.exitCode, first.stderr).toBe(0);
    const lock = readFileSync(join(directory, 'coachbuilder.lock'), 'utf8');
    expect(lock).toMatch(
      /- name: speedy\n +version: "1\.0"\n +kind: sdist\n +file:\n.*\n.*\n +build: container\n +buildRequires:\n/,
    );
    expect(lock).toMatch(/- name: pip\n.*\n +kind: wheel\n +file:\n +fileName: pip-.*\n +sha256: [0-9a-f]{64}\n/);
    expect(lock).toMatch(/- name: setuptools\n/);
    const second = await build(
      'debian-12',
      directory,
      `--manifest=${manifest}`,
      '--locked',
      '--offline',
      '--force',
      'speedy==1.0',
    );
    expect(second.exitCode, second.stderr).toBe(0);
    const wheels = await build(
      'debian-12',
      directory,
      `--manifest=${manifest}`,
      '--builder=wheels',
      '--force',
      'speedy==1.0',
    );
    expect(wheels.exitCode).toBe(1);
    expect(wheels.stderr).toMatch(/error\[needs-compiler\]: speedy 1\.0 .*\n[\s\S]*leave --builder=wheels out/);
  });

  test('and does not compile is reported with the compiler’s words and the place of the log', async () => {
    const outcome = await build('debian-12', await work.directory('broken'), 'broken==1.0');
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toMatch(/error\[compile-failed\]: broken 1\.0 does not compile for Debian 12/);
    expect(outcome.stderr).toMatch(/_speedy\.c:1:\d+: error: /);
    expect(outcome.stderr).toMatch(/commands\.log/);
    expect(await engine.containers()).toEqual([]);
  });

  test('leaves no container behind when it is interrupted', async () => {
    const destination = await work.directory('endless');
    const child = spawn(program, ['--distribution=debian-12', '-d', destination, 'endless==1.0'], {
      cwd: work.path,
      env: { ...process.env, ...env },
      stdio: 'ignore',
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const running = async (): Promise<boolean> => {
      const { stdout } = await run(['podman', 'ps', '--format', '{{.Names}}'], { env });
      return stdout.includes('coachbuilder-');
    };
    while (!(await running())) {
      if (child.exitCode !== null) throw new Error(`the build ended with status ${String(child.exitCode)}`);
      await sleep(200);
    }
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(await engine.containers()).toEqual([]);
    expect((await run(['ls', '-A', destination])).stdout).toBe('');
  });

  test.runIf(isInstalled('docker'))('is compiled by docker on the other end of a socket, too', async () => {
    const service = await engine.serve();
    try {
      await rm(join(work.path, 'cache/coachbuilder/compiled'), { recursive: true, force: true });
      const local = env;
      env = { ...env, DOCKER_HOST: service.env.DOCKER_HOST };
      const destination = await work.directory('docker');
      const outcome = await build('debian-12', destination, '-v', 'speedy==1.0').finally(() => {
        env = local;
      });
      expect(outcome.exitCode, outcome.stderr).toBe(0);
      expect(outcome.stderr).toMatch(/docker start --attach/);
      expect(await engine.containers()).toEqual([]);
    } finally {
      await service.stop();
    }
  });

  test('uses the image of the Dockerfile that the application has for the distribution', async () => {
    const directory = await work.directory('checkout');
    const target = join(directory, 'admin/build_targets/debian-12');
    await mkdir(target, { recursive: true });
    const write = async (path: string, text: string): Promise<unknown> => run(['tee', path], { input: text });
    await write(
      join(target, 'Dockerfile'),
      'FROM docker.io/library/debian:12\nENTRYPOINT ["/bin/false"]\nRUN touch /marker\n',
    );
    await write(
      join(directory, 'pyproject.toml'),
      '[project]\nname = "outer"\nversion = "1"\ndependencies = ["speedy==1.0"]\n[tool.setuptools]\npy-modules = []\n',
    );
    const outcome = await build('debian-12', directory, '-v', directory);
    expect(outcome.exitCode, outcome.stderr).toBe(0);
    expect(outcome.stderr).toMatch(/podman build .*coachbuilder\/target-debian-12:/);
  });
});

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, readdir, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { workspace, type Workspace } from '../support/builds.ts';
import { describeWithContainers, testEngine, type EngineService, type TestEngine } from '../support/containers.ts';
import { startIndexServer, type IndexServer } from '../support/index-server.ts';
import { mustRun, run, type Outcome } from '../support/machine.ts';
import { makeSdist, makeWheel } from '../support/wheels.ts';

/*
 * What becomes of a build whose container engine fails it, and of one that is interrupted. The engine keeps everything
 * in memory, of which it has no more than it needs: so it can be filled.
 */

const program = join(import.meta.dirname, '../../admin/build-package');
const distribution = 'debian-12';

const extension = `
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_nimble", "", -1, NULL};
PyMODINIT_FUNC PyInit__nimble(void) { return PyModule_Create(&module); }
`;

/** An sdist whose setup script does something first, when it runs in a container. */
function sources(name: string, first: string): Readonly<Record<string, string>> {
  const project = `[build-system]\nrequires = ["setuptools>=61"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "${name}"\nversion = "1.0"\n[tool.setuptools]\npy-modules = []\n`;
  const setup = [
    'import os, time',
    'from setuptools import Extension, setup',
    'if os.path.exists("/coachbuilder"):',
    `    ${first}`,
    'setup(ext_modules=[Extension("_nimble", ["_nimble.c"])], packages=[""], package_data={"": ["*.bin"]})',
    '',
  ].join('\n');
  return { 'pyproject.toml': project, 'setup.py': setup, '_nimble.c': extension };
}

const fill = 'stream = open("/tmp/fill", "wb")\n    while True: stream.write(bytes(1 << 20))';

type Event = Readonly<Record<string, unknown>>;

/** Processes of this machine that have a word in their environment. */
function processesWith(word: string): readonly string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/environ`, 'utf8').includes(word);
    } catch {
      return false;
    }
  });
}

describeWithContainers('a build', () => {
  let work: Workspace;
  let engine: TestEngine;
  let index: IndexServer;
  let env: Readonly<Record<string, string>>;
  let memory: string;

  function build(
    destination: string,
    words: readonly string[],
    more: Readonly<Record<string, string>> = {},
  ): Promise<Outcome> {
    return run([program, `--distribution=${distribution}`, '--progress=plain', '-d', destination, ...words], {
      cwd: work.path,
      env: { ...env, ...more },
    });
  }

  async function left(destination: string): Promise<readonly string[]> {
    const scratch = join(env['XDG_CACHE_HOME'] ?? '', 'coachbuilder/tmp');
    const inScratch = await readdir(scratch).catch(() => []);
    return [...(await readdir(destination)), ...inScratch, ...(await engine.containers())];
  }

  beforeAll(async () => {
    work = await workspace();
    memory = await work.directory('engine');
    await mustRun(['mount', '-t', 'tmpfs', '-o', 'size=1500m', 'tmpfs', memory]);
    engine = await testEngine(memory);
    await engine.importDebian(distribution);
    const files = await work.directory('index');
    const behaviours = {
      nimble: 'pass',
      endless: 'time.sleep(600)',
      greedy: fill,
      bulky: 'open("bulk.bin", "wb").write(os.urandom(60 << 20))',
    };
    for (const [name, first] of Object.entries(behaviours))
      makeSdist(files, { name, version: '1.0', sources: sources(name, first) });
    makeWheel(files, { name: 'outer', version: '1.0', requires: ['nimble==1.0'] });
    index = await startIndexServer(files);
    env = { ...engine.env, XDG_CACHE_HOME: await work.directory('cache'), PIP_EXTRA_INDEX_URL: index.url };
  });

  afterAll(async () => {
    await index[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
    await run(['umount', '--lazy', memory]);
    await work[Symbol.asyncDispose]();
  });

  describe('without what it needs', () => {
    test('of engines names them, and the command that installs one', async () => {
      const tools = await work.directory('tools');
      const linked = new Set<string>();
      const places = (process.env['PATH'] ?? '').split(':');
      for (const directory of places) {
        for (const name of await readdir(directory).catch(() => [])) {
          // The first one counts, and one that leads nowhere is there, too.
          if (/^(?:podman|docker)/.test(name) || linked.has(name)) continue;
          linked.add(name);
          await symlink(join(directory, name), join(tools, name));
        }
      }
      const destination = await work.directory('no-engine');
      const outcome = await build(destination, ['nimble==1.0'], { PATH: tools });
      expect(outcome.exitCode).toBe(1);
      expect(outcome.stderr).toMatch(/^error\[needs-compiler\]: nimble 1\.0, /m);
      expect(outcome.stderr).toMatch(/podman is not installed\n +docker is not installed/);
      expect(outcome.stderr).toMatch(/sudo apt-get install podman/);
      expect(await left(destination)).toEqual([]);
    });

    test('of images says which, within seconds', async () => {
      const destination = await work.directory('no-image');
      const outcome = await build(destination, ['--image=127.0.0.1:9/no/such:1', 'nimble==1.0']);
      expect(outcome.exitCode).toBe(1);
      expect(outcome.stderr).toMatch(/^error\[image-missing\]: there is no such image: 127\.0\.0\.1:9\/no\/such:1$/m);
      expect(outcome.stderr).toMatch(/^hint: .*podman pull 127\.0\.0\.1:9\/no\/such:1/m);
      expect(await left(destination)).toEqual([]);
    });
  });

  describe('that is interrupted', () => {
    /** Sends a signal when an event tells that it is time. */
    async function interrupt(
      signal: NodeJS.Signals,
      isTime: (event: Event) => boolean,
      words: readonly string[],
    ): Promise<{ readonly exitCode: number | null; readonly seen: boolean; readonly stderr: string }> {
      const mark = randomBytes(8).toString('hex');
      const child = spawn(program, [`--distribution=${distribution}`, '--progress=json', ...words], {
        cwd: work.path,
        env: { ...process.env, ...env, COACHBUILDER_TEST_MARK: mark },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      let seen = false;
      const stderr: string[] = [];
      createInterface({ input: child.stderr }).on('line', (line) => {
        stderr.push(line);
        if (seen || !line.startsWith('{') || !isTime(JSON.parse(line) as Event)) return;
        seen = true;
        child.kill(signal);
      });
      const exitCode = await ended;
      for (let attempt = 0; attempt < 50 && processesWith(mark).length > 0; attempt += 1) await sleep(100);
      expect(processesWith(mark)).toEqual([]);
      return { exitCode, seen, stderr: stderr.join('\n') };
    }

    const says =
      (pattern: RegExp) =>
      ({ message }: Event): boolean =>
        typeof message === 'string' && pattern.test(message);
    const begins =
      (name: string) =>
      ({ type, stage }: Event): boolean =>
        type === 'stage-started' && stage === name;

    test('leaves nothing while the engine fetches an image from somewhere that does not answer', async () => {
      const silent = createServer(() => undefined).listen(0, '127.0.0.1');
      await new Promise((resolve) => silent.once('listening', resolve));
      const image = `127.0.0.1:${String((silent.address() as AddressInfo).port)}/silent:1`;
      const destination = await work.directory('fetching');
      const words = [`--image=${image}`, '-d', destination, 'nimble==1.0'];
      const end = await interrupt('SIGINT', says(/fetches the image/), words).finally(() => silent.close());
      expect(end).toMatchObject({ exitCode: 130, seen: true });
      expect(await left(destination)).toEqual([]);
    });

    // In the order in which the stages come: what a later one needs of an earlier one is made on the way.
    test.each([
      ['SIGTERM', 'installs compilers', says(/^installing compilers/)],
      ['SIGINT', 'begins', begins('application')],
      ['SIGTERM', 'resolves', begins('lock')],
      ['SIGINT', 'compiles', says(/^compiling nimble/)],
      ['SIGTERM', 'gathers', begins('gather')],
      ['SIGINT', 'lays a tree out', begins('assemble')],
      ['SIGTERM', 'inspects it', begins('inspect')],
      ['SIGINT', 'writes packages', begins('package')],
    ] as const)('with %s leaves nothing while it %s', async (signal, _, isTime) => {
      const destination = await work.directory('stages');
      const end = await interrupt(signal, isTime, ['-d', destination, 'outer==1.0']);
      expect(end, end.stderr).toMatchObject({ exitCode: 130, seen: true });
      expect(await left(destination)).toEqual([]);
    });

    test('is whole when it is done once more', async () => {
      const destination = await work.directory('stages');
      const outcome = await build(destination, ['outer==1.0']);
      expect(outcome.exitCode, outcome.stderr).toBe(0);
      expect(await left(destination)).toEqual(['omnibus-python-outer_1.0.0-1+debian12_amd64.deb']);
    });
  });

  describe('whose disk is full', () => {
    test('where the container is ends with that error, and gives the space back', async () => {
      const destination = await work.directory('greedy');
      const outcome = await build(destination, ['greedy==1.0']);
      expect(outcome.exitCode).toBe(1);
      expect(outcome.stderr).toMatch(
        /^error\[disk-full\]: the container in which greedy 1\.0 was compiled ran out of space$/m,
      );
      expect(await left(destination)).toEqual([]);
      const after = await build(destination, ['--builder=container', 'nimble==1.0']);
      expect(after.exitCode, after.stderr).toBe(0);
    });

    // The first is too small for the resolver, the second for a wheel of 60 MB and its copy.
    test.each(['50m', '150m'])('where the cache is ends with that error, too, at %s', async (size) => {
      const small = await work.directory(`small-${size}`);
      await mustRun(['mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', small]);
      try {
        const destination = await work.directory(`bulky-${size}`);
        const outcome = await build(destination, ['bulky==1.0'], { XDG_CACHE_HOME: small });
        expect(outcome.exitCode, outcome.stderr).toBe(1);
        expect(outcome.stderr).toMatch(/^error\[disk-full\]: /m);
        expect(await left(destination)).toEqual([]);
        expect(await readdir(join(small, 'coachbuilder/tmp'))).toEqual([]);
      } finally {
        await mustRun(['umount', '--lazy', small]);
      }
    });
  });

  describe('whose engine is on another machine that goes away', () => {
    let service: EngineService;

    /** A podman that ends the service right before it asks it for one thing. */
    async function podmanThatLoses(pattern: string): Promise<string> {
      const directory = await work.directory('losing');
      const script = `#!/bin/sh\ncase "$*" in ${pattern}) kill -KILL ${String(service.pid)} ;; esac\nexec ${(await mustRun(['which', 'podman'])).stdout.trim()} "$@"\n`;
      await writeFile(join(directory, 'podman'), script);
      await chmod(join(directory, 'podman'), 0o755);
      return `${directory}:${process.env['PATH'] ?? ''}`;
    }

    function remote(): Readonly<Record<string, string>> {
      return { CONTAINER_HOST: service.env.CONTAINER_HOST };
    }

    test.each([
      ['it makes a container', "'create '*"],
      ['files are copied in', "'cp --archive=false '*"],
      ['it compiles', "'start '*"],
      ['the result is copied out', "'cp coachbuilder-'*"],
    ])('before %s ends with an error of the engine', async (_, pattern) => {
      service = await engine.serve();
      const destination = await work.directory(`lost-${pattern.replaceAll(/\W/g, '')}`);
      try {
        const path = await podmanThatLoses(pattern);
        const outcome = await build(destination, ['nimble==1.0'], {
          ...remote(),
          PATH: path,
          XDG_CACHE_HOME: await work.directory(`lost-cache-${pattern.replaceAll(/\W/g, '')}`),
        });
        expect(outcome.exitCode).toBe(1);
        expect(outcome.stderr).toMatch(/^error\[engine-failed\]: podman failed: /m);
        expect(outcome.stderr).toMatch(/^hint: .*podman info/m);
        expect(outcome.stderr).toMatch(/warning: the container coachbuilder-[0-9a-f]+ could not be removed/);
      } finally {
        await service.stop();
        await run(['podman', 'rm', '--all', '--force'], { env: engine.env });
      }
      expect(await left(destination)).toEqual([]);
    });

    test('while it compiles ends with an error of the engine, and the next build on it is whole', async () => {
      service = await engine.serve();
      const destination = await work.directory('lost-midway');
      const building = build(destination, ['endless==1.0'], remote());
      const isRunning = async (): Promise<boolean> =>
        (await run(['podman', 'ps', '--format', '{{.Names}}'], { env: engine.env })).stdout.includes('coachbuilder-');
      for (let attempt = 0; attempt < 600 && !(await isRunning()); attempt += 1) await sleep(100);
      await service.stop();
      const outcome = await building;
      expect(outcome.exitCode).toBe(1);
      expect(outcome.stderr).toMatch(/^error\[engine-failed\]: podman failed: a container did not run to its end$/m);
      await run(['podman', 'rm', '--all', '--force'], { env: engine.env });
      service = await engine.serve();
      try {
        const cache = { XDG_CACHE_HOME: await work.directory('revived') };
        const again = await build(destination, ['nimble==1.0'], { ...remote(), ...cache });
        expect(again.exitCode, again.stderr).toBe(0);
      } finally {
        await service.stop();
      }
      expect(await engine.containers()).toEqual([]);
    });
  });
});

import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { buildPackages, pathsOf, workspace, type BuiltPackage, type Workspace } from '../support/builds.ts';
import { debianRoot, describeWithRoots, type Root } from '../support/roots.ts';

const distribution = 'debian-12';

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

/** Asks an address until it answers; an error after a minute. */
async function fetchJson(url: string): Promise<unknown> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await (await fetch(url)).json();
    } catch (error) {
      if (attempt === 120) throw error;
      await sleep(500);
    }
  }
}

describeWithRoots(`applications of other people on ${distribution}, without a manifest`, () => {
  let work: Workspace;
  let root: Root;

  beforeAll(async () => {
    work = await workspace();
    root = await debianRoot(distribution);
  });

  afterAll(async () => {
    await root[Symbol.asyncDispose]();
    await work[Symbol.asyncDispose]();
  });

  async function build(requirement: string): Promise<readonly BuiltPackage[]> {
    const destination = await work.directory(requirement);
    return buildPackages({ uri: requirement, distributions: [distribution], destination, cwd: destination });
  }

  async function install(built: readonly BuiltPackage[], ...names: readonly string[]): Promise<void> {
    const packages = await root.copyIn(pathsOf(built, ...names));
    await root.must(['apt-get', '--yes', '--no-install-recommends', 'install', ...packages]);
  }

  async function expectPurged(prefix: string, ...names: readonly string[]): Promise<void> {
    await root.must(['apt-get', '--yes', 'purge', ...names]);
    expect(root.filesBelow(prefix)).toEqual([]);
    expect(root.exists(prefix)).toBe(false);
  }

  describe('httpie', () => {
    const names = ['omnibus-python-httpie', 'omnibus-httpie-cli'] as const;

    test('is built from a requirement into a main and a cli package, and runs', async () => {
      const built = await build('httpie==3.2.4');
      expect(built.map((each) => each.name).sort()).toEqual([...names].sort());
      await install(built, ...names);
      expect(await root.must(['http', '--version'], { user: 'nobody' })).toBe('3.2.4\n');
      const request = await root.must([
        'http',
        '--ignore-stdin',
        '--offline',
        '--print=HB',
        'POST',
        'example.com/a',
        'b=c',
      ]);
      expect(request).toMatch(/^POST \/a HTTP\/1\.1\r?\n/);
      expect(request).toContain('{"b": "c"}');
    });

    test('is purged without a trace below its prefix', async () => {
      await expectPurged('/opt/httpie', ...names);
    });
  });

  describe('jupyterlab, with many compiled wheels', () => {
    const names = ['omnibus-python-jupyterlab', 'omnibus-jupyterlab-cli'] as const;

    test('is built from a requirement, and its compiled modules are loaded', async () => {
      const built = await build('jupyterlab==4.4.5');
      expect(built.map((each) => each.name).sort()).toEqual([...names].sort());
      await install(built, ...names);
      expect(await root.must(['jupyter-lab', '--version'])).toBe('4.4.5\n');
      const modules =
        'zmq, tornado.speedups, psutil, rpds, yaml._yaml, _cffi_backend, _argon2_cffi_bindings, markupsafe._speedups';
      const script = `import ${modules}; print("loaded")`;
      expect(await root.must(['/opt/jupyterlab/bin/python', '-c', script], { user: 'nobody' })).toBe('loaded\n');
    });

    test('serves requests', async () => {
      const port = String(await freePort());
      const server = root.start([
        'jupyter-lab',
        '--allow-root',
        '--no-browser',
        '--ip=127.0.0.1',
        `--ServerApp.port=${port}`,
        '--ServerApp.port_retries=0',
        '--ServerApp.root_dir=/var/tmp',
      ]);
      try {
        expect(await fetchJson(`http://127.0.0.1:${port}/api`)).toMatchObject({
          version: expect.any(String) as string,
        });
      } finally {
        await server.stop();
      }
    });

    test('is purged without a trace below its prefix, after root ran it', async () => {
      await expectPurged('/opt/jupyterlab', ...names);
    });
  });
});

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { workspace, type Workspace } from '../support/builds.ts';
import { openDocker, type DockerEngine } from '../support/docker-engine.ts';
import { mustRun, run, type Outcome } from '../support/machine.ts';
import { debianRoot } from '../support/roots.ts';

/*
 * What the other tests do with podman, with a docker daemon: needs the rights of root, and Debian's archive. The daemon
 * has no network of its own, so that the image already holds the compilers.
 */

const admin = join(import.meta.dirname, '../../admin');
const opened = await openDocker();
const missing = typeof opened === 'string' ? ` [skipped: ${opened}]` : '';

describe.skipIf(missing !== '')(`docker${missing}`, () => {
  let work: Workspace;
  let engine: DockerEngine;

  const docker = async (...args: readonly [string, ...string[]]): Promise<Outcome> =>
    mustRun(['docker', ...args], { env: engine.env });

  beforeAll(async () => {
    if (typeof opened === 'string') throw new Error(opened);
    engine = opened;
    work = await workspace();
    await using root = await debianRoot('debian-12');
    const archive = join(work.path, 'root.tar');
    await mustRun(['tar', '--directory', root.path, '--create', '--file', archive, '.']);
    await docker('import', archive, 'plain:12');
    const tools = 'gcc g++ make libc6-dev python3.11-dev python3-distutils';
    const install = `apt-get --quiet update && apt-get --quiet --yes --no-install-recommends install ${tools}`;
    await docker('run', '--name=compilers', '--network=host', 'plain:12', 'sh', '-c', install);
    await docker('commit', 'compilers', 'debian:12');
    await docker('rm', 'compilers');
  });

  afterAll(async () => {
    if (typeof opened !== 'string') await opened[Symbol.asyncDispose]();
    await work[Symbol.asyncDispose]();
  });

  async function command(name: string, ...words: readonly string[]): Promise<Outcome> {
    return run([join(admin, name), '--progress=plain', ...words], {
      cwd: work.path,
      env: { ...engine.env, XDG_CACHE_HOME: await work.directory('cache') },
    });
  }

  test('compiles what has no wheel, and is where the result is tested', async () => {
    const destination = await work.directory('packages');
    const built = await command(
      'build-package',
      '--distribution=debian-12',
      '-v',
      '--lint=off',
      '-d',
      destination,
      'sysv-ipc==1.1.0',
    );
    expect(built.exitCode, built.stderr).toBe(0);
    expect(built.stderr).toMatch(/\$ docker create .*--network none --cap-drop ALL/);
    expect(built.stderr).toMatch(/\$ docker start --attach/);
    const [name = ''] = await readdir(destination);
    expect(name).toBe('omnibus-python-sysv-ipc_1.1.0-1+debian12_amd64.deb');
    const image = ['--image=plain:12', '--engine=docker', '--network=host'];
    const tested = await command('test-package', ...image, join(destination, name));
    expect(tested.exitCode, tested.stderr + tested.stdout).toBe(0);
    expect(tested.stdout).toMatch(/^ok +installation: installs$/m);
    expect((await docker('ps', '--all', '--quiet')).stdout).toBe('');
  });

  test('reports an image that it does not have', async () => {
    const destination = await work.directory('nothing');
    const words = ['--distribution=debian-12', '--image=127.0.0.1:9/no/such:1', '-d', destination, 'sysv-ipc==1.0.1'];
    const outcome = await command('build-package', '--builder=container', ...words);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toMatch(/^error\[image-missing\]: there is no such image: 127\.0\.0\.1:9\/no\/such:1$/m);
    expect(await readdir(destination)).toEqual([]);
  });
});

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from 'vitest';

import { mustRun, run, whyNoRoots } from './machine.ts';
import { podmanSettings } from './podman-settings.ts';
import { debianRoot, type DebianRelease } from './roots.ts';

/** podman's service, which docker's client and a remote podman talk to. */
export interface EngineService {
  readonly env: Readonly<Record<'DOCKER_HOST' | 'CONTAINER_HOST', string>>;
  readonly pid: number;
  /** Does nothing when it is gone already. */
  stop(): Promise<void>;
}

/** podman with a storage of its own, so that a test neither sees nor leaves anything. */
export interface TestEngine extends AsyncDisposable {
  /** What has to be in the environment of whoever uses it. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes the image of a Debian release from a root, under the name that the table of distributions has for it. */
  importDebian(release: DebianRelease): Promise<void>;
  /** Names of all containers, running or not. */
  containers(): Promise<readonly string[]>;
  serve(): Promise<EngineService>;
}

/** @param directory absolute, the test's own */
export async function testEngine(directory: string): Promise<TestEngine> {
  const env = await podmanSettings(directory);
  return {
    env,
    async importDebian(release) {
      await using root = await debianRoot(release);
      const archive = join(directory, `${release}.tar`);
      await mustRun(['tar', '--directory', root.path, '--create', '--file', archive, '.']);
      const version = release.replace('debian-', '');
      await mustRun(['podman', 'import', '--quiet', archive, `docker.io/library/debian:${version}`], { env });
      await rm(archive);
    },
    async containers() {
      const { stdout } = await mustRun(['podman', 'ps', '--all', '--format', '{{.Names}}'], { env });
      return stdout.split('\n').filter((line) => line !== '');
    },
    async serve() {
      const socket = join(directory, 'engine.sock');
      const service = spawn('podman', ['system', 'service', '--time=0', `unix://${socket}`], {
        env: { ...process.env, ...env },
        stdio: 'ignore',
      });
      const ended = new Promise<void>((resolve) =>
        service.once('exit', () => {
          resolve();
        }),
      );
      while (!existsSync(socket) && service.exitCode === null) await sleep(100);
      return {
        env: { DOCKER_HOST: `unix://${socket}`, CONTAINER_HOST: `unix://${socket}` },
        pid: service.pid ?? 0,
        async stop() {
          service.kill('SIGKILL');
          await ended;
          await rm(socket, { force: true });
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await run(['podman', 'rm', '--all', '--force'], { env });
      await run(['podman', 'rmi', '--all', '--force'], { env });
      await run(['umount', '--lazy', join(directory, 'graph/overlay')]);
    },
  };
}

export function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0;
}

/** `describe`, skipped with its reason in the title where containers cannot be run. */
export function describeWithContainers(title: string, body: () => void): void {
  const missing = ['podman', 'runc'].filter((program) => !isInstalled(program));
  const reason = whyNoRoots() ?? (missing.length > 0 ? `${missing.join(' and ')} not installed` : undefined);
  if (reason === undefined) describe(title, body);
  else describe.skip(`${title} [skipped: ${reason}]`, body);
}

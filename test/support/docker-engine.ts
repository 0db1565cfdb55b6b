import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { mustRun, run, whyNoRoots } from './machine.ts';
import { canLayer } from './podman-settings.ts';

/** A docker daemon of a test's own. */
export interface DockerEngine extends AsyncDisposable {
  /** What makes docker's client use it; the client is on that PATH. */
  readonly env: Readonly<Record<'DOCKER_HOST' | 'PATH', string>>;
}

/** Debian's packages of the daemon and what it starts; they are unpacked and not installed, so that none is started. */
const packages = ['docker.io', 'containerd', 'runc', 'tini'];

/** The directory of docker's programs, unpacked once. */
async function programs(): Promise<string> {
  const cache = join(homedir(), '.cache/coachbuilder-test-roots');
  const target = join(cache, 'docker-engine');
  if (existsSync(target)) return target;
  await mkdir(cache, { recursive: true });
  const scratch = await mkdtemp(join(cache, 'docker-engine-'));
  try {
    await mustRun(['apt-get', 'download', '--quiet', ...packages], { cwd: scratch });
    const archives = (await readdir(scratch)).filter((name) => name.endsWith('.deb'));
    for (const archive of archives) await mustRun(['dpkg-deb', '--extract', archive, 'root'], { cwd: scratch });
    await rename(join(scratch, 'root'), target);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return target;
}

/**
 * Starts a daemon that listens on a socket in a temporary directory, changes no firewall and has no network but the
 * machine's own.
 * @throws Error with the daemon's last words
 */
async function startDocker(): Promise<DockerEngine> {
  const root = await programs();
  const directory = await mkdtemp(join(tmpdir(), 'coachbuilder-docker-'));
  const socket = `unix://${join(directory, 'docker.sock')}`;
  const env = {
    DOCKER_HOST: socket,
    PATH: [join(root, 'usr/bin'), join(root, 'usr/sbin'), process.env['PATH'] ?? ''].join(':'),
  };
  const driver = (await canLayer(directory)) ? 'overlay2' : 'vfs';
  const log = join(directory, 'log');
  const words = [
    `--host=${socket}`,
    `--data-root=${join(directory, 'data')}`,
    `--exec-root=${join(directory, 'exec')}`,
    `--pidfile=${join(directory, 'pid')}`,
    `--storage-driver=${driver}`,
    ...['--iptables=false', '--ip6tables=false', '--bridge=none'],
    ...['--default-ulimit=nofile=1000:1000', '--default-ulimit=nproc=1000:1000'],
  ];
  const daemon = spawn('sh', ['-c', 'log=$1; shift; exec dockerd "$@" >"$log" 2>&1', 'sh', log, ...words], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) =>
    daemon.once('exit', () => {
      resolve();
    }),
  );
  const dispose = async (): Promise<void> => {
    daemon.kill('SIGTERM');
    await ended;
    // The network namespace of the machine, which the daemon leaves mounted.
    await run(['umount', '--lazy', join(directory, 'exec/netns/default')]);
    await rm(directory, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 300 && daemon.exitCode === null; attempt += 1) {
    if ((await run(['docker', 'info'], { env })).exitCode === 0) return { env, [Symbol.asyncDispose]: dispose };
    await sleep(100);
  }
  const last = (await readFile(log, 'utf8').catch(() => '')).trimEnd().split('\n').at(-1) ?? '';
  await dispose();
  throw new Error(`dockerd does not start: ${last}`);
}

/** A daemon, or why none runs on this machine. */
export async function openDocker(): Promise<DockerEngine | string> {
  const reason = whyNoRoots();
  if (reason !== undefined) return reason;
  try {
    return await startDocker();
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
}

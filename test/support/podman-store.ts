import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { mustRun, whyNoRoots } from './machine.ts';

/** A storage of podman that belongs to a test, with nothing in it. */
export interface PodmanStore extends AsyncDisposable {
  /** What makes podman use it. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes an image of a compressed tarball of a root. */
  importRoot(tarball: string, image: string): Promise<void>;
  /** Names of all containers, running or not. */
  containers(): Promise<readonly string[]>;
}

/** Why containers cannot be run on this machine; undefined when they can. */
export function whyNoPodman(): string | undefined {
  if (whyNoRoots() !== undefined) return whyNoRoots();
  for (const tool of ['podman', 'runc', 'zstdcat']) {
    if (spawnSync(tool, ['--version']).error !== undefined) return `${tool} is not installed`;
  }
  return undefined;
}

async function pipeInto(tarball: string, argv: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const [program = '', ...args] = argv;
  await new Promise<void>((resolve, reject) => {
    const source = spawn('zstdcat', [tarball], { stdio: ['ignore', 'pipe', 'inherit'] });
    const sink = spawn(program, args, { stdio: [source.stdout, 'ignore', 'inherit'], env });
    for (const child of [source, sink]) child.on('error', reject);
    sink.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${argv.join(' ')} ended with status ${String(code)}`));
    });
  });
}

/** Makes a storage whose settings work without a service manager and with few resources. */
export async function openPodmanStore(): Promise<PodmanStore> {
  const directory = await mkdtemp(join(tmpdir(), 'coachbuilder-podman-'));
  const files = {
    'containers.conf': [
      '[containers]',
      'default_ulimits = ["nofile=1000:1000","nproc=1000:1000"]',
      '[engine]',
      'runtime = "runc"',
      'cgroup_manager = "cgroupfs"',
    ],
    'storage.conf': ['[storage]', 'driver = "vfs"', `graphroot = "${directory}/root"`, `runroot = "${directory}/run"`],
  };
  for (const name of ['root', 'run']) await mkdir(join(directory, name));
  for (const [name, lines] of Object.entries(files)) await writeFile(join(directory, name), `${lines.join('\n')}\n`);
  const env = {
    CONTAINERS_CONF: join(directory, 'containers.conf'),
    CONTAINERS_STORAGE_CONF: join(directory, 'storage.conf'),
  };
  return {
    env,
    importRoot: (tarball, image) => pipeInto(tarball, ['podman', 'import', '-', image], { ...process.env, ...env }),
    async containers() {
      const { stdout } = await mustRun(['podman', 'ps', '--all', '--format', '{{.Names}}'], { env });
      return stdout.split('\n').filter((line) => line !== '');
    },
    async [Symbol.asyncDispose]() {
      await rm(directory, { recursive: true, force: true });
    },
  };
}

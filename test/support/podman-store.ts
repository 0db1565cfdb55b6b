import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { mustRun, run, whyNoRoots } from './machine.ts';
import { podmanSettings } from './podman-settings.ts';

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
  const env = await podmanSettings(directory);
  return {
    env,
    importRoot: (tarball, image) => pipeInto(tarball, ['podman', 'import', '-', image], { ...process.env, ...env }),
    async containers() {
      const { stdout } = await mustRun(['podman', 'ps', '--all', '--format', '{{.Names}}'], { env });
      return stdout.split('\n').filter((line) => line !== '');
    },
    async [Symbol.asyncDispose]() {
      // The layers of containers are mounted.
      await run(['podman', 'rm', '--all', '--force'], { env });
      await run(['podman', 'rmi', '--all', '--force'], { env });
      await run(['umount', '--lazy', join(directory, 'graph/overlay')]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

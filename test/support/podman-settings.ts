import { mkdir, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Whether an overlayfs can be laid on the file system of a directory: not on another one (statfs(2), f_type). */
export async function canLayer(directory: string): Promise<boolean> {
  return (await statfs(directory)).type !== 0x794c7630;
}

/**
 * Settings that give podman a storage of its own below a directory, and make it work without a service manager and with
 * the limits of a machine of a CI, which refuses higher ones.
 * @param directory absolute
 * @returns what makes podman use them
 */
export async function podmanSettings(
  directory: string,
): Promise<Readonly<Record<'CONTAINERS_CONF' | 'CONTAINERS_STORAGE_CONF', string>>> {
  const driver = (await canLayer(directory)) ? 'overlay' : 'vfs';
  const places = { graphroot: join(directory, 'graph'), runroot: join(directory, 'run') };
  for (const place of Object.values(places)) await mkdir(place, { recursive: true });
  const files = {
    'containers.conf': [
      '[containers]',
      'default_ulimits = ["nofile=1000:1000", "nproc=1000:1000"]',
      '[engine]',
      'runtime = "runc"',
      'cgroup_manager = "cgroupfs"',
    ],
    'storage.conf': [
      '[storage]',
      `driver = "${driver}"`,
      `graphroot = "${places.graphroot}"`,
      `runroot = "${places.runroot}"`,
    ],
  };
  for (const [name, lines] of Object.entries(files)) await writeFile(join(directory, name), `${lines.join('\n')}\n`);
  return {
    CONTAINERS_CONF: join(directory, 'containers.conf'),
    CONTAINERS_STORAGE_CONF: join(directory, 'storage.conf'),
  };
}

import { constants } from 'node:fs';
import { chmod, copyFile, open } from 'node:fs/promises';

/** Writes a file and has it on the disk. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Copies a file and has it on the disk; where the file system can, the two share their blocks. */
export async function copyWhole(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await chmod(to, 0o600);
  const handle = await open(to, 'r+');
  try {
    // copyFile() keeps nothing of the original but, in some systems, its times.
    const now = new Date();
    await handle.utimes(now, now);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** So that a new name survives a power failure, too. Not every file system can. */
export async function synchronizeDirectory(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync().catch(() => undefined);
  } finally {
    await handle.close();
  }
}

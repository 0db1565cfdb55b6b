import { chmodSync, copyFileSync, constants, mkdirSync, symlinkSync, utimesSync } from 'node:fs';
import { lutimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { writeFailure } from '../system/files.ts';
import type { Tree } from './tree.ts';

export interface TreeCopy {
  /** Absolute path of the new staging root, which is not there yet. */
  readonly root: string;
  /** SOURCE_DATE_EPOCH, seconds. */
  readonly epoch: number;
}

/** Entries after which the event loop gets a turn. */
const entriesPerTurn = 256;

/**
 * Lays a finished tree out in another staging root, to which a package may add. Blocks are shared where the file system
 * can (Btrfs, XFS). Further names of the same files would be no good: GNU tar, and with it dpkg-deb, fails when the names
 * of a file change while it is read, and rpmbuild compares every file that has several names with every other one
 * (measured with rpm 4.18 and 20,000 files: 8 seconds of processor time more, where copying them takes 5).
 * @returns the tree of the new root
 * @throws CoachbuilderError `disk-full`, `output-unwritable`
 */
export async function copyTree(tree: Tree, { root, epoch }: TreeCopy): Promise<Tree> {
  const directories: string[] = [];
  const makeDirectory = (path: string): void => {
    mkdirSync(path);
    chmodSync(path, 0o755);
    directories.push(path);
  };
  try {
    mkdirSync(dirname(root), { recursive: true });
    makeDirectory(root);
    let parent = root;
    for (const part of dirname(tree.prefix).split('/').filter(Boolean)) {
      parent = join(parent, part);
      makeDirectory(parent);
    }
    // Sorted by path: a directory comes before what lies in it.
    for (const [index, entry] of tree.entries.entries()) {
      const place = join(root, entry.path);
      if (entry.kind === 'directory') makeDirectory(place);
      else if (entry.kind === 'symlink') {
        symlinkSync(entry.target, place);
        await lutimes(place, epoch, epoch);
      } else {
        copyFileSync(join(tree.root, entry.path), place, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
        chmodSync(place, entry.mode);
        utimesSync(place, epoch, epoch);
      }
      if (index % entriesPerTurn === 0) await setImmediate();
    }
    for (const path of directories.reverse()) utimesSync(path, epoch, epoch);
  } catch (error) {
    throw writeFailure(error, root);
  }
  return { ...tree, root };
}

import { link, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { isErrno } from '../../system/files.ts';
import { reservedPrefix } from '../keys.ts';
import { isAbandoned, newOwnerMark, temporaryPath } from './owner.ts';

/** Milliseconds. A holder needs a few of them: the bytes are on the disk before the lock is taken. */
const patience = 120_000;

async function readMark(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** A file of locks, made by a process with the given mark. */
class LockFiles {
  readonly lock: string;
  private readonly directory: string;
  private readonly ours: string;

  constructor(directory: string, ours: string) {
    this.directory = directory;
    this.lock = join(directory, `${reservedPrefix}lock`);
    this.ours = ours;
  }

  /** link() is the exclusive create that also gives the file its contents in one step, on NFS, too. */
  async claim(path: string): Promise<boolean> {
    const draft = await this.draft();
    try {
      await link(draft, path);
      return true;
    } catch (error) {
      if (isErrno(error, 'EEXIST')) return false;
      throw error;
    } finally {
      await rm(draft, { force: true });
    }
  }

  /**
   * Replaces a file that a killed process left. To remove it and to make it anew are two steps, between which a third
   * process may make it; so one right is fought for first, a file named after the abandoned mark:
   *
   * - one process only can make that file, and only who made it may replace what carries the mark; what is replaced is
   *   there all the time, so nobody can make it beside us;
   * - no mark is ever used twice: who makes that file late, when somebody else was through and has removed it, finds another
   *   mark in the lock and gives up;
   * - who was killed with the right in his hands left it abandoned, and it is taken over in the same manner.
   */
  async takeOver(path: string, abandoned: string): Promise<boolean> {
    const right = `${this.lock}-${abandoned.slice(abandoned.lastIndexOf('.') + 1)}`;
    if (!(await this.claim(right))) {
      const holder = await readMark(right);
      if (holder === undefined || !isAbandoned(holder, right) || !(await this.takeOver(right, holder))) return false;
    }
    try {
      if ((await readMark(path)) !== abandoned) return false;
      await rename(await this.draft(), path);
      return true;
    } finally {
      await rm(right, { force: true });
    }
  }

  /**
   * Removes the rights of processes that were killed with them in hands. Only who holds the lock may: with our mark in it,
   * whoever still fights for a right that is named after an older one gives up.
   */
  async clear(): Promise<void> {
    for (const name of await readdir(this.directory)) {
      if (!name.startsWith(`${reservedPrefix}lock-`)) continue;
      const path = join(this.directory, name);
      const holder = await readMark(path);
      if (holder !== undefined && isAbandoned(holder, path)) await rm(path, { force: true });
    }
  }

  /** Not ours any more only when somebody on another machine has waited for a quarter of an hour. */
  async release(): Promise<void> {
    if ((await readMark(this.lock)) === this.ours) await rm(this.lock, { force: true });
  }

  private async draft(): Promise<string> {
    const path = temporaryPath(this.directory);
    await writeFile(path, this.ours, { mode: 0o644 });
    return path;
  }
}

/**
 * Runs an action while no other process does so in the same directory.
 * @param directory absolute; the lock is a hidden file in it, which holds the mark of its owner
 * @throws CoachbuilderError `store-unavailable` when somebody else holds the lock for two minutes
 */
export async function withLock<Result>(directory: string, action: () => Promise<Result>): Promise<Result> {
  const files = new LockFiles(directory, newOwnerMark());
  const end = Date.now() + patience;
  for (let pause = 2; ; pause = Math.min(pause * 2, 50)) {
    const holder = await readMark(files.lock);
    if (holder === undefined && (await files.claim(files.lock))) break;
    if (holder !== undefined && isAbandoned(holder, files.lock) && (await files.takeOver(files.lock, holder))) {
      await files.clear();
      break;
    }
    if (Date.now() > end) throw heldTooLong(files.lock, holder);
    // By chance, so that those who wait do not meet again and again.
    await delay(pause * (0.5 + Math.random()));
  }
  try {
    return await action();
  } finally {
    await files.release();
  }
}

function heldTooLong(lock: string, holder: string | undefined): CoachbuilderError {
  const pid = holder?.split('.')[1] ?? 'unknown';
  return new CoachbuilderError('store-unavailable', `another process holds the lock ${lock} all the time`, {
    details: [`its process has the number ${pid}, on this machine or another one`],
    hint: 'let the other publication end; if there is none, remove the file and run the same command again',
  });
}

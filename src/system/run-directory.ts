import { appendFileSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { isErrno, writeFailure } from './files.ts';

/** How many finished runs are kept, so that they can be explained afterwards. */
const keptRuns = 10;

/** The directory of one run: records of every stage, the log of every command, and the trees while they are needed. */
export interface RunDirectory {
  readonly path: string;
  /** Appends to the log of commands. */
  readonly log: (text: string) => void;
  /** The log's path. */
  readonly logFile: string;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}

/** Removes all but the newest runs; those of processes that still run are left alone. */
async function pruneRuns(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => /^\d{8}T\d{6}Z-\d+$/.test(name)).sort();
  for (const name of names.slice(0, -keptRuns)) {
    if (isRunning(Number(name.split('-')[1]))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

function openRun(path: string): RunDirectory {
  const logFile = join(path, 'commands.log');
  return {
    path,
    logFile,
    log: (text) => {
      appendFileSync(logFile, text);
    },
  };
}

/**
 * Makes a directory for this run below `parent`, named by time and process, and removes the oldest others.
 * @throws CoachbuilderError `output-unwritable`, `disk-full`
 */
export async function makeRunDirectory(parent: string, now: Date): Promise<RunDirectory> {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const path = join(parent, `${time}-${String(process.pid)}`);
  try {
    await mkdir(path, { recursive: true });
    await pruneRuns(parent);
  } catch (error) {
    throw writeFailure(error, path);
  }
  return openRun(path);
}

/**
 * Takes a directory that the user chose for the run; everything in it stays.
 * @throws CoachbuilderError `output-unwritable`, `disk-full`
 */
export async function useRunDirectory(path: string): Promise<RunDirectory> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw writeFailure(error, path);
  }
  return openRun(path);
}

import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';

/** Whether an error of the file system has the given code, such as `ENOENT`. */
export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}

/** Whether a path leads to anything. @throws Error when that cannot be told: a directory above may not be searched */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

/** Turns what writing can fail with into an error for people; anything else is passed through. */
export function writeFailure(error: unknown, path: string): unknown {
  if (isErrno(error, 'ENOSPC', 'EDQUOT')) {
    return new CoachbuilderError('disk-full', `there is no space left to write ${path}`, {
      hint: `free some space on the file system of ${dirname(path)}, then run the same command again`,
      cause: error,
    });
  }
  if (isErrno(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY', 'ENAMETOOLONG')) {
    return new CoachbuilderError('output-unwritable', `${path} cannot be written`, {
      hint: 'choose a directory that you may write to',
      cause: error,
    });
  }
  return error;
}

/**
 * Moves a file so that it appears whole or not at all; an existing one is replaced.
 * @param source on the file system of `path`
 * @throws CoachbuilderError `disk-full` or `output-unwritable`
 */
export async function moveFileAtomic(source: string, path: string): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    await rename(source, temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw writeFailure(error, path);
  }
}

/** The error for people when the system refuses access to a file or directory that is needed. */
export function accessFailure(error: unknown, path: string): CoachbuilderError {
  return new CoachbuilderError('access-denied', `the system denies access to ${path}`, {
    hint: `give this user the right to it (ls -ld ${path}), or run the command as somebody who has it`,
    cause: error,
  });
}

/** A name beside `path`, in the same directory and so on the same file system, that no other process uses. */
export function temporaryName(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.tmp`;
}

/**
 * Writes a file so that it appears whole or not at all; an existing one is replaced.
 * @throws CoachbuilderError `disk-full` or `output-unwritable`
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await chmod(temporary, mode);
    await rename(temporary, path);
  } catch (error) {
    // What went wrong first is what matters.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeFailure(error, path);
  }
}

export interface FileDigest {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** The SHA-256 (hexadecimal) of bytes, or of a text in UTF-8. */
export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Reads a file once, for its SHA-256 (hexadecimal) and its size. */
export async function digestFile(path: string): Promise<FileDigest> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { sha256: hash.digest('hex'), size };
}

export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

/** A new directory below `parent`, removed with all that is in it when it is disposed of. */
export async function temporaryDirectory(parent: string, label: string): Promise<TemporaryDirectory> {
  await mkdir(parent, { recursive: true });
  const path = await mkdtemp(join(parent, `${label}-`));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}

/**
 * Runs `action` over `items` with at most `limit` at once; results keep the order of the items.
 * After a failure nothing new is begun, and what runs already has ended when the first failure is thrown.
 */
export async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  limit: number,
  action: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  const queue = items.entries();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failures.length > 0) return;
      try {
        results[index] = await action(item, index);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}

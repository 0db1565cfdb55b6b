import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { reservedPrefix } from '../keys.ts';

/** How long a file of a process that we cannot look at, on another machine or in a container, counts as in use. */
const foreignPatience = 15 * 60_000;

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** Where numbers of processes mean the same: one start of one machine, one namespace of processes. */
const machine = createHash('sha256')
  .update(hostname())
  .update(attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')))
  .update(attempt(() => readlinkSync('/proc/self/ns/pid')))
  .digest('hex')
  .slice(0, 12);

/**
 * When a process began, in ticks since the start of the machine: numbers of processes are used again.
 * @returns nothing when it is gone, or killed and only not yet buried by its parent
 */
function startOf(pid: number): string {
  // proc(5): state and start are the 3rd and 22nd field; the 2nd, the name in parentheses, may hold spaces and parentheses.
  const stat = attempt(() => readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ['Z', 'X'].includes(fields[0] ?? '') ? '' : (fields[19] ?? '');
}

/** A word that no other file has and that tells whose it is: `<machine>.<process>.<its start>.<random>`. */
export function newOwnerMark(): string {
  const own = [machine, String(process.pid), startOf(process.pid), randomBytes(8).toString('hex')];
  return own.join('.');
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Whether what carries this mark belongs to nobody any more: its process is gone. Of a process on another machine, or in
 * another container, nothing is known but the age of the file; a quarter of an hour is a thousand times what we need.
 */
export function isAbandoned(mark: string, path: string): boolean {
  const [home, pid = '', start] = mark.split('.');
  if (home === machine && /^[1-9]\d*$/.test(pid)) {
    return !isRunning(Number(pid)) || startOf(Number(pid)) !== start;
  }
  try {
    return Date.now() - statSync(path).mtimeMs > foreignPatience;
  } catch {
    return false;
  }
}

/** A hidden name in a directory that no other process uses, and that tells whose it is. */
export function temporaryPath(directory: string): string {
  return join(directory, `${reservedPrefix}${newOwnerMark()}.tmp`);
}

/** Whether a file is one that a killed process could not remove. */
export function isLeftover(path: string, name: string): boolean {
  if (!name.startsWith(reservedPrefix) || !name.endsWith('.tmp')) return false;
  return isAbandoned(name.slice(reservedPrefix.length, -'.tmp'.length), path);
}

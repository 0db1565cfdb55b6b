import { readFileSync } from 'node:fs';

/** Whether a process still does something: a zombie, for which nobody has waited yet, does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false;
  }
}

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where the tests keep what they fetched, for the next run of them. */
export function testCache(...names: readonly string[]): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'coachbuilder-tests', ...names);
}

/**
 * Makes a directory once, whole or not at all. Test files run side by side: of two that make it, one is thrown away.
 * @param make is given an empty directory, whose name is not the final one; what it throws is thrown
 */
export function makeOnce(directory: string, make: (fresh: string) => void): void {
  if (existsSync(directory)) return;
  mkdirSync(dirname(directory), { recursive: true });
  const fresh = mkdtempSync(join(dirname(directory), 'fresh-'));
  try {
    make(fresh);
    renameSync(fresh, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

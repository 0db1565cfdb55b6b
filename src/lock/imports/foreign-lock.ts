import { stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Locks that stand beside a project under one name, the most telling first. */
const wellKnown = ['uv.lock', 'pylock.toml', 'poetry.lock'] as const;

/**
 * Finds a lock of another tool beside a project.
 * @param directory the project's, absolute
 * @returns its name; undefined when there is none
 */
export async function findForeignLock(directory: string): Promise<string | undefined> {
  for (const name of wellKnown) {
    const found = await stat(join(directory, name)).then(
      (facts) => facts.isFile(),
      () => false,
    );
    if (found) return name;
  }
  return undefined;
}

import type { World } from './world.ts';

/** The command `create-key`. */
export function createKey(argv: readonly string[], world: World): Promise<void> {
  throw new Error(`Internal error: create-key is not there yet (${String(argv.length)}, ${world.cwd})`);
}

import type { World } from './world.ts';

/** The command `check-key`. */
export function checkKey(argv: readonly string[], world: World): Promise<void> {
  throw new Error(`Internal error: check-key is not there yet (${String(argv.length)}, ${world.cwd})`);
}

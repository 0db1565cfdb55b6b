import type { World } from './world.ts';

/** The command `publish-packages`. */
export function publishPackages(argv: readonly string[], world: World): Promise<void> {
  throw new Error(`Internal error: publish-packages is not there yet (${String(argv.length)}, ${world.cwd})`);
}

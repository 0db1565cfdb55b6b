import type { World } from './world.ts';

/** The command `publish-packages`, without a subcommand. */
export function publish(argv: readonly string[], world: World): Promise<void> {
  throw new Error(`Internal error: publishing is not there yet (${String(argv.length)}, ${world.cwd})`);
}

import type { World } from './world.ts';

/** The command `bucket-policy`. */
export function bucketPolicy(argv: readonly string[], world: World): Promise<void> {
  throw new Error(`Internal error: bucket-policy is not there yet (${String(argv.length)}, ${world.cwd})`);
}

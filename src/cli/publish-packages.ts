import { publish } from './publish.ts';
import type { World } from './world.ts';

type Subcommand = (argv: readonly string[], world: World) => Promise<void>;

/** What `publish-packages` does besides publishing, by its first word. */
const subcommands: Readonly<Record<string, Subcommand>> = {};

/** The command `publish-packages`: publishes, unless its first word is that of a subcommand. */
export function publishPackages(argv: readonly string[], world: World): Promise<void> {
  const [first = '', ...rest] = argv;
  const subcommand = Object.hasOwn(subcommands, first) ? subcommands[first] : undefined;
  return subcommand === undefined ? publish(argv, world) : subcommand(rest, world);
}

import { publish } from './publish.ts';
import { repositorySubcommands } from './repository-commands.ts';
import type { World } from './world.ts';

interface Subcommand {
  /** A few words for the help. */
  readonly description: string;
  readonly run: (argv: readonly string[], world: World) => Promise<void>;
}

/** What `publish-packages` does besides publishing, by its first word. */
const subcommands: Readonly<Record<string, Subcommand>> = repositorySubcommands;

/** The command `publish-packages`: publishes, unless its first word is that of a subcommand. */
export function publishPackages(argv: readonly string[], world: World): Promise<void> {
  const [first = '', ...rest] = argv;
  const subcommand = Object.hasOwn(subcommands, first) ? subcommands[first] : undefined;
  if (subcommand !== undefined) return subcommand.run(rest, world);
  const descriptions = Object.entries(subcommands).map(([name, { description }]) => [name, description] as const);
  return publish(argv, world, descriptions);
}

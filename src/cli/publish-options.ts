import { resolve } from 'node:path';

import { Command, Option } from 'commander';

import type { Architecture } from '../model/architecture.ts';
import type { Channel } from '../repository/place.ts';
import { collect, parse, parseArchitectures, UsageError } from './options.ts';
import {
  addRepositoryOptions,
  readRepositoryOptions,
  type RawRepositoryOptions,
  type RepositoryOptions,
} from './repository-options.ts';
import type { World } from './world.ts';

/** What `publish-packages` was asked. */
export interface PublishOptions extends RepositoryOptions {
  /** As given, comma lists not yet taken apart; empty: each package's name or directory tells. */
  readonly distributions: readonly string[];
  /** Empty: those of the other packages, or of what is published. */
  readonly architectures: readonly Architecture[];
  /** Undefined: by each package's version. */
  readonly channel: Channel | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
  /** Absolute. */
  readonly packages: readonly string[];
}

interface RawPublishOptions extends RawRepositoryOptions {
  readonly distribution?: readonly string[];
  readonly architecture?: readonly string[];
  readonly channel?: Channel;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** @param subcommands the first words that do something else, each with what that is */
function publishCommand(subcommands: readonly (readonly [name: string, description: string])[]): Command {
  const command = new Command('publish-packages')
    .description(
      'Puts packages into signed apt and yum repositories, in a bucket or a directory. Clients see the old repository or ' +
        'the new one, whenever this is stopped; run again, it finishes. Release versions go to the stable channel, all ' +
        'others to the testing one.',
    )
    .argument('[package...]', 'Package files, or directories of them')
    .option('--distribution <name>', "The packages' distribution; without it the one that their names hold", collect)
    .option('--architecture <name>', 'Where packages for every architecture go', collect)
    .addOption(
      new Option('--channel <name>', 'Where all packages go, whatever their versions').choices(['stable', 'testing']),
    )
    .option('--dry-run', 'Print what would be written, and write nothing')
    .option('--json', 'Print the plan or the receipt as JSON');
  if (subcommands.length > 0) {
    const lines = subcommands.map(([name, description]) => `  ${name.padEnd(9)} ${description}`);
    command.addHelpText('after', ['', 'As its first word:', ...lines].join('\n'));
  }
  return addRepositoryOptions(command);
}

/**
 * Reads the command line of `publish-packages`.
 * @throws UsageError, HelpShown, CoachbuilderError `usage`
 */
export function parsePublishOptions(
  argv: readonly string[],
  world: World,
  subcommands: readonly (readonly [name: string, description: string])[] = [],
): PublishOptions {
  const command = publishCommand(subcommands);
  parse(command, argv, world);
  const raw = command.opts<RawPublishOptions & Record<string, unknown>>();
  if (command.args.length === 0)
    throw new UsageError(command.helpInformation().trimEnd(), 'Wrong number of arguments.');
  return {
    ...readRepositoryOptions(raw, world),
    distributions: raw.distribution ?? [],
    architectures: parseArchitectures(raw.architecture?.join(',')),
    channel: raw.channel,
    dryRun: raw.dryRun === true,
    json: raw.json === true,
    packages: command.args.map((path) => resolve(world.cwd, path)),
  };
}

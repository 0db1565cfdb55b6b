import { Command, Option } from 'commander';

import { parseSelection, type Selection } from '../publication/selection.ts';
import { channels, type Channel } from '../repository/place.ts';
import { collect, parse, UsageError } from './options.ts';
import {
  addRepositoryOptions,
  readRepositoryOptions,
  type RawRepositoryOptions,
  type RepositoryOptions,
} from './repository-options.ts';
import type { World } from './world.ts';

/** What a subcommand of `publish-packages` was asked. */
export interface RepositoryCommandOptions extends RepositoryOptions {
  readonly selections: readonly Selection[];
  /** As given, comma lists not yet taken apart; undefined: all. */
  readonly distributions: readonly string[] | undefined;
  /** Undefined: both. */
  readonly channel: Channel | undefined;
  /** Of `promote`. */
  readonly from: Channel;
  readonly allowOlder: boolean;
  /** Of `verify`. */
  readonly deep: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

interface Raw extends RawRepositoryOptions {
  readonly distribution?: readonly string[];
  readonly channel?: Channel;
  readonly from?: Channel;
  readonly allowOlder?: boolean;
  readonly deep?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** What `publish-packages` does besides publishing, in a few words. */
export const repositoryCommands = {
  promote: 'bring packages from the testing channel to the stable one: the same bytes',
  yank: 'take packages out of the indexes',
  list: 'print what is published',
  verify: 'look at everything from outside, as clients do',
  gc: 'remove what no client can ask for any more',
  refresh: 'sign indexes again, with a newer date; for cron',
} as const;

export type RepositoryCommandName = keyof typeof repositoryCommands;

const descriptions: Readonly<Record<RepositoryCommandName, string>> = {
  promote:
    'Brings packages from one channel to the other: the same bytes, and what the index says of them. Nothing is built or ' +
    'signed again but the index, and the channel that they come from stays as it is.',
  yank:
    'Takes packages out of the indexes, everywhere unless told where. The packages themselves stay until gc: clients ' +
    'that have not looked since still install them.',
  list: 'Prints what is published.',
  verify:
    'Looks at repositories from outside, as clients do: signatures, indexes, every package, and what expires. It says ' +
    'what repairs whatever is broken, and fails when something is.',
  gc:
    'Removes what no client can ask for any more: neither an index names it, nor one of the last ones, and it is older ' +
    'than repository.grace. Run it when nobody publishes.',
  refresh: 'Signs indexes again, with a newer date, and brings up to date what older clients read. For cron.',
};

function commandOf(name: RepositoryCommandName): Command {
  const command = new Command(`publish-packages ${name}`).description(descriptions[name]);
  if (name === 'promote' || name === 'yank')
    command.argument('[package...]', 'NAME=VERSION; the name may be a glob, the version without its release');
  // Commander's own count of arguments would have us ask for --distribution.
  else command.argument('[nothing...]', '');
  if (name !== 'gc') {
    command.option('--distribution <name>', 'Only there; may be repeated', collect);
    if (name !== 'promote') command.addOption(new Option('--channel <name>', 'Only there').choices(channels));
  }
  if (name === 'promote') {
    command
      .addOption(new Option('--from <channel>', 'Where packages come from').choices(channels).default('testing'))
      .option('--allow-older', 'Also when the channel has a higher version');
  }
  if (name === 'verify') command.option('--deep', 'Read every package, too, and compare its SHA-256');
  if (name === 'promote' || name === 'yank' || name === 'gc')
    command.option('--dry-run', 'Print what would be done, and do nothing');
  if (name !== 'refresh' && name !== 'promote' && name !== 'yank') command.option('--json', 'Print JSON');
  return addRepositoryOptions(command);
}

/**
 * Reads the command line of a subcommand of `publish-packages`, without its first word.
 * @throws UsageError, HelpShown, CoachbuilderError `usage` for what is no NAME=VERSION
 */
export function parseRepositoryCommand(
  name: RepositoryCommandName,
  argv: readonly string[],
  world: World,
): RepositoryCommandOptions {
  const command = commandOf(name);
  parse(command, argv, world);
  const raw = command.opts<Raw & Record<string, unknown>>();
  const takesPackages = name === 'promote' || name === 'yank';
  const usage = (message: string): UsageError => new UsageError(command.helpInformation().trimEnd(), message);
  if (takesPackages && command.args.length === 0) throw usage('Must specify packages: NAME=VERSION.');
  if (!takesPackages && command.args.length > 0) throw usage('Wrong number of arguments.');
  return {
    ...readRepositoryOptions(raw, world),
    selections: command.args.map(parseSelection),
    distributions: raw.distribution,
    channel: raw.channel,
    from: raw.from ?? 'testing',
    allowOlder: raw.allowOlder === true,
    deep: raw.deep === true,
    dryRun: raw.dryRun === true,
    json: raw.json === true,
  };
}

import { CommanderError, Option, type Command } from 'commander';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { architectureNames, findArchitecture, type Architecture } from '../model/architecture.ts';
import type { Verbosity } from '../report/lines.ts';
import type { World } from './world.ts';

/* What the command lines of all commands have in common. */

/** Thrown after help was printed: nothing is left to do, and nothing failed. */
export class HelpShown extends Error {}

/** A command line that cannot be understood; the message is the last line that is printed, after the usage. */
export class UsageError extends Error {
  readonly usage: string;

  constructor(usage: string, message: string) {
    super(message);
    this.usage = usage;
  }
}

export type Progress = 'live' | 'plain' | 'json';

/** What commander hands over of the options that say how much is told. */
export interface RawProgress {
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly progress: 'auto' | Progress;
}

/** How much is said, and where the records are kept. */
export interface Telling {
  readonly verbosity: Verbosity;
  readonly progress: Progress;
}

/** Of an option that may be repeated. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** Reads a command line; throws UsageError, HelpShown. */
export function parse(command: Command, argv: readonly string[], world: World): unknown {
  command.configureOutput({
    writeOut: (text) => {
      world.stdout(text);
    },
    // Our own UsageError says it all, in the order that people and scripts expect.
    writeErr: () => undefined,
  });
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new HelpShown();
    const wrongNumber = ['commander.missingArgument', 'commander.excessArguments'].includes(error.code);
    const { distribution }: { distribution?: readonly string[] } = command.opts();
    if (wrongNumber && namesNothing(distribution)) throw missingDistribution(command);
    const message = wrongNumber
      ? 'Wrong number of arguments.'
      : error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    throw new UsageError(command.helpInformation().trimEnd(), message);
  }
  return command.opts();
}

/** Whether nothing, or nothing but commas and spaces, was given to --distribution. */
export function namesNothing(distributions: readonly string[] | undefined): distributions is undefined {
  return distributions === undefined || distributions.every((words) => /^[\s,]*$/.test(words));
}

export function missingDistribution(command: Command): UsageError {
  return new UsageError(command.helpInformation().trimEnd(), 'Must specify --distribution.');
}

/** @throws CoachbuilderError `usage` */
export function parseArchitectures(words: string | undefined): readonly Architecture[] {
  if (words === undefined) return [];
  const names = words.split(',').map((word) => word.trim());
  return [...new Set(names.filter((name) => name !== '').map(parseArchitecture))];
}

function parseArchitecture(name: string): Architecture {
  const architecture = findArchitecture(name);
  if (architecture !== undefined) return architecture;
  throw new CoachbuilderError('usage', `there is no architecture ${name}`, {
    hint: `choose one of ${architectureNames.join(', ')}`,
  });
}

/** Adds the options that say how much is told. */
export function addProgressOptions(command: Command): Command {
  return command
    .addOption(new Option('-v, --verbose', 'Say more: every command that is run').conflicts('quiet'))
    .option('-q, --quiet', 'Say nothing but warnings and errors')
    .addOption(
      new Option('--progress <kind>', 'How progress is shown on standard error')
        .choices(['auto', 'live', 'plain', 'json'])
        .default('auto'),
    );
}

/** How much is said, and how: lines for files and CI logs, a live line for a terminal. */
export function chooseProgress(raw: RawProgress, world: Pick<World, 'columns'>): Telling {
  const verbosity = raw.verbose === true ? 'verbose' : raw.quiet === true ? 'quiet' : 'normal';
  const automatic = world.columns === undefined || verbosity !== 'normal' ? 'plain' : 'live';
  return { verbosity, progress: raw.progress === 'auto' ? automatic : raw.progress };
}

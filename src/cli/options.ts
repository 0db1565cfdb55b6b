import { Command, CommanderError, Option } from 'commander';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { architectureNames, findArchitecture, type Architecture } from '../model/architecture.ts';
import type { Verbosity } from '../report/lines.ts';
import type { World } from './world.ts';

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

/** The options that every command which builds something shares. */
export interface CommonOptions {
  /** As given, comma lists not yet taken apart. */
  readonly distributions: readonly string[];
  readonly architecture: Architecture | undefined;
  readonly destination: string;
  readonly manifest: string | undefined;
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly verbosity: Verbosity;
  readonly progress: Progress;
  /** Where records and trees of the run are kept; undefined means below the cache, without trees. */
  readonly buildDirectory: string | undefined;
  readonly packageUri: string;
}

export interface BuildOptions extends CommonOptions {
  readonly packageVersion: string | undefined;
  readonly locked: boolean;
  readonly offline: boolean;
}

/** What commander hands over: unchecked words, flags and lists. */
interface RawOptions {
  readonly distribution?: readonly string[];
  readonly architecture?: string;
  readonly destinationPath: string;
  readonly manifest?: string;
  readonly packageVersion?: string;
  readonly locked?: boolean;
  readonly offline?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly progress: 'auto' | Progress;
  readonly buildDirectory?: string;
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** `debian-9` before `debian-10`. */
function sortNaturally(names: readonly string[]): readonly string[] {
  return [...names].sort(new Intl.Collator('en', { numeric: true }).compare);
}

function commonCommand(name: string, description: string, distributions: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .argument('<package-uri>')
    .addOption(
      new Option(
        '--distribution <name>',
        `The target distribution. One of ${sortNaturally(distributions).join(', ')}; several separated by commas, or all`,
      ).argParser(collect),
    )
    .option('-d, --destination-path <directory>', 'Where the packages are written', '.')
    .option('--manifest <file>', 'The manifest; without it coachbuilder.yaml or pyproject.toml of the package')
    .option('--force', 'Replace packages that are there already')
    .option('--dry-run', 'Print what would be built, and write nothing')
    .option('--json', 'Print what was built as a JSON array instead of one path a line')
    .addOption(new Option('-v, --verbose', 'Say more: every command that is run').conflicts('quiet'))
    .option('-q, --quiet', 'Say nothing but warnings and errors')
    .addOption(
      new Option('--progress <kind>', 'How progress is shown on standard error')
        .choices(['auto', 'live', 'plain', 'json'])
        .default('auto'),
    )
    .option('--build-directory <directory>', 'Keep records, logs and trees there, to look at them afterwards')
    .helpOption('-h, --help', 'Show this help')
    .allowExcessArguments(false)
    .exitOverride();
}

function buildPackageCommand(distributions: readonly string[]): Command {
  return commonCommand(
    'build-package',
    'Builds operating-system packages of a Python application and everything that it depends on.\n\n' +
      'The package URI is a directory, a wheel, an sdist, a URL, or a requirement such as httpie==3.2.4.',
    distributions,
  )
    .option('--architecture <name>', 'The target architecture; without it that of this machine')
    .option('--package-version <version>', 'The version of the packages (PEP 440); without it that of the application')
    .option('--locked', 'Fail unless coachbuilder.lock is there and up to date')
    .option('--offline', 'Use nothing but what is on this machine');
}

function buildReleasePackageCommand(distributions: readonly string[]): Command {
  return commonCommand(
    'build-release-package',
    'Builds the <vendor>-release package, which defines the package repository for apt, dnf and zypper.\n\n' +
      'The package URI is the directory of the manifest.',
    distributions,
  );
}

function parse(command: Command, argv: readonly string[], world: World): RawOptions {
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
    const { distribution }: Partial<RawOptions> = command.opts();
    if (wrongNumber && namesNothing(distribution)) throw missingDistribution(command);
    const message = wrongNumber
      ? 'Wrong number of arguments.'
      : error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    throw new UsageError(command.helpInformation().trimEnd(), message);
  }
  return command.opts<RawOptions & Record<string, unknown>>();
}

/** Whether nothing, or nothing but commas and spaces, was given to --distribution. */
function namesNothing(distributions: readonly string[] | undefined): distributions is undefined {
  return distributions === undefined || distributions.every((words) => /^[\s,]*$/.test(words));
}

function missingDistribution(command: Command): UsageError {
  return new UsageError(command.helpInformation().trimEnd(), 'Must specify --distribution.');
}

function parseArchitecture(name: string | undefined): Architecture | undefined {
  if (name === undefined) return undefined;
  const architecture = findArchitecture(name);
  if (architecture !== undefined) return architecture;
  throw new CoachbuilderError('usage', `there is no architecture ${name}`, {
    hint: `choose one of ${architectureNames.join(', ')}`,
  });
}

function commonOptions(command: Command, raw: RawOptions, world: World): CommonOptions {
  if (namesNothing(raw.distribution)) throw missingDistribution(command);
  const verbosity = raw.verbose === true ? 'verbose' : raw.quiet === true ? 'quiet' : 'normal';
  const automatic = world.columns === undefined || verbosity !== 'normal' ? 'plain' : 'live';
  return {
    distributions: raw.distribution,
    architecture: parseArchitecture(raw.architecture),
    destination: raw.destinationPath,
    manifest: raw.manifest,
    force: raw.force === true,
    dryRun: raw.dryRun === true,
    json: raw.json === true,
    verbosity,
    progress: raw.progress === 'auto' ? automatic : raw.progress,
    buildDirectory: raw.buildDirectory,
    packageUri: command.args[0] ?? '',
  };
}

/**
 * Reads the command line of `build-package`.
 * @param distributions the names that `--help` lists
 * @throws UsageError, HelpShown, CoachbuilderError `usage`
 */
export function parseBuildOptions(
  argv: readonly string[],
  distributions: readonly string[],
  world: World,
): BuildOptions {
  const command = buildPackageCommand(distributions);
  const raw = parse(command, argv, world);
  return {
    ...commonOptions(command, raw, world),
    packageVersion: raw.packageVersion,
    locked: raw.locked === true,
    offline: raw.offline === true,
  };
}

/** Reads the command line of `build-release-package`; throws like `parseBuildOptions`. */
export function parseReleaseOptions(
  argv: readonly string[],
  distributions: readonly string[],
  world: World,
): CommonOptions {
  const command = buildReleasePackageCommand(distributions);
  return commonOptions(command, parse(command, argv, world), world);
}

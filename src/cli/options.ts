import { Command, CommanderError, Option } from 'commander';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { architectureNames, findArchitecture, type Architecture } from '../model/architecture.ts';
import type { Verbosity } from '../report/lines.ts';
import type { LintMode } from '../lint/mode.ts';
import { sbomFormats, type SbomFormat } from '../sbom/bill.ts';
import { lintOption } from './lint-options.ts';
import {
  addReproducibleOptions,
  readReproducibleOptions,
  type RawReproducibleOptions,
  type ReproducibleOptions,
} from './reproducible-options.ts';
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
  /** Empty: the architecture of this machine. */
  readonly architectures: readonly Architecture[];
  readonly destination: string;
  readonly manifest: string | undefined;
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly lint: LintMode;
  readonly json: boolean;
  readonly verbosity: Verbosity;
  readonly progress: Progress;
  /** Where records and trees of the run are kept; undefined means below the cache, without trees. */
  readonly buildDirectory: string | undefined;
  readonly packageUri: string;
  /** To be thrown when nothing names a distribution, the manifest neither. */
  readonly missingDistribution: UsageError;
}

/** Where the same work can be done instead of here. */
export type Elsewhere = 'github' | 'gitlab' | 'bake';

/** How what has no wheel is built. `auto`: in containers what needs a compiler. `wheels`: never in one. `container`: all of it. */
const builderNames = ['auto', 'wheels', 'container'] as const;
type BuilderName = (typeof builderNames)[number];

/** What `build-package --test` was given, as written. */
export interface TestBuiltOptions {
  /** `tarball`, or `distribution=tarball`. */
  readonly roots: readonly string[];
  /** `image`, or `distribution=image`. */
  readonly images: readonly string[];
  readonly previous: string | undefined;
  readonly junit: string | undefined;
}

export interface BuildOptions extends CommonOptions, ReproducibleOptions {
  readonly packageVersion: string | undefined;
  readonly locked: boolean;
  readonly offline: boolean;
  readonly builder: BuilderName;
  /** The container image to compile in, instead of the distribution's. */
  readonly image: string | undefined;
  /** Whether the other targets are built after one has failed. */
  readonly keepGoing: boolean;
  /** Whether targets that an earlier run has finished are left as they are. */
  readonly resume: boolean;
  /** Bills of materials that are written beside the packages. */
  readonly sbom: readonly SbomFormat[];
  /** Whether a page about the build is written beside the packages. */
  readonly report: boolean;
  /** Undefined: what is built is not tested. */
  readonly test: TestBuiltOptions | undefined;
  /** Nothing is built; what is printed describes the work for a CI or for buildx. */
  readonly elsewhere: Elsewhere | undefined;
}

/** What commander hands over: unchecked words, flags and lists. */
interface RawOptions extends RawReproducibleOptions {
  readonly distribution?: readonly string[];
  readonly architecture?: string;
  readonly destinationPath: string;
  readonly manifest?: string;
  readonly packageVersion?: string;
  readonly locked?: boolean;
  readonly offline?: boolean;
  readonly builder: BuilderName;
  readonly image?: string;
  readonly keepGoing?: boolean;
  readonly resume?: boolean;
  readonly sbom?: SbomFormat | 'all';
  readonly report?: boolean;
  readonly matrix?: 'github' | 'gitlab';
  readonly bake?: boolean;
  readonly test?: boolean;
  readonly testRoot?: readonly string[];
  readonly testImage?: readonly string[];
  readonly testPrevious?: string;
  readonly testJunit?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly lint: LintMode;
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
    .addOption(lintOption())
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
  const command = commonCommand(
    'build-package',
    'Builds operating-system packages of a Python application and everything that it depends on.\n\n' +
      'The package URI is a directory, a wheel, an sdist, a URL, or a requirement such as httpie==3.2.4.',
    distributions,
  )
    .option(
      '--architecture <name>',
      'The target architecture, or several separated by commas; without it that of this machine',
    )
    .option('--package-version <version>', 'The version of the packages (PEP 440); without it that of the application')
    .option('--locked', 'Fail unless coachbuilder.lock is there and up to date')
    .option('--offline', 'Use nothing but what is on this machine')
    .addOption(
      new Option(
        '--builder <kind>',
        'How what has no wheel is built: on this machine and, when it needs a compiler, in a container; never in one; all in one',
      )
        .choices(builderNames)
        .default('auto'),
    )
    .option('--image <name>', 'The container image to compile in; without it that of the distribution')
    .option('--keep-going', 'Build the other targets when one fails')
    .option('--resume', 'Leave targets alone that an earlier run has finished')
    .addOption(
      new Option('--sbom <format>', 'Write a software bill of materials beside each main package').choices([
        ...sbomFormats,
        'all',
      ]),
    )
    .option('--report', 'Write a page about the build beside each main package: sizes, dependencies, licences')
    .addOption(
      new Option('--matrix <ci>', 'Print the targets as a matrix of a CI, and build nothing').choices([
        'github',
        'gitlab',
      ]),
    )
    .addOption(new Option('--bake', 'Print a file for docker buildx bake, and build nothing').conflicts('matrix'))
    .option('--test', 'Install, run, remove and purge what was built, as test-package does')
    .addOption(
      new Option('--test-root <tarball>', 'A root to test in, or <distribution>=<tarball>; may be repeated').argParser(
        collect,
      ),
    )
    .addOption(
      new Option('--test-image <name>', 'An image to test in, or <distribution>=<name>; may be repeated').argParser(
        collect,
      ),
    )
    .option('--test-previous <directory>', 'Where packages of a previous version are, to upgrade from')
    .option('--test-junit <file>', "Write the results of tests there, in JUnit's format");
  return addReproducibleOptions(command);
}

function buildReleasePackageCommand(distributions: readonly string[]): Command {
  return commonCommand(
    'build-release-package',
    'Builds the <vendor>-release package, which defines the package repository for apt, dnf and zypper.\n\n' +
      'The package URI is the directory of the manifest, or a repository that has it: git+https://host/app.git@v1.2.',
    distributions,
  );
}

/** Reads a command line; throws UsageError, HelpShown. */
export function parse(command: Command, argv: readonly string[], world: World): RawOptions {
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

function parseArchitectures(words: string | undefined): readonly Architecture[] {
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

/** How much is said, and how: lines for files and CI logs, a live line for a terminal. */
export function chooseProgress(
  raw: Pick<RawOptions, 'verbose' | 'quiet' | 'progress'>,
  world: Pick<World, 'columns'>,
): Pick<CommonOptions, 'verbosity' | 'progress'> {
  const verbosity = raw.verbose === true ? 'verbose' : raw.quiet === true ? 'quiet' : 'normal';
  const automatic = world.columns === undefined || verbosity !== 'normal' ? 'plain' : 'live';
  return { verbosity, progress: raw.progress === 'auto' ? automatic : raw.progress };
}

function commonOptions(command: Command, raw: RawOptions, world: World): CommonOptions {
  return {
    distributions: namesNothing(raw.distribution) ? [] : raw.distribution,
    architectures: parseArchitectures(raw.architecture),
    destination: raw.destinationPath,
    manifest: raw.manifest,
    force: raw.force === true,
    dryRun: raw.dryRun === true,
    lint: raw.lint,
    json: raw.json === true,
    ...chooseProgress(raw, world),
    buildDirectory: raw.buildDirectory,
    packageUri: command.args[0] ?? '',
    missingDistribution: missingDistribution(command),
  };
}

/** Whatever says how to test asks for a test. */
function testOptions(raw: RawOptions): TestBuiltOptions | undefined {
  const { testRoot: roots, testImage: images, testPrevious: previous, testJunit: junit } = raw;
  if (raw.test !== true && [roots, images, previous, junit].every((given) => given === undefined)) return undefined;
  return { roots: roots ?? [], images: images ?? [], previous, junit };
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
    builder: raw.builder,
    image: raw.image,
    keepGoing: raw.keepGoing === true,
    resume: raw.resume === true,
    ...readReproducibleOptions(raw),
    sbom: raw.sbom === undefined ? [] : raw.sbom === 'all' ? sbomFormats : [raw.sbom],
    report: raw.report === true,
    elsewhere: raw.bake === true ? 'bake' : raw.matrix,
    test: testOptions(raw),
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

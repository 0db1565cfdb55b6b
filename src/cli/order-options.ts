import { Command, Option } from 'commander';

import type { Architecture } from '../model/architecture.ts';
import type { LintMode } from '../lint/mode.ts';
import { lintOption } from './lint-options.ts';
import {
  addProgressOptions,
  chooseProgress,
  collect,
  missingDistribution,
  namesNothing,
  parse,
  parseArchitectures,
  type RawProgress,
  type Telling,
  type UsageError,
} from './options.ts';
import type { World } from './world.ts';

/** The options that every command which builds something shares. */
export interface CommonOptions extends Telling {
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
  /** Where records and trees of the run are kept; undefined means below the cache, without trees. */
  readonly buildDirectory: string | undefined;
  readonly packageUri: string;
  /** To be thrown when nothing names a distribution, the manifest neither. */
  readonly missingDistribution: UsageError;
}

/** What commander hands over: unchecked words, flags and lists. */
export interface RawCommonOptions extends RawProgress {
  readonly distribution?: readonly string[];
  readonly architecture?: string;
  readonly destinationPath: string;
  readonly manifest?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly lint: LintMode;
  readonly json?: boolean;
  readonly buildDirectory?: string;
}

/** `debian-9` before `debian-10`. */
function sortNaturally(names: readonly string[]): readonly string[] {
  return [...names].sort(new Intl.Collator('en', { numeric: true }).compare);
}

export function commonCommand(name: string, description: string, distributions: readonly string[]): Command {
  const command = new Command(name)
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
    .option('--json', 'Print what was built as a JSON array instead of one path a line');
  return addProgressOptions(command)
    .option('--build-directory <directory>', 'Keep records, logs and trees there, to look at them afterwards')
    .helpOption('-h, --help', 'Show this help')
    .allowExcessArguments(false)
    .exitOverride();
}

function buildReleasePackageCommand(distributions: readonly string[]): Command {
  return commonCommand(
    'build-release-package',
    'Builds the <vendor>-release package, which defines the package repository for apt, dnf and zypper.\n\n' +
      'The package URI is the directory of the manifest, or a repository that has it: git+https://host/app.git@v1.2.',
    distributions,
  );
}

export function commonOptions(command: Command, raw: RawCommonOptions, world: World): CommonOptions {
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

/** Reads the command line of `build-release-package`; throws like `parseBuildOptions`. */
export function parseReleaseOptions(
  argv: readonly string[],
  distributions: readonly string[],
  world: World,
): CommonOptions {
  const command = buildReleasePackageCommand(distributions);
  return commonOptions(command, parse(command, argv, world) as RawCommonOptions, world);
}

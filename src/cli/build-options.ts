import { Option, type Command } from 'commander';

import { sbomFormats, type SbomFormat } from '../sbom/bill.ts';
import { collect, parse } from './options.ts';
import { commonCommand, commonOptions, type CommonOptions, type RawCommonOptions } from './order-options.ts';
import {
  addReproducibleOptions,
  readReproducibleOptions,
  type RawReproducibleOptions,
  type ReproducibleOptions,
} from './reproducible-options.ts';
import type { World } from './world.ts';

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
interface RawOptions extends RawCommonOptions, RawReproducibleOptions {
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
  const raw = parse(command, argv, world) as RawOptions;
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

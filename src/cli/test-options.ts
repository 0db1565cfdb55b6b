import { resolve } from 'node:path';

import { Command, Option } from 'commander';

import type { Verbosity } from '../report/lines.ts';
import type { EngineKind } from '../system/tools/engine.ts';
import type { RootChoice } from '../verification/open-root.ts';
import { addProgressOptions, chooseProgress, parse, UsageError, type Progress } from './options.ts';
import type { World } from './world.ts';

/** What `test-package` was asked. */
export interface TestOptions {
  /** Undefined means the one that the packages' names tell. */
  readonly distribution: string | undefined;
  /** Undefined means the distribution's default. */
  readonly root: RootChoice | undefined;
  /** Absolute directory of packages of the previous version. */
  readonly previous: string | undefined;
  readonly manifest: string | undefined;
  /** Absolute path of the JUnit file to write. */
  readonly junit: string | undefined;
  readonly json: boolean;
  /** Absolute paths. */
  readonly packages: readonly string[];
  readonly verbosity: Verbosity;
  readonly progress: Progress;
  readonly buildDirectory: string | undefined;
}

interface RawTestOptions {
  readonly distribution?: string;
  readonly root?: string;
  readonly image?: string;
  readonly suite?: string;
  readonly engine?: EngineKind;
  readonly network?: string;
  readonly previous?: string;
  readonly manifest?: string;
  readonly junit?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly progress: 'auto' | Progress;
  readonly buildDirectory?: string;
}

function testPackageCommand(): Command {
  const command = new Command('test-package')
    .description(
      'Installs packages in a clean root or container of their distribution, runs their programs and services, ' +
        'upgrades, removes and purges them, and verifies that nothing is left.\n\n' +
        'Without --root, --image and --suite a root of the Debian release is made and cached. Status 1: a check failed.',
    )
    .argument('[package...]', 'Package files of one distribution')
    .option('--distribution <name>', "The packages' distribution; without it the one whose tag their names hold")
    .addOption(
      new Option('--root <tarball>', 'A tarball of a root of the distribution, in which to install').conflicts([
        'image',
        'suite',
      ]),
    )
    .addOption(
      new Option('--image <name>', 'An image of podman or docker, in whose container to install').conflicts('suite'),
    )
    .option('--suite <name>', 'A release of the archive that mmdebstrap makes a root of')
    .addOption(
      new Option('--engine <name>', 'The container engine').choices(['podman', 'docker']).conflicts(['root', 'suite']),
    )
    .addOption(
      new Option('--network <mode>', "The container's network, such as none or host").conflicts(['root', 'suite']),
    )
    .option('--previous <directory>', 'Where packages of a previous version are, to upgrade from')
    .option('--manifest <file>', 'The manifest whose tests: are run in place of --version of every program')
    .option('--junit <file>', "Write the results there, in JUnit's format")
    .option('--json', 'Print the results as JSON');
  return addProgressOptions(command)
    .option('--build-directory <directory>', 'Keep the log there')
    .helpOption('-h, --help', 'Show this help')
    .exitOverride();
}

function rootChoice(raw: RawTestOptions, world: Pick<World, 'cwd'>): RootChoice | undefined {
  if (raw.root !== undefined) return { kind: 'archive', path: resolve(world.cwd, raw.root) };
  if (raw.image !== undefined) return { kind: 'image', image: raw.image, engine: raw.engine, network: raw.network };
  return raw.suite === undefined ? undefined : { kind: 'suite', suite: raw.suite };
}

/**
 * Reads the command line of `test-package`.
 * @throws UsageError, HelpShown
 */
export function parseTestOptions(argv: readonly string[], world: World): TestOptions {
  const command = testPackageCommand();
  parse(command, argv, world);
  const raw = command.opts<RawTestOptions & Record<string, unknown>>();
  const usage = (message: string): UsageError => new UsageError(command.helpInformation().trimEnd(), message);
  if (command.args.length === 0) throw usage('Wrong number of arguments.');
  if (raw.image === undefined && (raw.engine !== undefined || raw.network !== undefined))
    throw usage('--engine and --network go with --image.');
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(world.cwd, path);
  return {
    distribution: raw.distribution,
    root: rootChoice(raw, world),
    previous: absolute(raw.previous),
    manifest: raw.manifest,
    junit: absolute(raw.junit),
    json: raw.json === true,
    packages: command.args.map((path) => resolve(world.cwd, path)),
    buildDirectory: raw.buildDirectory,
    ...chooseProgress(raw, world),
  };
}

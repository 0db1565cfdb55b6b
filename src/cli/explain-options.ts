import { resolve } from 'node:path';

import { Command, Option } from 'commander';

import { parse, UsageError } from './options.ts';
import type { World } from './world.ts';

/** What `explain` was asked. */
export interface ExplainOptions {
  /** Paths on the target, names of packages or capabilities, SONAMEs. */
  readonly subjects: readonly string[];
  /** Absolute paths of finished packages; none: those of the last build. */
  readonly packages: readonly string[];
  /** Absolute path of the directory that a build kept its records in; undefined: below the cache. */
  readonly buildDirectory: string | undefined;
  readonly manifest: string | undefined;
  readonly json: boolean;
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

function explainCommand(): Command {
  return (
    new Command('explain')
      .description(
        'Says why something is in a package: which distribution has a path and who requires it, which files need a library,\n' +
          'which line of the manifest asks for a dependency.',
      )
      // Commander's own count of arguments would have us ask for --distribution.
      .argument(
        '[subject...]',
        'A path on the target, a dependency (a package, a capability) or a library such as libssl.so.3',
      )
      .addOption(
        new Option(
          '--package <file>',
          'A .deb or .rpm file; may be repeated. Without it the packages of the last build',
        ).argParser(collect),
      )
      .option('--build-directory <directory>', 'Where the build kept its records, if not below the cache')
      .option('--manifest <file>', 'The manifest; without it coachbuilder.yaml or pyproject.toml of this directory')
      .option('--json', 'Print a JSON array')
      .helpOption('-h, --help', 'Show this help')
      .exitOverride()
  );
}

/**
 * Reads the command line of `explain`.
 * @throws UsageError, HelpShown
 */
export function parseExplainOptions(argv: readonly string[], world: World): ExplainOptions {
  const command = explainCommand();
  parse(command, argv, world);
  const options = command.opts<{
    package?: readonly string[];
    buildDirectory?: string;
    manifest?: string;
    json?: boolean;
  }>();
  if (command.args.length === 0) {
    throw new UsageError(command.helpInformation().trimEnd(), 'Must specify a path, a dependency or a library.');
  }
  const directory = options.buildDirectory;
  return {
    subjects: command.args,
    packages: (options.package ?? []).map((file) => resolve(world.cwd, file)),
    buildDirectory: directory === undefined ? undefined : resolve(world.cwd, directory),
    manifest: options.manifest,
    json: options.json === true,
  };
}

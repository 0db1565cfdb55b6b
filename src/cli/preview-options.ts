import { resolve } from 'node:path';

import { Command } from 'commander';

import { packageFormats } from '../model/format.ts';
import { scriptStates } from '../packages/script-calls.ts';
import { parse, UsageError } from './options.ts';
import type { World } from './world.ts';

/** What `preview-scripts` was asked. */
export interface PreviewOptions {
  /** Absolute path of a finished package. */
  readonly file: string;
  /** As given; which states there are depends on the format. */
  readonly state: string | undefined;
  /** Absolute path of a package of the version that is replaced. */
  readonly previous: string | undefined;
  readonly json: boolean;
}

function previewScriptsCommand(): Command {
  const states = packageFormats.map((format) => `.${format}: ${scriptStates(format).join(', ')}`).join('; ');
  return (
    new Command('preview-scripts')
      .description(
        'Prints the scripts of a finished package, exactly as dpkg or rpm would run them.\n\n' +
          'With --state it prints what runs in that state, in its order and with its arguments.',
      )
      // Commander's own count of arguments would have us ask for --distribution.
      .argument('[package...]', 'A .deb or .rpm file')
      .option('--state <state>', `What happens to the package (${states})`)
      .option('--previous <file>', 'The package that is installed before, for its part in an upgrade')
      .option('--json', 'Print a JSON object')
      .helpOption('-h, --help', 'Show this help')
      .exitOverride()
  );
}

/**
 * Reads the command line of `preview-scripts`.
 * @throws UsageError, HelpShown
 */
export function parsePreviewOptions(argv: readonly string[], world: World): PreviewOptions {
  const command = previewScriptsCommand();
  parse(command, argv, world);
  const { state, previous, json } = command.opts<{ state?: string; previous?: string; json?: boolean }>();
  const [file, ...others] = command.args;
  const usage = (message: string): UsageError => new UsageError(command.helpInformation().trimEnd(), message);
  if (file === undefined) throw usage('Must specify a package file.');
  if (others.length > 0) throw usage('Must specify one package file only.');
  return {
    file: resolve(world.cwd, file),
    state,
    previous: previous === undefined ? undefined : resolve(world.cwd, previous),
    json: json === true,
  };
}

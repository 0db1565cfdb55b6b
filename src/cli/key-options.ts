import { resolve } from 'node:path';

import { Command, InvalidArgumentError, Option } from 'commander';

import { collect, parse, UsageError } from './options.ts';
import {
  addPassphraseOptions,
  readSigningOptions,
  type RawSigningOptions,
  type SigningOptions,
} from './signing-options.ts';
import type { World } from './world.ts';

/** What `check-key` was asked. */
export interface CheckKeyOptions {
  /** Absolute path of a file of public keys; undefined: the key of the manifest's release package. */
  readonly file: string | undefined;
  readonly manifest: string | undefined;
  /** As given; none: the targets of the manifest, or all that there are. */
  readonly distributions: readonly string[];
  readonly json: boolean;
}

function checkKeyCommand(): Command {
  return (
    new Command('check-key')
      .description(
        'Says for each distribution whether its package manager accepts a signing key, and ends with status 1 when one\n' +
          'would refuse it.',
      )
      // Commander's own count of arguments would have us ask for --distribution.
      .argument('[key-file...]', 'A file of public keys; without it the key of the release package (release.key)')
      .option('--manifest <file>', 'The manifest; without it coachbuilder.yaml or pyproject.toml of this directory')
      .addOption(
        new Option(
          '--distribution <name>',
          'Ask for these only, separated by commas; without it the targets of the manifest, or all distributions',
        ).argParser(collect),
      )
      .option('--json', 'Print a JSON array with an object for each key')
      .helpOption('-h, --help', 'Show this help')
      .exitOverride()
  );
}

/**
 * Reads the command line of `check-key`.
 * @throws UsageError, HelpShown
 */
export function parseCheckKeyOptions(argv: readonly string[], world: World): CheckKeyOptions {
  const command = checkKeyCommand();
  parse(command, argv, world);
  const raw = command.opts<{ manifest?: string; distribution?: readonly string[]; json?: boolean }>();
  const [file, ...others] = command.args;
  if (others.length > 0) {
    throw new UsageError(command.helpInformation().trimEnd(), 'Must specify one key file only.');
  }
  return {
    file: file === undefined ? undefined : resolve(world.cwd, file),
    manifest: raw.manifest,
    distributions: raw.distribution ?? [],
    json: raw.json === true,
  };
}

/** What `create-key` was asked. */
export interface CreateKeyOptions {
  /** `Acme packages <packages@acme.example>`. */
  readonly user: string;
  /** Absolute path of the directory that gets the public key. */
  readonly output: string;
  /** As gpg takes it: `never`, `5y`, `2031-01-01`. */
  readonly expire: string;
  /** Whether the secret key is written into the directory, too. */
  readonly exportSecret: boolean;
  readonly signing: SigningOptions;
}

/** GnuPG's rules for the parts of a user id: gpg(1), `--quick-generate-key`; RFC 2822 for the address. */
function userName(word: string): string {
  const name = word.trim();
  if (name !== '' && !/[<>\u0000-\u001f\u007f]/.test(name)) return name;
  throw new InvalidArgumentError('It is a name without < and >, such as "Acme packages".');
}

function address(word: string): string {
  if (/^[^\s<>@"(),:;[\]\\]+@[^\s<>@"(),:;[\]\\]+$/.test(word)) return word;
  throw new InvalidArgumentError('It is a mail address such as packages@acme.example.');
}

function lifetime(word: string): string {
  if (/^(?:never|[1-9]\d{0,3}[dwmy]|\d{4}-\d{2}-\d{2})$/.test(word)) return word;
  throw new InvalidArgumentError('It is "never", a time such as 5y or 18m, or a day such as 2031-12-31.');
}

function createKeyCommand(): Command {
  const command = new Command('create-key')
    .description(
      'Makes a signing key that the package managers of all distributions accept: RSA-4096, without subkeys.',
    )
    .requiredOption('--name <name>', 'Whose key it is, as people read it', userName)
    .requiredOption('--email <address>', 'A mail address that belongs to it', address)
    .requiredOption('--output <directory>', 'Where the public key is written')
    .addOption(
      new Option('--expire <time>', 'When it ends: clients refuse the repository from then on')
        .default('never')
        .argParser(lifetime),
    )
    .option('--export-secret-key', 'Write the secret key there, too, readable for you only')
    .helpOption('-h, --help', 'Show this help')
    .allowExcessArguments(false)
    .exitOverride();
  return addPassphraseOptions(command);
}

/**
 * Reads the command line of `create-key`.
 * @throws UsageError, HelpShown
 */
export function parseCreateKeyOptions(argv: readonly string[], world: World): CreateKeyOptions {
  const command = createKeyCommand();
  parse(command, argv, world);
  const raw = command.opts<
    RawSigningOptions & { name: string; email: string; output: string; expire: string; exportSecretKey?: boolean }
  >();
  return {
    user: `${raw.name} <${raw.email}>`,
    output: resolve(world.cwd, raw.output),
    expire: raw.expire,
    exportSecret: raw.exportSecretKey === true,
    signing: readSigningOptions(raw, world),
  };
}

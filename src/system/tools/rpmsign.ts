import type { CommandSpec } from '../command.ts';
import { passphraseOptions } from './gpg.ts';

/** A macro for the command line: rpm expands its value. */
function define(name: string, value: string): readonly string[] {
  return ['--define', `${name} ${value.replaceAll('%', '%%')}`];
}

export interface RpmSigning {
  /** Absolute path of the package; rpmsign writes a new file beside it and renames that. */
  readonly path: string;
  /** As gpg's `--local-user`. */
  readonly user: string;
  /** Absolute path of gpg: Debian's rpm would run /usr/bin/gpg2, which Debian does not have. */
  readonly gpg: string;
  /** Absolute path of a directory of its own. */
  readonly directory: string;
  /** Name of a file in it with the passphrase, that nobody else may read; undefined means that none is needed. */
  readonly passphraseFile: string | undefined;
  /** With the GNUPGHOME. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * `rpmsign --addsign`: one signature of the header, which holds the payload's digest; rpmsign(8). It replaces another one.
 * SHA-256 is what rpm 4.11 of CentOS 7 and everything after it reads, and what rpm signs with itself since 4.14.
 */
export function rpmSignCommand({ path, user, gpg, directory, passphraseFile, env }: RpmSigning): CommandSpec {
  const source = passphraseFile === undefined ? undefined : { file: passphraseFile };
  const extra = ['--no-options', '--batch', '--no-tty', ...passphraseOptions(source)];
  return {
    tool: 'rpmsign',
    args: [
      '--addsign',
      ...define('_gpg_name', user),
      // rpmsign would set GNUPGHOME to what the user's own macros say.
      '--define',
      '_gpg_path %{nil}',
      ...define('__gpg', gpg),
      ...define('_gpg_digest_algo', 'sha256'),
      // A name without a directory: rpm splits this by rules of quoting that are no shell's.
      ...define('_gpg_sign_cmd_extra_args', extra.join(' ')),
      path,
    ],
    cwd: directory,
    env,
  };
}

interface RpmKeysPlace {
  /** Absolute path of a directory for a database of keys that has nothing to do with the machine's. */
  readonly database: string;
  readonly env: Readonly<Record<string, string>>;
}

function rpmkeys(args: readonly string[], { database, env }: RpmKeysPlace): CommandSpec {
  return {
    tool: 'rpmkeys',
    args: [...define('_dbpath', database), ...args],
    cwd: database,
    env: { ...env, HOME: database },
  };
}

/** `rpmkeys --import`: takes armoured public keys into the database. */
export function rpmImportKeysCommand(files: readonly string[], place: RpmKeysPlace): CommandSpec {
  return rpmkeys(['--import', ...files], place);
}

/**
 * `rpmkeys --checksig` that demands both a signature and digests: rpmkeys(8). By default an unsigned package passes.
 */
export function rpmVerifyCommand(path: string, place: RpmKeysPlace): CommandSpec {
  return rpmkeys(
    [...define('_pkgverify_level', 'all'), ...define('_pkgverify_flags', '0x0'), '--checksig', '--verbose', path],
    place,
  );
}

import { dirname } from 'node:path';

import type { CommandSpec } from '../command.ts';

/** Which keys gpg works with, and how it gets at a protected one. */
export interface GpgPlace {
  /** Absolute path of the GNUPGHOME; undefined means the user's own (`~/.gnupg`). */
  readonly home: string | undefined;
  /** Given on standard input; undefined means that the agent has it, or that the key is not protected. */
  readonly passphrase: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly cwd: string;
}

/** The environment in which gpg finds those keys. */
export function gpgEnvironment({ env, home }: Pick<GpgPlace, 'env' | 'home'>): Readonly<Record<string, string>> {
  return home === undefined ? env : { ...env, GNUPGHOME: home };
}

/**
 * What keeps gpg from asking: gpg(1). The user's gpg.conf is left out, since a `local-user` in it would add a second
 * signature, which rpm refuses. Without a passphrase of ours nobody is asked either: the agent has it, or signing fails.
 */
const unattended = ['--no-options', '--batch', '--no-tty'] as const;

/** Pinentry's mode, and where the passphrase is read from; gpg(1), `--pinentry-mode`. */
export function passphraseOptions(source: 'stdin' | { readonly file: string } | undefined): readonly string[] {
  if (source === undefined) return ['--pinentry-mode', 'error'];
  const from = source === 'stdin' ? ['--passphrase-fd', '0'] : ['--passphrase-file', source.file];
  return ['--pinentry-mode', 'loopback', ...from];
}

function gpg(args: readonly string[], place: GpgPlace): CommandSpec {
  const { passphrase, cwd } = place;
  return {
    tool: 'gpg',
    args: [
      ...unattended,
      '--status-fd',
      '2',
      ...passphraseOptions(passphrase === undefined ? undefined : 'stdin'),
      ...args,
    ],
    cwd,
    env: gpgEnvironment(place),
    ...(passphrase === undefined ? {} : { input: `${passphrase}\n` }),
  };
}

export interface GpgSigning {
  /** A fingerprint; with `!` behind it, that key and none of its subkeys (gpg(1), "HOW TO SPECIFY A USER ID"). */
  readonly user: string;
  /** Absolute paths: what is signed, and the file to write, which is not there yet. */
  readonly input: string;
  readonly output: string;
}

/** `gpg --clear-sign` or `--detach-sign --armor`, with SHA-512 (every gpgv, sqv and rpm since el7 reads it). */
export function gpgSignCommand(
  kind: 'clear' | 'detached',
  { user, input, output }: GpgSigning,
  place: GpgPlace,
): CommandSpec {
  const action = kind === 'clear' ? ['--clear-sign'] : ['--armor', '--detach-sign'];
  return gpg(
    [
      '--digest-algo',
      'SHA512',
      '--no-emit-version',
      '--no-comments',
      '--local-user',
      user,
      '--output',
      output,
      ...action,
      '--',
      input,
    ],
    place,
  );
}

/** `gpg --list-secret-keys --with-colons`: the key of a fingerprint, its own or that of a subkey. */
export function gpgListSecretCommand(fingerprint: string, place: GpgPlace): CommandSpec {
  return gpg(['--with-colons', '--list-secret-keys', fingerprint], { ...place, passphrase: undefined });
}

/** `gpg --armor --export`: the public key; prints nothing when there is none. */
export function gpgExportCommand(fingerprint: string, place: GpgPlace): CommandSpec {
  return gpg(['--armor', '--export-options', 'export-minimal', '--export', fingerprint], {
    ...place,
    passphrase: undefined,
  });
}

/** `gpg --quick-generate-key`: a primary key [SC] of RSA-4096 without subkeys; an empty passphrase leaves it unprotected. */
export function gpgGenerateCommand(
  { user, expire }: { readonly user: string; readonly expire: string },
  place: GpgPlace,
): CommandSpec {
  return gpg(['--cert-digest-algo', 'SHA512', '--quick-generate-key', '--', user, 'rsa4096', 'sign', expire], place);
}

/** `gpg --export-secret-keys` into a file that is not there yet. */
export function gpgExportSecretCommand(
  { fingerprint, output }: { readonly fingerprint: string; readonly output: string },
  place: GpgPlace,
): CommandSpec {
  return gpg(['--armor', '--output', output, '--export-secret-keys', fingerprint], place);
}

export interface GpgVerification {
  /** Absolute path of a file with binary public keys, one after another. */
  readonly keyring: string;
  /** Absolute paths of the signature and of what it signs; undefined for a text that holds its own signature. */
  readonly signature: string;
  readonly signed: string | undefined;
}

/** `gpgv`: verifies against the keys of one file, as apt does; gpgv(1). Prints the text of a clear-signed file. */
export function gpgvCommand(
  { keyring, signature, signed }: GpgVerification,
  env: Readonly<Record<string, string>>,
): CommandSpec {
  const home = dirname(keyring);
  return {
    tool: 'gpgv',
    args: [
      '--homedir',
      home,
      '--status-fd',
      '2',
      '--keyring',
      keyring,
      ...(signed === undefined ? ['--output', '-', signature] : [signature, signed]),
    ],
    cwd: home,
    env,
  };
}

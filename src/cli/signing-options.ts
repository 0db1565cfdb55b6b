import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';

import { type Command, InvalidArgumentError, Option } from 'commander';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { SigningChoice } from '../signing/open-signer.ts';
import { isErrno } from '../system/files.ts';
import type { World } from './world.ts';

/** What commander hands over. */
export interface RawSigningOptions {
  readonly signingKey?: string;
  readonly gpgHome?: string;
  readonly passphraseFile?: string;
  readonly passphraseFd?: number;
}

/** Where a passphrase is; undefined: nobody gives one. */
export type PassphraseSource = { readonly file: string } | { readonly descriptor: number } | undefined;

/** Which key was asked for, and how to get at it; nothing is read yet. */
export interface SigningOptions {
  /** As given; undefined: the manifest says it. */
  readonly signingKey: string | undefined;
  /** Absolute; undefined: the user's own. */
  readonly gpgHome: string | undefined;
  readonly passphrase: PassphraseSource;
}

function descriptor(word: string): number {
  if (/^\d{1,4}$/.test(word) && !['1', '2'].includes(word)) return Number(word);
  throw new InvalidArgumentError('It is the number of an open file descriptor that can be read, such as 0 or 3.');
}

/** Options of every command that has a passphrase to be told: it is never a word of the command line. */
export function addPassphraseOptions(command: Command): Command {
  return command
    .option('--gpg-home <directory>', "GnuPG's directory of keys; without it GNUPGHOME, or ~/.gnupg")
    .option('--passphrase-file <file>', "A file whose first line is the key's passphrase")
    .addOption(
      new Option('--passphrase-fd <number>', 'An open file descriptor that gives the passphrase, 0 for standard input')
        .argParser(descriptor)
        .conflicts('passphraseFile'),
    );
}

/** Options of every command that signs. */
export function addSigningOptions(command: Command): Command {
  return addPassphraseOptions(
    command.option('--signing-key <fingerprint>', 'The key to sign with; without it that of the manifest'),
  );
}

/** @returns absolute paths; GNUPGHOME counts where --gpg-home was not given */
export function readSigningOptions(raw: RawSigningOptions, world: Pick<World, 'env' | 'cwd'>): SigningOptions {
  const home = raw.gpgHome ?? world.env['GNUPGHOME'];
  return {
    signingKey: raw.signingKey,
    gpgHome: home === undefined || home === '' ? undefined : resolve(world.cwd, home),
    passphrase:
      raw.passphraseFd !== undefined
        ? { descriptor: raw.passphraseFd }
        : raw.passphraseFile === undefined
          ? undefined
          : { file: resolve(world.cwd, raw.passphraseFile) },
  };
}

/** More than any passphrase, and nothing that would fill the memory: somebody named the wrong file. */
const longest = 64 * 1024;

/**
 * The passphrase: the first line of what was named, without its end.
 * @returns undefined when nothing was named
 * @throws CoachbuilderError `usage` when there is nothing to read, or no line in it
 */
export async function readPassphrase(source: PassphraseSource): Promise<string | undefined> {
  if (source === undefined) return undefined;
  const title = 'file' in source ? source.file : `the file descriptor ${String(source.descriptor)}`;
  const wrong = (reason: string, cause?: unknown): CoachbuilderError =>
    new CoachbuilderError('usage', `the passphrase cannot be read from ${title}: ${reason}`, {
      hint: 'write it into a file that only you can read, and name that with --passphrase-file',
      cause,
    });
  const stream =
    'file' in source
      ? createReadStream(source.file)
      : createReadStream('', { fd: source.descriptor, autoClose: false });
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      pieces.push(piece);
      size += piece.length;
      if (piece.includes(0x0a) || size > longest) break;
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) throw wrong('there is no such file', error);
    if (isErrno(error, 'EBADF')) throw wrong('it is not open', error);
    if (isErrno(error, 'EACCES', 'EISDIR', 'EAGAIN')) throw wrong('the system does not let us read it', error);
    throw error;
  }
  const [line = ''] = Buffer.concat(pieces).toString('utf8').split('\n');
  const passphrase = line.replace(/\r$/, '');
  if (passphrase === '' || size > longest)
    throw wrong(passphrase === '' ? 'its first line is empty' : 'it is too long');
  return passphrase;
}

/**
 * The choice for `openSigner`.
 * @param fallback the fingerprint that the manifest says
 * @throws CoachbuilderError `key-unusable` when no key is named, `usage` when the passphrase cannot be read
 */
export async function readSigningChoice(options: SigningOptions, fallback: string | undefined): Promise<SigningChoice> {
  const fingerprint = options.signingKey ?? fallback;
  if (fingerprint === undefined) {
    throw new CoachbuilderError('key-unusable', 'no signing key is named', {
      hint: 'give its fingerprint with --signing-key, or as repository.signing-key in the manifest; admin/create-key makes a key',
    });
  }
  return { fingerprint, gpgHome: options.gpgHome, passphrase: await readPassphrase(options.passphrase) };
}

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { exists, moveFileAtomic, temporaryDirectory, writeFailure } from '../system/files.ts';
import { gpgExportCommand, gpgExportSecretCommand, gpgGenerateCommand, type GpgPlace } from '../system/tools/gpg.ts';
import { readStatus, spokenLines } from './gpg-status.ts';
import type { SigningPorts } from './open-signer.ts';

export interface NewKey {
  /** `Name <mail>`. */
  readonly user: string;
  /** As gpg takes it: `never`, `5y`, `2031-01-01`. */
  readonly expire: string;
  /** Undefined: the key is not protected. */
  readonly passphrase: string | undefined;
  /** Absolute path of the GNUPGHOME, which is made when there is none; undefined means the user's own. */
  readonly gpgHome: string | undefined;
  /** Absolute path of the directory for the public key. */
  readonly output: string;
  readonly exportSecret: boolean;
}

export interface CreatedKey {
  readonly fingerprint: string;
  /** Absolute paths of what was written. */
  readonly publicFile: string;
  readonly secretFile: string | undefined;
}

const names = { public: 'signing-key.asc', secret: 'signing-key.secret.asc' } as const;

async function refuseExisting(key: NewKey): Promise<void> {
  for (const name of key.exportSecret ? [names.public, names.secret] : [names.public]) {
    if (!(await exists(join(key.output, name)))) continue;
    throw new CoachbuilderError('output-exists', `${name} is already in ${key.output}`, {
      hint: 'choose another directory; a key that is in use must not be lost',
    });
  }
}

async function makeDirectories(key: NewKey): Promise<void> {
  const make = async (path: string, mode?: number): Promise<void> => {
    await mkdir(path, { recursive: true, mode }).catch((error: unknown) => {
      throw writeFailure(error, path);
    });
  };
  await make(key.output);
  // gpg warns of a home that others can read.
  if (key.gpgHome !== undefined) await make(key.gpgHome, 0o700);
}

async function generate(key: NewKey, place: GpgPlace, ports: SigningPorts): Promise<string> {
  const { exitCode, stderr } = await ports.commands.tryRun(gpgGenerateCommand(key, place));
  const created = readStatus(stderr).find(({ keyword }) => keyword === 'KEY_CREATED');
  const fingerprint = created?.words[1];
  if (exitCode === 0 && fingerprint !== undefined) return fingerprint;
  const details = spokenLines(stderr).map((line) => ports.redactor.text(line));
  if (details.some((line) => line.includes('already exists'))) {
    throw new CoachbuilderError('key-unusable', `there is a key of ${key.user} already`, {
      hint: 'use that one (gpg --list-secret-keys), or choose another name, address or --gpg-home',
      details,
    });
  }
  throw new CoachbuilderError('signing-failed', 'gpg did not make a key', { details });
}

/**
 * Makes a key that every client accepts: RSA-4096, one primary key that certifies and signs, certified with SHA-512. The
 * secret part stays with gpg.
 * @throws CoachbuilderError `output-exists`, `output-unwritable`, `key-unusable` (there is such a key), `signing-failed`
 */
export async function createKey(key: NewKey, ports: SigningPorts): Promise<CreatedKey> {
  if (key.passphrase !== undefined) ports.redactor.add(key.passphrase);
  await refuseExisting(key);
  await makeDirectories(key);
  // Beside what is written, so that it can be moved there; nobody else can look into it.
  await using scratch = await temporaryDirectory(key.output, '.create-key');
  const place: GpgPlace = {
    home: key.gpgHome,
    passphrase: key.passphrase ?? '',
    env: ports.environments.base,
    cwd: scratch.path,
  };
  const fingerprint = await generate(key, place, ports);
  const { stdout } = await ports.commands.run(gpgExportCommand(fingerprint, place));
  const publicFile = join(key.output, names.public);
  const draft = join(scratch.path, names.public);
  await writeFile(draft, stdout);
  await moveFileAtomic(draft, publicFile);
  if (!key.exportSecret) return { fingerprint, publicFile, secretFile: undefined };
  const secretDraft = join(scratch.path, names.secret);
  // Into a file: what a command prints is kept in the log.
  await ports.commands.run(gpgExportSecretCommand({ fingerprint, output: secretDraft }, place));
  await chmod(secretDraft, 0o600);
  const secretFile = join(key.output, names.secret);
  await moveFileAtomic(secretDraft, secretFile);
  return { fingerprint, publicFile, secretFile };
}

import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { ToolPorts } from '../application/ports.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { readFingerprint } from '../model/fingerprint.ts';
import { exists, temporaryDirectory } from '../system/files.ts';
import { programPath } from '../system/programs.ts';
import {
  gpgEnvironment,
  gpgExportCommand,
  gpgListSecretCommand,
  gpgSignCommand,
  type GpgPlace,
} from '../system/tools/gpg.ts';
import { rpmSignCommand } from '../system/tools/rpmsign.ts';
import { failures, gpgErrors, spokenLines } from './gpg-status.ts';
import { readKeyListing, type ListedKey, type ListedKeyBlock } from './key-listing.ts';
import type { Signer } from './signer.ts';

/** Which key signs, and how to get at it. */
export interface SigningChoice {
  /** Of the primary key, or of a subkey that is to sign; 40 hexadecimal digits, blanks between them allowed. */
  readonly fingerprint: string;
  /** Undefined when the key is not protected, or gpg's agent knows the passphrase. */
  readonly passphrase?: string | undefined;
  /** Absolute path of the GNUPGHOME; undefined means the user's own. */
  readonly gpgHome?: string | undefined;
}

/** What signing and verifying work with. */
export type SigningPorts = Pick<ToolPorts, 'commands' | 'environments' | 'redactor'>;

function unusable(message: string, hint: string, details: readonly string[] = []): CoachbuilderError {
  return new CoachbuilderError('key-unusable', message, { hint, details });
}

function requireFingerprint(text: string): string {
  const fingerprint = readFingerprint(text);
  if (fingerprint !== undefined) return fingerprint;
  throw unusable(
    `${JSON.stringify(text)} is no fingerprint of a signing key`,
    'give all 40 hexadecimal digits, as `gpg --list-secret-keys` prints them: shorter ids can be forged',
  );
}

/** What a failed signature was due to, in words; the passphrase is in none of gpg's messages. */
function signingFailure(stderr: string, choice: SigningChoice, redact: (text: string) => string): CoachbuilderError {
  const reasons = failures(stderr);
  const details = spokenLines(stderr).map(redact);
  const key = `the signing key ${choice.fingerprint}`;
  const said = (number: number, phrase: string): boolean =>
    reasons.includes(number) || details.some((line) => line.includes(phrase));
  if (said(gpgErrors.badPassphrase, 'Bad passphrase')) {
    return unusable(
      `the passphrase does not open ${key}`,
      'check what --passphrase-file or --passphrase-fd gives: its first line is the passphrase',
      details,
    );
  }
  if (said(gpgErrors.noPinentry, 'No pinentry')) {
    return unusable(
      `${key} is protected by a passphrase, and none was given`,
      'give it with --passphrase-file or --passphrase-fd, or let the agent remember it by signing something with gpg first',
      details,
    );
  }
  if (said(gpgErrors.noSecretKey, 'No secret key') || said(gpgErrors.unusableSecretKey, 'Unusable secret key')) {
    return unusable(`gpg cannot sign with ${key}`, 'look at it with: gpg --list-secret-keys', details);
  }
  return new CoachbuilderError('signing-failed', `gpg did not sign with ${key}`, { details });
}

/**
 * Which key of a block signs: the primary key where it can, since dnf5 and yum of CentOS 7 know no other one.
 * @returns its fingerprint
 */
function chooseSigning(block: ListedKeyBlock, fingerprint: string): string {
  const signs = (key: ListedKey): boolean => key.state === 'usable' && key.hasSecret && key.capabilities.includes('s');
  const named = block.subkeys.find((key) => key.fingerprint === fingerprint);
  if (named !== undefined && signs(named)) return named.fingerprint;
  if (signs(block.primary)) return block.primary.fingerprint;
  const subkey = block.subkeys.filter(signs).at(-1);
  if (subkey !== undefined) return subkey.fingerprint;
  throw unusable(
    `the key ${block.primary.fingerprint} cannot sign: neither it nor a subkey of it has a usable secret part for that`,
    'choose another key, or make one with admin/create-key',
  );
}

class GpgSigner implements Signer, AsyncDisposable {
  readonly fingerprint: string;
  readonly signingFingerprint: string;
  readonly publicKey: string;
  readonly #choice: SigningChoice;
  readonly #ports: SigningPorts;
  readonly #place: GpgPlace;

  constructor(
    key: Pick<Signer, 'fingerprint' | 'signingFingerprint' | 'publicKey'>,
    choice: SigningChoice,
    { ports, place }: { readonly ports: SigningPorts; readonly place: GpgPlace },
  ) {
    this.fingerprint = key.fingerprint;
    this.signingFingerprint = key.signingFingerprint;
    this.publicKey = key.publicKey;
    this.#choice = choice;
    this.#ports = ports;
    this.#place = place;
  }

  /** As gpg takes it: that key and no other one of the block (gpg(1), "HOW TO SPECIFY A USER ID"). */
  get #user(): string {
    return `${this.signingFingerprint}!`;
  }

  async clearSign(text: string): Promise<string> {
    return this.#sign('clear', Buffer.from(text));
  }

  async detachSign(bytes: Uint8Array): Promise<string> {
    return this.#sign('detached', bytes);
  }

  async #sign(kind: 'clear' | 'detached', bytes: Uint8Array): Promise<string> {
    await using directory = await temporaryDirectory(this.#place.cwd, 'sign');
    const [input, output] = [join(directory.path, 'text'), join(directory.path, 'signed')];
    await writeFile(input, bytes);
    const command = gpgSignCommand(kind, { user: this.#user, input, output }, this.#place);
    const { exitCode, stderr } = await this.#ports.commands.tryRun(command);
    if (exitCode !== 0) throw this.#failure(stderr);
    return await readFile(output, 'utf8');
  }

  async signRpm(path: string): Promise<void> {
    const { passphrase } = this.#choice;
    await using directory = await temporaryDirectory(this.#place.cwd, 'sign');
    // rpmsign runs gpg with a standard input of its own, so the passphrase has to be in a file for that moment.
    if (passphrase !== undefined)
      await writeFile(join(directory.path, 'passphrase'), `${passphrase}\n`, { mode: 0o600 });
    const env = gpgEnvironment(this.#place);
    const { exitCode, stdout, stderr } = await this.#ports.commands.tryRun(
      rpmSignCommand({
        path,
        user: this.#user,
        gpg: await programPath('gpg', env),
        directory: directory.path,
        passphraseFile: passphrase === undefined ? undefined : 'passphrase',
        env,
      }),
    );
    if (exitCode === 0) return;
    const said = `${stdout}\n${stderr}`;
    // rpm's sign/rpmgensig.c, `checkPkg`: digests are compared before anything is signed.
    if (said.includes('not signing corrupt package')) {
      throw new CoachbuilderError(
        'signing-failed',
        `${basename(path)} is damaged: it is not what its own digests say`,
        {
          hint: 'build or copy it again',
          details: spokenLines(said),
        },
      );
    }
    throw this.#failure(said).withDetails(`while signing ${path}`);
  }

  #failure(output: string): CoachbuilderError {
    return signingFailure(output, { ...this.#choice, fingerprint: this.fingerprint }, (text) =>
      this.#ports.redactor.text(text),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // gpg's agent is the user's own, and goes on.
  }
}

async function findSecretKey(fingerprint: string, place: GpgPlace, ports: SigningPorts): Promise<ListedKeyBlock> {
  const where = place.home ?? "the user's own keys (~/.gnupg)";
  if (place.home !== undefined && !(await exists(place.home))) {
    throw unusable(`there is no directory of keys at ${place.home}`, 'name the GNUPGHOME with --gpg-home');
  }
  const { stdout, stderr } = await ports.commands.tryRun(gpgListSecretCommand(fingerprint, place));
  const [block] = readKeyListing(stdout);
  if (block !== undefined) return block;
  throw unusable(
    `there is no secret key ${fingerprint} in ${where}`,
    'import it with gpg --import, or name the GNUPGHOME that has it with --gpg-home; admin/create-key makes a new one',
    spokenLines(stderr),
  );
}

/**
 * Finds a secret key and makes sure, by a signature, that it signs.
 * @param scratch absolute path of a directory for short-lived files, one of which may hold the passphrase (mode 0600)
 * @throws CoachbuilderError `key-unusable` (no such secret key, expired, revoked, wrong passphrase, cannot sign),
 * `signing-failed`, `tool-missing`
 */
export async function openSigner(
  choice: SigningChoice,
  ports: SigningPorts,
  scratch: string,
): Promise<Signer & AsyncDisposable> {
  if (choice.passphrase !== undefined) ports.redactor.add(choice.passphrase);
  const fingerprint = requireFingerprint(choice.fingerprint);
  const place: GpgPlace = {
    home: choice.gpgHome,
    passphrase: choice.passphrase,
    env: ports.environments.base,
    cwd: scratch,
  };
  const block = await findSecretKey(fingerprint, place, ports);
  const { primary } = block;
  if (primary.state !== 'usable') {
    throw unusable(
      `the signing key ${primary.fingerprint} is ${primary.state}`,
      primary.state === 'expired'
        ? 'extend it (gpg --quick-set-expire) and publish the release packages with the extended key, or choose another key'
        : 'choose another key',
    );
  }
  const { stdout: publicKey } = await ports.commands.run(gpgExportCommand(primary.fingerprint, place));
  const signingFingerprint = chooseSigning(block, fingerprint);
  const key = { fingerprint: primary.fingerprint, signingFingerprint, publicKey };
  const signer = new GpgSigner(key, choice, { ports, place });
  await signer.detachSign(Buffer.from('Can this key sign?\n'));
  return signer;
}

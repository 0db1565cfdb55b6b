import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { dearmor } from '../openpgp/armor.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../system/files.ts';
import { gpgvCommand, type GpgVerification } from '../system/tools/gpg.ts';
import { rpmImportKeysCommand, rpmVerifyCommand } from '../system/tools/rpmsign.ts';
import { readStatus, spokenLines, type StatusLine } from './gpg-status.ts';
import type { SigningPorts } from './open-signer.ts';
import type { Verifier } from './signer.ts';

const hint = 'nothing was changed; if the repository is yours, see "Keys and signatures" in docs/publishing.md';

function invalid(message: string, details: readonly string[] = []): CoachbuilderError {
  return new CoachbuilderError('signature-invalid', message, { hint, details });
}

/** Digests that apt refuses (MD5, SHA-1, RIPEMD-160) by their numbers in RFC 9580, 9.5. */
const weakDigests: ReadonlySet<string> = new Set(['1', '2', '3']);

/** What gpgv says of each signature: `NEWSIG` begins one. */
function perSignature(status: readonly StatusLine[]): readonly (readonly StatusLine[])[] {
  const starts = status.flatMap(({ keyword }, index) => (keyword === 'NEWSIG' ? [index] : []));
  return starts.map((start, number) => status.slice(start, starts[number + 1]));
}

/**
 * Why a client would refuse what gpgv says; undefined when it would not. As apt has it: one good signature is enough, of
 * others the key may be unknown, but none may be bad. `VALIDSIG` alone is written for an expired key, too.
 */
function whyRefused(stderr: string): string | undefined {
  const status = readStatus(stderr);
  const has = (keyword: string): boolean => status.some((line) => line.keyword === keyword);
  if (has('BADSIG')) return 'was changed after it was signed';
  const good = perSignature(status).filter((lines) => lines.some(({ keyword }) => keyword === 'GOODSIG'));
  const digests = good.flat().flatMap(({ keyword, words }) => (keyword === 'VALIDSIG' ? [words[7] ?? '1'] : []));
  if (digests.some((digest) => !weakDigests.has(digest))) return undefined;
  if (digests.length > 0) return 'is signed with a digest that is too weak';
  if (has('EXPKEYSIG')) return 'is signed by a key that has expired';
  if (has('REVKEYSIG')) return 'is signed by a key that was revoked';
  if (has('EXPSIG')) return 'has a signature that has expired';
  if (has('NO_PUBKEY')) return 'is signed by another key';
  return 'has no valid signature';
}

const frame = /^-----BEGIN PGP SIGNED MESSAGE-----\n[\s\S]*\n-----END PGP SIGNATURE-----\n*$/;

/** Whether a text is one signed text and nothing beside it: what stands outside is not signed. */
function isOneClearSigned(text: string): boolean {
  return frame.test(text) && text.split(/^-----BEGIN PGP SIGNED MESSAGE-----$/m).length === 2;
}

class ToolVerifier implements Verifier, AsyncDisposable {
  readonly #directory: TemporaryDirectory;
  readonly #keys: readonly string[];
  readonly #ports: SigningPorts;
  #database: Promise<string> | undefined;

  constructor(keys: readonly string[], directory: TemporaryDirectory, ports: SigningPorts) {
    this.#keys = keys;
    this.#directory = directory;
    this.#ports = ports;
  }

  get #keyring(): string {
    return join(this.#directory.path, 'keyring.gpg');
  }

  async prepare(): Promise<void> {
    await writeFile(this.#keyring, Buffer.concat(this.#keys.map(dearmor)));
  }

  async verifyClearSigned(signed: string, origin: string): Promise<string> {
    const text = signed.replaceAll('\r\n', '\n');
    if (!isOneClearSigned(text)) throw invalid(`${origin} is not a signed text`);
    await using directory = await temporaryDirectory(this.#directory.path, 'verify');
    const signature = join(directory.path, 'signed');
    await writeFile(signature, text);
    const verified = await this.#gpgv({ keyring: this.#keyring, signature, signed: undefined }, origin);
    // Blanks at the ends of lines are not signed: RFC 9580, 7.2.
    return verified.replaceAll(/[ \t\r]+$/gm, '');
  }

  async verifyDetached(bytes: Uint8Array, signature: string, origin: string): Promise<void> {
    await using directory = await temporaryDirectory(this.#directory.path, 'verify');
    const files = { signature: join(directory.path, 'signature.asc'), signed: join(directory.path, 'signed') };
    await writeFile(files.signature, signature);
    await writeFile(files.signed, bytes);
    await this.#gpgv({ keyring: this.#keyring, ...files }, origin);
  }

  async #gpgv(verification: GpgVerification, origin: string): Promise<string> {
    const { stdout, stderr } = await this.#ports.commands.tryRun(
      gpgvCommand(verification, this.#ports.environments.base),
    );
    // Not the exit status: it is that of the worst signature, and one of an unknown key does no harm beside a good one.
    const reason = whyRefused(stderr);
    if (reason !== undefined) throw invalid(`${origin} ${reason}`, spokenLines(stderr));
    return stdout;
  }

  async verifyRpm(path: string): Promise<void> {
    const env = this.#ports.environments.base;
    const database = await (this.#database ??= this.#importKeys());
    const { exitCode, stdout, stderr } = await this.#ports.commands.tryRun(rpmVerifyCommand(path, { database, env }));
    if (exitCode === 0) return;
    const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
    throw invalid(`${path} is not signed by the key of the repository, or was changed after it was signed`, lines);
  }

  async #importKeys(): Promise<string> {
    const env = this.#ports.environments.base;
    const database = join(this.#directory.path, 'rpmdb');
    await mkdir(database, { recursive: true });
    for (const [index, key] of this.#keys.entries()) {
      const file = join(database, `${String(index)}.asc`);
      await writeFile(file, key);
      const { exitCode, stdout, stderr } = await this.#ports.commands.tryRun(
        rpmImportKeysCommand([file], { database, env }),
      );
      if (exitCode !== 0) {
        throw new CoachbuilderError('key-unusable', 'rpm does not accept the public key', {
          hint: 'look at it with admin/check-key',
          details: `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== ''),
        });
      }
    }
    return database;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directory[Symbol.asyncDispose]();
  }
}

/**
 * Verifies with gpgv and rpmkeys, the way apt and rpm do it: nothing of the user's or the machine's keys takes part.
 * @param publicKeys armoured, and found to be whole by whoever knows their files; each may hold several keys
 * @param scratch absolute path of a directory for short-lived files
 * @throws ArmorError when one is no public key; `verifyRpm` throws CoachbuilderError `key-unusable` when rpm refuses a key
 */
export async function openVerifier(
  publicKeys: readonly string[],
  ports: SigningPorts,
  scratch: string,
): Promise<Verifier & AsyncDisposable> {
  const directory = await temporaryDirectory(scratch, 'keys');
  try {
    const verifier = new ToolVerifier(publicKeys, directory, ports);
    await verifier.prepare();
    return verifier;
  } catch (error) {
    await directory[Symbol.asyncDispose]();
    throw error;
  }
}

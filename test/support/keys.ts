import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { mustRun, requireTools } from './machine.ts';

export interface TestKeyOptions {
  /** gpg's word: `rsa2048`, `rsa4096`, `ed25519`, `dsa2048`; rsa2048 unless said, since it is quick to make. */
  readonly algorithm?: string;
  /** gpg's words for what the primary key may do. */
  readonly usage?: 'sign' | 'cert';
  /** Adds a subkey that signs, of gpg's algorithm. */
  readonly signingSubkey?: string;
  readonly passphrase?: string;
  /** As gpg takes it: `1d`, `2030-01-01`; never unless said. */
  readonly expire?: string;
  /** `YYYYMMDDThhmmss`: the time at which gpg makes the key (`--faked-system-time`). */
  readonly madeAt?: string;
  /** Digest of the self-signatures, such as `SHA1`; SHA512 unless said. */
  readonly selfSignatureDigest?: string;
  readonly user?: string;
}

export interface TestKey extends AsyncDisposable {
  /** Of the primary key. */
  readonly fingerprint: string;
  /** Armoured. */
  readonly publicKey: string;
  /** Path of a file with the armoured public key. */
  readonly publicKeyFile: string;
  readonly gpgHome: string;
  readonly passphrase: string | undefined;
  /** Runs gpg with this key's home and passphrase; returns what it prints. */
  readonly gpg: (...args: readonly string[]) => Promise<string>;
}

/**
 * A key in a GNUPGHOME of its own: short and below /tmp, because the names of sockets have 108 bytes at most. Its agent
 * is stopped in the end.
 */
export async function makeTestKey(options: TestKeyOptions = {}): Promise<TestKey> {
  await requireTools('gpg');
  const gpgHome = await mkdtemp('/tmp/cbk-');
  const env = { GNUPGHOME: gpgHome };
  const dispose = async (): Promise<void> => {
    await mustRun(['gpgconf', '--kill', 'all'], { env });
    await rm(gpgHome, { recursive: true, force: true });
  };
  const time = options.madeAt === undefined ? [] : ['--faked-system-time', options.madeAt];
  const digest = options.selfSignatureDigest ?? 'SHA512';
  const common = ['--batch', '--no-tty', '--pinentry-mode', 'loopback', '--passphrase', options.passphrase ?? ''];
  const gpg = async (...args: readonly string[]): Promise<string> =>
    (await mustRun(['gpg', ...common, ...args], { env })).stdout;
  try {
    const making = [...time, '--cert-digest-algo', digest];
    const user = options.user ?? 'Test Packages <packages@example.com>';
    const expire = options.expire ?? 'never';
    await gpg(...making, '--quick-generate-key', user, options.algorithm ?? 'rsa2048', options.usage ?? 'sign', expire);
    const listing = await gpg('--with-colons', '--list-keys');
    const fingerprint = /^fpr:{9}([0-9A-F]{40}):/m.exec(listing)?.[1];
    if (fingerprint === undefined) throw new Error(`gpg made no key:\n${listing}`);
    if (options.signingSubkey !== undefined) {
      await gpg(...making, '--quick-add-key', fingerprint, options.signingSubkey, 'sign', expire);
    }
    const publicKey = await gpg('--armor', '--export', fingerprint);
    const publicKeyFile = join(gpgHome, 'public.asc');
    await writeFile(publicKeyFile, publicKey);
    // What tests do next has to find out by itself whether a passphrase is right.
    await mustRun(['gpgconf', '--kill', 'all'], { env });
    return {
      fingerprint,
      publicKey,
      publicKeyFile,
      gpgHome,
      passphrase: options.passphrase,
      gpg,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CoachbuilderError } from '../../src/errors/coachbuilder-error.ts';
import type { Signer, Verifier } from '../../src/signing/signer.ts';
import { mustRun, run } from './machine.ts';

/** A key of gpg for tests of indexes, with what signs and verifies by it. */
export interface YumKey extends Signer, Verifier, AsyncDisposable {
  /** Absolute path of the armoured public key. */
  readonly publicKeyFile: string;
}

/** Makes a key in a home of its own, whose path is short enough for the agent's socket; the agent ends with it. */
export async function makeYumKey(name: string): Promise<YumKey> {
  const home = await mkdtemp(join(tmpdir(), 'cbk-'));
  const gpg = async (...args: readonly string[]): Promise<string> =>
    (await mustRun(['gpg', '--homedir', home, '--batch', '--yes', '--pinentry-mode', 'loopback', ...args])).stdout;
  await gpg('--passphrase', '', '--quick-gen-key', `${name} <${name}@example.com>`, 'rsa2048', 'sign', 'never');
  const listing = await gpg('--with-colons', '--list-keys');
  const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listing)?.[1] ?? '';
  const publicKey = await gpg('--armor', '--export', fingerprint);
  const publicKeyFile = join(home, 'public.asc');
  await writeFile(publicKeyFile, publicKey);
  let count = 0;
  const file = async (bytes: string | Uint8Array): Promise<string> => {
    const path = join(home, `file-${String((count += 1))}`);
    await writeFile(path, bytes);
    return path;
  };
  const never = (): Promise<never> => Promise.reject(new Error('tests of yum indexes need no such thing'));
  return {
    fingerprint,
    publicKey,
    publicKeyFile,
    clearSign: never,
    verifyClearSigned: never,
    verifyRpm: never,
    detachSign: async (bytes) => gpg('--armor', '--detach-sign', '--output', '-', await file(bytes)),
    verifyDetached: async (bytes, signature, origin) => {
      const paths = [await file(signature), await file(bytes)];
      const { exitCode } = await run(['gpg', '--homedir', home, '--batch', '--verify', ...paths]);
      if (exitCode !== 0) throw new CoachbuilderError('signature-invalid', `${origin} is not signed by ${name}`);
    },
    signRpm: async (path) => {
      const definitions = [
        `_gpg_name ${fingerprint}`,
        `_gpg_path ${home}`,
        '__gpg /usr/bin/gpg',
        '_gpg_digest_algo sha256',
      ];
      await mustRun([
        'rpmsign',
        '--addsign',
        ...definitions.flatMap((definition) => ['--define', definition]),
        '--define',
        '_gpg_sign_cmd_extra_args --batch --pinentry-mode loopback',
        path,
      ]);
    },
    async [Symbol.asyncDispose]() {
      await run(['gpgconf', '--homedir', home, '--kill', 'all']);
      await rm(home, { recursive: true, force: true });
    },
  };
}

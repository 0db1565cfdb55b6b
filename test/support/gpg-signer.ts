import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { CoachbuilderError } from '../../src/errors/coachbuilder-error.ts';
import type { Signer, Verifier } from '../../src/signing/signer.ts';
import { mustRun, requireTools, run } from './machine.ts';

/** Signs with a key that was made for it, and verifies as apt does, with gpgv. */
export interface GpgSigner extends AsyncDisposable {
  readonly signer: Signer;
  readonly verifier: Verifier;
}

/** A new key in a home of its own (a short path: it holds sockets), removed with its agent at the end. */
export async function gpgSigner(name = 'Acme'): Promise<GpgSigner> {
  await requireTools('gpg');
  const home = await mkdtemp('/tmp/gpg-');
  const gpg = async (args: readonly string[], input = ''): Promise<string> => {
    const options = ['--batch', '--homedir', home, '--pinentry-mode', 'loopback', '--passphrase', ''] as const;
    return (await mustRun(['gpg', ...options, ...args], { input })).stdout;
  };
  await gpg(['--quick-generate-key', `${name} <${name.toLowerCase()}@example.com>`, 'rsa3072', 'sign', 'never']);
  const [, fingerprint = ''] =
    /^fpr:(?:[^:]*:){8}([0-9A-F]{40}):/m.exec(await gpg(['--with-colons', '--list-keys'])) ?? [];
  const keyring = join(home, 'public.gpg');
  await gpg(['--output', keyring, '--export', fingerprint]);
  const publicKey = await gpg(['--armor', '--export', fingerprint]);

  const verify = async (files: readonly string[], origin: string): Promise<string> => {
    const outcome = await run(['gpgv', '--homedir', home, '--keyring', keyring, ...files]);
    if (outcome.exitCode !== 0) {
      throw new CoachbuilderError('signature-invalid', `${origin} is not signed by ${name}`, {
        details: outcome.stderr.split('\n'),
      });
    }
    return outcome.stdout;
  };
  const file = async (label: string, content: Uint8Array | string): Promise<string> => {
    const path = join(await mkdtemp(join(home, 'in-')), label);
    await writeFile(path, content);
    return path;
  };
  const digest = ['--digest-algo', 'SHA512'];
  return {
    signer: {
      fingerprint,
      publicKey,
      clearSign: (text) => gpg([...digest, '--clear-sign'], text),
      detachSign: async (bytes) =>
        gpg([...digest, '--armor', '--detach-sign', '--output', '-', await file('data', bytes)]),
      signRpm: () => Promise.reject(new Error('this signer signs no rpms')),
    },
    verifier: {
      verifyClearSigned: async (signed, origin) => verify(['--output', '-', await file('signed', signed)], origin),
      verifyDetached: async (bytes, signature, origin) => {
        await verify([await file('signature', signature), await file('data', bytes)], origin);
      },
      verifyRpm: () => Promise.reject(new Error('this verifier reads no rpms')),
    },
    async [Symbol.asyncDispose]() {
      await run(['gpgconf', '--homedir', home, '--kill', 'all']);
      await rm(home, { recursive: true, force: true });
    },
  };
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openSigner } from '../../src/signing/open-signer.ts';
import { openVerifier } from '../../src/signing/open-verifier.ts';
import type { Signer, Verifier } from '../../src/signing/signer.ts';
import { makeTestKey } from './keys.ts';
import { testPorts } from './tool-ports.ts';

/** A new key, and our own signer and verifier for it. */
export interface GpgSigner extends AsyncDisposable {
  readonly signer: Signer;
  readonly verifier: Verifier;
}

/** Makes a key in a home of its own; all of it goes with its agent at the end. */
export async function gpgSigner(): Promise<GpgSigner> {
  const scratch = await mkdtemp(join(tmpdir(), 'signer-'));
  const key = await makeTestKey();
  const ports = testPorts({ cacheDirectory: scratch });
  const signer = await openSigner({ fingerprint: key.fingerprint, gpgHome: key.gpgHome }, ports, scratch);
  const verifier = await openVerifier([key.publicKey], ports, scratch);
  return {
    signer,
    verifier,
    async [Symbol.asyncDispose]() {
      await verifier[Symbol.asyncDispose]();
      await signer[Symbol.asyncDispose]();
      await key[Symbol.asyncDispose]();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

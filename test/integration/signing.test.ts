import { copyFile, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { builtInDistributions } from '../../src/distributions/table.ts';
import { CoachbuilderError } from '../../src/errors/coachbuilder-error.ts';
import { requireAcceptedKey } from '../../src/publication/accepted-key.ts';
import { readKeyFile } from '../../src/signing/key-facts.ts';
import { openSigner, type SigningChoice } from '../../src/signing/open-signer.ts';
import { openVerifier } from '../../src/signing/open-verifier.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../src/system/files.ts';
import { makeTestKey, type TestKey } from '../support/keys.ts';
import { mustRun, requireTools, run } from '../support/machine.ts';
import { testPorts, visibleText } from '../support/tool-ports.ts';

const passphrase = 'c0rrect horse % "battery" \'staple\'';
/** What a clear-signed text has to escape, and what it must not lose. */
const text = '-----BEGIN: x\n- dash\nFrom me\n\nüñí\nlast\n';

let scratch: TemporaryDirectory;
let key: TestKey;
let other: TestKey;

beforeAll(async () => {
  await requireTools('gpg', 'rpmbuild', 'rpmkeys');
  scratch = await temporaryDirectory('/tmp', "cb's %signing");
  [key, other] = await Promise.all([makeTestKey({ passphrase }), makeTestKey()]);
});

afterAll(async () => {
  await key[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

const ports = (): ReturnType<typeof testPorts> => testPorts({ cacheDirectory: join(scratch.path, 'cache') });

function choose(chosen: TestKey): SigningChoice {
  return { fingerprint: chosen.fingerprint, gpgHome: chosen.gpgHome, passphrase: chosen.passphrase };
}

async function refusal(promise: Promise<unknown>): Promise<CoachbuilderError> {
  const error = await promise.then(
    () => new Error('was not refused'),
    (reason: unknown) => reason,
  );
  if (error instanceof CoachbuilderError) return error;
  throw error;
}

/** An empty package, built where nothing needs quoting, in the scratch directory, where much does. */
async function makeRpm(name: string): Promise<string> {
  await using build = await temporaryDirectory('/tmp', 'cb-rpm');
  const spec = join(build.path, `${name}.spec`);
  const facts = ['Version: 1', 'Release: 1', 'Summary: x', 'License: MIT', 'BuildArch: noarch'];
  await writeFile(spec, [`Name: ${name}`, ...facts, '%description', 'x', '%files', ''].join('\n'));
  const macros = [`_topdir ${build.path}`, `_rpmdir ${build.path}`, `_rpmfilename ${name}.rpm`];
  await mustRun(['rpmbuild', '-bb', ...macros.flatMap((macro) => ['--define', macro]), spec], { cwd: build.path });
  const path = join(scratch.path, `${name}.rpm`);
  await copyFile(join(build.path, `${name}.rpm`), path);
  return path;
}

async function forgetPassphrases(of: TestKey): Promise<void> {
  await mustRun(['gpgconf', '--kill', 'all'], { env: { GNUPGHOME: of.gpgHome } });
}

describe('signing with a protected key and no terminal', () => {
  it('signs texts and bytes that gpgv verifies, with SHA-512', async () => {
    await using signer = await openSigner(choose(key), ports(), scratch.path);
    await using verifier = await openVerifier([key.publicKey], ports(), scratch.path);
    expect(signer.fingerprint).toBe(key.fingerprint);
    const signed = await signer.clearSign(text);
    expect(signed.split('\n').slice(0, 2)).toEqual(['-----BEGIN PGP SIGNED MESSAGE-----', 'Hash: SHA512']);
    expect(await verifier.verifyClearSigned(signed, 'InRelease')).toBe(text);
    const bytes = Buffer.from([0, 13, 10, 255]);
    const signature = await signer.detachSign(bytes);
    expect(signature).toMatch(/^-----BEGIN PGP SIGNATURE-----\n/);
    await verifier.verifyDetached(bytes, signature, 'repomd.xml');
    // An oracle besides our own verifier: gpg's word for the digest, RFC 9580, 9.5.
    const file = join(scratch.path, 'signature.asc');
    await writeFile(file, signature);
    expect((await mustRun(['gpg', '--list-packets', file])).stdout).toContain('digest algo 10');
  });

  it('signs rpms, which rpm then demands a signature of', async () => {
    const path = await makeRpm('signed');
    const before = await readFile(path);
    await forgetPassphrases(key);
    const used = ports();
    await using signer = await openSigner(choose(key), used, scratch.path);
    // The agent would remember what opening told it.
    await forgetPassphrases(key);
    await using verifier = await openVerifier([key.publicKey], used, scratch.path);
    const error = await refusal(verifier.verifyRpm(path));
    expect(error.code).toBe('signature-invalid');
    await signer.signRpm(path);
    await verifier.verifyRpm(path);
    expect(await readFile(path)).not.toEqual(before);
    const query = ['rpm', '-qp', '--nosignature', '--qf', '%{RSAHEADER:pgpsig}', 'signed.rpm'] as const;
    expect((await mustRun(query, { cwd: scratch.path })).stdout).toMatch(/^RSA\/SHA256/);
    expect(visibleText(used)).not.toContain(passphrase);
    expect((await readdir(scratch.path, { recursive: true })).filter((name) => name.endsWith('passphrase'))).toEqual(
      [],
    );
  });

  it('leaves an rpm as it is when it cannot be signed', async () => {
    const path = await makeRpm('unsigned');
    const before = await readFile(path);
    const used = ports();
    await using signer = await openSigner(choose(key), used, scratch.path);
    await forgetPassphrases(key);
    // A wrong passphrase gets no further than opening, so the key goes away in between.
    const grip = /^grp:{9}([0-9A-F]{40}):/m.exec(await key.gpg('--with-colons', '--with-keygrip', '--list-keys'))?.[1];
    const file = join(key.gpgHome, 'private-keys-v1.d', `${grip ?? ''}.key`);
    const secret = await readFile(file);
    await mustRun(['rm', file]);
    try {
      const error = await refusal(signer.signRpm(path));
      expect(error.message).toContain(key.fingerprint);
      expect(error.details.join('\n')).toContain(path);
    } finally {
      await writeFile(file, secret, { mode: 0o600 });
    }
    expect(await readFile(path)).toEqual(before);
  });

  it('does not sign a damaged rpm, and says that it is damaged', async () => {
    const path = await makeRpm('damaged');
    const bytes = await readFile(path);
    bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
    await writeFile(path, bytes);
    await using signer = await openSigner(choose(key), ports(), scratch.path);
    expect(await refusal(signer.signRpm(path))).toMatchObject({
      code: 'signing-failed',
      message: 'damaged.rpm is damaged: it is not what its own digests say',
    });
    expect(await readFile(path)).toEqual(bytes);
  });
});

describe('keys that cannot sign', () => {
  it('says that the passphrase is wrong, without saying it', async () => {
    await forgetPassphrases(key);
    const used = ports();
    const error = await refusal(openSigner({ ...choose(key), passphrase: 'Wr0ngSecret' }, used, scratch.path));
    expect([error.code, error.message]).toEqual([
      'key-unusable',
      `the passphrase does not open the signing key ${key.fingerprint}`,
    ]);
    expect(visibleText(used, error)).not.toContain('Wr0ngSecret');
  });

  it('asks nobody for a passphrase that was not given', async () => {
    await forgetPassphrases(key);
    const error = await refusal(openSigner({ ...choose(key), passphrase: undefined }, ports(), scratch.path));
    expect([error.code, error.message]).toEqual([
      'key-unusable',
      `the signing key ${key.fingerprint} is protected by a passphrase, and none was given`,
    ]);
  });

  it('says that there is no such secret key, directory or fingerprint', async () => {
    const absent = 'ABCDEF0123456789ABCDEF0123456789ABCDEF01';
    const refused = await Promise.all([
      refusal(openSigner({ ...choose(other), fingerprint: absent }, ports(), scratch.path)),
      refusal(openSigner({ ...choose(other), gpgHome: '/nowhere' }, ports(), scratch.path)),
      refusal(openSigner({ ...choose(other), fingerprint: other.fingerprint.slice(-16) }, ports(), scratch.path)),
    ]);
    expect(refused.map(({ code, message }) => [code, message])).toEqual([
      ['key-unusable', `there is no secret key ${absent} in ${other.gpgHome}`],
      ['key-unusable', 'there is no directory of keys at /nowhere'],
      ['key-unusable', `"${other.fingerprint.slice(-16)}" is no fingerprint of a signing key`],
    ]);
  });

  it('refuses an expired and a revoked key', async () => {
    await using expired = await makeTestKey({ madeAt: '20240101T000000', expire: '1d' });
    await using revoked = await makeTestKey();
    // gpg makes the certificate with a colon in front, so that nobody takes it by accident.
    const certificate = join(revoked.gpgHome, 'openpgp-revocs.d', `${revoked.fingerprint}.rev`);
    await writeFile(certificate, (await readFile(certificate, 'utf8')).replace(/^:---/m, '---'));
    await revoked.gpg('--import', certificate);
    for (const [bad, word] of [
      [expired, 'expired'],
      [revoked, 'revoked'],
    ] as const) {
      const error = await refusal(openSigner(choose(bad), ports(), scratch.path));
      expect([error.code, error.message]).toEqual(['key-unusable', `the signing key ${bad.fingerprint} is ${word}`]);
    }
  });

  it('signs by the primary key where it can, and by a subkey where it cannot or where that is asked for', async () => {
    await using both = await makeTestKey({ signingSubkey: 'rsa2048' });
    await using subkeyOnly = await makeTestKey({ usage: 'cert', signingSubkey: 'rsa2048' });
    const signedBy = async (of: TestKey, fingerprint = of.fingerprint): Promise<readonly [string, string]> => {
      await using signer = await openSigner({ ...choose(of), fingerprint }, ports(), scratch.path);
      const file = join(scratch.path, `${of.fingerprint}.asc`);
      await writeFile(file, await signer.detachSign(Buffer.from('x')));
      const packets = (await mustRun(['gpg', '--list-packets', file])).stdout;
      return [signer.fingerprint, /issuer fpr v4 ([0-9A-F]{40})/.exec(packets)?.[1] ?? ''];
    };
    const subkeyOf = async (of: TestKey): Promise<string> =>
      [...(await of.gpg('--with-colons', '--list-keys')).matchAll(/^fpr:{9}([0-9A-F]{40}):/gm)][1]?.[1] ?? '';
    expect(await signedBy(both)).toEqual([both.fingerprint, both.fingerprint]);
    expect(await signedBy(both, await subkeyOf(both))).toEqual([both.fingerprint, await subkeyOf(both)]);
    expect(await signedBy(subkeyOnly)).toEqual([subkeyOnly.fingerprint, await subkeyOf(subkeyOnly)]);
  });

  it('is judged by the key that signs, also when that is a subkey beside a primary key that could sign', async () => {
    await using both = await makeTestKey({ signingSubkey: 'rsa2048' });
    await using offline = await makeTestKey({ signingSubkey: 'rsa2048' });
    // A primary key that stays at home: `gpg --list-secret-keys` has `sec#`.
    const secret = await offline.gpg('--armor', '--export-secret-subkeys');
    await offline.gpg('--yes', '--delete-secret-keys', offline.fingerprint);
    await writeFile(join(scratch.path, 'subkeys.asc'), secret);
    await offline.gpg('--import', join(scratch.path, 'subkeys.asc'));
    const subkeyOf = ({ publicKey }: TestKey): string =>
      readKeyFile(Buffer.from(publicKey), 'key').keys[0]?.subkeys[0]?.fingerprint ?? '';
    const distributions = [...builtInDistributions().values()].filter(({ id }) =>
      ['centos-7', 'debian-12', 'fedora-43'].includes(id),
    );
    const judge = async (of: TestKey, fingerprint = of.fingerprint): Promise<void> => {
      await using signer = await openSigner({ ...choose(of), fingerprint }, ports(), scratch.path);
      const reporter = { report: () => undefined, close: () => undefined };
      const { keys } = readKeyFile(Buffer.from(of.publicKey), 'key');
      requireAcceptedKey({ keys, signer }, distributions, { now: new Date(), reporter });
    };
    await judge(both);
    for (const [of, fingerprint] of [
      [both, subkeyOf(both)],
      [offline, offline.fingerprint],
    ] as const) {
      const error = await refusal(judge(of, fingerprint));
      expect([error.code, error.message]).toEqual([
        'key-unusable',
        `clients of centos-7, fedora-43 would refuse what the subkey ${subkeyOf(of)} of ${of.fingerprint} signs`,
      ]);
    }
  });
});

describe('verifying', () => {
  it('refuses what was changed, is signed by another key, or is not signed', async () => {
    await using signer = await openSigner(choose(other), ports(), scratch.path);
    await using verifier = await openVerifier([other.publicKey], ports(), scratch.path);
    await using stranger = await openVerifier([key.publicKey], ports(), scratch.path);
    await using both = await openVerifier([key.publicKey, other.publicKey], ports(), scratch.path);
    const signed = await signer.clearSign(text);
    expect(await both.verifyClearSigned(signed, 'x')).toBe(text);
    const wrong = await signer.detachSign(Buffer.from('a'));
    const refused = await Promise.all(
      [
        verifier.verifyClearSigned(signed.replace('last', 'lost'), 'InRelease'),
        stranger.verifyClearSigned(signed, 'InRelease'),
        verifier.verifyClearSigned(text, 'InRelease'),
        verifier.verifyClearSigned(`Suite: evil\n${signed}`, 'InRelease'),
        verifier.verifyClearSigned(`${signed}Suite: evil\n`, 'InRelease'),
        verifier.verifyDetached(Buffer.from('b'), wrong, 'repomd.xml'),
        verifier.verifyDetached(Buffer.from('b'), 'no signature\n', 'repomd.xml'),
      ].map((promise) => refusal(promise)),
    );
    expect(refused.map(({ code, message }) => [code, message])).toEqual(
      [
        'InRelease was changed after it was signed',
        'InRelease is signed by another key',
        'InRelease is not a signed text',
        'InRelease is not a signed text',
        'InRelease is not a signed text',
        'repomd.xml was changed after it was signed',
        'repomd.xml has no valid signature',
      ].map((message) => ['signature-invalid', message]),
    );
  });

  it('refuses a signature with SHA-1, and one of a key that has expired since, as apt does', async () => {
    await using expired = await makeTestKey({ madeAt: '20240101T000000', expire: '1d' });
    const file = join(scratch.path, 'data');
    await writeFile(file, 'data\n');
    const sign = async (by: TestKey, ...options: readonly string[]): Promise<string> =>
      by.gpg(...options, '--armor', '--output', '-', '--detach-sign', file);
    const weak = await sign(other, '--digest-algo', 'SHA1');
    const old = await sign(expired, '--faked-system-time', '20240101T010000');
    await using verifier = await openVerifier([other.publicKey, expired.publicKey], ports(), scratch.path);
    const messages = await Promise.all(
      [weak, old].map(
        async (signature) => (await refusal(verifier.verifyDetached(await readFile(file), signature, 'x'))).message,
      ),
    );
    expect(messages).toEqual(['x is signed with a digest that is too weak', 'x is signed by a key that has expired']);
  });

  it('takes a text with signatures of an old and a new key from clients that have one of them', async () => {
    const file = join(scratch.path, 'both');
    await writeFile(file, text);
    const secret = await other.gpg('--armor', '--export-secret-keys', other.fingerprint);
    await using second = await makeTestKey();
    const secretFile = join(scratch.path, 'secret.asc');
    await writeFile(secretFile, secret, { mode: 0o600 });
    await second.gpg('--import', secretFile);
    const users = [second, other].flatMap(({ fingerprint }) => ['--local-user', fingerprint]);
    const signed = await second.gpg(...users, '--output', '-', '--clear-sign', file);
    for (const { publicKey } of [second, other]) {
      await using verifier = await openVerifier([publicKey], ports(), scratch.path);
      expect(await verifier.verifyClearSigned(signed, 'x')).toBe(text);
    }
  });

  it('refuses an rpm that was changed, or signed by another key; rpm by itself passes an unsigned one', async () => {
    const path = await makeRpm('tampered');
    expect((await run(['rpmkeys', '--dbpath', scratch.path.replaceAll('%', '%%'), '--checksig', path])).exitCode).toBe(
      0,
    );
    await using signer = await openSigner(choose(other), ports(), scratch.path);
    await using verifier = await openVerifier([other.publicKey], ports(), scratch.path);
    await using stranger = await openVerifier([key.publicKey], ports(), scratch.path);
    await signer.signRpm(path);
    await verifier.verifyRpm(path);
    expect((await refusal(stranger.verifyRpm(path))).code).toBe('signature-invalid');
    const bytes = await readFile(path);
    bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
    await writeFile(path, bytes);
    expect((await refusal(verifier.verifyRpm(path))).code).toBe('signature-invalid');
  });
});

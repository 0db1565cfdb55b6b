import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { checkKey } from '../../src/cli/check-key.ts';
import { createKey } from '../../src/cli/create-key.ts';
import { CoachbuilderError } from '../../src/errors/coachbuilder-error.ts';
import { builtInDistributions } from '../../src/distributions/table.ts';
import { requireAcceptedKey } from '../../src/publication/accepted-key.ts';
import { readKeyFile } from '../../src/signing/key-facts.ts';
import { readKeyListing } from '../../src/signing/key-listing.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../src/system/files.ts';
import { makeTestKey, type TestKeyOptions } from '../support/keys.ts';
import { mustRun } from '../support/machine.ts';
import { fakeWorld } from '../support/world.ts';

let scratch: TemporaryDirectory;

beforeAll(async () => {
  scratch = await temporaryDirectory('/tmp', 'cbk');
});

afterAll(async () => {
  await scratch[Symbol.asyncDispose]();
});

const nobody = { report: () => undefined, close: () => undefined };

/** A command of ours in a world that has the machine's PATH, and a cache of the test's own. */
async function invoke(
  command: typeof checkKey,
  argv: readonly string[],
): Promise<{ readonly stdout: string; readonly stderr: string; readonly error: unknown }> {
  const env = { PATH: process.env['PATH'], HOME: scratch.path, XDG_CACHE_HOME: join(scratch.path, 'cache') };
  const { world, output } = fakeWorld({ env, cwd: scratch.path, now: new Date() });
  const error = await command(argv, world).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { ...output, error };
}

const kinds: Readonly<Record<string, TestKeyOptions>> = {
  'RSA with a subkey': { signingSubkey: 'ed25519', expire: '2099-01-01' },
  'certifying RSA with a subkey': { usage: 'cert', signingSubkey: 'rsa2048' },
  'RSA with SHA-1': { selfSignatureDigest: 'SHA1' },
  DSA: { algorithm: 'dsa2048' },
  Ed25519: { algorithm: 'ed25519', selfSignatureDigest: 'SHA256' },
  'NIST P-256': { algorithm: 'nistp256', user: 'Ünïcode: name <u@example.com>' },
  'expired RSA': { madeAt: '20240101T000000', expire: '1d' },
};

describe('the facts of a key', () => {
  it.each(Object.entries(kinds))('are those that gpg reads: %s', async (_title, options) => {
    await using key = await makeTestKey(options);
    const [block] = readKeyListing(await key.gpg('--with-colons', '--fixed-list-mode', '--list-keys'));
    const bytes = await readFile(key.publicKeyFile);
    const { keys, encoding } = readKeyFile(bytes, 'key');
    const [facts] = keys;
    if (block === undefined || facts === undefined) throw new Error('no key');
    expect(encoding).toBe('armoured');
    const ours = [facts, ...facts.subkeys];
    const theirs = [block.primary, ...block.subkeys];
    expect(ours.map((part) => [part.fingerprint, part.created, part.expires, part.canSign, part.curve])).toEqual(
      theirs.map((part) => [part.fingerprint, part.created, part.expires, part.capabilities.includes('s'), part.curve]),
    );
    expect(ours.filter(({ bits }) => bits !== undefined).map(({ bits }) => bits)).toEqual(
      theirs.filter(({ curve }) => curve === undefined).map(({ bits }) => bits),
    );
    expect(facts.users).toEqual(block.users);
    expect(facts.digests).toEqual([options.selfSignatureDigest ?? 'SHA512']);
    const file = join(scratch.path, 'binary.gpg');
    await mustRun(['gpg', '--batch', '--yes', '--output', file, '--dearmor', key.publicKeyFile], {
      env: { GNUPGHOME: key.gpgHome },
    });
    expect(readKeyFile(await readFile(file), 'key')).toEqual({ encoding: 'binary', keys });
  });

  it('take the newest signature for the end of a key, and know a revoked one', async () => {
    await using key = await makeTestKey({ madeAt: '20240101T000000', expire: '1d' });
    await key.gpg('--quick-set-expire', key.fingerprint, '2y');
    const extended = readKeyFile(Buffer.from(await key.gpg('--armor', '--export')), 'key').keys[0];
    expect(extended?.expires).toBeGreaterThan(Date.now() / 1000);
    const certificate = join(key.gpgHome, 'openpgp-revocs.d', `${key.fingerprint}.rev`);
    await writeFile(certificate, (await readFile(certificate, 'utf8')).replace(/^:---/m, '---'));
    await key.gpg('--import', certificate);
    const revoked = readKeyFile(Buffer.from(await key.gpg('--armor', '--export')), 'key').keys[0];
    expect([extended?.revoked, revoked?.revoked]).toEqual([false, true]);
  });

  it('are not read from secret keys, keyboxes, damaged files and other things', async () => {
    await using key = await makeTestKey();
    const bytes = await readFile(key.publicKeyFile);
    const secret = await key.gpg('--armor', '--export-secret-keys');
    const messages = [
      Buffer.from(secret),
      await readFile(join(key.gpgHome, 'pubring.kbx')),
      Buffer.from(bytes.toString().replace(/^(.{63}).$/m, '$1')),
      bytes.subarray(0, -200),
      Buffer.from('no key\n'),
      Buffer.alloc(0),
      Buffer.from([0x99, 1, 0, 4]),
    ].map((file) => {
      try {
        readKeyFile(file, 'F');
        return 'accepted';
      } catch (error) {
        return error instanceof CoachbuilderError ? `${error.code}: ${error.message}` : String(error);
      }
    });
    expect(messages).toEqual([
      'key-unusable: F is a SECRET key, which nobody else may ever see',
      'key-unusable: F is a keybox of GnuPG, not a key',
      'key-unusable: F is no ASCII-armoured public key, or a damaged one',
      'key-unusable: F is no ASCII-armoured public key, or a damaged one',
      'key-unusable: F is no OpenPGP public key: there is something in it that is no OpenPGP packet',
      'key-unusable: F is no OpenPGP public key: there is no public key in it',
      'key-unusable: F is no OpenPGP public key: it ends too early',
    ]);
  });
});

describe('the key that signs', () => {
  it('is judged as clients have it, and without the keys beside it', async () => {
    await using key = await makeTestKey({ madeAt: '20240101T000000', expire: '1d' });
    await using other = await makeTestKey();
    await key.gpg('--quick-set-expire', key.fingerprint, '0');
    const extended = await key.gpg('--armor', '--export');
    const distributions = [builtInDistributions().get('debian-12')].flatMap((each) => each ?? []);
    const judge = (keyText: string, fingerprint: string) => (): void => {
      const { keys } = readKeyFile(Buffer.from(keyText), 'key');
      const signer = { fingerprint, signingFingerprint: fingerprint };
      requireAcceptedKey({ keys, signer }, distributions, { now: new Date(), reporter: nobody });
    };
    expect(judge(extended, key.fingerprint)).not.toThrow();
    expect(judge(key.publicKey, key.fingerprint)).toThrow(/clients of debian-12 would refuse/);
    // While one key takes the place of another, the file has both.
    expect(judge(key.publicKey + other.publicKey, other.fingerprint)).not.toThrow();
  });
});

describe('create-key and check-key', () => {
  it('make a key that no client objects to, protected, and tell its secrets nowhere', async () => {
    const [home, output] = [join(scratch.path, 'h'), join(scratch.path, 'out')];
    const passphrase = join(scratch.path, 'passphrase');
    await writeFile(passphrase, 'Pa55 ph"rase\n', { mode: 0o600 });
    const common = ['--name', 'Acme packages', '--email', 'p@acme.example', '--gpg-home', home];
    const argv = [...common, '--output', output, '--passphrase-file', passphrase, '--export-secret-key'];
    try {
      const created = await invoke(createKey, argv);
      expect(created.error).toBeUndefined();
      const file = join(output, 'signing-key.asc');
      const secret = join(output, 'signing-key.secret.asc');
      expect([(await stat(file)).mode & 0o777, (await stat(secret)).mode & 0o777]).toEqual([0o644, 0o600]);
      expect((await stat(home)).mode & 0o777).toBe(0o700);
      // What gpg says of it is the oracle: RSA of 4096 bits, [SC], no subkey, no end; the secret part is protected.
      const listing = await mustRun(['gpg', '--with-colons', '--show-keys', file], { env: { GNUPGHOME: home } });
      const [block, ...others] = readKeyListing(listing.stdout);
      expect(others).toEqual([]);
      expect(block?.subkeys).toEqual([]);
      expect(block?.primary).toMatchObject({ algorithm: 1, bits: 4096, expires: undefined, capabilities: 'sc' });
      expect(created.stdout).toContain(`signing-key: ${block?.primary.fingerprint ?? ''}`);
      expect((await mustRun(['gpg', '--list-packets', secret], { env: { GNUPGHOME: home } })).stdout).toMatch(
        /iter\+salt S2K/,
      );
      const checked = await invoke(checkKey, [file]);
      expect(checked.error).toBeUndefined();
      expect(checked.stdout).not.toMatch(/warns|refuses/);
      expect(checked.stdout.match(/accepts/g)?.length).toBeGreaterThan(25);
      const log = await mustRun(['grep', '-rlE', 'Pa55|PRIVATE KEY', join(scratch.path, 'cache')]).catch(
        () => undefined,
      );
      expect(log?.stdout).toBeUndefined();
      expect(created.stdout).not.toContain('passphrase:');
      const again = await invoke(createKey, argv);
      expect(again.error).toMatchObject({ code: 'output-exists' });
      const twice = await invoke(createKey, [...common, '--output', join(scratch.path, 'out2')]);
      expect(twice.error).toMatchObject({
        code: 'key-unusable',
        message: 'there is a key of Acme packages <p@acme.example> already',
      });
    } finally {
      await mustRun(['gpgconf', '--kill', 'all'], { env: { GNUPGHOME: home } });
    }
  });

  it('says that a key is not protected, and which command makes a copy of it', async () => {
    const home = join(scratch.path, 'h p');
    const argv = ['--name=A', '--email=a@acme.example', `--gpg-home=${home}`, '--output', join(scratch.path, 'plain')];
    try {
      const { stdout, error } = await invoke(createKey, argv);
      expect(error).toBeUndefined();
      expect(stdout).toContain('passphrase:  none');
      const copy = /^ +(GNUPGHOME=.*)$/m.exec(stdout)?.[1] ?? '';
      await mustRun(['sh', '-c', copy], { cwd: scratch.path });
      expect((await stat(join(scratch.path, 'signing-key.secret.asc'))).mode & 0o777).toBe(0o600);
    } finally {
      await mustRun(['gpgconf', '--kill', 'all'], { env: { GNUPGHOME: home } });
    }
  });

  it('names the directory that cannot be made', async () => {
    const file = join(scratch.path, 'file');
    await writeFile(file, '');
    const argv = [
      '--name=A',
      '--email=a@acme.example',
      '--gpg-home',
      join(file, 'h'),
      '--output',
      join(scratch.path, 'o'),
    ];
    expect((await invoke(createKey, argv)).error).toMatchObject({
      code: 'output-unwritable',
      message: `${join(file, 'h')} cannot be written`,
    });
  });

  it('says who would refuse a key, and fails then', async () => {
    await using key = await makeTestKey({ selfSignatureDigest: 'SHA1' });
    const asked = [key.publicKeyFile, '--distribution', 'centos-7,rocky-9,debian-12,debian-13', '--json'];
    const { stdout, error } = await invoke(checkKey, asked);
    const [judged] = JSON.parse(stdout) as {
      fingerprint: string;
      verdicts: { distribution: string; verdict: string }[];
    }[];
    expect(judged?.fingerprint).toBe(key.fingerprint);
    expect(judged?.verdicts.map(({ distribution, verdict }) => [distribution, verdict])).toEqual([
      ['centos-7', 'accepts'],
      ['rocky-9', 'refuses'],
      ['debian-12', 'accepts'],
      ['debian-13', 'refuses'],
    ]);
    expect(error).toMatchObject({
      code: 'key-unusable',
      message: `2 distributions would refuse ${key.publicKeyFile}: rocky-9, debian-13`,
    });
    expect((await invoke(checkKey, [key.publicKeyFile, '--distribution', 'centos-7'])).error).toBeUndefined();
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it, test } from 'vitest';

import { armor, dearmor } from '../../../../src/openpgp/armor.ts';
import { readReleaseKey } from '../../../../src/formats/release/package.ts';
import { readPublicKeys } from '../../../../src/formats/release/public-keys.ts';

// Written by gpg 2.2.40, and so are the fingerprints: gpg --with-colons --with-subkey-fingerprint --list-keys.
const keys = join(import.meta.dirname, 'keys');
const old = readFileSync(join(keys, 'old.asc'), 'utf8');
const renewed = readFileSync(join(keys, 'new.asc'), 'utf8');
const fingerprints = {
  old: 'E66E5CF78785DBDE8D9ED12651041E0779D27EE7',
  oldSubkey: 'A0E4F7CDBBDDD66D1E545BD90A23471C9F76A403',
  renewed: '52688C45038C8622F239822E90AC72D8D2C67085',
};

/** Bytes as a block of armour, without the checksum, which is optional. */
function armour(bytes: Uint8Array, title = 'PUBLIC'): string {
  const body = Buffer.from(bytes).toString('base64');
  return `-----BEGIN PGP ${title} KEY BLOCK-----\n\n${body}\n-----END PGP ${title} KEY BLOCK-----\n`;
}

function binary(text: string): Buffer {
  return Buffer.from(dearmor(text));
}

const invalid = (message: string): Error =>
  expect.objectContaining({
    code: 'manifest-invalid',
    message: `the key of the release package ${message}: key.asc`,
  }) as Error;

test('one key, several blocks, and several keys in one block are read in their order', () => {
  const one = { primary: [fingerprints.old], subkeys: [fingerprints.oldSubkey], certificates: [binary(old)] };
  expect(readPublicKeys(old, 'key.asc')).toEqual(one);
  const both = {
    primary: [fingerprints.old, fingerprints.renewed],
    subkeys: [fingerprints.oldSubkey],
    certificates: [binary(old), binary(renewed)],
  };
  expect(readPublicKeys(`The old one:\n${old}\nand the new one:\n${renewed}`, 'key.asc')).toEqual(both);
  expect(readPublicKeys(armour(Buffer.concat([binary(old), binary(renewed)])), 'key.asc')).toEqual(both);
});

test('armour is what gpg writes', () => {
  expect(armor(binary(old))).toBe(old);
  expect(armor(binary(renewed))).toBe(renewed);
});

test('lengths of the newer form are read as well (RFC 9580, 4.2.1)', () => {
  // The first packet of the RSA key is of the old form with two octets of length: 0x99 0x01 0x0d.
  const bytes = binary(renewed);
  expect([...bytes.subarray(0, 3)]).toEqual([0x99, 0x01, 0x0d]);
  const length = 0x010d;
  const two = Buffer.of(0xc6, ((length - 192) >> 8) + 192, (length - 192) & 255);
  const five = Buffer.of(0xc6, 255, 0, 0, 1, 0x0d);
  for (const header of [two, five]) {
    const changed = Buffer.concat([header, bytes.subarray(3)]);
    expect(readPublicKeys(armour(changed), 'key.asc').primary).toEqual([fingerprints.renewed]);
  }
});

test('a secret key is refused, also under the title of a public one', () => {
  const bytes = binary(old);
  expect(bytes[0]).toBe(0x98); // an old packet of type 6
  const secret = Buffer.concat([Buffer.of(0x94), bytes.subarray(1)]);
  const refused = invalid('is a SECRET key, which must never leave your machine');
  expect(() => readPublicKeys(armour(secret, 'PRIVATE'), 'key.asc')).toThrow(refused);
  expect(() => readPublicKeys(armour(secret), 'key.asc')).toThrow(refused);
  expect(() => readPublicKeys(`${renewed}${armour(secret)}`, 'key.asc')).toThrow(refused);
});

test('what holds no key is refused', () => {
  const bytes = binary(old);
  const userId = bytes.subarray(53, 53 + 2 + 21); // 0xb4: the packet after the key's, which has 2 + 51 octets
  expect(userId.subarray(0, 2)).toEqual(Buffer.of(0xb4, 21));
  expect(() => readPublicKeys(armour(userId), 'key.asc')).toThrow(invalid('holds no public key'));
  for (const damaged of [bytes.subarray(0, 30), bytes.subarray(0, 1), Buffer.from('hello'), Buffer.of(0xc6, 230, 1)]) {
    expect(() => readPublicKeys(armour(damaged), 'key.asc')).toThrow(invalid('is damaged'));
  }
  expect(() => readPublicKeys('hello', 'key.asc')).toThrow(invalid('is no ASCII-armoured public key'));
  const wrong = renewed.replace(/^=.{4}$/m, '=AAAA');
  expect(() => readPublicKeys(wrong, 'key.asc')).toThrow(invalid('does not match its checksum'));
});

describe('the key of a manifest', () => {
  const directory = mkdtempSync(join(tmpdir(), 'coachbuilder-keys-'));
  const key = join(directory, 'acme.asc');
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  it('has to be there when packages are signed with a certain one', async () => {
    writeFileSync(key, old);
    const read = (signingKey: string | undefined): Promise<string | undefined> =>
      readReleaseKey({ key, repository: { signingKey } });
    await expect(read(undefined)).resolves.toBe(old);
    await expect(read(fingerprints.old)).resolves.toBe(old);
    await expect(read(fingerprints.renewed)).rejects.toMatchObject({
      code: 'manifest-invalid',
      message: `the key of the release package is not repository.signing-key ${fingerprints.renewed}: ${key}`,
      details: [`keys in the file: ${fingerprints.old}`],
    });
    await expect(read(fingerprints.oldSubkey)).rejects.toMatchObject({
      message: `repository.signing-key ${fingerprints.oldSubkey} is a subkey`,
    });
    writeFileSync(key, `${old}${renewed}`);
    await expect(read(fingerprints.renewed)).resolves.toBe(`${old}${renewed}`);
  });

  it('is not needed', async () => {
    await expect(readReleaseKey({ key: undefined, repository: { signingKey: undefined } })).resolves.toBeUndefined();
  });
});

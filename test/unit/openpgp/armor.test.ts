import { expect, test } from 'vitest';

import { ArmorError, dearmor } from '../../../src/openpgp/armor.ts';

/** A block around `body`; `Zm9vYmFy` with the checksum `=czTe` is what `printf foobar | gpg --enarmor` writes. */
function armour(body: string, headers = ''): string {
  return `-----BEGIN PGP PUBLIC KEY BLOCK-----\n${headers}\n${body}\n-----END PGP PUBLIC KEY BLOCK-----\n`;
}

const invalid = (message: string): ArmorError => new ArmorError(message);

test('gives the bytes of a block, with headers or without, and whatever the line ends are', () => {
  const text = armour('Zm9v\nYmFy', 'Version: GnuPG v2\nComment: a: b\n');
  expect(Buffer.from(dearmor(text)).toString()).toBe('foobar');
  expect(Buffer.from(dearmor(text.replaceAll('\n', '\r\n'))).toString()).toBe('foobar');
});

test('joins several blocks', () => {
  expect(Buffer.from(dearmor(armour('Zm9v') + armour('YmFy'))).toString()).toBe('foobar');
});

test('compares the checksum', () => {
  expect(Buffer.from(dearmor(armour('Zm9vYmFy\n=czTe'))).toString()).toBe('foobar');
  expect(() => dearmor(armour('Zm9vYmFz\n=czTe'))).toThrow(invalid('does not match its checksum'));
});

test.each([
  '',
  'hello',
  'Zm9v',
  '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nZm9v\n-----END PGP PRIVATE KEY BLOCK-----\n',
])('refuses %j, which is no armoured public key', (text) => {
  expect(() => dearmor(text)).toThrow(invalid('is no ASCII-armoured public key'));
});

test.each(['', 'Zm9', 'Zm9v!mFy', 'Zm9vYmFy\n=cz', 'Zm9vYmFy\n='])(
  'refuses a block with the damaged body %j',
  (body) => {
    expect(() => dearmor(armour(body))).toThrow(invalid('is damaged'));
  },
);

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';

/** CRC-24 of RFC 9580, 6.1.1. */
function crc24(bytes: Uint8Array): number {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit += 1) {
      crc <<= 1;
      if ((crc & 0x1000000) !== 0) crc ^= 0x1864cfb;
    }
  }
  return crc & 0xffffff;
}

const block = /^-----BEGIN PGP PUBLIC KEY BLOCK-----[ \t]*\n([\s\S]*?)^-----END PGP PUBLIC KEY BLOCK-----[ \t]*$/gm;

function keyInvalid(path: string, reason: string): CoachbuilderError {
  return new CoachbuilderError('manifest-invalid', `the key of the release package ${reason}: ${path}`, {
    hint: 'give the file that `gpg --armor --export <key id>` writes',
  });
}

function dearmorBlock(body: string, path: string): Uint8Array {
  const blank = /^[ \t]*$/m.exec(body);
  // RFC 9580, 6.2: headers such as "Version:" end with an empty line.
  const lines = body
    .slice(blank === null ? 0 : blank.index)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const checksum = lines.at(-1)?.startsWith('=') === true ? lines.pop() : undefined;
  const encoded = lines.join('');
  if (encoded === '' || encoded.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) {
    throw keyInvalid(path, 'is damaged');
  }
  const bytes = Buffer.from(encoded, 'base64');
  if (checksum !== undefined) {
    const expected = Buffer.from(checksum.slice(1), 'base64');
    if (expected.length !== 3) throw keyInvalid(path, 'is damaged');
    if (expected.readUIntBE(0, 3) !== crc24(bytes)) throw keyInvalid(path, 'does not match its checksum');
  }
  return bytes;
}

/**
 * The binary form of ASCII-armoured public keys, one after another: a keyring that every apt reads (`.asc` files are
 * read since apt 1.4 only).
 * @param path of the key's file, for messages
 * @throws CoachbuilderError `manifest-invalid` when there is no public key in the text, or a damaged one
 */
export function dearmor(text: string, path: string): Uint8Array {
  const blocks = [...text.replaceAll('\r\n', '\n').matchAll(block)].map((match) => match[1] ?? '');
  if (blocks.length === 0) throw keyInvalid(path, 'is no ASCII-armoured public key');
  return Buffer.concat(blocks.map((body) => dearmorBlock(body, path)));
}

/**
 * The ASCII-armoured form of public keys, in one block: lines of 64 characters and a checksum, as gpg writes them (RFC
 * 9580, 6.2).
 */
export function armor(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  const checksum = Buffer.alloc(3);
  checksum.writeUIntBE(crc24(bytes), 0, 3);
  return [
    '-----BEGIN PGP PUBLIC KEY BLOCK-----',
    '',
    ...lines,
    `=${checksum.toString('base64')}`,
    '-----END PGP PUBLIC KEY BLOCK-----',
    '',
  ].join('\n');
}

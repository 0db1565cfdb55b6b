/** Thrown for text that is no ASCII-armoured key: says what it is; whoever knows the file's name says so. */
export class ArmorError extends Error {}

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

function dearmorBlock(body: string): Uint8Array {
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
    throw new ArmorError('is damaged');
  }
  const bytes = Buffer.from(encoded, 'base64');
  if (checksum !== undefined) {
    const expected = Buffer.from(checksum.slice(1), 'base64');
    if (expected.length !== 3) throw new ArmorError('is damaged');
    if (expected.readUIntBE(0, 3) !== crc24(bytes)) throw new ArmorError('does not match its checksum');
  }
  return bytes;
}

/**
 * The binary form of ASCII-armoured public keys, one after another: a keyring that every apt reads (`.asc` files are
 * read since apt 1.4 only).
 * @throws ArmorError when there is no public key in the text, or a damaged one
 */
export function dearmor(text: string): Uint8Array {
  const blocks = [...text.replaceAll('\r\n', '\n').matchAll(block)].map((match) => match[1] ?? '');
  if (blocks.length === 0) throw new ArmorError('is no ASCII-armoured public key');
  return Buffer.concat(blocks.map(dearmorBlock));
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

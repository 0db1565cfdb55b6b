import { createHash } from 'node:crypto';

import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { dearmor } from './armor.ts';

/** Packet types of RFC 9580, 5. */
const secretKey = 5;
const publicKey = 6;
const secretSubkey = 7;
const publicSubkey = 14;

interface Packet {
  readonly type: number;
  /** The whole packet. */
  readonly bytes: Buffer;
  readonly body: Buffer;
}

/** Offset of a packet's body and its length in bytes; RFC 9580, 4.2.1 and 4.2.2. Undefined: no whole packet of a key. */
function measure(bytes: Buffer, at: number): { readonly start: number; readonly length: number } | undefined {
  const header = bytes.readUInt8(at);
  const whole = (start: number, length: () => number): { start: number; length: number } | undefined =>
    start <= bytes.length ? { start, length: length() } : undefined;
  if ((header & 0x40) === 0) {
    const width = [1, 2, 4][header & 3];
    return width === undefined ? undefined : whole(at + 1 + width, () => bytes.readUIntBE(at + 1, width));
  }
  const first = bytes[at + 1] ?? 224;
  if (first < 192) return { start: at + 2, length: first };
  if (first < 224) return whole(at + 3, () => ((first - 192) << 8) + bytes.readUInt8(at + 2) + 192);
  return first === 255 ? whole(at + 6, () => bytes.readUInt32BE(at + 2)) : undefined;
}

/** The packets of a key ring; undefined when the bytes are something else, or end too early. */
function packetsOf(bytes: Buffer): readonly Packet[] | undefined {
  const packets: Packet[] = [];
  let at = 0;
  while (at < bytes.length) {
    const header = bytes.readUInt8(at);
    const body = (header & 0x80) === 0 ? undefined : measure(bytes, at);
    if (body === undefined || body.start + body.length > bytes.length) return undefined;
    const type = (header & 0x40) === 0 ? (header >> 2) & 15 : header & 63;
    const end = body.start + body.length;
    packets.push({ type, bytes: bytes.subarray(at, end), body: bytes.subarray(body.start, end) });
    at = end;
  }
  return packets;
}

/** RFC 9580, 5.5.4; undefined for versions whose fingerprints no client uses any more. */
function fingerprintOf(body: Buffer): string | undefined {
  const version = body[0];
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  if (version === 4) {
    return createHash('sha1')
      .update(Buffer.of(0x99))
      .update(length.subarray(2))
      .update(body)
      .digest('hex')
      .toUpperCase();
  }
  if (version === 6) {
    return createHash('sha256').update(Buffer.of(0x9b)).update(length).update(body).digest('hex').toUpperCase();
  }
  return undefined;
}

function unusable(path: string, message: string, hint: string): CoachbuilderError {
  return new CoachbuilderError('manifest-invalid', `the key of the release package ${message}: ${path}`, { hint });
}

/** What a file of public keys holds: upper-case hexadecimal fingerprints, in the order of the file. */
export interface PublicKeys {
  readonly primary: readonly string[];
  readonly subkeys: readonly string[];
  /** Binary, one for each primary key, with all that belongs to it (RFC 9580, 10.1). */
  readonly certificates: readonly Uint8Array[];
}

function certificatesOf(packets: readonly Packet[]): readonly Uint8Array[] {
  const starts = packets.flatMap(({ type }, index) => (type === publicKey ? [index] : []));
  return starts.map((start, index) => Buffer.concat(packets.slice(start, starts[index + 1]).map(({ bytes }) => bytes)));
}

/**
 * Reads a file of ASCII-armoured public keys: one block or several, each with one key or several.
 * @param path of the file, for messages
 * @throws CoachbuilderError `manifest-invalid` when it holds no key, a damaged one, or a secret one
 */
export function readPublicKeys(text: string, path: string): PublicKeys {
  const secret = (): CoachbuilderError =>
    unusable(
      path,
      'is a SECRET key, which must never leave your machine',
      'give the file that `gpg --armor --export <key id>` writes; if this one was ever published, make a new key',
    );
  // A secret key that was armoured under the other title is found by its packets.
  if (/^-----BEGIN PGP PRIVATE KEY BLOCK-----/m.test(text)) throw secret();
  const packets = packetsOf(Buffer.from(dearmor(text, path)));
  const hint = 'give the file that `gpg --armor --export <key id>` writes';
  if (packets === undefined) throw unusable(path, 'is damaged', hint);
  if (packets.some(({ type }) => type === secretKey || type === secretSubkey)) throw secret();
  const found = (wanted: number): readonly string[] =>
    packets
      .flatMap(({ type, body }) => (type === wanted ? [fingerprintOf(body) ?? ''] : []))
      .filter((one) => one !== '');
  const primary = found(publicKey);
  if (primary.length === 0) throw unusable(path, 'holds no public key', hint);
  return { primary, subkeys: found(publicSubkey), certificates: certificatesOf(packets) };
}

/**
 * Makes sure that clients which have a file of keys accept what a key signs.
 * @param signingKey fingerprint, upper case
 * @throws CoachbuilderError `manifest-invalid` when the file does not have the key
 */
export function requireSigningKey(keys: PublicKeys, signingKey: string, path: string): void {
  if (keys.primary.includes(signingKey)) return;
  if (keys.subkeys.includes(signingKey)) {
    throw new CoachbuilderError('manifest-invalid', `repository.signing-key ${signingKey} is a subkey`, {
      hint: 'name the primary key that it belongs to: some clients do not find the keys of subkeys',
      details: [`primary keys of ${path}: ${keys.primary.join(', ')}`],
    });
  }
  throw new CoachbuilderError(
    'manifest-invalid',
    `the key of the release package is not repository.signing-key ${signingKey}: ${path}`,
    {
      hint: `append it, so that the file has both: gpg --armor --export ${signingKey}; and raise release.version`,
      details: [`keys in the file: ${keys.primary.join(', ')}`],
    },
  );
}

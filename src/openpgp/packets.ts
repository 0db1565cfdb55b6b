import { createHash } from 'node:crypto';

/** A packet of RFC 9580, 4: its type and what is in it. */
export interface Packet {
  readonly tag: number;
  readonly body: Buffer;
  /** All of it, its head included. */
  readonly bytes: Buffer;
}

/** Thrown for bytes that are no OpenPGP; whoever knows the file's name says so. */
export class PacketError extends Error {}

/** Packet types of RFC 9580, 5. */
export const packetTags = {
  signature: 2,
  secretKey: 5,
  publicKey: 6,
  secretSubkey: 7,
  userId: 13,
  publicSubkey: 14,
} as const;

/** Reads numbers from the front of some bytes; what is not there is an error. */
class Reader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get offset(): number {
    return this.#offset;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  take(count: number): Buffer {
    const piece = this.#bytes.subarray(this.#offset, this.#offset + count);
    if (piece.length < count) throw new PacketError('it ends too early');
    this.#offset += count;
    return piece;
  }

  rest(): Buffer {
    return this.take(this.#bytes.length - this.#offset);
  }

  number(octets: 1 | 2 | 4): number {
    return this.take(octets).readUIntBE(0, octets);
  }
}

/** Length of a body in the new format, RFC 9580, 4.2.1; partial ones are for data only. */
function newLength(reader: Reader): number {
  const first = reader.number(1);
  if (first < 192) return first;
  if (first < 224) return (first - 192) * 256 + reader.number(1) + 192;
  if (first === 255) return reader.number(4);
  throw new PacketError('it has a packet of unknown length');
}

/** A body in the old format, RFC 9580, 4.2.2. */
function readOldBody(reader: Reader, lengthType: number): Buffer {
  const size = ([1, 2, 4] as const)[lengthType];
  return size === undefined ? reader.rest() : reader.take(reader.number(size));
}

/** All packets, one after another, in either format of their heads. @throws PacketError */
export function readPackets(bytes: Buffer): readonly Packet[] {
  const reader = new Reader(bytes);
  const packets: Packet[] = [];
  while (!reader.isAtEnd) {
    const start = reader.offset;
    const head = reader.number(1);
    if (head < 0x80) throw new PacketError('there is something in it that is no OpenPGP packet');
    const tag = head >= 0xc0 ? head & 0x3f : (head >> 2) & 0xf;
    const body = head >= 0xc0 ? reader.take(newLength(reader)) : readOldBody(reader, head & 3);
    packets.push({ tag, body, bytes: bytes.subarray(start, reader.offset) });
  }
  return packets;
}

/** What a public key packet says: RFC 9580, 5.5.2. */
export interface PublicKeyPacket {
  /** 3, 4, 5 or 6. */
  readonly version: number;
  /** Upper-case hexadecimal; empty for versions that no client here knows. */
  readonly fingerprint: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** RFC 9580, 9.1. */
  readonly algorithm: number;
  /** Of RSA's modulus, and of DSA's and Elgamal's prime. */
  readonly bits: number | undefined;
  /** The object identifier of an elliptic curve, hexadecimal. */
  readonly curve: string | undefined;
}

const curveAlgorithms: ReadonlySet<number> = new Set([18, 19, 22]);
const integerAlgorithms: ReadonlySet<number> = new Set([1, 2, 3, 16, 17]);

/** RFC 9580, 5.5.4. */
function fingerprintOf(version: number, body: Buffer): string {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const digest = (name: string, ...parts: readonly Buffer[]): string =>
    createHash(name).update(Buffer.concat(parts)).digest('hex').toUpperCase();
  if (version === 4) return digest('sha1', Buffer.of(0x99), length.subarray(2), body);
  return version === 6 ? digest('sha256', Buffer.of(0x9b), length, body) : '';
}

export function readPublicKey(body: Buffer): PublicKeyPacket {
  const reader = new Reader(body);
  const version = reader.number(1);
  const created = reader.number(4);
  if (version >= 5) reader.take(4);
  else if (version < 4) reader.take(2);
  const algorithm = reader.number(1);
  return {
    version,
    fingerprint: fingerprintOf(version, body),
    created,
    algorithm,
    bits: integerAlgorithms.has(algorithm) ? reader.number(2) : undefined,
    curve: curveAlgorithms.has(algorithm) ? reader.take(reader.number(1)).toString('hex') : undefined,
  };
}

/** What a signature packet says: RFC 9580, 5.2. Times are seconds since 1970. */
export interface SignaturePacket {
  /** RFC 9580, 5.2.1: 0x10 to 0x13 certify a user id, 0x18 binds a subkey, 0x1f is for the key, 0x20 revokes it. */
  readonly type: number;
  /** RFC 9580, 9.5: 2 is SHA-1, 8 SHA-256, 10 SHA-512. */
  readonly digest: number;
  readonly created: number;
  /** Seconds after the key's creation; undefined means never. */
  readonly keyLifetime: number | undefined;
  /** RFC 9580, 5.2.3.29: 1 certifies, 2 signs; undefined: it does not say. */
  readonly flags: number | undefined;
  /** The last 16 hexadecimal digits of the signing key's fingerprint; undefined: it does not say. */
  readonly issuer: string | undefined;
  /** The signature of a subkey that it wants to belong to the key: RFC 9580, 5.2.3.34. */
  readonly embedded: SignaturePacket | undefined;
}

interface Subpacket {
  readonly type: number;
  readonly body: Buffer;
}

function readSubpackets(bytes: Buffer): readonly Subpacket[] {
  const reader = new Reader(bytes);
  const subpackets: Subpacket[] = [];
  while (!reader.isAtEnd) {
    const first = reader.number(1);
    const length = first < 192 ? first : first < 255 ? (first - 192) * 256 + reader.number(1) + 192 : reader.number(4);
    const body = reader.take(length);
    // The uppermost bit says that the subpacket must be understood.
    if (length > 0) subpackets.push({ type: body.readUInt8(0) & 0x7f, body: body.subarray(1) });
  }
  return subpackets;
}

function issuerOf(subpackets: readonly Subpacket[]): string | undefined {
  const keyId = subpackets.find(({ type, body }) => type === 16 && body.length === 8)?.body;
  const fingerprint = subpackets.find(({ type, body }) => type === 33 && body.length === 21)?.body.subarray(-8);
  return (fingerprint ?? keyId)?.toString('hex').toUpperCase();
}

/** A signature of version 3: what PGP of the nineties made. RFC 9580, 5.2.2. */
function readOldSignature(reader: Reader): SignaturePacket {
  reader.take(1);
  const type = reader.number(1);
  const created = reader.number(4);
  const issuer = reader.take(8).toString('hex').toUpperCase();
  reader.take(1);
  const digest = reader.number(1);
  return { type, digest, created, issuer, keyLifetime: undefined, flags: undefined, embedded: undefined };
}

export function readSignature(body: Buffer): SignaturePacket {
  const reader = new Reader(body);
  const version = reader.number(1);
  if (version < 4) return readOldSignature(reader);
  const type = reader.number(1);
  reader.take(1);
  const digest = reader.number(1);
  const area = (): readonly Subpacket[] => readSubpackets(reader.take(reader.number(version >= 6 ? 4 : 2)));
  const hashed = area();
  const all = [...hashed, ...area()];
  const number = (wanted: number): number | undefined =>
    hashed.find((each) => each.type === wanted && each.body.length === 4)?.body.readUInt32BE(0);
  const flags = hashed.find((each) => each.type === 27)?.body;
  const embedded = all.find((each) => each.type === 32)?.body;
  const lifetime = number(9);
  return {
    type,
    digest,
    created: number(2) ?? 0,
    keyLifetime: lifetime === 0 ? undefined : lifetime,
    flags: flags === undefined ? undefined : flags.length === 0 ? 0 : flags.readUInt8(0),
    issuer: issuerOf(all),
    embedded: embedded === undefined ? undefined : readSignature(embedded),
  };
}

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { ArmorError, dearmor } from '../openpgp/armor.ts';
import {
  PacketError,
  packetTags,
  readPackets,
  readPublicKey,
  readSignature,
  type Packet,
  type PublicKeyPacket,
  type SignaturePacket,
} from '../openpgp/packets.ts';

export type KeyAlgorithm = 'rsa' | 'dsa' | 'ecdsa' | 'eddsa' | 'other';

/** What clients look at in a key or subkey. Times are seconds since 1970. */
export interface KeyPart {
  /** 40 upper-case hexadecimal digits; empty for a version that is not 4. */
  readonly fingerprint: string;
  readonly version: number;
  readonly algorithm: KeyAlgorithm;
  readonly bits: number | undefined;
  /** `ed25519`, `nistp256`, …; the object identifier of a curve without a name here. */
  readonly curve: string | undefined;
  readonly created: number;
  readonly expires: number | undefined;
  readonly revoked: boolean;
  readonly canSign: boolean;
  /** Digests, such as `SHA1`, of the newest signatures by which it belongs to its key or user ids; each name once. */
  readonly digests: readonly string[];
}

/** A primary key with all that hangs on it. */
export interface KeyFacts extends KeyPart {
  /** `Name <mail>`. */
  readonly users: readonly string[];
  readonly subkeys: readonly KeyPart[];
}

/** A file of public keys. */
export interface KeyFile {
  readonly encoding: 'armoured' | 'binary';
  readonly keys: readonly KeyFacts[];
}

/** RFC 9580, 9.1. */
const algorithms: Readonly<Record<number, KeyAlgorithm>> = {
  1: 'rsa',
  3: 'rsa',
  17: 'dsa',
  19: 'ecdsa',
  22: 'eddsa',
  27: 'eddsa',
  28: 'eddsa',
};

/** RFC 9580, 9.2. */
const curves: Readonly<Record<string, string>> = {
  '2b06010401da470f01': 'ed25519',
  '2a8648ce3d030107': 'nistp256',
  '2b81040022': 'nistp384',
  '2b81040023': 'nistp521',
  '2b2403030208010107': 'brainpoolP256r1',
  '2b240303020801010b': 'brainpoolP384r1',
  '2b240303020801010d': 'brainpoolP512r1',
};

/** RFC 9580, 9.5. */
const digestNames: Readonly<Record<number, string>> = {
  1: 'MD5',
  2: 'SHA1',
  3: 'RIPEMD160',
  8: 'SHA256',
  9: 'SHA384',
  10: 'SHA512',
  11: 'SHA224',
  12: 'SHA3-256',
  14: 'SHA3-512',
};

const certifies = (type: number): boolean => (type >= 0x10 && type <= 0x13) || type === 0x1f;

/** A packet and the signatures behind it. */
interface Component {
  readonly packet: Packet;
  readonly signatures: SignaturePacket[];
}

function newest(signatures: readonly SignaturePacket[]): SignaturePacket | undefined {
  return signatures.reduce<SignaturePacket | undefined>(
    (best, each) => (best === undefined || each.created >= best.created ? each : best),
    undefined,
  );
}

/** What bindings say of a key: the newest one says when it ends and what it is for. */
function describePart(key: PublicKeyPacket, bindings: readonly SignaturePacket[], revoked: boolean): KeyPart {
  const algorithm = algorithms[key.algorithm] ?? 'other';
  const says = newest(bindings);
  const backSignatures = bindings.flatMap(({ embedded }) => (embedded === undefined ? [] : [embedded]));
  const digests = [...bindings, ...backSignatures].map(
    ({ digest }) => digestNames[digest] ?? `digest ${String(digest)}`,
  );
  return {
    fingerprint: key.fingerprint,
    version: key.version,
    algorithm,
    bits: key.bits,
    curve:
      key.algorithm === 27 ? 'ed25519' : key.algorithm === 28 ? 'ed448' : key.curve && (curves[key.curve] ?? key.curve),
    created: key.created,
    expires: says?.keyLifetime === undefined ? undefined : key.created + says.keyLifetime,
    revoked,
    // Without flags a key may do all that its algorithm can: RFC 9580, 5.2.3.29 leaves it to the reader, GnuPG does so.
    canSign: algorithm !== 'other' && ((says?.flags ?? 2) & 2) !== 0,
    digests: [...new Set(digests)].sort(),
  };
}

/** The components of one key, in their order: the key itself first. */
function describeKey(components: readonly Component[]): KeyFacts {
  const [first] = components;
  if (first === undefined) throw new Error('Internal error: a key without packets');
  const key = readPublicKey(first.packet.body);
  const keyId = key.fingerprint.slice(-16);
  const own = ({ signatures }: Component): readonly SignaturePacket[] =>
    signatures.filter(({ issuer }) => issuer === undefined || key.fingerprint === '' || issuer === keyId);
  const users = components.filter(({ packet }) => packet.tag === packetTags.userId);
  // Of each user id, and of the key itself, the newest signature counts: GnuPG and Sequoia take it.
  const bindings = [first, ...users].flatMap((each) => newest(own(each).filter(({ type }) => certifies(type))) ?? []);
  const subkeys = components
    .filter(({ packet }) => packet.tag === packetTags.publicSubkey)
    .map((each) =>
      describePart(
        readPublicKey(each.packet.body),
        [newest(own(each).filter(({ type }) => type === 0x18)) ?? []].flat(),
        own(each).some(({ type }) => type === 0x28),
      ),
    );
  return {
    ...describePart(
      key,
      bindings,
      own(first).some(({ type }) => type === 0x20),
    ),
    users: users.map(({ packet }) => packet.body.toString('utf8')),
    subkeys,
  };
}

/** The keys of binary data. */
function describeKeys(bytes: Buffer): readonly KeyFacts[] {
  const keys: Component[][] = [];
  for (const packet of readPackets(bytes)) {
    if (packet.tag === packetTags.secretKey || packet.tag === packetTags.secretSubkey) throw new PacketError('secret');
    if (packet.tag === packetTags.publicKey) keys.push([]);
    if (packet.tag === packetTags.signature) keys.at(-1)?.at(-1)?.signatures.push(readSignature(packet.body));
    else keys.at(-1)?.push({ packet, signatures: [] });
  }
  return keys.map(describeKey);
}

function keyInvalid(title: string, reason: string, hint: string): CoachbuilderError {
  return new CoachbuilderError('key-unusable', `${title} ${reason}`, { hint });
}

const exportHint = 'give the file that `gpg --armor --export <fingerprint>` writes';

function refuseOtherFiles(title: string, text: string): void {
  if (text.includes('-----BEGIN PGP PRIVATE KEY BLOCK-----')) {
    throw keyInvalid(title, 'is a SECRET key, which nobody else may ever see', exportHint);
  }
  if (text.slice(8, 12) === 'KBXf') throw keyInvalid(title, 'is a keybox of GnuPG, not a key', exportHint);
}

function dearmored(text: string, title: string): Buffer {
  try {
    return Buffer.from(dearmor(text));
  } catch (error) {
    if (!(error instanceof ArmorError)) throw error;
    throw keyInvalid(title, 'is no ASCII-armoured public key, or a damaged one', exportHint);
  }
}

const armourBegins = '-----BEGIN PGP PUBLIC KEY BLOCK-----';

/**
 * What a file of public keys says of itself. Signatures are read and not verified: that is for gpg, sqv and rpm; what
 * they look at before is here.
 * @param title of the file, for messages
 * @throws CoachbuilderError `key-unusable` when it is none, damaged, or a secret key
 */
export function readKeyFile(bytes: Buffer, title: string): KeyFile {
  const text = bytes.toString('latin1');
  refuseOtherFiles(title, text);
  const isArmoured = text.includes(armourBegins);
  try {
    const keys = describeKeys(isArmoured ? dearmored(text, title) : bytes);
    if (keys.length === 0) throw new PacketError('there is no public key in it');
    return { encoding: isArmoured ? 'armoured' : 'binary', keys };
  } catch (error) {
    if (!(error instanceof PacketError)) throw error;
    if (error.message === 'secret') refuseOtherFiles(title, '-----BEGIN PGP PRIVATE KEY BLOCK-----');
    throw keyInvalid(title, `is no OpenPGP public key: ${error.message}`, exportHint);
  }
}

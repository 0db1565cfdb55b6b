import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import { ArmorError, dearmor } from '../../openpgp/armor.ts';
import { PacketError, packetTags, readPackets, readPublicKey, type Packet } from '../../openpgp/packets.ts';

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
  const starts = packets.flatMap(({ tag }, index) => (tag === packetTags.publicKey ? [index] : []));
  return starts.map((start, index) => Buffer.concat(packets.slice(start, starts[index + 1]).map(({ bytes }) => bytes)));
}

/** @throws ArmorError, PacketError */
function readArmoured(text: string): Pick<PublicKeys, 'primary' | 'subkeys'> & { readonly packets: readonly Packet[] } {
  const packets = readPackets(Buffer.from(dearmor(text)));
  const fingerprints = (wanted: number): readonly string[] =>
    packets
      .flatMap(({ tag, body }) => (tag === wanted ? [readPublicKey(body).fingerprint] : []))
      .filter((one) => one !== '');
  return {
    packets,
    primary: fingerprints(packetTags.publicKey),
    subkeys: fingerprints(packetTags.publicSubkey),
  };
}

const hint = 'give the file that `gpg --armor --export <key id>` writes';

function readOrRefuse(text: string, path: string): ReturnType<typeof readArmoured> {
  try {
    return readArmoured(text);
  } catch (error) {
    if (error instanceof ArmorError) throw unusable(path, error.message, hint);
    if (error instanceof PacketError) throw unusable(path, 'is damaged', hint);
    throw error;
  }
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
  const { packets, primary, subkeys } = readOrRefuse(text, path);
  if (packets.some(({ tag }) => tag === packetTags.secretKey || tag === packetTags.secretSubkey)) throw secret();
  if (primary.length === 0) throw unusable(path, 'holds no public key', hint);
  return { primary, subkeys, certificates: certificatesOf(packets) };
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

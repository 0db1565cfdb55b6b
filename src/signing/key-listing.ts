/** A key or subkey of gpg's listing for programs: GnuPG's doc/DETAILS, "Format of the colon listings". */
export interface ListedKey {
  readonly kind: 'primary' | 'subkey';
  /** Upper-case hexadecimal. */
  readonly fingerprint: string;
  readonly state: 'usable' | 'expired' | 'revoked' | 'disabled' | 'invalid';
  /** RFC 9580, 9.1: 1 RSA, 17 DSA, 19 ECDSA, 22 EdDSA. */
  readonly algorithm: number;
  readonly bits: number;
  /** gpg's name of the curve, such as `ed25519`; undefined for keys without one. */
  readonly curve: string | undefined;
  /** Seconds since 1970. */
  readonly created: number;
  readonly expires: number | undefined;
  /** Of this key by itself: `s` signs, `c` certifies, `e` encrypts, `a` authenticates. */
  readonly capabilities: string;
  /** Whether the secret part is there or on a card; false in a listing of public keys. */
  readonly hasSecret: boolean;
}

/** A primary key with its subkeys, in the listing's order. */
export interface ListedKeyBlock {
  readonly primary: ListedKey;
  readonly subkeys: readonly ListedKey[];
  /** User ids that are not revoked: `Name <mail>`. */
  readonly users: readonly string[];
}

const states: Readonly<Record<string, ListedKey['state']>> = {
  e: 'expired',
  r: 'revoked',
  d: 'disabled',
  i: 'invalid',
  n: 'invalid',
};

function keyOf(record: readonly string[], fingerprint: string): ListedKey {
  const field = (number: number): string => record[number - 1] ?? '';
  const isSecret = field(1) === 'sec' || field(1) === 'ssb';
  return {
    kind: field(1) === 'pub' || field(1) === 'sec' ? 'primary' : 'subkey',
    fingerprint,
    state: states[field(2)] ?? 'usable',
    algorithm: Number(field(4)),
    bits: Number(field(3)),
    curve: field(17) === '' ? undefined : field(17),
    created: Number(field(6)),
    expires: field(7) === '' ? undefined : Number(field(7)),
    capabilities: field(12).replaceAll(/[^a-z]/g, ''),
    // `+`: there; `#`: not there; anything else is the serial number of a card.
    hasSecret: isSecret && field(15) !== '#',
  };
}

/** User ids have `\x3a` for a colon, and other bytes likewise. */
function unescaped(text: string): string {
  return text.replaceAll(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));
}

/** Reads what `gpg --with-colons` prints for public or secret keys. */
export function readKeyListing(text: string): readonly ListedKeyBlock[] {
  const blocks: { primary: ListedKey; subkeys: ListedKey[]; users: string[] }[] = [];
  let pending: readonly string[] | undefined;
  for (const line of text.split('\n')) {
    const record = line.split(':');
    const kind = record[0] ?? '';
    if (['pub', 'sec', 'sub', 'ssb'].includes(kind)) pending = record;
    if (kind === 'fpr' && pending !== undefined) {
      const key = keyOf(pending, record[9] ?? '');
      if (key.kind === 'primary') blocks.push({ primary: key, subkeys: [], users: [] });
      else blocks.at(-1)?.subkeys.push(key);
      pending = undefined;
    }
    if (kind === 'uid' && record[1] !== 'r') blocks.at(-1)?.users.push(unescaped(record[9] ?? ''));
  }
  return blocks;
}

/**
 * The fingerprint of an OpenPGP key (version 4; RFC 4880, 12.2) as gpg takes it: 40 hexadecimal digits, in capitals.
 * @param text as gpg and people write it: with blanks, small letters, `0x`
 * @returns undefined for anything shorter, which could be forged, or longer, which no key has that our clients know
 */
export function readFingerprint(text: string): string | undefined {
  const fingerprint = text.replaceAll(/\s/g, '').replace(/^0x/i, '').toUpperCase();
  return /^[0-9A-F]{40}$/.test(fingerprint) ? fingerprint : undefined;
}

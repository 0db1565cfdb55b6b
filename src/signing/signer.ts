/** Signs what clients verify: with one key, which a program outside of us holds. */
export interface Signer {
  /** 40 upper-case hexadecimal digits: the primary key's (RFC 9580, 5.5.4). */
  readonly fingerprint: string;
  /** Of the key or subkey that its signatures are of: `fingerprint`, or that of a subkey. */
  readonly signingFingerprint: string;
  /** The ASCII-armoured public key, as `gpg --armor --export` writes it. */
  readonly publicKey: string;
  /**
   * A text with its signature around it (RFC 9580, 7): InRelease.
   * @param text lines that end with a line feed
   */
  clearSign(text: string): Promise<string>;
  /** An ASCII-armoured signature beside what it signs: Release.gpg, repomd.xml.asc. */
  detachSign(bytes: Uint8Array): Promise<string>;
  /**
   * Signs the header of an rpm. The same package signed twice differs (a signature holds the time): sign once, keep that.
   * @param path of the file, which is replaced
   */
  signRpm(path: string): Promise<void>;
}

/** Verifies as clients do, against given public keys and nothing else. */
export interface Verifier {
  /**
   * @param origin where the text is from, for the message
   * @returns the text that was signed
   * @throws CoachbuilderError `signature-invalid`
   */
  verifyClearSigned(signed: string, origin: string): Promise<string>;
  /** @throws CoachbuilderError `signature-invalid` */
  verifyDetached(bytes: Uint8Array, signature: string, origin: string): Promise<void>;
  /** @throws CoachbuilderError `signature-invalid` when an rpm has no signature of these keys */
  verifyRpm(path: string): Promise<void>;
}

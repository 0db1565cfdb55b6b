import { readPublicKeys, type PublicKeys } from '../formats/release/public-keys.ts';
import { readKeyFile, type KeyFacts } from '../signing/key-facts.ts';

/** The public keys that clients of a repository have. */
export interface RepositoryKeys extends PublicKeys {
  /** As it is published: armoured. */
  readonly text: string;
  /** Of the file, for messages. */
  readonly path: string;
  /** What clients look at, of each primary key. */
  readonly facts: readonly KeyFacts[];
}

/**
 * Reads the file of the release package's keys: once, before anything works with what it says.
 * @param path of the file, for messages
 * @throws CoachbuilderError `manifest-invalid` when it holds no key, a damaged one, or a secret one; `key-unusable` when
 *   signatures in it cannot be read
 */
export function readRepositoryKeys(text: string, path: string): RepositoryKeys {
  return { ...readPublicKeys(text, path), text, path, facts: readKeyFile(Buffer.from(text), path).keys };
}

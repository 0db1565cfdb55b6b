import type { PublishedIndex } from '../repository/index-format.ts';
import type { Place } from '../repository/place.ts';
import type { Verifier } from '../signing/signer.ts';
import type { ObjectReader } from '../store/object-store.ts';
import { historyDate, historyPrefix } from './history.ts';
import type { IndexFormats } from './published.ts';

/** An earlier head of a place. */
export interface Generation {
  /** Key of the object that keeps the head. */
  readonly key: string;
  /** Seconds since 1970: the date of its index. */
  readonly date: number;
  /** Seconds since 1970 at which the next head took its place. */
  readonly replaced: number;
}

/**
 * The earlier heads of a place, the newest first.
 * @param keys of all objects of the place
 * @param current the date of the index that is there now
 */
export function generationsOf(head: string, keys: Iterable<string>, current: number): readonly Generation[] {
  const prefix = historyPrefix(head);
  const dated = [...keys].flatMap((key) => {
    const date = key.startsWith(prefix) ? historyDate(key) : undefined;
    return date === undefined ? [] : [{ key, date }];
  });
  dated.sort((a, b) => b.date - a.date);
  return dated.map(({ key, date }, index) => ({ key, date, replaced: dated[index - 1]?.date ?? current }));
}

/** A store as it was when a generation was its head. */
function readerOf(reader: ObjectReader, head: string, generation: Generation): ObjectReader {
  const back = (key: string): string => (key === head ? generation.key : key);
  return {
    title: reader.title,
    get: (key) => reader.get(back(key)),
    head: (key) => reader.head(back(key)),
  };
}

/** The text of a message with a signature around it, with its dashes put back (RFC 9580, 7.1 and 7.2). */
function signedText(message: string): string {
  const [, text] = /^-----BEGIN PGP SIGNED MESSAGE-----\n(?:[^\n]+\n)*\n(.*?\n?)-----BEGIN PGP SIGNATURE-----$/ms.exec(
    message.replaceAll('\r\n', '\n'),
  ) ?? ['', message];
  return (text ?? '').replaceAll(/^- /gm, '');
}

/**
 * Believes everything. A generation only ever adds to what garbage collection keeps, and it may be signed by a key that
 * is not in use any more: who holds such a repository still must not lose its packages.
 */
const trusting: Verifier = {
  verifyClearSigned: (signed) => Promise.resolve(signedText(signed)),
  verifyDetached: () => Promise.resolve(),
  verifyRpm: () => Promise.resolve(),
};

/** @throws what `IndexFormat.read` throws about a damaged index */
export async function readGeneration(
  place: Place,
  generation: Generation,
  ports: { readonly reader: ObjectReader; readonly formats: IndexFormats },
): Promise<PublishedIndex | undefined> {
  const format = ports.formats[place.format];
  return await format.read(place, readerOf(ports.reader, format.headOf(place), generation), trusting);
}

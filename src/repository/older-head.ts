import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { timestamp } from '../sbom/bill.ts';
import type { ObjectReader } from '../store/object-store.ts';

/** The head of a place, as it was read. */
export interface ReadHead {
  readonly key: string;
  readonly etag: string;
  /** Seconds since 1970: of the index that it leads to. */
  readonly date: number;
}

/** What lies beside a head for older clients, after its signature was verified. */
export interface SignedAliases {
  readonly keys: readonly string[];
  /** Seconds since 1970. */
  readonly date: number;
}

/**
 * Refuses a head that is older than its aliases. They are written after it, and dates only grow: a good signature under a
 * later date proves that somebody has put an older head back. A publication on top of it would lose what has come since,
 * and write over the last trace of it.
 * @param restore what brings the newer index back, for people
 * @throws CoachbuilderError `repository-invalid`
 */
export async function refuseOlderHead(
  head: ReadHead,
  aliases: SignedAliases,
  { reader, restore }: { readonly reader: ObjectReader; readonly restore: string },
): Promise<void> {
  if (aliases.date <= head.date) return;
  // Whoever has published between our two looks has put a newer head there first; what we have read loses by itself.
  if ((await reader.get(head.key))?.etag !== head.etag) return;
  const title = reader.title.replace(/\/+$/, '');
  const files = aliases.keys.map((key) => key.slice(key.lastIndexOf('/') + 1)).join(' and ');
  throw new CoachbuilderError(
    'repository-invalid',
    `${title}/${head.key} leads to an index of ${timestamp(head.date)}, but what is signed beside it is of ${timestamp(aliases.date)}: somebody has put an older index back`,
    {
      details: aliases.keys.map((key) => `of ${timestamp(aliases.date)}: ${title}/${key}`),
      hint: [
        `nothing is published on top of it, since all that came later would be lost. ${restore};`,
        `if the older index is meant, remove ${files} there, then run the same command again;`,
        `at a public address it may be a cache that keeps the old one`,
      ].join(' '),
    },
  );
}

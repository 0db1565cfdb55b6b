import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { NewObject, ObjectStore } from '../store/object-store.ts';
import type { Uploads } from './uploads.ts';

/** How often the aliases may change under us while the head does not: others finish theirs, and then it is our turn. */
const rounds = 10;

/**
 * Writes what older clients read instead of the head's names, in order.
 *
 * Publishers write the same aliases, and the one whose head it is has to be the last. So each alias is replaced only if
 * it is still what it was when the head was seen to be ours: once somebody else's head is there, ours never follow its own.
 * @param head key and etag of the head that was just written
 */
export async function writeAliases(
  aliases: readonly NewObject[],
  head: { readonly key: string; readonly etag: string },
  store: ObjectStore,
  uploads: Uploads,
): Promise<void> {
  if (aliases.length === 0) return;
  for (let round = 0; round < rounds; round += 1) {
    // In this order: what is read of the aliases is no younger than the word that the head is ours.
    const before = await Promise.all(aliases.map(({ key }) => store.head(key)));
    const there = await store.head(head.key);
    if (there?.etag !== head.etag) return;
    let isLost = false;
    for (const [index, alias] of aliases.entries()) {
      const existing = before[index];
      const { outcome } = await store.put(
        alias,
        existing === undefined ? { kind: 'absent' } : { kind: 'unchanged', etag: existing.etag },
      );
      uploads.record(alias, outcome === 'stored' ? 'put' : 'lost');
      isLost = outcome !== 'stored';
      if (isLost) break;
    }
    if (!isLost) return;
  }
  throw new CoachbuilderError(
    'publication-conflict',
    `other publishers wrote ${aliases[0]?.key ?? ''} again and again`,
    {
      hint: 'run the same command again: the packages are published, and what older clients read is brought up to date',
    },
  );
}

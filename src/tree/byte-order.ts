/**
 * The items in the byte order of their UTF-8 keys, which no locale and no UTF-16 surrogate disturbs.
 * @param keyOf the text to sort by
 */
export function sortByBytes<Item>(items: Iterable<Item>, keyOf: (item: Item) => string): Item[] {
  // Read as Latin-1, every byte is one character, so that comparing strings compares bytes.
  const keyed = Array.from(items, (item) => ({ key: Buffer.from(keyOf(item)).toString('latin1'), item }));
  keyed.sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
  return keyed.map(({ item }) => item);
}

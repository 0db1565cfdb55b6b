import { closest, distance } from 'fastest-levenshtein';

/** Whether one word is the other with two neighbouring letters exchanged, the commonest slip of all. */
function isTransposed(word: string, other: string): boolean {
  if (word === other || word.length !== other.length) return false;
  let first = 0;
  while (word.charAt(first) === other.charAt(first)) first += 1;
  const exchanged = `${word.slice(0, first)}${word.charAt(first + 1)}${word.charAt(first)}${word.slice(first + 2)}`;
  return exchanged === other;
}

/**
 * The candidate that a person probably meant.
 * @returns undefined when nothing is near: more than a third of the letters would have to change.
 */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const transposed = candidates.find((candidate) => isTransposed(word, candidate));
  if (transposed !== undefined) return transposed;
  const nearest = closest(word, candidates);
  return distance(word, nearest) <= Math.max(1, Math.floor(word.length / 3)) ? nearest : undefined;
}

/** ` Did you mean "x"?` with a leading space, or nothing. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const nearest = suggest(word, candidates);
  return nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
}

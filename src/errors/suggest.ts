import { closest, distance } from 'fastest-levenshtein';

/**
 * The candidate that a person probably meant.
 * @returns undefined when nothing is near: more than a third of the letters would have to change.
 */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const nearest = closest(word, candidates);
  return distance(word, nearest) <= Math.max(1, Math.floor(word.length / 3)) ? nearest : undefined;
}

/** ` Did you mean "x"?` with a leading space, or nothing. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const nearest = suggest(word, candidates);
  return nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
}

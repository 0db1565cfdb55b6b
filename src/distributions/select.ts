import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { didYouMean } from '../errors/suggest.ts';
import type { Distribution } from './distribution.ts';
import type { DistributionTable } from './table.ts';

function ids(words: readonly string[]): readonly string[] {
  return words
    .flatMap((word) => word.split(','))
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** The ids of distributions that are asked for by their own name, and not only by `all`. */
export function namedDistributions(words: readonly string[]): ReadonlySet<string> {
  return new Set(ids(words).filter((id) => id !== 'all'));
}

/**
 * Resolves what was given to `--distribution`.
 * @param words ids, comma-separated lists of ids, or `all`; repeated ids count once, in the order of their first mention
 * @throws CoachbuilderError `unknown-distribution` that names every unknown id, with the known ones as details
 */
export function selectDistributions(words: readonly string[], table: DistributionTable): Distribution[] {
  const known = [...table.keys()];
  const wanted = new Set(ids(words).flatMap((id) => (id === 'all' ? known : [id])));
  const selected: Distribution[] = [];
  const unknown: string[] = [];
  for (const id of wanted) {
    const distribution = table.get(id);
    if (distribution === undefined) unknown.push(id);
    else selected.push(distribution);
  }
  if (unknown.length > 0) throw unknownDistribution(unknown, known);
  return selected;
}

function unknownDistribution(unknown: readonly string[], known: readonly string[]): CoachbuilderError {
  const named = unknown.map((id) => `"${id}" is not a known distribution.${didYouMean(id, [...known, 'all'])}`);
  return new CoachbuilderError('unknown-distribution', named.join(' '), {
    hint: 'name one of the distributions above, or describe your own under "distributions" in the manifest',
    details: known,
  });
}

import type { Distribution } from './distribution.ts';

/**
 * A sentence for whoever builds for a distribution past its end of life. It is a warning: people have to ship for old
 * machines, and it is theirs to decide.
 * @param today compared by its UTC date; the last day of support still counts as supported
 * @returns undefined while general support lasts
 */
export function endOfLifeWarning(distribution: Distribution, today: Date): string | undefined {
  const date = today.toISOString().slice(0, 'yyyy-mm-dd'.length);
  const { title, endOfLife, endOfExtendedLife } = distribution;
  if (date <= endOfLife) return undefined;
  const ended = `general support of ${title} ended on ${endOfLife}`;
  if (endOfExtendedLife === undefined) return ended;
  return date <= endOfExtendedLife
    ? `${ended}; extended support runs until ${endOfExtendedLife}`
    : `${ended}, and extended support on ${endOfExtendedLife}`;
}

import { formatCount, formatSize } from '../report/format.ts';
import type { SweptRoot } from './collect-garbage.ts';

/** What a collection did, for people: a line for each place, and on a dry run one for each object. */
export function garbageText(reports: readonly SweptRoot[], dryRun: boolean): string {
  const lines = reports.flatMap(({ root, outcome, reason, removed, kept }) => {
    if (outcome === 'empty') return [];
    const size = formatSize(removed.reduce((sum, each) => sum + each.size, 0));
    const done = `${formatCount(removed.length, 'object')} (${size}) ${dryRun ? 'would be removed' : 'removed'}`;
    const verdict = outcome === 'left' ? `left as it is: ${reason ?? ''}` : `${done}, ${String(kept)} kept`;
    return [`${root}: ${verdict}`, ...(dryRun ? removed.map(({ key }) => `  ${key}`) : [])];
  });
  return lines.length === 0 ? 'nothing is published there\n' : `${lines.join('\n')}\n`;
}

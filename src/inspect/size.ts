import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { formatSize } from '../report/format.ts';
import type { Tree } from '../tree/tree.ts';

/** How many distributions an error names. */
const largest = 8;

/** What a tree consists of by size, the largest first; `undefined` is the environment with a bundled interpreter. */
export function sizesOf(tree: Tree): readonly (readonly [distribution: string | undefined, bytes: number])[] {
  const sums = new Map<string | undefined, number>();
  for (const entry of tree.entries) {
    if (entry.kind === 'file') sums.set(entry.distribution, (sums.get(entry.distribution) ?? 0) + entry.size);
  }
  return [...sums].sort(([a = '', left], [b = '', right]) => right - left || (a < b ? -1 : 1));
}

/**
 * Holds a tree to its budget.
 * @param limit bytes; undefined: as large as it likes
 * @returns the error `too-large` naming the largest distributions; undefined when the tree keeps to it
 */
export function oversizeError(tree: Tree, limit: number | undefined): CoachbuilderError | undefined {
  if (limit === undefined) return undefined;
  const sizes = sizesOf(tree);
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  if (total <= limit) return undefined;
  const own = 'the virtual environment itself, with its interpreter';
  return new CoachbuilderError(
    'too-large',
    `the files below ${tree.prefix} have ${formatSize(total)}, and ${formatSize(limit)} are allowed`,
    {
      hint: 'leave something out (slim in the manifest), do without a dependency, or raise slim.size-limit',
      details: [
        ...sizes.slice(0, largest).map(([distribution = own, bytes]) => `${formatSize(bytes)}  ${distribution}`),
        ...(sizes.length > largest ? [`and ${String(sizes.length - largest)} smaller ones`] : []),
      ],
    },
  );
}

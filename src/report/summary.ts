import { formatCount, formatDuration, formatSize } from './format.ts';

/** A line of the table that ends a run of several targets. */
export interface SummaryRow {
  readonly target: string;
  readonly outcome: 'built' | 'kept' | 'reproducible' | 'not reproducible' | 'failed' | 'not begun';
  readonly packages: number;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds. */
  readonly duration: number;
  /** The target whose tree was used. */
  readonly sharedWith: string | undefined;
}

const headings = ['target', 'packages', 'size', 'time', 'shared'] as const;

function cells(row: SummaryRow): readonly string[] {
  const { target, outcome, packages, size, duration, sharedWith } = row;
  if (outcome === 'not begun') return [target, '-', '-', '-', outcome];
  const time = formatDuration(duration);
  if (outcome === 'failed') return [target, '-', '-', time, outcome];
  const shared = sharedWith === undefined ? '' : `tree of ${sharedWith}`;
  const numbers = [target, String(packages), formatSize(size), time];
  if (outcome === 'kept') return [...numbers, 'kept from an earlier run'];
  return [...numbers, outcome === 'built' ? shared : [outcome, shared].filter((word) => word !== '').join(', ')];
}

/** A table of what came of each target, and a line with the sums. */
export function summaryTable(rows: readonly SummaryRow[], elapsed: number): string {
  const lines = [headings, ...rows.map(cells)];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  // Numbers end where their column ends.
  const align = (text: string, column: number): string => {
    const width = widths[column] ?? 0;
    return column >= 1 && column <= 3 ? text.padStart(width) : text.padEnd(width);
  };
  const table = lines.map((line) => line.map(align).join('  ').trimEnd());
  const made = rows.filter(({ outcome }) => outcome !== 'failed' && outcome !== 'not begun');
  const packages = made.reduce((sum, row) => sum + row.packages, 0);
  const size = made.reduce((sum, row) => sum + row.size, 0);
  const sum = `${String(made.length)} of ${formatCount(rows.length, 'target')}, ${formatCount(packages, 'package')}, ${formatSize(size)}, ${formatDuration(elapsed)}`;
  return `${[...table, sum].join('\n')}\n`;
}

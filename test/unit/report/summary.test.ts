import { expect, it } from 'vitest';

import { summaryTable, type SummaryRow } from '../../../src/report/summary.ts';

const row: SummaryRow = {
  target: 'rocky-9',
  outcome: 'built',
  packages: 3,
  size: 5_300_000,
  duration: 6_600,
  sharedWith: undefined,
};

it('the table of a run says of each target what came of it, numbers below each other', () => {
  const rows: readonly SummaryRow[] = [
    row,
    { ...row, target: 'alma-9', packages: 12, duration: 12_300, sharedWith: 'rocky-9' },
    { ...row, target: 'debian-12/aarch64', outcome: 'kept', duration: 0 },
    { ...row, target: 'centos-7', outcome: 'failed', packages: 0, size: 0 },
    { ...row, target: 'debian-13', outcome: 'not begun', packages: 0, size: 0, duration: 0 },
  ];
  expect(summaryTable(rows, 65_000).split('\n')).toEqual([
    'target             packages    size    time  shared',
    'rocky-9                   3  5.3 MB   6.6 s',
    'alma-9                   12  5.3 MB  12.3 s  tree of rocky-9',
    'debian-12/aarch64         3  5.3 MB   0.0 s  kept from an earlier run',
    'centos-7                  -       -   6.6 s  failed',
    'debian-13                 -       -       -  not begun',
    '3 of 5 targets, 18 packages, 15.9 MB, 1 min 05 s',
    '',
  ]);
});

it('the table of a run with a second build says whether it made the same packages', () => {
  const rows: readonly SummaryRow[] = [
    { ...row, outcome: 'reproducible' },
    { ...row, target: 'alma-9', outcome: 'not reproducible', sharedWith: 'rocky-9' },
  ];
  expect(summaryTable(rows, 65_000).split('\n')).toEqual([
    'target   packages    size   time  shared',
    'rocky-9         3  5.3 MB  6.6 s  reproducible',
    'alma-9          3  5.3 MB  6.6 s  not reproducible, tree of rocky-9',
    '2 of 2 targets, 6 packages, 10.6 MB, 1 min 05 s',
    '',
  ]);
});

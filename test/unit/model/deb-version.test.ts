import { expect, it, test } from 'vitest';

import { compareDebVersions, splitDebVersion } from '../../../src/model/deb-version.ts';
import { runOracle, hasDpkgLibrary } from '../../support/version-oracles.ts';

const versions = [
  ...[
    '0',
    '0.0',
    '1',
    '1.0',
    '1.00',
    '01',
    '1.0-0',
    '1.0-1',
    '1.0-1~',
    '1.0-1~rc1',
    '1.0~',
    '1.0~~',
    '1.0~~a',
    '1.0~a',
  ],
  ...[
    '1.0a',
    '1.0+',
    '1.0+a',
    '1.0.',
    '1.0.a',
    '1.0-a',
    '1.0-1a',
    '1.0-1+b1',
    '1.0-1.1',
    '1.0-10',
    '1.0-9',
    '1.10',
    '1.9',
  ],
  ...[
    '0:1.0',
    '1:0',
    '1:0-1',
    '2:0',
    '10:0',
    '1.0-1-1',
    '1.0-1-2',
    '1:1:1-1',
    '1.0.0-0.dev.1.307.gb6d6e9f.dirty+debian12',
  ],
  ...['1.0.0-1~dirty+debian12', '1.0.0-1+debian12', '1.0.0-1+debian9', '0a1', '0z'],
];

it.each([
  ['1.0', { epoch: '0', upstream: '1.0', revision: '' }],
  ['2:1.0-3-1~x', { epoch: '2', upstream: '1.0-3', revision: '1~x' }],
  ['1:1:1-1', { epoch: '1', upstream: '1:1', revision: '1' }],
])('takes %s apart', (text, parts) => {
  expect(splitDebVersion(text)).toEqual(parts);
});

// The chain of Debian Policy 5.6.12, in its own order.
test('knows the example of the policy', () => {
  const sorted = ['~~', '~~a', '~', '', 'a'].map((part) => `1${part}`);
  expect([...sorted].reverse().sort(compareDebVersions)).toEqual(sorted);
});

// Perl's numbers are not long enough for it.
test('compares numbers of any length, as dpkg itself does', () => {
  const [less, more] = ['1.99999999999999999998', '1.99999999999999999999'];
  runOracle('dpkg', ['--compare-versions', less, 'lt', more]);
  expect([compareDebVersions(less, more), compareDebVersions(more, less)].map(Math.sign)).toEqual([-1, 1]);
});

test.skipIf(!hasDpkgLibrary)('orders every pair as dpkg does [skipped without dpkg-dev]', () => {
  const pairs = versions.flatMap((left) => versions.map((right) => [left, right] as const));
  const program = 'use Dpkg::Version; while (<>) { my ($a, $b) = split; print version_compare($a, $b), "\\n" }';
  const input = pairs.map(([left, right]) => `${left} ${right}\n`).join('');
  const expected = runOracle('perl', ['-e', program], input).trim().split('\n').map(Number);
  expect(expected).toHaveLength(pairs.length);
  const ours = pairs.map(([left, right]) => Math.sign(compareDebVersions(left, right)));
  expect(pairs.filter((_, index) => ours[index] !== expected[index])).toEqual([]);
});

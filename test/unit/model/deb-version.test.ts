import { spawnSync } from 'node:child_process';

import { describe, expect, it, test } from 'vitest';

import { compareDebVersions, splitDebVersion } from '../../../src/model/deb-version.ts';
import { hasDpkgLibrary, runOracle } from '../../support/version-oracles.ts';

/** Pairs of which the first is the older one; the examples of Debian Policy 5.6.12 first. */
const pairs: readonly (readonly [string, string])[] = [
  ['1.0~~', '1.0~~a'],
  ['1.0~~a', '1.0~'],
  ['1.0~', '1.0'],
  ['1.0', '1.0a'],
  ['1.0~beta1~svn1245', '1.0~beta1'],
  ['1.0~beta1', '1.0'],
  ['9:0', '10:0'],
  ['99.9-9', '1:0-0'],
  ['1.9-1', '1.10-1'],
  ['1.0-1', '1.0-1+debian12'],
  ['1.0-1~bpo12', '1.0-1'],
  ['0.3.3-0.dev.9', '0.3.3-0.dev.10'],
  ['0.3.3-0.rc.1', '0.3.3-1'],
  ['1.0a', '1.0+'],
  ['1.0-a', '1.0-b-1'],
  ['1.2', '1.2.0'],
  ['1.99999999999999999998', '1.99999999999999999999'],
];

describe('versions of Debian packages', () => {
  it.each(pairs)('%s is older than %s', (older, newer) => {
    expect(compareDebVersions(older, newer)).toBeLessThan(0);
    expect(compareDebVersions(newer, older)).toBeGreaterThan(0);
  });

  it.each([
    ['1.0', '0:1.0'],
    ['1.0', '1.0-0'],
    ['1.01', '1.1'],
    ['1.0', '1.0'],
  ])('%s and %s are equal', (one, other) => {
    expect(compareDebVersions(one, other)).toBe(0);
  });

  const hasDpkg = spawnSync('dpkg', ['--version']).status === 0;
  it.skipIf(!hasDpkg)(`are compared as dpkg does${hasDpkg ? '' : ' (there is no dpkg)'}`, () => {
    for (const [older, newer] of pairs)
      expect(spawnSync('dpkg', ['--compare-versions', older, 'lt', newer]).status, `${older} ${newer}`).toBe(0);
  });
});

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

// Without numbers that are too long for Perl's.
test.skipIf(!hasDpkgLibrary)('orders every pair as dpkg does [skipped without dpkg-dev]', () => {
  const pairs = versions.flatMap((left) => versions.map((right) => [left, right] as const));
  const program = 'use Dpkg::Version; while (<>) { my ($a, $b) = split; print version_compare($a, $b), "\\n" }';
  const input = pairs.map(([left, right]) => `${left} ${right}\n`).join('');
  const expected = runOracle('perl', ['-e', program], input).trim().split('\n').map(Number);
  expect(expected).toHaveLength(pairs.length);
  const ours = pairs.map(([left, right]) => Math.sign(compareDebVersions(left, right)));
  expect(pairs.filter((_, index) => ours[index] !== expected[index])).toEqual([]);
});

import { spawnSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

import { compareDebVersions } from '../../../src/model/deb-version.ts';

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

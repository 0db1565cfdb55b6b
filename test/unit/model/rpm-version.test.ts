import { spawnSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

import { compareRpmVersions, splitRpmVersion } from '../../../src/model/rpm-version.ts';
import { compareWithRpm } from '../../support/version-oracles.ts';

/** Pairs of which the first is the older one; the examples of rpm-version(7) and of rpm's own tests among them. */
const pairs: readonly (readonly [string, string])[] = [
  ['1.0-1', '2.0-1'],
  ['2.0-1', '2.0.1-1'],
  ['5.5p1-1', '5.5p2-1'],
  ['5.5p1-1', '5.5p10-1'],
  ['10xyz-1', '10.1xyz-1'],
  ['xyz10-1', 'xyz10.1-1'],
  ['xyz.4-1', '8-1'],
  ['2a-1', '2.0-1'],
  ['1.9-1', '1.10-1'],
  ['1.0a-1', '1.0aa-1'],
  ['1.0~rc1-1', '1.0-1'],
  ['1.0~rc1-1', '1.0~rc2-1'],
  ['1.0~rc1~git123-1', '1.0~rc1-1'],
  ['1.0-1', '1.0^git1-1'],
  ['1.0^git1-1', '1.0^git2-1'],
  ['1.0^git1-1', '1.01-1'],
  ['1.0^20160101-1', '1.0.1-1'],
  ['1.0~rc1^git1-1', '1.0-1'],
  ['1.0~rc1-1', '1.0~rc1^git1-1'],
  ['1.0^git1~pre-1', '1.0^git1-1'],
  ['99-9', '1:0-0'],
  ['9:0-0', '10:0-0'],
  ['1.0-1.el7', '1.0-2.el7'],
  ['0.3.3-0.dev.9', '0.3.3-0.dev.10'],
  ['0.3.3-0.rc.1', '0.3.3-1'],
  ['1.99999999999999999998-1', '1.99999999999999999999-1'],
  ['A-1', 'a-1'],
];

const equal: readonly (readonly [string, string])[] = [
  ['1.0-1', '0:1.0-1'],
  ['1.01-1', '1.1-1'],
  ['1.0-1', '1_0-1'],
  ['1.0.-1', '1.0-1'],
  ['2.0+1-1', '2.0.1-1'],
];

describe('versions of rpms', () => {
  it.each(pairs)('%s is older than %s', (older, newer) => {
    expect(compareRpmVersions(older, newer)).toBeLessThan(0);
    expect(compareRpmVersions(newer, older)).toBeGreaterThan(0);
  });

  it.each(equal)('%s and %s are equal', (one, other) => {
    expect(compareRpmVersions(one, other)).toBe(0);
    expect(compareRpmVersions(other, one)).toBe(0);
  });

  const hasRpm = spawnSync('rpm', ['--version']).status === 0;
  it.skipIf(!hasRpm)(`are compared as rpm does${hasRpm ? '' : ' (skipped: there is no rpm)'}`, () => {
    const all = [...new Set([...pairs, ...equal].flat())];
    const every = all.flatMap((one) => all.map((other) => [one, other] as const));
    const parsed = (text: string) => {
      const { epoch, version, release } = splitRpmVersion(text);
      return { epoch: Number(epoch), version, release };
    };
    const expected = compareWithRpm(every.map(([one, other]) => [parsed(one), parsed(other)] as const));
    expect(every.map(([one, other]) => Math.sign(compareRpmVersions(one, other)))).toEqual(expected);
  });
});

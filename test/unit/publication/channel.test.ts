import { describe, expect, it } from 'vitest';

import { versionRelease } from '../../../src/model/package-version.ts';
import { packageVersion } from '../../../src/plan/version-mapping.ts';
import { judgeVersion, recoverVersion } from '../../../src/publication/channel.ts';

/** All shapes of PEP 440 that the mapping tells apart. */
const versions = [
  '0.1.0',
  '0.1.0+99.g3d644b1',
  '0.1.1rc1',
  '0.2.0.dev1',
  '0.2.0.dev2+99.g3d644b1',
  '0.3.3.dev7',
  '1.15.0',
  '1.0a2',
  '1.0b2',
  '1.0rc2.dev4',
  '1.0rc2.post3',
  '1.0b2.post3',
  '1.0rc2.post3.dev4',
  '1',
  '1.2.3.4',
  '1.0+5.2',
  '1.0+0',
  '1.0+cu118',
  '1.0.post3',
  '1.0.post3.dev4',
  '1.0.post3+7.gabc',
  '2!1.0',
];

const tags = [
  { format: 'deb', tag: undefined },
  { format: 'deb', tag: '+ubuntu16.04' },
  { format: 'deb', tag: '+debian12' },
  { format: 'rpm', tag: '.el7' },
] as const;

describe('recoverVersion', () => {
  it.each(versions.flatMap((version) => tags.map((tag) => ({ version, ...tag }))))(
    'gives $version back, tag $tag',
    ({ version, format, tag }) => {
      const written = packageVersion(version, { epoch: 0, format, tag });
      const recovered = recoverVersion(versionRelease(written), tag ?? '');
      // Equal versions have equal packages, and different ones different ones: that is the mapping's law.
      expect(recovered).toBeDefined();
      const again = packageVersion(recovered ?? '', { epoch: written.epoch, format, tag });
      expect(again).toEqual(written);
    },
  );

  it.each(['1.2-3', '1.0~rc1-1', '1.0-1+deb12u1', '2024a-1', 'x', '1.0.0-1x', '1.0.0-0.rc', '1.0.0-2.post.x'])(
    'takes %s for nothing that we write',
    (version) => {
      expect(recoverVersion(version, '')).toBeUndefined();
    },
  );
});

describe('judgeVersion', () => {
  // seed-systems §2.4: "release = no rc, dev, count, dirty (post allowed)".
  it.each([
    ['0.3.0-1', ''],
    ['0.3.0-2.post.1', ''],
    ['1:0.3.0-1.el7', '.el7'],
    ['0.3.0-1+ubuntu16.04', '+ubuntu16.04'],
    ['1-1.el7', '.el7'],
    ['2.31-4', ''],
    ['5.2.1-11.3.el9', '.el9'],
  ])('sends %s (tag %j) to the stable channel', (version, tag) => {
    expect(judgeVersion({ name: 'acme', version }, tag)).toBe('stable');
  });

  it.each([
    ['0.3.0-0.dev.1', ''],
    ['0.3.0-0.rc.1', ''],
    ['0.3.0-0.pre.a.1.el7', '.el7'],
    ['0.3.2-1.1.gf661a6a', ''],
    ['0.3.2-2.post.11.1.gf661a6a', ''],
    ['1.0.0-2.post.3~dev.4+debian12', '+debian12'],
    ['1.0~rc1-1', ''],
    ['1.0rc1-1', ''],
    ['1.0-0.3.beta', ''],
    ['no-version', ''],
  ])('sends %s (tag %j) to the testing channel', (version, tag) => {
    expect(judgeVersion({ name: 'acme', version }, tag)).toBe('testing');
  });

  it.each(['0.3.2-1.dirty', '0.3.0-0.dev.1.307.gb6d6e9f.dirty', '0.3.2-1.0~dirty.el7', '0.3.2.dirty-1', '1-1+dirty'])(
    'refuses %s',
    (version) => {
      expect(() => judgeVersion({ name: 'acme', version }, '.el7')).toThrow(
        expect.objectContaining({ code: 'publication-refused' }),
      );
    },
  );

  it('knows words that only begin like it', () => {
    expect(judgeVersion({ name: 'acme', version: '1.0.0-1.dirtywork' }, '')).toBe('testing');
  });
});

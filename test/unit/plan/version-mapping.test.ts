import { describe, expect, it } from 'vitest';

import { versionRelease } from '../../../src/model/package-version.ts';
import { packageVersion, releaseChannel } from '../../../src/plan/version-mapping.ts';

const untagged = { epoch: 0, format: 'deb', tag: undefined } as const;

describe('packageVersion', () => {
  // The names of packages that users have installed and linked to for years.
  it.each([
    ['0.1.0', '0.1.0-1'],
    ['0.1.0+99.g3d644b1', '0.1.0-1.99.g3d644b1'],
    ['0.1.1rc1', '0.1.1-0.rc.1'],
    ['0.1.1', '0.1.1-1'],
    ['0.2.0.dev1', '0.2.0-0.dev.1'],
    ['0.2.0.dev2+99.g3d644b1', '0.2.0-0.dev.2.99.g3d644b1'],
    ['0.2.0.dev3+100.g3d644b2.dirty', '0.2.0-0.dev.3.100.g3d644b2.dirty'],
    ['0.3.0.dev1+307.gb6d6e9f.dirty', '0.3.0-0.dev.1.307.gb6d6e9f.dirty'],
    ['0.3.0dev1+307.gb6d6e9f.dirty', '0.3.0-0.dev.1.307.gb6d6e9f.dirty'],
    ['0.3.3.dev7', '0.3.3-0.dev.7'],
    ['1.15.0', '1.15.0-1'],
    ['0.3.2pre11+1.gf661a6a', '0.3.2-0.rc.11.1.gf661a6a'],
    ['0.3.2.dirty', '0.3.2-1.dirty'],
  ])('keeps the documented name of %s', (version, expected) => {
    expect(versionRelease(packageVersion(version, untagged))).toBe(expected);
  });

  // The rows of its own table, and all of PEP 440 besides.
  it.each([
    ['1.0.dev4', '1.0.0-0.dev.4'],
    ['1.0a2', '1.0.0-0.pre.a.2'],
    ['1.0b2', '1.0.0-0.pre.b.2'],
    ['1.0rc2', '1.0.0-0.rc.2'],
    ['1.0rc2.dev4', '1.0.0-0.rc.2~dev.4'],
    ['1.0rc2.post3', '1.0.0-0.rc.3~after.2.post.3'],
    ['1.0rc2.post3.dev4', '1.0.0-0.rc.3~after.2.post.3~dev.4'],
    ['1.0', '1.0.0-1'],
    ['1', '1.0.0-1'],
    ['1.0.0.0', '1.0.0-1'],
    ['1.2.3.4', '1.2.3.4-1'],
    ['1.2.3.0.5.0', '1.2.3.0.5-1'],
    ['1.0+5.2', '1.0.0-1.5.2'],
    ['1.0.post3', '1.0.0-2.post.3'],
    ['1.0.post3.dev4', '1.0.0-2.post.3~dev.4'],
    ['1.0-3', '1.0.0-2.post.3'],
    ['2.1+cu118', '2.1.0-1.cu118'],
    ['1.0+1e5', '1.0.0-1.1e5'],
  ])('maps %s to %s', (version, expected) => {
    expect(versionRelease(packageVersion(version, untagged))).toBe(expected);
  });

  it('adds the epochs and appends the tag', () => {
    expect(packageVersion('2!0.3.0', { epoch: 1, format: 'rpm', tag: '.el7' })).toEqual({
      epoch: 3,
      version: '0.3.0',
      release: '1.el7',
    });
    const dev = '0.3.0.dev1+307.gb6d6e9f.dirty';
    expect(packageVersion(dev, { epoch: 0, format: 'deb', tag: '+ubuntu16.04' }).release).toBe(
      '0.dev.1.307.gb6d6e9f.dirty+ubuntu16.04',
    );
  });

  it('guards letters that follow the release directly from the tag', () => {
    const tagged = { epoch: 0, format: 'rpm', tag: '.el7' } as const;
    expect(packageVersion('0.3.2.dirty', tagged).release).toBe('1.0~dirty.el7');
    expect(packageVersion('0.3.2+0.dirty', tagged).release).toBe('1.0.dirty.el7');
    expect(packageVersion('0.3.2+3d644b1', tagged).release).toBe('1.3d644b1.el7');
  });

  it.each(['0.1.2rcX', 'unparseable', '0.3.2-1-gabc', '0.3.2xdirty', '0.3.2:.post1'])('refuses %s', (version) => {
    expect(() => packageVersion(version, untagged)).toThrow(expect.objectContaining({ code: 'version-invalid' }));
  });

  it('refuses an epoch that dpkg could not hold', () => {
    expect(packageVersion('2147483646!1', { ...untagged, epoch: 1 }).epoch).toBe(2_147_483_647);
    expect(() => packageVersion('2147483647!1', { ...untagged, epoch: 1 })).toThrow(
      expect.objectContaining({ code: 'version-invalid' }),
    );
  });

  it.each([
    ['deb', '.deb12'],
    ['deb', '~bpo12'],
    ['deb', '+_x'],
    ['deb', '+12'],
    ['deb', '+a_b'],
    ['rpm', 'el7'],
    ['rpm', '-el7'],
    ['rpm', '.7'],
    ['rpm', '~el7'],
    ['rpm', '.el7^x'],
    ['rpm', '.el-7'],
  ] as const)('refuses for %s the tag %s, which is not allowed or would break the order', (format, tag) => {
    expect(() => packageVersion('1.0', { epoch: 0, format, tag })).toThrow(
      expect.objectContaining({ code: 'manifest-invalid' }),
    );
  });
});

describe('releaseChannel', () => {
  it.each(['0.3.0', '0.3.0.post1', '1', '1!2.3.4.5'])('sends %s to the release repositories', (version) => {
    expect(releaseChannel(version)).toBe('release');
  });

  it.each(['0.3.0.dev1', '0.3.0rc1', '0.3.0a1', '0.3.0b1', '0.3.0.post1.dev2', '0.3.2+1.gf661a6a', '0.3.2.dirty'])(
    'sends %s to the testing repositories',
    (version) => {
      expect(releaseChannel(version)).toBe('testing');
    },
  );
});

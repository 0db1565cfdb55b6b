import { describe, expect, it } from 'vitest';

import { interpreterOf } from '../../../src/plan/plan-build.ts';
import type { BundledInterpreterSettings } from '../../../src/manifest/manifest.ts';
import type { Architecture } from '../../../src/model/architecture.ts';
import { platformKey, platformOf } from '../../../src/lock/platform.ts';
import { aDistribution, aManifest } from '../../support/manifest.ts';

const settings: BundledInterpreterSettings = {
  kind: 'bundled',
  version: '3.12.3',
  archive: 'https://example.com/{build}/cpython-{version}+{build}-{triple}-install_only.tar.gz',
  build: '20240415',
  sha256: { x86_64: 'A'.repeat(64), aarch64: 'b'.repeat(64) },
  prune: ['tests'],
};

function plan(changes: Partial<BundledInterpreterSettings> = {}, architecture: Architecture = 'x86_64') {
  const python = { ...aManifest().python, interpreter: { ...settings, ...changes } };
  return interpreterOf({ python, prefix: '/srv/fleet' }, aDistribution('centos-7'), architecture);
}

describe('a bundled interpreter', () => {
  it('lies below the prefix, and is of the version that the manifest says, whatever the distribution has', () => {
    expect(plan()).toEqual({
      version: '3.12.3',
      minor: '3.12',
      path: '/srv/fleet/python/bin/python3.12',
      bundle: {
        archive: 'https://example.com/20240415/cpython-3.12.3+20240415-x86_64-unknown-linux-gnu-install_only.tar.gz',
        sha256: 'a'.repeat(64),
        prune: ['tests'],
      },
    });
  });

  it('comes in an archive for each architecture', () => {
    expect(plan({}, 'aarch64').bundle).toMatchObject({
      archive: expect.stringContaining('-aarch64-unknown-linux-gnu-') as string,
      sha256: 'b'.repeat(64),
    });
    const archive = '/srv/{architecture}/python{minor}.tar.gz';
    expect(plan({ archive, sha256: 'c'.repeat(64) }, 'aarch64').bundle).toMatchObject({
      archive: '/srv/aarch64/python3.12.tar.gz',
      sha256: 'c'.repeat(64),
    });
  });

  it('is refused for an architecture whose digest is not known', () => {
    expect(() => plan({}, 'ppc64le')).toThrow(
      expect.objectContaining({
        code: 'manifest-invalid',
        message: 'the bundled interpreter has no sha256 for ppc64le',
      }),
    );
  });

  it("is what a lock is made for, on the target's glibc", () => {
    const platform = platformOf({
      distribution: aDistribution('centos-7'),
      interpreter: plan(),
      architecture: 'x86_64',
    });
    expect(platform).toMatchObject({ pythonVersion: '3.12.3', glibc: '2.17' });
    expect(platformKey(platform)).toMatch(/^cpython-3\.12-glibc-2\.17-x86_64/);
  });
});

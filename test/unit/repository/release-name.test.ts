import { expect, test } from 'vitest';

import { builtInDistributions } from '../../../src/distributions/table.ts';
import { publicKeyFile, stableReleaseKey } from '../../../src/repository/release-name.ts';
import { aDistribution } from '../../support/manifest.ts';

test.each([
  // flocker's documents: s3://clusterhq-archive/centos/clusterhq-release.el7.noarch.rpm
  ['centos-7', 'clusterhq-release', 'centos/clusterhq-release.el7.noarch.rpm'],
  ['centos-stream-9', 'acme-release', 'centos/acme-release.el9.noarch.rpm'],
  ['rhel-9', 'acme-release', 'rhel/acme-release.el9.noarch.rpm'],
  ['opensuse-leap-15.6', 'acme-release', 'opensuse-leap/acme-release.suse.lp156.noarch.rpm'],
  ['debian-12', 'Acme_Release', 'debian/acme-release.debian12.all.deb'],
  ['ubuntu-16.04', 'acme-release', 'ubuntu/acme-release.ubuntu16.04.all.deb'],
])('on %s %s is found as %s', (id, name, key) => {
  expect(stableReleaseKey(aDistribution(id), name)).toBe(key);
});

test('no two distributions share a key, and every key is good in an address as it is', () => {
  const keys = [...builtInDistributions().values()].map((distribution) =>
    stableReleaseKey(distribution, 'acme-release'),
  );
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of keys) expect(key).toMatch(/^[a-z0-9._/-]+$/);
});

test('the public keys lie at the root', () => {
  expect(publicKeyFile({ id: 'acme' })).toBe('acme.asc');
});

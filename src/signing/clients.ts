import type { DebDistribution, Distribution, RpmDistribution } from '../distributions/distribution.ts';
import { compareDotted } from '../model/dotted.ts';

/** The programs that verify signatures for package managers, as far as they differ in the keys that they accept. */
export const clientTitles = {
  gpgv1: 'apt with gpgv 1.4',
  gpgv2: 'apt with gpgv 2',
  'gpgv-strict': 'apt 2.8 with gpgv 2',
  sqv: 'apt 3 with sqv',
  'rpm-4.11': 'yum with rpm 4.11',
  'rpm-4.14': 'dnf with rpm 4.14',
  'rpm-4.14-suse': 'zypper with rpm 4.14',
  'rpm-4.16': 'dnf with rpm 4.16',
  'rpm-4.16-amazon': 'dnf with rpm 4.16',
  'rpm-sequoia': 'dnf with rpm-sequoia',
  dnf5: 'dnf5 with rpm-sequoia',
} as const;

export type Client = keyof typeof clientTitles;

export const clients = Object.keys(clientTitles) as readonly Client[];

export const aptClients = ['gpgv1', 'gpgv2', 'gpgv-strict', 'sqv'] as const satisfies readonly Client[];

/**
 * apt by its contemporary dpkg. Ubuntu 16.04 still has gpgv 1.4; apt 2.7.13 (Ubuntu 24.04) began to look at the algorithms
 * of keys (apt's NEWS); apt 3.0 (Debian 13) verifies with sqv.
 */
function aptClient({ deb: { dpkg } }: DebDistribution): Client {
  if (compareDotted(dpkg, '1.19') < 0) return 'gpgv1';
  if (compareDotted(dpkg, '1.22.6') < 0) return 'gpgv2';
  return compareDotted(dpkg, '1.22.18') < 0 ? 'gpgv-strict' : 'sqv';
}

/** rpm has its own reader of OpenPGP up to 4.18; Fedora 38 and Enterprise Linux 10 build it with Sequoia's. */
function rpmClient({ rpm: { rpm }, vendor, packageManager }: RpmDistribution): Client {
  if (packageManager === 'dnf5') return 'dnf5';
  if (compareDotted(rpm, '4.14') < 0) return 'rpm-4.11';
  if (compareDotted(rpm, '4.16') < 0) return packageManager === 'zypper' ? 'rpm-4.14-suse' : 'rpm-4.14';
  if (compareDotted(rpm, '4.17') < 0) return vendor === 'amazonlinux' ? 'rpm-4.16-amazon' : 'rpm-4.16';
  return 'rpm-sequoia';
}

/** What verifies signatures in a distribution. */
export function clientOf(distribution: Distribution): Client {
  return distribution.format === 'deb' ? aptClient(distribution) : rpmClient(distribution);
}

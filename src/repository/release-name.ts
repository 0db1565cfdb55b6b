import type { Distribution } from '../distributions/distribution.ts';
import { independentArchitecture } from '../model/format.ts';
import { formatPackageName } from '../packages/names.ts';

/**
 * The key, relative to the store, under which a distribution's release package is always found: its file name without
 * the version, so that instructions can name it. `centos/acme-release.el7.noarch.rpm`,
 * `debian/acme-release.debian12.all.deb`.
 * @param packageName as the manifest spells it
 * @throws CoachbuilderError `manifest-invalid` when the format has no such name
 */
export function stableReleaseKey(distribution: Distribution, packageName: string): string {
  const { format, vendor, tag } = distribution;
  const name = formatPackageName(format, packageName);
  // `.el7`, `+debian12`: the punctuation is a rule of versions, and `+` is no character for an address.
  const release = tag.replace(/^[^A-Za-z0-9]+/, '').replaceAll('+', '_');
  return `${vendor}/${name}.${release}.${independentArchitecture(format)}.${format}`;
}

/** The key, relative to the store, of the file with the public keys that the release packages install. */
export function publicKeyFile(release: { readonly id: string }): string {
  return `${release.id}.asc`;
}

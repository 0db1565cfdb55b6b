import type { Distribution } from '../distributions/distribution.ts';
import { fullVersion, versionRelease, type PackageVersion } from '../model/package-version.ts';
import { normalizeName } from '../python/name.ts';

/** The purl specification, "Rules for each purl component": percent-encoded, but for `:`, which stays. */
function encode(text: string): string {
  return encodeURIComponent(text)
    .replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');
}

/** Qualifiers are sorted by key, and those without a value are left out. */
function qualified(purl: string, qualifiers: Readonly<Record<string, string | undefined>>): string {
  const words = Object.entries(qualifiers)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${encode(value)}`]))
    .sort();
  return words.length === 0 ? purl : `${purl}?${words.join('&')}`;
}

/** `pkg:pypi/typing-extensions@4.9.0` (purl types, "pypi": the name is normalized). */
export function pypiPurl(name: string, version: string): string {
  return `pkg:pypi/${encode(normalizeName(name))}@${encode(version)}`;
}

/** A file that no package registry has: `pkg:generic/cpython@3.12.3?checksum=sha256:…` (purl types, "generic"). */
export function genericPurl(name: string, version: string, sha256: string): string {
  return qualified(`pkg:generic/${encode(name)}@${encode(version)}`, { checksum: `sha256:${sha256}` });
}

interface PackageIdentity {
  readonly name: string;
  readonly version: PackageVersion;
  readonly architecture: string;
  readonly distribution: Pick<Distribution, 'format' | 'vendor' | 'id'>;
}

/**
 * `pkg:deb/debian/fleet@1.0-1?arch=amd64&distro=debian-12`. An epoch is part of a deb's version and a qualifier of an
 * rpm (purl types, "deb" and "rpm").
 */
export function packagePurl({ name, version, architecture, distribution }: PackageIdentity): string {
  const { format, vendor, id } = distribution;
  const text = format === 'deb' ? fullVersion(version) : versionRelease(version);
  const epoch = format === 'rpm' && version.epoch !== 0 ? String(version.epoch) : undefined;
  const purl = `pkg:${format}/${encode(vendor.toLowerCase())}/${encode(name)}@${encode(text)}`;
  return qualified(purl, { arch: architecture, distro: id, epoch });
}

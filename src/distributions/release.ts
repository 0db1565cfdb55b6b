import type { Architecture } from '../model/architecture.ts';
import type { DebDistribution, RpmDistribution } from './distribution.ts';

/** What all releases of a family share. */
export type RpmFamily = Omit<RpmDistribution, keyof ReleaseFacts | 'id' | 'title' | 'vendor' | 'version' | 'tag'>;
export type DebFamily = Omit<
  DebDistribution,
  keyof ReleaseFacts | 'id' | 'title' | 'vendor' | 'version' | 'tag' | 'python' | 'glibc' | 'abi' | 'deb'
>;

/** What is a release's own, whatever its family. */
export interface ReleaseFacts {
  readonly architectures: readonly Architecture[];
  /** Where its vendor, or whoever keeps it for the vendor, publishes the image. */
  readonly image: string;
  /** ISO date. */
  readonly endOfLife: string;
  /** ISO date. */
  readonly endOfExtendedLife?: string;
}

/**
 * Splits an id such as `ubuntu-16.04` or `centos-stream-9` into vendor and version.
 * @returns undefined when the id does not end in a version.
 */
export function splitDistributionId(id: string): { readonly vendor: string; readonly version: string } | undefined {
  const match = /^(?<vendor>[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*)-(?<version>\d+(?:\.\d+)*)$/.exec(id);
  const vendor = match?.groups?.['vendor'];
  const version = match?.groups?.['version'];
  if (vendor === undefined || version === undefined) return undefined;
  return { vendor: vendor === 'centos-stream' ? 'centos' : vendor, version };
}

/** The tag of a deb-based release: `+` sorts after the end of a string, and never before a digit (Debian Policy 5.6.12). */
export function debTag(vendor: string, version: string): string {
  return `+${vendor}${version}`;
}

/** Names that a built-in id implies; the table's own tests keep every id well-formed. */
export function identify(id: string): { readonly vendor: string; readonly version: string } {
  return splitDistributionId(id) ?? { vendor: id, version: '' };
}

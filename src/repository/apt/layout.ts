import { splitDebVersion } from '../../model/deb-version.ts';
import type { PackageFile } from '../index-format.ts';
import type { Place } from '../place.ts';

/** Forms of Packages, in the order in which they are written; apt takes the smallest that it can read. */
export const packagesFiles = ['Packages', 'Packages.gz', 'Packages.xz'] as const;

export type PackagesFile = (typeof packagesFiles)[number];

/** Directories of indexes, relative to that of the Release file, by architecture; '' is that directory itself. */
function indexDirectory({ layout, component }: Place, architecture: string): string {
  return layout === 'flat' ? '' : `${component}/binary-${architecture}`;
}

export function joinPath(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('/');
}

/** Key of the directory that holds InRelease. */
export function releaseDirectory(place: Place): string {
  return place.layout === 'flat' ? place.root : `${place.root}/dists/${place.suite}`;
}

/** Where the indexes of a place are, relative to {@link releaseDirectory}, and which packages they name. */
export interface IndexPlace {
  readonly directory: string;
  /** Undefined: of every architecture. */
  readonly architecture: string | undefined;
}

/** The indexes that a publication writes. A flat repository has one, for whatever is there. */
export function indexPlaces(place: Place): readonly IndexPlace[] {
  if (place.layout === 'flat') return [{ directory: '', architecture: undefined }];
  return place.architectures.map((architecture) => ({ directory: indexDirectory(place, architecture), architecture }));
}

/** An index that a Release file lists, taken apart; undefined for anything else. */
export function parseIndexPath(
  { layout, component }: Place,
  path: string,
): { readonly directory: string; readonly name: PackagesFile } | undefined {
  const name = packagesFiles.find((each) => path === each || path.endsWith(`/${each}`));
  if (name === undefined) return undefined;
  const directory = path.slice(0, -name.length).replace(/\/$/, '');
  if (layout === 'flat') return directory === '' ? { directory, name } : undefined;
  const prefix = `${component}/binary-`;
  const isOurs = directory.startsWith(prefix) && /^[a-z0-9-]+$/.test(directory.slice(prefix.length));
  return isOurs ? { directory, name } : undefined;
}

/** Name of an object that is named by its content; apt looks below the strongest digest that Release lists. */
export function byHash(directory: string, sha256: string): string {
  return joinPath(directory, 'by-hash/SHA256', sha256);
}

/**
 * Where a package belongs, relative to the root of its place. `+` becomes `_`, which no version or name holds: some
 * clients send `+` as it is, and S3 reads that as a blank. The epoch is in no file name (Debian Policy 5.6.12 is silent;
 * the archive and dpkg-deb do it so).
 */
export function fileOf(
  { layout, suite, component }: Place,
  { name, version, architecture }: Pick<PackageFile, 'name' | 'version' | 'architecture'>,
): string {
  const { upstream, revision } = splitDebVersion(version);
  const file = `${name}_${revision === '' ? upstream : `${upstream}-${revision}`}_${architecture}.deb`;
  const path = layout === 'flat' ? file : `pool/${suite}/${component}/${name}/${file}`;
  return path.replaceAll('+', '_').replaceAll(':', '_');
}

import { architectures, type Architecture } from './architecture.ts';

/** The package formats that we emit. */
export type PackageFormat = 'deb' | 'rpm';

export const packageFormats = ['deb', 'rpm'] as const satisfies readonly PackageFormat[];

/** The linters that we run, by the format of packages that each one reads. */
export const linters = { deb: 'lintian', rpm: 'rpmlint' } as const satisfies Record<PackageFormat, string>;

export type Linter = (typeof linters)[PackageFormat];

/** Whether a package holds files for one machine architecture (`native`) or for every one (`all`). */
export type PackageArchitecture = 'native' | 'all';

const independent = { deb: 'all', rpm: 'noarch' } as const satisfies Record<PackageFormat, string>;

/** The format's word for packages that are the same on every architecture: `all`, `noarch`. */
export function independentArchitecture(format: PackageFormat): string {
  return independent[format];
}

/** The format's own word for a package's architecture: `amd64` and `all`, `x86_64` and `noarch`. */
export function formatArchitecture(
  format: PackageFormat,
  kind: PackageArchitecture,
  architecture: Architecture,
): string {
  return kind === 'all' ? independent[format] : architectures[architecture][format];
}

/** The package that holds the virtual environment. */
export const mainPackageId = 'main';

/** How names begin when the manifest does not say, or there is none. */
export const defaultPackagePrefix = 'omnibus';

export interface PackageNameParts {
  readonly prefix: string;
  /** Normalized (PEP 503). */
  readonly application: string;
  readonly id: string;
}

/** `acme-python-fleet` for the main package, `acme-fleet-cli` for the others. */
export function defaultPackageName({ prefix, application, id }: PackageNameParts): string {
  return id === mainPackageId ? `${prefix}-python-${application}` : `${prefix}-${application}-${id}`;
}

/** `acme-release`. */
export function defaultReleaseName(prefix: string): string {
  return `${prefix}-release`;
}

/** `/opt/fleet`. */
export function defaultPrefix(application: string): string {
  return `/opt/${application}`;
}

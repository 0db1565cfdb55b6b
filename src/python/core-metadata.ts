/** What we use of a wheel's METADATA (core metadata, PEP 566, 643, 639). Absent fields are undefined or empty. */
export interface CoreMetadata {
  /** As the project writes it, not normalized. */
  readonly name: string;
  readonly version: string;
  readonly summary: string | undefined;
  readonly description: string | undefined;
  readonly license: string | undefined;
  readonly licenseExpression: string | undefined;
  readonly classifiers: readonly string[];
  readonly homepage: string | undefined;
  readonly author: string | undefined;
  readonly authorEmail: string | undefined;
  readonly maintainer: string | undefined;
  readonly maintainerEmail: string | undefined;
  readonly requiresPython: string | undefined;
  /** `Requires-Dist` lines, unparsed. */
  readonly requiresDist: readonly string[];
  readonly providesExtra: readonly string[];
}

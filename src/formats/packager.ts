import type { PackageFormat } from '../model/format.ts';
import type { PackageVersion } from '../model/package-version.ts';
import type { PackageDefinition } from '../packages/definition.ts';
import type { ChildEnvironments, CommandRunner } from '../system/command.ts';

/** A file on disk that describes a package. */
export interface CompanionFile {
  /** Absolute. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
}

/** A package file on disk. */
export interface PackageArtifact {
  /** Absolute. */
  readonly path: string;
  readonly name: string;
  /** Upstream version, without epoch and release. */
  readonly version: string;
  readonly release: string;
  readonly architecture: string;
  readonly format: PackageFormat;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  /** Bills of materials beside it; absent when none were asked for. */
  readonly sbom?: readonly CompanionFile[] | undefined;
  /** The provenance statement beside it; absent when none was asked for. */
  readonly provenance?: CompanionFile | undefined;
  /** What lets rpmlint pass what is meant, beside an rpm; absent when nothing is to be linted. */
  readonly rpmlintrc?: CompanionFile | undefined;
  /** The page about the build beside it; absent when none was asked for. */
  readonly report?: CompanionFile | undefined;
}

/** What lies beside a package because of it. */
export function companionsOf({ sbom, provenance, rpmlintrc, report }: PackageArtifact): readonly CompanionFile[] {
  return [...(sbom ?? []), ...[provenance, rpmlintrc, report].filter((file) => file !== undefined)];
}

/** A text file that a format renders from a definition: spec, control, maintainer scripts. */
export interface RenderedFile {
  /** `control`, `postinst`, `package.spec`. */
  readonly name: string;
  readonly text: string;
  readonly mode: number;
}

export interface PackagerPorts {
  readonly commands: CommandRunner;
  readonly environments: ChildEnvironments;
}

/** One package format. */
export interface Packager {
  readonly format: PackageFormat;
  /** The conventional file name: `name_version-release_arch.deb`, `name-version-release.arch.rpm`. */
  fileName(name: string, version: PackageVersion, architecture: string): string;
  /** Pure: the text files that describe the package to the format's tool. */
  render(definition: PackageDefinition): readonly RenderedFile[];
  /**
   * Writes the package.
   * @param root absolute staging root in which every entry of the definition already stands, with final modes and times
   * @param output absolute path of the package file; its directory exists, and the file appears whole or not at all
   * @param scratch an empty directory of its own for intermediate files
   */
  build(
    definition: PackageDefinition,
    root: string,
    output: string,
    scratch: string,
    ports: PackagerPorts,
  ): Promise<PackageArtifact>;
}

import type { PackageFormat } from '../model/format.ts';
import type { PackageDefinition } from '../packages/definition.ts';
import type { BillOfMaterials } from '../sbom/bill.ts';
import type { FileKind } from './file-kinds.ts';
import type { NativeFile } from './native-files.ts';

/** One regular file of the main package. */
export interface ReportedFile {
  /** Absolute path on the target. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly kind: FileKind;
  /** Whose it is: the id of a component of the bill of materials, or one of {@link otherOwners}. */
  readonly owner: string;
}

/** Owners of files that no distribution brings. */
export const otherOwners = {
  environment: 'virtual environment',
  package: 'files of the package itself',
} as const;

/** What a linter said of a package. */
export interface LintFinding {
  /** `lintian`, `rpmlint`. */
  readonly tool: string;
  /** The linter's own word: `error`, `warning`, `info`, … */
  readonly severity: string;
  /** `embedded-library`. */
  readonly tag: string;
  /** Name of the package. */
  readonly package: string;
  /** Where in the package; undefined for the package as a whole. */
  readonly path?: string | undefined;
  readonly text: string;
  /** The reason that an override of the manifest gives; undefined when nothing overrides the finding. */
  readonly overridden?: string | undefined;
}

/** A package of the target as it lies in the destination. */
export interface ReportedPackage {
  readonly definition: PackageDefinition;
  /** Of the file, bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Where the application's sources come from. */
export interface ReportedSource {
  /** Hexadecimal; undefined when it is no checkout. */
  readonly commit: string | undefined;
  /** Whether files that git knows differ from the commit. */
  readonly dirty: boolean;
  /** Address of the repository, without credentials; undefined for a directory. */
  readonly repository: string | undefined;
}

/** All that the page of a build shows, of one target. */
export interface BuildReport {
  readonly application: { readonly name: string; readonly version: string };
  readonly target: {
    /** `debian-12`, `centos-7/aarch64`. */
    readonly label: string;
    /** `Debian 12`. */
    readonly title: string;
    readonly architecture: string;
    readonly format: PackageFormat;
    /** `3.11`. */
    readonly python: string;
    readonly bundled: boolean;
    readonly prefix: string;
  };
  readonly source: ReportedSource;
  /** SOURCE_DATE_EPOCH, seconds. */
  readonly epoch: number;
  /** Of the main package, in any order. */
  readonly files: readonly ReportedFile[];
  readonly bill: BillOfMaterials;
  /** Sorted by path. */
  readonly nativeFiles: readonly NativeFile[];
  /** By SONAME of a library that the system has to have: the relations of the main package that see to it. */
  readonly declared: ReadonlyMap<string, readonly string[]>;
  /** The main package first. */
  readonly packages: readonly ReportedPackage[];
  /** Undefined: no linter ran. */
  readonly lint: readonly LintFinding[] | undefined;
}

/** The file name of a build's report: that of the main package with something behind it, as bills of materials have it. */
export function reportFileName({ fileName }: Pick<PackageDefinition, 'fileName'>): string {
  return `${fileName}.report.html`;
}

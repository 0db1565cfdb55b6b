import type { PackageDefinition } from '../packages/definition.ts';
import type { License } from './license.ts';

/** One part of a package, as a bill of materials lists it. */
export interface Component {
  /** Distinguishes the components of one bill; letters, digits, `.` and `-` only (SPDX 2.3, 7.2). */
  readonly id: string;
  /** `package`: what the bill describes. `application`: the application's own distribution. */
  readonly kind: 'package' | 'application' | 'library' | 'interpreter';
  readonly name: string;
  readonly version: string;
  /** Package URL (purl specification). */
  readonly purl: string;
  /** Of the file that it is, or came from; hexadecimal. Undefined for a package that is not written yet. */
  readonly sha256: string | undefined;
  /** Name of that file. */
  readonly fileName: string | undefined;
  readonly license: License;
  readonly summary: string | undefined;
  readonly author: string | undefined;
  /** Who hands it out, where that is known. */
  readonly supplier: string | undefined;
  /** Address of a web page. */
  readonly homepage: string | undefined;
  /** Common Platform Enumeration 2.3, for what vulnerability databases know by it. */
  readonly cpe?: string;
}

/** What a package consists of; the formats of bills are made of it. */
export interface BillOfMaterials {
  readonly subject: Component;
  /** Everything in it, sorted by id. */
  readonly components: readonly Component[];
  /** By id of the subject and of every component: ids of what it depends on, sorted. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** SOURCE_DATE_EPOCH, seconds. */
  readonly epoch: number;
}

/** The formats of a bill of materials. */
export const sbomFormats = ['cyclonedx', 'spdx'] as const;
export type SbomFormat = (typeof sbomFormats)[number];

/** What is appended to the file name of the package: the names by which either specification's tools find bills. */
export const sbomSuffixes = { cyclonedx: '.cdx.json', spdx: '.spdx.json' } as const satisfies Record<
  SbomFormat,
  string
>;

/** The file name of a package's bill of materials. */
export function sbomFileName({ fileName }: Pick<PackageDefinition, 'fileName'>, format: SbomFormat): string {
  return `${fileName}${sbomSuffixes[format]}`;
}

/** The bill of a package that is now written. @param sha256 of its file, hexadecimal */
export function withDigest(bill: BillOfMaterials, sha256: string): BillOfMaterials {
  return { ...bill, subject: { ...bill.subject, sha256 } };
}

/** `2024-01-02T03:04:05Z`: SPDX 2.3, 6.9, knows no fractions of seconds. */
export function timestamp(epoch: number): string {
  return new Date(epoch * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

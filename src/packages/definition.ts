import type { Distribution } from '../distributions/distribution.ts';
import type { Relation, RelationKind } from '../manifest/manifest.ts';
import type { PackageVersion } from '../model/package-version.ts';
import type { IntegrationPolicy } from './integration/policy.ts';
import type { ServicePlan } from './service-plan.ts';

/** What a changelog says about one version. */
export interface ChangelogEntry {
  readonly version: PackageVersion;
  /** Seconds since 1970. */
  readonly date: number;
  /** A paragraph of plain text each; at least one. */
  readonly changes: readonly string[];
}

interface ContentCommon {
  /** Absolute path on the target. */
  readonly path: string;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
}

/** One path of a package. Every directory that is listed is owned; parents that are not listed are not. */
export type ContentEntry =
  | (ContentCommon & { readonly kind: 'directory' })
  | (ContentCommon & {
      readonly kind: 'file';
      /** Bytes. */
      readonly size: number;
      readonly configuration: boolean;
      /** Present for what rpm knows apart: licences, which stay when documentation is not installed, and documentation. */
      readonly documentation?: 'license' | 'documentation';
      /** Where the bytes are: already in the staging root of the package, in a file elsewhere, or here. */
      readonly source:
        | { readonly kind: 'staged' }
        | { readonly kind: 'file'; readonly path: string }
        | { readonly kind: 'text'; readonly text: string }
        | { readonly kind: 'bytes'; readonly bytes: Uint8Array };
    })
  | (ContentCommon & { readonly kind: 'symlink'; readonly target: string });

/**
 * Shell fragments for the moments of a package's life, in neutral terms; `formats/` puts them into maintainer scripts
 * (Debian Policy 6.5) and scriptlets (RPM documentation, "Scriptlets"). Each is POSIX shell with a command in it.
 */
export interface PackageScripts {
  readonly beforeInstall: readonly string[];
  readonly afterInstall: readonly string[];
  readonly beforeUpgrade: readonly string[];
  readonly afterUpgrade: readonly string[];
  readonly beforeRemove: readonly string[];
  readonly afterRemove: readonly string[];
  readonly afterPurge: readonly string[];
}

/** The bytecode that a package makes when it is installed, and every one that has to go when it is removed. */
export interface BytecodePolicy {
  readonly prefix: string;
  /** The interpreter of the virtual environment, such as `/opt/fleet/bin/python`. */
  readonly interpreter: string;
  /** Directory to compile, such as `/opt/fleet/lib/python3.6/site-packages`. */
  readonly directory: string;
  readonly compileAtInstall: boolean;
  /** Whether the package holds the bytecode itself. */
  readonly shipped: boolean;
  /** `3.6`: tells what names the interpreter gives to bytecode, and where it puts it (PEP 3147). */
  readonly minor: string;
}

/** A package, whole, as a value: everything that a format needs in order to write it. */
export interface PackageDefinition {
  readonly id: string;
  readonly name: string;
  readonly version: PackageVersion;
  readonly distribution: Distribution;
  /** The format's own word: `amd64`, `all`, `x86_64`, `noarch`. */
  readonly architecture: string;
  readonly fileName: string;
  /** One line. */
  readonly summary: string;
  /** Any number of lines; may be empty. */
  readonly description: string;
  readonly license: string;
  readonly url: string | undefined;
  readonly vendor: string;
  readonly maintainer: string;
  /** Debian section or RPM group. */
  readonly category: string;
  readonly relations: Readonly<Record<RelationKind, readonly Relation[]>>;
  /** Sorted by path in byte order. */
  readonly contents: readonly ContentEntry[];
  readonly scripts: PackageScripts;
  readonly bytecode: BytecodePolicy | undefined;
  readonly integration: IntegrationPolicy;
  readonly services: ServicePlan;
  /** The newest version first: the package's own. Empty only until it is documented. */
  readonly changelog: readonly ChangelogEntry[];
  /** SOURCE_DATE_EPOCH, seconds. */
  readonly epoch: number;
}

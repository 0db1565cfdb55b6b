import type { Commit } from '../application/application.ts';

/** A file and its digest, as the statement names it: never a path of the build machine. */
export interface NamedFile {
  readonly name: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Where the application's source came from. */
export interface SourceFacts {
  /** `directory`, `wheel`, `sdist`, `url` or `requirement`: what the package URI named. */
  readonly kind: string;
  /** Where others can have it: `git+https://…`, an address, a requirement. Without credentials; undefined for what only lies here. */
  readonly uri: string | undefined;
  /** The project's directory in its repository; empty for the top. */
  readonly subdirectory: string;
  readonly commit: Commit | undefined;
  /** The file that was named, when it was one. */
  readonly file: NamedFile | undefined;
}

/** What somebody may ask of a build from outside, and that decides what comes out. */
export interface RequestedParameters {
  readonly packageVersion: string | undefined;
  readonly builder: string;
  readonly image: string | undefined;
}

/** What all statements of one run have in common. */
export interface RunFacts {
  /** URI of who builds: what a verifier trusts or not (SLSA 1.0, `runDetails.builder.id`). */
  readonly builderId: string;
  /** This program: its version, and the digest of what it consists of. */
  readonly program: { readonly version: string; readonly sha256: string };
  /** Versions of the tools of this machine, by name. */
  readonly tools: ReadonlyMap<string, string>;
  readonly source: SourceFacts;
  /** The whole lock; undefined when it is in no file. */
  readonly lock: NamedFile | undefined;
  readonly manifest: NamedFile | undefined;
  readonly parameters: RequestedParameters;
}

/** The file name of a package's statement. */
export function provenanceFileName({ fileName }: { readonly fileName: string }): string {
  return `${fileName}.provenance.json`;
}

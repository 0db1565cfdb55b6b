interface TreeEntryCommon {
  /** Absolute path on the target, such as `/opt/fleet/bin/fleet`. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
}

export type TreeEntry =
  | (TreeEntryCommon & { readonly kind: 'directory' })
  | (TreeEntryCommon & {
      readonly kind: 'file';
      /** Bytes. */
      readonly size: number;
      readonly sha256: string;
      /** The distribution (PEP 503 name) whose wheel it came from; undefined for what assembling made. */
      readonly distribution: string | undefined;
    })
  | (TreeEntryCommon & { readonly kind: 'symlink'; readonly target: string });

/** The virtual environment, laid out below a staging root, with its inventory. */
export interface Tree {
  /** Absolute path of the staging root; the prefix lies below it. */
  readonly root: string;
  readonly prefix: string;
  /** Sorted by path in byte order; the prefix itself is the first. */
  readonly entries: readonly TreeEntry[];
  /** Whether bytecode is part of the entries, made by the package when it is installed, or neither. */
  readonly bytecode: 'shipped' | 'at-install' | 'none';
  /** Whether a module of the tree imports distutils, which Debian packages apart from the interpreter. */
  readonly importsDistutils: boolean;
}

interface TreeEntryCommon {
  /** Absolute path on the target, such as `/opt/fleet/bin/fleet`. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
}

/** What the first 20 bytes of an ELF file say (System V ABI, chapter 4): for which machine it was built. */
export interface ElfIdentity {
  /** `EI_CLASS`, in bits; 0 when the file gives neither of the two classes. */
  readonly elfClass: 32 | 64 | 0;
  /** `e_machine`. */
  readonly machine: number;
}

export interface TreeFile extends TreeEntryCommon {
  readonly kind: 'file';
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  /**
   * The distribution (PEP 503 name) that it belongs to: it came out of its wheel, or installing the wheel made it
   * (console scripts, RECORD, bytecode). Undefined for what belongs to the virtual environment itself.
   */
  readonly distribution: string | undefined;
  /** Present when the file begins as an ELF file does. */
  readonly elf?: ElfIdentity;
}

export type TreeEntry =
  | (TreeEntryCommon & { readonly kind: 'directory' })
  | TreeFile
  | (TreeEntryCommon & { readonly kind: 'symlink'; readonly target: string });

/** What the programs and libraries of a tree take from the system that it is installed on. */
export interface SystemNeeds {
  /** The highest version of glibc whose symbols they use, such as `2.17`; absent when they use none. */
  readonly glibc?: string;
  /** Of each library of glibc, the highest version of symbols: `libc.so.6`, `GLIBC_2.17`. */
  readonly symbols: readonly { readonly library: string; readonly symbol: string }[];
  /** Libraries (SONAME) of which neither glibc nor the tree has one, each with the path of a file that needs it. */
  readonly foreign: readonly { readonly library: string; readonly path: string }[];
}

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
  /** Present when the package brings its own interpreter: then this is all that ties it to a distribution. */
  readonly systemNeeds?: SystemNeeds;
}

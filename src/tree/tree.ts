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

/** A version of symbols, such as `GLIBC_2.17`, and the files (absolute paths on the target) that need it. */
export interface NeededVersion {
  readonly version: string;
  readonly files: readonly string[];
}

/** A shared library that files of a tree need and the tree does not have. */
export interface NeededLibrary {
  /** SONAME, such as `libssl.so.3`. */
  readonly library: string;
  /** Absolute paths on the target of the files that name it in `DT_NEEDED`, or need versions of it. */
  readonly files: readonly string[];
  /** By version. Empty where the library's symbols have none. */
  readonly versions: readonly NeededVersion[];
}

/** What the programs and libraries of a tree take from the system that it is installed on. */
export interface SystemNeeds {
  /** By SONAME. What the tree brings is private to it and not told. */
  readonly libraries: readonly NeededLibrary[];
  /** Whether the dynamic linker has to know `DT_GNU_HASH`. */
  readonly gnuHash: boolean;
}

/** A library that a file needs, that lies elsewhere in the tree, and to which no path of the file's own leads. */
export interface UnsearchedLibrary {
  /** Absolute path on the target. */
  readonly file: string;
  /** Whose file it is, as {@link TreeFile.distribution}. */
  readonly distribution: string | undefined;
  readonly library: string;
  /** What has that name, and whose it may be; no one of them belongs to the file's own distribution. */
  readonly found: readonly { readonly path: string; readonly owners: readonly (string | undefined)[] }[];
}

/** What was left out of a tree because the manifest says so. */
export interface Slimming {
  /** In byte order of their names: the parts of `slim.remove`, `exclude` and `locales`. */
  readonly parts: readonly { readonly part: string; readonly files: number; readonly bytes: number }[];
  /** Globs of `slim.exclude` that took nothing in. */
  readonly idle: readonly string[];
}

/** A finding of the health check that did not fail the build. */
interface ToldFinding {
  readonly check: string;
  /** Absolute path on the target. */
  readonly path: string;
  readonly message: string;
}

/** What came of the health check of a tree. */
export interface Health {
  /** How many entry points were imported; undefined when none were tried. */
  readonly imported: number | undefined;
  readonly warnings: readonly ToldFinding[];
  /** What the manifest accepts, and why. */
  readonly accepted: readonly (ToldFinding & { readonly reason: string })[];
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
  /** The CPython that compiled the bytecode which is shipped, `3.11.2`: another patch release compiles some modules otherwise. */
  readonly compiler?: string;
  /** Whether a module of the tree imports distutils, which Debian packages apart from the interpreter. */
  readonly importsDistutils: boolean;
  /** What inspecting the tree found; absent before. */
  readonly systemNeeds?: SystemNeeds;
  /** Found when the tree was inspected; absent when there are none. */
  readonly unsearched?: readonly UnsearchedLibrary[];
  /** Present when something was to be left out. */
  readonly slimming?: Slimming;
  /** Present once the tree was looked over. */
  readonly health?: Health;
}

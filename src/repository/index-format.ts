import type { Signer, Verifier } from '../signing/signer.ts';
import type { NewObject, ObjectReader } from '../store/object-store.ts';
import type { Place } from './place.ts';

/** A package file that is to be published; for rpms the signed one. */
export interface PackageFile {
  /** Absolute. */
  readonly path: string;
  readonly format: 'deb' | 'rpm';
  readonly name: string;
  /** `[epoch:]version-release`, as dpkg and rpm compare it. */
  readonly version: string;
  /** The format's word: `amd64`, `all`, `x86_64`, `noarch`. */
  readonly architecture: string;
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** What an index says of one package. */
export type IndexEntry = DebEntry | RpmEntry;

interface CommonEntry {
  readonly name: string;
  /** `[epoch:]version-release`. */
  readonly version: string;
  readonly architecture: string;
  /** Relative to the root of the place: where the package is. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export interface DebEntry extends CommonEntry {
  readonly format: 'deb';
  /** The whole stanza of Packages (deb822), `Filename` included, without the empty line at its end. */
  readonly stanza: string;
}

export interface RpmEntry extends CommonEntry {
  readonly format: 'rpm';
  /** The `<package>` elements of the three files, as XML. */
  readonly primary: string;
  readonly filelists: string;
  readonly other: string;
}

/** What a store holds of a place. */
export interface PublishedIndex {
  /**
   * The etag of the head, for the exchange of it. Undefined when there is no head yet: an index that another tool made and
   * that the next publication adopts, whatever else it has to say; the head has to be `absent` then.
   */
  readonly etag: string | undefined;
  /** Seconds since 1970: the Date of Release, the revision of repomd. */
  readonly date: number;
  /** Seconds since 1970: the Valid-Until of Release, after which clients refuse the index; absent for yum. */
  readonly validUntil?: number | undefined;
  readonly entries: readonly IndexEntry[];
  /** Fields that no publication may change: Origin, Label, Suite, Codename. Empty for yum. */
  readonly frozen: Readonly<Record<string, string>>;
  /**
   * Keys of all objects besides packages that a client which has this head may ask for, relative to the store: what
   * garbage collection has to keep.
   */
  readonly objects: readonly string[];
  /** Keys, relative to the store, of aliases that are not what this head says: a publisher was killed before it wrote them. */
  readonly staleAliases: readonly string[];
}

/** The objects of a new index, in the order in which they have to appear. Keys are relative to the store. */
export interface RenderedIndex {
  /** Named by their content: they may appear at any time. */
  readonly immutable: readonly NewObject[];
  /** The one object that makes it so. */
  readonly head: NewObject;
  /** What older clients read instead of the head's names; written after it, in this order. */
  readonly aliases: readonly NewObject[];
}

export interface RenderRequest {
  readonly place: Place;
  /** In any order. */
  readonly entries: readonly IndexEntry[];
  /** Seconds since 1970; larger than that of every earlier index of the place. */
  readonly date: number;
  /** Seconds since 1970 after which clients refuse the index; undefined means never. yum has no such thing. */
  readonly validUntil: number | undefined;
  readonly signer: Signer;
}

/** How indexes of one format are read and written; apt's and yum's. */
export interface IndexFormat {
  /** Key, relative to the store, of the head of a place. */
  headOf(place: Place): string;
  /** Where a package belongs, relative to the root of the place. `+` is no character for an address: it becomes `_`. */
  fileOf(place: Place, file: Pick<PackageFile, 'path' | 'name' | 'version' | 'architecture'>): string;
  /**
   * Reads metadata, never packages.
   * @returns undefined when nothing was published yet
   * @throws CoachbuilderError `signature-invalid`, `repository-invalid` (damaged, an index that is not the one its head
   *   names, or a head that is older than its signed aliases)
   */
  read(place: Place, reader: ObjectReader, verifier: Verifier): Promise<PublishedIndex | undefined>;
  /** The entries of new packages, in the order of the files. */
  describe(place: Place, files: readonly PackageFile[]): Promise<readonly IndexEntry[]>;
  render(request: RenderRequest): Promise<RenderedIndex>;
}

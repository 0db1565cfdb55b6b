import { fileKinds, type FileKind } from './file-kinds.ts';
import { otherOwners, type BuildReport, type ReportedFile } from './report.ts';

/** Some files counted together. */
export interface SizeCount {
  readonly files: number;
  /** Bytes. */
  readonly size: number;
}

/** A part of a group: of a distribution the files of one kind, of a kind those of one distribution. */
export interface SizePart extends SizeCount {
  readonly id: string;
  readonly label: string;
  readonly kind: FileKind;
}

export interface SizeGroup extends SizeCount {
  readonly id: string;
  readonly label: string;
  /** Undefined for what has none. */
  readonly version: string | undefined;
  /** Undefined for a group of several kinds. */
  readonly kind: FileKind | undefined;
  /** The largest first. */
  readonly parts: readonly SizePart[];
}

/** The ways in which the space of a package is divided. */
export interface SizeViews {
  readonly total: SizeCount;
  /** The largest first, and those of the same size by label. */
  readonly byDistribution: readonly SizeGroup[];
  readonly byKind: readonly SizeGroup[];
}

interface OwnerName {
  readonly label: string;
  readonly version: string | undefined;
}

/** The name of whoever owns files. */
export function ownerNames({ bill }: Pick<BuildReport, 'bill'>): (owner: string) => OwnerName {
  const components = new Map(bill.components.map(({ id, name, version }) => [id, { label: name, version }]));
  const others = new Map(Object.entries(otherOwners));
  return (owner) => components.get(owner) ?? { label: others.get(owner) ?? owner, version: undefined };
}

export function countFiles(files: readonly Pick<ReportedFile, 'size'>[]): SizeCount {
  return { files: files.length, size: files.reduce((sum, { size }) => sum + size, 0) };
}

function largestFirst<Item extends SizeCount & { readonly id: string; readonly label: string }>(
  items: readonly Item[],
): readonly Item[] {
  const key = ({ label, id }: Item): string => `${label.toLowerCase()}\0${id}`;
  return [...items].sort((a, b) => b.size - a.size || (key(a) < key(b) ? -1 : 1));
}

function groupBy<Key extends string>(
  files: readonly ReportedFile[],
  keyOf: (file: ReportedFile) => Key,
): readonly (readonly [Key, readonly ReportedFile[]])[] {
  const groups = new Map<Key, ReportedFile[]>();
  for (const file of files) {
    const found = groups.get(keyOf(file));
    if (found === undefined) groups.set(keyOf(file), [file]);
    else found.push(file);
  }
  return [...groups];
}

/** Counts the files of a package by distribution and by kind. */
export function divideSizes(report: Pick<BuildReport, 'files' | 'bill'>): SizeViews {
  const { files } = report;
  const nameOf = ownerNames(report);
  const kindOf = ({ kind }: ReportedFile): FileKind => kind;
  const ownerOf = ({ owner }: ReportedFile): string => owner;
  const byDistribution = groupBy(files, ownerOf).map(([owner, own]): SizeGroup => {
    const parts = groupBy(own, kindOf).map(([kind, those]): SizePart => {
      return { id: kind, label: fileKinds[kind], kind, ...countFiles(those) };
    });
    return { id: owner, ...nameOf(owner), kind: undefined, ...countFiles(own), parts: largestFirst(parts) };
  });
  const byKind = groupBy(files, kindOf).map(([kind, own]): SizeGroup => {
    const parts = groupBy(own, ownerOf).map(([owner, those]): SizePart => {
      return { id: owner, label: nameOf(owner).label, kind, ...countFiles(those) };
    });
    return {
      id: kind,
      label: fileKinds[kind],
      version: undefined,
      kind,
      ...countFiles(own),
      parts: largestFirst(parts),
    };
  });
  return { total: countFiles(files), byDistribution: largestFirst(byDistribution), byKind: largestFirst(byKind) };
}

import type { X86Level } from '../distributions/distribution.ts';

/** One version of a library's symbols that a file needs, such as `GLIBC_2.17` of `libc.so.6`. */
export interface VersionNeed {
  /** SONAME of the library that has to export it. */
  readonly library: string;
  readonly version: string;
  /** The dynamic linker goes on without it (`VER_FLG_WEAK`). */
  readonly weak?: true;
}

/** What the dynamic linker is told by an ELF file (System V ABI, chapters 4 and 5). */
export interface ElfFile {
  /** `EI_CLASS`, in bits. */
  readonly elfClass: 32 | 64;
  readonly bigEndian: boolean;
  /** `e_machine`. */
  readonly machine: number;
  /** `PT_INTERP`: the dynamic linker; undefined for libraries and for static programs. */
  readonly interpreter: string | undefined;
  readonly soname: string | undefined;
  /** `DT_NEEDED`, in the order of the file: libraries by their SONAME. */
  readonly needed: readonly string[];
  /** The directories of `DT_RPATH`, separated; `$ORIGIN` is not expanded. */
  readonly rpath: readonly string[];
  /** The directories of `DT_RUNPATH`. */
  readonly runpath: readonly string[];
  /** In the order of the file (Linux Standard Base, "Symbol Versioning"). */
  readonly versionNeeds: readonly VersionNeed[];
  /** Whether its symbols are found with `DT_GNU_HASH` alone, which a dynamic linker has to know. */
  readonly gnuHashOnly?: true;
  /**
   * Microarchitecture level of x86-64 that the file says it cannot run without (x86-64 psABI,
   * `GNU_PROPERTY_X86_ISA_1_NEEDED`); absent when it says nothing. 1 is what every x86-64 processor has.
   */
  readonly x86Level?: X86Level;
}

const magic = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
const segment = { load: 1, dynamic: 2, interpreter: 3, note: 4 } as const;
const tag = {
  end: 0,
  needed: 1,
  hash: 4,
  stringTable: 5,
  soname: 14,
  rpath: 15,
  runpath: 29,
  gnuHash: 0x6ffffef5,
  versionNeed: 0x6ffffffe,
  versionNeedCount: 0x6fffffff,
} as const;

/** Reads numbers of a file in its own class and byte order; what lies behind its end reads as zero. */
class Reader {
  readonly bytes: Buffer;
  readonly wide: boolean;
  readonly #big: boolean;

  constructor(bytes: Buffer, wide: boolean, big: boolean) {
    this.bytes = bytes;
    this.wide = wide;
    this.#big = big;
  }

  #holds(at: number, size: number): boolean {
    return at >= 0 && at + size <= this.bytes.length;
  }

  half(at: number): number {
    if (!this.#holds(at, 2)) return 0;
    return this.#big ? this.bytes.readUInt16BE(at) : this.bytes.readUInt16LE(at);
  }

  word(at: number): number {
    if (!this.#holds(at, 4)) return 0;
    return this.#big ? this.bytes.readUInt32BE(at) : this.bytes.readUInt32LE(at);
  }

  /** An address, an offset or a size: as wide as the class. */
  native(at: number): number {
    if (!this.wide) return this.word(at);
    if (!this.#holds(at, 8)) return 0;
    return Number(this.#big ? this.bytes.readBigUInt64BE(at) : this.bytes.readBigUInt64LE(at));
  }

  /** A text up to its null byte. */
  text(at: number): string {
    if (!this.#holds(at, 1)) return '';
    const end = this.bytes.indexOf(0, at);
    return this.bytes.toString('utf8', at, end === -1 ? this.bytes.length : end);
  }
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  /** Bytes in the file. */
  readonly size: number;
}

function segmentsOf(reader: Reader): readonly Segment[] {
  const start = reader.native(reader.wide ? 32 : 28);
  const size = reader.half(reader.wide ? 54 : 42);
  const count = reader.half(reader.wide ? 56 : 44);
  const [offset, address, length] = reader.wide ? ([8, 16, 32] as const) : ([4, 8, 16] as const);
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * size;
    return {
      type: reader.word(at),
      offset: reader.native(at + offset),
      address: reader.native(at + address),
      size: reader.native(at + length),
    };
  });
}

type Dynamic = readonly (readonly [tag: number, value: number])[];

function dynamicOf(reader: Reader, segments: readonly Segment[]): Dynamic {
  const found = segments.find(({ type }) => type === segment.dynamic);
  if (found === undefined) return [];
  const width = reader.wide ? 8 : 4;
  const entries: [number, number][] = [];
  for (let at = found.offset; at + 2 * width <= found.offset + found.size; at += 2 * width) {
    const name = reader.native(at);
    // Files that hold debugging data alone say that there is a table, and hold none.
    if (name === tag.end) break;
    entries.push([name, reader.native(at + width)]);
  }
  return entries;
}

/** Counts in the file are not trusted further than this: no real one comes near. */
const mostVersions = 10_000;

/** `VER_FLG_WEAK` (glibc's elf.h). */
const weakVersion = 2;

/** Elf_Verneed, each with a chain of Elf_Vernaux; both are the same in both classes. */
function versionNeedsOf(reader: Reader, start: number, count: number, strings: number): readonly VersionNeed[] {
  const needs: VersionNeed[] = [];
  let at = start;
  for (let library = 0; library < Math.min(count, mostVersions); library += 1) {
    const name = reader.text(strings + reader.word(at + 4));
    let auxiliary = at + reader.word(at + 8);
    for (let left = reader.half(at + 2); left > 0 && needs.length < mostVersions; left -= 1) {
      const weak = (reader.half(auxiliary + 4) & weakVersion) !== 0;
      const version = reader.text(strings + reader.word(auxiliary + 8));
      needs.push({ library: name, version, ...(weak ? { weak } : {}) });
      const next = reader.word(auxiliary + 12);
      if (next === 0) break;
      auxiliary += next;
    }
    const next = reader.word(at + 12);
    if (next === 0) break;
    at += next;
  }
  return needs;
}

const propertyNote = 5; // NT_GNU_PROPERTY_TYPE_0
const isaNeeded = 0xc0008002; // GNU_PROPERTY_X86_ISA_1_NEEDED
const x86Machine = 62;

/** The highest bit of the mask that the linker wrote: baseline, v2, v3, v4 from the lowest on (x86-64 psABI). */
function levelOf(mask: number): X86Level | undefined {
  const levels = [4, 3, 2, 1] as const;
  return levels.find((level) => (mask & (1 << (level - 1))) !== 0);
}

/** Reads the notes that a linker merged from the objects (gABI, "Note Section"; Linux gABI extensions, "Program Property"). */
function x86LevelOf(reader: Reader, segments: readonly Segment[]): X86Level | undefined {
  const align = reader.wide ? 8 : 4;
  for (const { type, offset, size } of segments) {
    if (type !== segment.note) continue;
    for (let at = offset; at + 16 <= offset + size;) {
      const [nameSize, length] = [reader.word(at), reader.word(at + 4)];
      const content = at + 12 + Math.ceil(nameSize / 4) * 4;
      const isProperty = reader.word(at + 8) === propertyNote && reader.text(at + 12) === 'GNU';
      for (let place = content; isProperty && place + 8 <= content + length;) {
        if (reader.word(place) === isaNeeded) return levelOf(reader.word(place + 8));
        place += 8 + Math.ceil(reader.word(place + 4) / align) * align;
      }
      at = content + Math.ceil(length / 4) * 4;
    }
  }
  return undefined;
}

function directories(path: string | undefined): readonly string[] {
  return path === undefined ? [] : path.split(':').filter((directory) => directory !== '');
}

/**
 * Reads what an ELF file needs at run time.
 * @param bytes the whole file; of a damaged one, what can be read is told
 * @returns undefined when the file is not ELF, or of a class that does not exist
 */
export function readElf(bytes: Buffer): ElfFile | undefined {
  if (bytes.length < 52 || !bytes.subarray(0, magic.length).equals(magic)) return undefined;
  const elfClass = bytes[4] === 1 ? 32 : bytes[4] === 2 ? 64 : undefined;
  if (elfClass === undefined) return undefined;
  const bigEndian = bytes[5] === 2;
  const reader = new Reader(bytes, elfClass === 64, bigEndian);
  const segments = segmentsOf(reader);
  const dynamic = dynamicOf(reader, segments);

  const valuesOf = (wanted: number): readonly number[] =>
    dynamic.filter(([name]) => name === wanted).map(([, value]) => value);
  const offsetOf = (address: number | undefined): number | undefined => {
    if (address === undefined) return undefined;
    const holder = segments.find(
      (each) => each.type === segment.load && address >= each.address && address < each.address + each.size,
    );
    return holder === undefined ? undefined : address - holder.address + holder.offset;
  };
  const strings = offsetOf(valuesOf(tag.stringTable)[0]);
  const textsOf = (wanted: number): readonly string[] =>
    strings === undefined ? [] : valuesOf(wanted).map((value) => reader.text(strings + value));
  const needs = offsetOf(valuesOf(tag.versionNeed)[0]);
  const machine = reader.half(18);
  const x86Level = machine === x86Machine ? x86LevelOf(reader, segments) : undefined;
  const gnuHashOnly = valuesOf(tag.gnuHash).length > 0 && valuesOf(tag.hash).length === 0;
  const loader = segments.find(({ type }) => type === segment.interpreter);
  return {
    elfClass,
    bigEndian,
    machine,
    interpreter: loader === undefined ? undefined : reader.text(loader.offset),
    soname: textsOf(tag.soname)[0],
    needed: textsOf(tag.needed),
    rpath: directories(textsOf(tag.rpath)[0]),
    runpath: directories(textsOf(tag.runpath)[0]),
    versionNeeds:
      needs === undefined || strings === undefined
        ? []
        : versionNeedsOf(reader, needs, valuesOf(tag.versionNeedCount)[0] ?? 0, strings),
    ...(gnuHashOnly ? { gnuHashOnly } : {}),
    ...(x86Level === undefined ? {} : { x86Level }),
  };
}

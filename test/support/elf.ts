/** The first 64 bytes of an ELF file as the System V ABI has it (chapter 4), with nothing behind them. */
export function elfHead(header: {
  readonly bits: 32 | 64;
  readonly machine: number;
  readonly bigEndian?: boolean;
}): Buffer {
  const head = Buffer.alloc(64);
  head.write('\x7fELF', 'latin1');
  head[4] = header.bits === 64 ? 2 : 1;
  head[5] = header.bigEndian === true ? 2 : 1;
  head[6] = 1;
  if (header.bigEndian === true) head.writeUInt16BE(header.machine, 18);
  else head.writeUInt16LE(header.machine, 18);
  return head;
}

/** What a made-up library tells the dynamic linker. */
export interface ElfParts {
  readonly bits?: 32 | 64;
  readonly bigEndian?: boolean;
  /** `e_machine`; x86-64 by default. */
  readonly machine?: number;
  readonly soname?: string;
  readonly needed?: readonly string[];
  readonly rpath?: string;
  readonly runpath?: string;
  /** Versions of symbols by library. */
  readonly versions?: Readonly<Record<string, readonly string[]>>;
  /** Of the versions, those that the dynamic linker may do without. */
  readonly weak?: readonly string[];
  /** Which tables its symbols are found with; none by default. */
  readonly hash?: readonly ('sysv' | 'gnu')[];
  /** The mask of `GNU_PROPERTY_X86_ISA_1_NEEDED`: 1 is x86-64, 2 is v2, 4 is v3. */
  readonly isaNeeded?: number;
}

/** The hash of the System V ABI (chapter 5, "Hash Table"), which version needs repeat. */
function hashOf(text: string): number {
  let hash = 0;
  for (const byte of Buffer.from(text)) {
    hash = ((hash << 4) + byte) >>> 0;
    const top = hash & 0xf0000000;
    hash = (hash ^ (top >>> 24)) & ~top;
  }
  return hash >>> 0;
}

/**
 * A shared library that holds a dynamic section and nothing else (System V ABI, chapters 4 and 5; version needs as in the
 * Linux Standard Base). Its bytes lie in the file where they lie in memory, 0x10000 higher.
 */
export function elfLibrary(parts: ElfParts): Buffer {
  const wide = parts.bits !== 32;
  const big = parts.bigEndian === true;
  const size = wide ? 8 : 4;
  const base = 0x10000;
  const names: string[] = [''];
  const nameAt = (text: string): number => {
    const at = names.join('\0').length + 1;
    names.push(text);
    return at;
  };
  const number = (value: number, bytes: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    if (bytes === 8) {
      if (big) buffer.writeBigUInt64BE(BigInt(value));
      else buffer.writeBigUInt64LE(BigInt(value));
    } else if (big) buffer.writeUIntBE(value, 0, bytes);
    else buffer.writeUIntLE(value, 0, bytes);
    return buffer;
  };

  const libraries = Object.entries(parts.versions ?? {});
  const verneed = Buffer.concat(
    libraries.flatMap(([library, versions], index) => [
      number(1, 2),
      number(versions.length, 2),
      number(nameAt(library), 4),
      number(16, 4),
      number(index === libraries.length - 1 ? 0 : 16 + 16 * versions.length, 4),
      ...versions.flatMap((version, place) => [
        number(hashOf(version), 4),
        number(parts.weak?.includes(version) === true ? 2 : 0, 2),
        number(place + 2, 2),
        number(nameAt(version), 4),
        number(place === versions.length - 1 ? 0 : 16, 4),
      ]),
    ]),
  );
  const texts: [number, string | undefined][] = [
    ...(parts.needed ?? []).map((library): [number, string] => [1, library]),
    [14, parts.soname],
    [15, parts.rpath],
    [29, parts.runpath],
  ];
  const entries: [number, number][] = texts.flatMap(([tag, text]) =>
    text === undefined ? [] : [[tag, nameAt(text)] as [number, number]],
  );
  const strings = Buffer.from(`${names.join('\0')}\0`);
  const hashTags = { sysv: 4, gnu: 0x6ffffef5 } as const;
  for (const table of parts.hash ?? []) entries.push([hashTags[table], base]);
  // Elf_Nhdr with the name GNU, and one property: kind, length, mask, padding.
  const note =
    parts.isaNeeded === undefined
      ? Buffer.alloc(0)
      : Buffer.concat([
          ...[4, wide ? 16 : 12, 5].map((value) => number(value, 4)),
          Buffer.from('GNU\0'),
          ...[0xc0008002, 4, parts.isaNeeded].map((value) => number(value, 4)),
          Buffer.alloc(wide ? 4 : 0),
        ]);
  const segments = note.length === 0 ? 2 : 3;
  const headers = wide ? 64 + segments * 56 : 52 + segments * 32;
  const stringsAt = headers;
  const verneedAt = Math.ceil((stringsAt + strings.length) / 8) * 8;
  const dynamicAt = Math.ceil((verneedAt + verneed.length) / 8) * 8;
  entries.push([5, base + stringsAt], [10, strings.length]);
  if (libraries.length > 0) entries.push([0x6ffffffe, base + verneedAt], [0x6fffffff, libraries.length]);
  entries.push([0, 0]);
  const dynamic = Buffer.concat(entries.flatMap(([tag, value]) => [number(tag, size), number(value, size)]));

  const noteAt = Math.ceil((dynamicAt + dynamic.length) / 8) * 8;
  const whole = Buffer.alloc(note.length === 0 ? dynamicAt + dynamic.length : noteAt + note.length);
  elfHead({ bits: wide ? 64 : 32, machine: parts.machine ?? 62, bigEndian: big }).copy(whole);
  number(3, 2).copy(whole, 16);
  number(1, 4).copy(whole, 20);
  number(wide ? 64 : 52, size).copy(whole, wide ? 32 : 28);
  number(wide ? 64 : 52, 2).copy(whole, wide ? 52 : 40);
  number(wide ? 56 : 32, 2).copy(whole, wide ? 54 : 42);
  number(segments, 2).copy(whole, wide ? 56 : 44);
  const segment = (index: number, type: number, at: number, length: number): void => {
    const start = wide ? 64 + index * 56 : 52 + index * 32;
    number(type, 4).copy(whole, start);
    number(at, size).copy(whole, start + (wide ? 8 : 4));
    number(base + at, size).copy(whole, start + (wide ? 16 : 8));
    number(length, size).copy(whole, start + (wide ? 32 : 16));
    number(length, size).copy(whole, start + (wide ? 40 : 20));
  };
  segment(0, 1, 0, whole.length);
  segment(1, 2, dynamicAt, dynamic.length);
  if (note.length > 0) {
    segment(2, 4, noteAt, note.length);
    note.copy(whole, noteAt);
  }
  strings.copy(whole, stringsAt);
  verneed.copy(whole, verneedAt);
  dynamic.copy(whole, dynamicAt);
  return whole;
}

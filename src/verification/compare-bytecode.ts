/** PEP 552: four bytes that stand for the format of a CPython minor, four of flags, eight of the source's date or hash. */
const header = { magic: [0, 4], flags: [4, 8], source: [8, 16] } as const;

function same(first: Buffer, second: Buffer, [start, end]: readonly [number, number]): boolean {
  return first.subarray(start, end).equals(second.subarray(start, end));
}

/**
 * Why two files of bytecode for one module differ, as far as their headers tell.
 * @returns undefined when one is no bytecode as PEP 552 describes it
 */
export function explainBytecode(first: Buffer, second: Buffer): string | undefined {
  // The magic number ends in CR LF, so that a text mode shows.
  const isBytecode = (file: Buffer): boolean => file.length > 16 && file.readUInt16BE(2) === 0x0d0a;
  if (!isBytecode(first) || !isBytecode(second)) return undefined;
  if (!same(first, second, header.magic)) return 'bytecode of another version of CPython';
  if (!same(first, second, header.flags)) return 'bytecode that is invalidated in another way';
  if (!same(first, second, header.source)) return 'bytecode of another source';
  return 'bytecode of the same source: compiled by another patch release of CPython, or not always alike';
}

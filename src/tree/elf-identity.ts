import { closeSync, openSync, readSync } from 'node:fs';

import type { ElfIdentity } from './tree.ts';

/** How many bytes at the beginning of a file are needed to identify it. */
export const elfHeaderLength = 20;

const magic = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
/** Places in the ELF header (System V ABI, chapter 4, "ELF Header"). */
const classOffset = 4;
const dataOffset = 5;
const machineOffset = 18;
const bigEndian = 2;
const classes = new Map<number | undefined, 32 | 64>([
  [1, 32],
  [2, 64],
]);

/**
 * For which machine an ELF file was built.
 * @param head the first {@link elfHeaderLength} bytes of a file, or all of it
 * @returns undefined when the file is not ELF
 */
export function identifyElf(head: Buffer): ElfIdentity | undefined {
  if (head.length < elfHeaderLength || !head.subarray(0, magic.length).equals(magic)) return undefined;
  return {
    elfClass: classes.get(head[classOffset]) ?? 0,
    machine: head[dataOffset] === bigEndian ? head.readUInt16BE(machineOffset) : head.readUInt16LE(machineOffset),
  };
}

/**
 * {@link identifyElf} of a file on this machine; no more than its header is read.
 * @param path absolute
 * @throws what the file system throws
 */
export function identifyElfFile(path: string): ElfIdentity | undefined {
  const descriptor = openSync(path, 'r');
  try {
    const head = Buffer.alloc(elfHeaderLength);
    return identifyElf(head.subarray(0, readSync(descriptor, head, 0, head.length, 0)));
  } finally {
    closeSync(descriptor);
  }
}

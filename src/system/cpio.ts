import { createReadStream } from 'node:fs';

import { Pieces } from './pieces.ts';

/** A member of a cpio archive. */
export interface CpioMember {
  /** As the archive has it, but without a leading `./`. */
  readonly path: string;
  readonly content: Buffer;
}

const headerSize = 110;
const alignment = 4;
const last = 'TRAILER!!!';

function padded(size: number): number {
  return Math.ceil(size / alignment) * alignment;
}

/**
 * Reads a cpio archive of the "new ASCII" format (cpio(5)), one file at a time. It ends without an error where the format
 * is another one: rpm's own for files of more than 4 GB has no names.
 * @param archive absolute path
 */
export async function* readCpio(archive: string): AsyncGenerator<CpioMember, void, undefined> {
  const stream = createReadStream(archive, { highWaterMark: 1024 * 1024 });
  const pieces = new Pieces(stream);
  try {
    for (;;) {
      const header = await pieces.take(headerSize);
      if (header.length < headerSize || !/^07070[12]$/.test(header.toString('latin1', 0, 6))) return;
      // Thirteen numbers of eight hexadecimal digits; the seventh is the size, the twelfth that of the name.
      const numberAt = (index: number): number =>
        Number.parseInt(header.toString('latin1', 6 + 8 * index, 14 + 8 * index), 16);
      const [size, nameSize] = [numberAt(6), numberAt(11)];
      const name = await pieces.take(padded(headerSize + nameSize) - headerSize);
      const path = name.toString('utf8', 0, nameSize - 1);
      if (path === last) return;
      const content = await pieces.take(padded(size));
      yield { path: path.replace(/^\.\//, ''), content: content.subarray(0, size) };
    }
  } finally {
    stream.destroy();
  }
}

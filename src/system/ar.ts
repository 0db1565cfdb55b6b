import { open } from 'node:fs/promises';

/** A member of an ar archive, without its content. */
export interface ArMember {
  readonly name: string;
  /** Seconds since 1970. */
  readonly mtime: string;
  readonly uid: string;
  readonly gid: string;
  /** Octal, with the file's type. */
  readonly mode: string;
  /** Bytes. */
  readonly size: number;
}

const magic = 8;
const headerSize = 60;

/** Reads the headers of an ar archive (deb(5), ar(5)); what is behind a damaged one is left out. */
export async function readArHeaders(archive: string): Promise<readonly ArMember[]> {
  const handle = await open(archive);
  const members: ArMember[] = [];
  try {
    for (let at = magic; ;) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(headerSize), 0, headerSize, at);
      if (bytesRead < headerSize) return members;
      const field = (from: number, to: number): string => buffer.toString('latin1', from, to).trim();
      const size = Number(field(48, 58));
      if (field(58, 60) !== '`' || Number.isNaN(size)) return members;
      const [name, mtime] = [field(0, 16).replace(/\/$/, ''), field(16, 28)];
      members.push({ name, mtime, uid: field(28, 34), gid: field(34, 40), mode: field(40, 48), size });
      // Members begin at even places.
      at += headerSize + size + (size % 2);
    }
  } finally {
    await handle.close();
  }
}

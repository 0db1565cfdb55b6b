import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** What the header of an rpm says. */
export interface RpmFacts {
  readonly name: string;
  /** `[epoch:]version-release`. */
  readonly version: string;
  readonly architecture: string;
  /** Whether it is a package of sources, which nobody installs. */
  readonly isSource: boolean;
  /** Where header and payload begin, behind the signature, which alone changes when the package is signed: bytes. */
  readonly contentOffset: number;
}

const leadSize = 96;
const introSize = 16;
const indexEntrySize = 16;

/** Header of rpm's format version 3 and 4: rpm's docs/manual/format_header. */
const headerMagic = 0x8eade801;

/** Tags of the header (rpmtag.h) that we read. */
const tags = { name: 1000, version: 1001, release: 1002, epoch: 1003, architecture: 1022, sourceRpm: 1044 } as const;

const int32 = 4;

/** Larger than any header: rpm itself refuses 256 MiB (header.c). */
const largestHeader = 256 * 1024 * 1024;

class NoRpm extends Error {}

async function readAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
  if (bytesRead < length) throw new NoRpm();
  return buffer;
}

async function headerAt(
  handle: FileHandle,
  offset: number,
): Promise<{ readonly count: number; readonly end: number; readonly dataSize: number }> {
  const intro = await readAt(handle, offset, introSize);
  const [count, dataSize] = [intro.readUInt32BE(8), intro.readUInt32BE(12)];
  if (intro.readUInt32BE(0) !== headerMagic || count * indexEntrySize + dataSize > largestHeader) throw new NoRpm();
  return { count, dataSize, end: offset + introSize + count * indexEntrySize + dataSize };
}

function textAt(data: Buffer, offset: number): string {
  const end = data.indexOf(0, offset);
  if (end === -1) throw new NoRpm();
  return data.toString('utf8', offset, end);
}

async function readHeader(handle: FileHandle): Promise<RpmFacts> {
  const lead = await readAt(handle, 0, leadSize);
  if (lead.readUInt32BE(0) !== 0xedabeedb) throw new NoRpm();
  const signature = await headerAt(handle, leadSize);
  // The signature is filled up to eight bytes.
  const contentOffset = Math.ceil(signature.end / 8) * 8;
  const { count, dataSize } = await headerAt(handle, contentOffset);
  const bytes = await readAt(handle, contentOffset + introSize, count * indexEntrySize + dataSize);
  const data = bytes.subarray(count * indexEntrySize);
  const values = new Map<number, string>();
  for (let at = 0; at < count * indexEntrySize; at += indexEntrySize) {
    const [tag, type, offset] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4), bytes.readUInt32BE(at + 8)];
    if (!Object.values<number>(tags).includes(tag)) continue;
    values.set(tag, type === int32 ? String(data.readUInt32BE(offset)) : textAt(data, offset));
  }
  const of = (tag: keyof typeof tags): string => values.get(tags[tag]) ?? '';
  if (of('name') === '' || of('version') === '' || of('release') === '') throw new NoRpm();
  const epoch = of('epoch') === '' || of('epoch') === '0' ? '' : `${of('epoch')}:`;
  return {
    name: of('name'),
    version: `${epoch}${of('version')}-${of('release')}`,
    architecture: of('architecture'),
    isSource: !values.has(tags.sourceRpm),
    contentOffset,
  };
}

/**
 * Reads the header of an rpm.
 * @param path absolute
 * @returns undefined for a file that is no rpm, or a damaged one
 */
export async function readRpmFacts(path: string): Promise<RpmFacts | undefined> {
  const handle = await open(path);
  try {
    return await readHeader(handle);
  } catch (error) {
    if (error instanceof NoRpm || error instanceof RangeError) return undefined;
    throw error;
  } finally {
    await handle.close();
  }
}

/**
 * The SHA-256 (hexadecimal) of all of an rpm that signing it leaves alone: header and payload.
 * @param path absolute
 */
export async function digestRpmContent(path: string, { contentOffset }: RpmFacts): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { start: contentOffset }) as AsyncIterable<Buffer>)
    hash.update(chunk);
  return hash.digest('hex');
}

import { closeSync, openSync, readSync } from 'node:fs';
import { pipeline, Transform, type Readable } from 'node:stream';
import { crc32, inflateRawSync } from 'node:zlib';

import { getFileNameLowLevel, openPromise, type Entry, type ZipFile } from 'yauzl';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';

/** A member of a zip archive. */
export interface ZipEntry {
  /** Relative, `/`-separated, without a trailing slash; never leaves the directory it is extracted into. */
  readonly name: string;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
  /** Whether it stands for a device, a named pipe or a socket. */
  readonly isSpecial: boolean;
  /** Permission bits of the external attributes; 0 when the archive has none. */
  readonly mode: number;
  /** Bytes, uncompressed. */
  readonly size: number;
  /** The member's date, read as UTC: zip archives know no time zone. */
  readonly modified: Date;
}

/** A zip archive whose names were checked. Disposing of it closes the file. */
export interface ZipArchive extends AsyncDisposable {
  /** In the order of the archive's directory. */
  readonly entries: readonly ZipEntry[];
  /** @throws CoachbuilderError `wheel-invalid` when the content does not agree with the archive's directory */
  read(entry: ZipEntry): Promise<Buffer>;
  /** The content; a content that does not agree with the archive's directory shows as an error of the stream. */
  stream(entry: ZipEntry): Promise<Readable>;
}

/** The type and permission bits of `stat` stand in the upper half of the external attributes (Info-ZIP, APPNOTE 4.4.15). */
const fileTypeMask = 0o170000;
const symlinkType = 0o120000;
/** Character and block devices, named pipes, sockets (inode(7)). */
const specialTypes: readonly number[] = [0o020000, 0o060000, 0o010000, 0o140000];

function invalid(path: string, problem: string, cause?: unknown): CoachbuilderError {
  return new CoachbuilderError('wheel-invalid', `${path} ${problem}`, {
    hint: 'fetch or build the file again; if it stays so, report it to the project that published it',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Why a member's name must not be extracted; undefined when it may. */
function nameProblem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.includes('\\')) return 'contains a backslash';
  if (name.includes('\0')) return 'contains a null byte';
  // A line end in a name breaks every list of files: RECORD of careless readers, md5sums, the %files of a spec.
  if (/\p{Cc}/u.test(name)) return 'contains a control character';
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) return 'is absolute';
  const parts = name.split('/');
  if (parts.includes('..')) return 'leads out of its directory';
  if (parts.includes('.') || parts.includes('')) return 'is not in its shortest form';
  return undefined;
}

function describe(raw: Entry): ZipEntry {
  // Names are decoded and judged here: yauzl would say less about what is wrong with them.
  const fileName = getFileNameLowLevel(raw.generalPurposeBitFlag, raw.fileNameRaw, raw.extraFields, true);
  const isDirectory = fileName.endsWith('/');
  const attributes = raw.externalFileAttributes >>> 16;
  return {
    name: isDirectory ? fileName.slice(0, -1) : fileName,
    isDirectory,
    isSymlink: (attributes & fileTypeMask) === symlinkType,
    isSpecial: specialTypes.includes(attributes & fileTypeMask),
    mode: attributes & 0o7777,
    size: raw.uncompressedSize,
    modified: raw.getLastModDate({ timezone: 'UTC' }),
  };
}

async function readDirectory(path: string, zip: ZipFile): Promise<ReadonlyMap<ZipEntry, Entry>> {
  const entries = new Map<ZipEntry, Entry>();
  const names = new Set<string>();
  for await (const raw of zip.eachEntry()) {
    const entry = describe(raw);
    const problem = nameProblem(entry.name);
    if (problem !== undefined)
      throw invalid(path, `holds a member whose name ${problem}: ${JSON.stringify(entry.name)}`);
    if (names.has(entry.name)) throw invalid(path, `holds the member ${entry.name} twice`);
    names.add(entry.name);
    entries.set(entry, raw);
  }
  refuseBomb(path, [...entries.values()], zip.fileSize);
  return entries;
}

/** What is unpacked may be so many times as large as the archive, and this large in any case (bytes). */
const largestRatio = 100;
const harmlessSize = 1024 * 1024 * 1024;

/**
 * Refuses an archive that would fill the disk: one that claims to be many times as large unpacked as real files get with
 * deflate, and one whose members share their bytes, by which a small file unpacks to any size (Fifield, "A better zip
 * bomb"). That a member is no larger than it claims shows when it is read.
 */
function refuseBomb(path: string, members: readonly Entry[], size: number): void {
  const total = members.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  if (total > harmlessSize && total > size * largestRatio) {
    throw invalid(path, `has ${String(size)} bytes and would have ${String(total)} unpacked`);
  }
  const sorted = [...members].sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  let end = 0;
  for (const { relativeOffsetOfLocalHeader: start, compressedSize, fileNameRaw } of sorted) {
    if (start < end) throw invalid(path, 'holds members that overlap');
    end = start + localHeaderSize + fileNameRaw.length + compressedSize;
  }
}

/**
 * Opens a zip archive, such as a wheel, and reads its directory.
 * @param path absolute
 * @throws CoachbuilderError `wheel-invalid` when it is no zip archive, or when a name is absolute, holds `..`, a
 * backslash or a control character, or occurs twice, and for what would fill the disk; the file system's own error when it cannot be read
 */
export async function openZip(path: string): Promise<ZipArchive> {
  let zip: ZipFile;
  try {
    zip = await openPromise(path, { autoClose: false, lazyEntries: true, decodeStrings: false });
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw error;
    throw invalid(path, 'is not a zip archive', error);
  }
  try {
    const directory = await readDirectory(path, zip);
    return new OpenedZip(path, zip, directory);
  } catch (error) {
    zip.close();
    if (error instanceof CoachbuilderError) throw error;
    throw invalid(path, `is a damaged zip archive: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

/** Passes a content on and fails at its end when its CRC-32 is another (APPNOTE 4.4.7); yauzl checks only the size. */
function checksum(expected: number, name: string): Transform {
  let sum = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sum = crc32(chunk, sum);
      done(null, chunk);
    },
    flush(done) {
      done(sum === expected ? null : new Error(`the checksum of ${name} is wrong`));
    },
  });
}

const localHeaderSize = 30;
const localHeaderSignature = 0x04034b50;
const stored = 0;
const deflated = 8;

function readBytes(descriptor: number, size: number, position: number): Buffer {
  const buffer = Buffer.allocUnsafe(size);
  for (let done = 0; done < size;) {
    const count = readSync(descriptor, buffer, done, size - done, position + done);
    if (count === 0) throw new Error('the archive ends too early');
    done += count;
  }
  return buffer;
}

/** Reads a member at once (APPNOTE 4.3.7, 4.4.5): where its content starts, only the local header tells. */
function readMember(descriptor: number, raw: Entry): Buffer {
  const header = readBytes(descriptor, localHeaderSize, raw.relativeOffsetOfLocalHeader);
  if (header.readUInt32LE(0) !== localHeaderSignature) throw new Error('its local header is missing');
  const nameLength = header.readUInt16LE(26);
  const name = readBytes(descriptor, nameLength, raw.relativeOffsetOfLocalHeader + localHeaderSize);
  if (!name.equals(raw.fileNameRaw)) throw new Error('its local header has another name');
  const start = raw.relativeOffsetOfLocalHeader + localHeaderSize + nameLength + header.readUInt16LE(28);
  if (raw.isEncrypted()) throw new Error('it is encrypted');
  const packed = readBytes(descriptor, raw.compressedSize, start);
  const content = unpack(packed, raw);
  if (content.length !== raw.uncompressedSize) throw new Error('its size is another than the directory says');
  if (crc32(content, 0) !== raw.crc32) throw new Error('its checksum is wrong');
  return content;
}

function unpack(packed: Buffer, raw: Entry): Buffer {
  if (raw.compressionMethod === stored) return packed;
  if (raw.compressionMethod !== deflated)
    throw new Error(`its compression (${String(raw.compressionMethod)}) is not known`);
  // One byte more than promised shows a member that inflates to more than the directory says.
  return inflateRawSync(packed, { maxOutputLength: raw.uncompressedSize + 1 });
}

class OpenedZip implements ZipArchive {
  readonly entries: readonly ZipEntry[];
  readonly #path: string;
  readonly #zip: ZipFile;
  readonly #directory: ReadonlyMap<ZipEntry, Entry>;
  /** Whole members are read past yauzl: its streams cost a wheel of small files more than inflating them does. */
  readonly #descriptor: number;

  constructor(path: string, zip: ZipFile, directory: ReadonlyMap<ZipEntry, Entry>) {
    this.#path = path;
    this.#descriptor = openSync(path, 'r');
    this.#zip = zip;
    this.#directory = directory;
    this.entries = [...directory.keys()];
  }

  async stream(entry: ZipEntry): Promise<Readable> {
    const raw = this.#directory.get(entry);
    if (raw === undefined) throw new Error(`${entry.name} is not a member of ${this.#path}`);
    const check = checksum(raw.crc32, entry.name);
    // Failures of the source arrive at whoever reads `check`.
    pipeline(await this.#zip.openReadStreamPromise(raw), check, () => undefined);
    return check;
  }

  read(entry: ZipEntry): Promise<Buffer> {
    return new Promise((resolve) => {
      resolve(this.#readWhole(entry));
    });
  }

  #readWhole(entry: ZipEntry): Buffer {
    const raw = this.#directory.get(entry);
    if (raw === undefined) throw new Error(`${entry.name} is not a member of ${this.#path}`);
    try {
      return readMember(this.#descriptor, raw);
    } catch (error) {
      throw invalid(this.#path, `holds a damaged member, ${entry.name}`, error);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#zip.close();
    closeSync(this.#descriptor);
    return Promise.resolve();
  }
}

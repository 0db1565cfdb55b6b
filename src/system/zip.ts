import type { Readable } from 'node:stream';

import { openPromise, type Entry, type ZipFile } from 'yauzl';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';

/** A member of a zip archive. */
export interface ZipEntry {
  /** Relative, `/`-separated, without a trailing slash; never leaves the directory it is extracted into. */
  readonly name: string;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
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
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) return 'is absolute';
  const parts = name.split('/');
  if (parts.includes('..')) return 'leads out of its directory';
  if (parts.includes('.') || parts.includes('')) return 'is not in its shortest form';
  return undefined;
}

function describe(raw: Entry): ZipEntry {
  const isDirectory = raw.fileName.endsWith('/');
  const attributes = raw.externalFileAttributes >>> 16;
  return {
    name: isDirectory ? raw.fileName.slice(0, -1) : raw.fileName,
    isDirectory,
    isSymlink: (attributes & fileTypeMask) === symlinkType,
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
  return entries;
}

/**
 * Opens a zip archive, such as a wheel, and reads its directory.
 * @param path absolute
 * @throws CoachbuilderError `wheel-invalid` when it is no zip archive, or when a name is absolute, holds `..`, a
 * backslash or a null byte, or occurs twice; the file system's own error when it cannot be read
 */
export async function openZip(path: string): Promise<ZipArchive> {
  let zip: ZipFile;
  try {
    // Names are judged here, not by yauzl: it would turn backslashes into slashes.
    zip = await openPromise(path, { autoClose: false, lazyEntries: true, strictFileNames: true });
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

class OpenedZip implements ZipArchive {
  readonly entries: readonly ZipEntry[];
  readonly #path: string;
  readonly #zip: ZipFile;
  readonly #directory: ReadonlyMap<ZipEntry, Entry>;

  constructor(path: string, zip: ZipFile, directory: ReadonlyMap<ZipEntry, Entry>) {
    this.#path = path;
    this.#zip = zip;
    this.#directory = directory;
    this.entries = [...directory.keys()];
  }

  async stream(entry: ZipEntry): Promise<Readable> {
    const raw = this.#directory.get(entry);
    if (raw === undefined) throw new Error(`${entry.name} is not a member of ${this.#path}`);
    return this.#zip.openReadStreamPromise(raw);
  }

  async read(entry: ZipEntry): Promise<Buffer> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of (await this.stream(entry)) as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch (error) {
      throw invalid(this.#path, `holds a damaged member, ${entry.name}`, error);
    }
    return Buffer.concat(chunks);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#zip.close();
    return Promise.resolve();
  }
}

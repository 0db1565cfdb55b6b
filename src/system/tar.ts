import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { Pieces } from './pieces.ts';

/** A member of a tar archive. */
export interface TarMember {
  /** As the archive has it, but without a leading `./` and a trailing `/`; judged by whoever uses it. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other';
  /** Permission bits. */
  readonly mode: number;
  /** `name (number)`; the name may be empty. */
  readonly owner: string;
  readonly group: string;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Of links: where they lead, as the archive has it. */
  readonly target: string;
  /** Of files; empty for anything else. */
  readonly content: Buffer;
}

const block = 512;
const kinds: Readonly<Record<string, TarMember['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'directory',
};

function damaged(archive: string, problem: string, cause?: unknown): CoachbuilderError {
  return new CoachbuilderError('archive-invalid', `${archive} ${problem}`, {
    hint: 'fetch or make the archive again: a tar file, as it is or compressed with gzip',
    ...(cause === undefined ? {} : { cause }),
  });
}

function textAt(header: Buffer, at: number, size: number): string {
  const field = header.subarray(at, at + size);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? size : end);
}

/** Octal digits, or GNU's base-256 form for what does not fit. */
function numberAt(header: Buffer, at: number, size: number): number {
  const first = header[at] ?? 0;
  if ((first & 0x80) !== 0) return Number(BigInt(`0x${header.toString('hex', at, at + size)}`) & ((1n << 62n) - 1n));
  const digits = textAt(header, at, size).trim();
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

/** The header's bytes added up, its own checksum taken for spaces (POSIX, pax, "ustar Interchange Format"). */
function hasGoodChecksum(header: Buffer): boolean {
  let sum = 0;
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 0x20 : byte;
  return sum === numberAt(header, 148, 8);
}

/** `length key=value\n`, as often as there are records (POSIX, pax, "pax Extended Header"). */
function paxRecords(content: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const length = Number.parseInt(content.toString('latin1', at, space), 10);
    if (space === -1 || !(length > 0)) break;
    const record = content.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

function plainPath(path: string): string {
  return path.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
}

async function isCompressed(archive: string): Promise<boolean> {
  const handle = await open(archive);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

/**
 * Reads a tar archive (ustar, pax and GNU's long names), plain or compressed with gzip, from its beginning to its end;
 * one file at a time is in memory.
 * @param archive absolute path
 * @throws CoachbuilderError `archive-invalid` when it is none, damaged or cut off
 */
export async function* readTar(archive: string): AsyncGenerator<TarMember, void, undefined> {
  const file = createReadStream(archive, { highWaterMark: 1024 * 1024 });
  // The reader gets the error of either; the callback only keeps Node from asking who handles it.
  const stream = (await isCompressed(archive)) ? pipeline(file, createGunzip(), () => undefined) : file;
  try {
    yield* readMembers(archive, new Pieces(stream));
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) {
      throw damaged(archive, 'is damaged or cut off', error);
    }
    throw error;
  } finally {
    stream.destroy();
    file.destroy();
  }
}

async function* readMembers(archive: string, pieces: Pieces): AsyncGenerator<TarMember, void, undefined> {
  let extended: ReadonlyMap<string, string> = new Map();
  let longPath: string | undefined;
  let longTarget: string | undefined;
  for (let first = true; ; first = false) {
    const header = await pieces.take(block);
    if (!first && (header.length === 0 || header.every((byte) => byte === 0))) return;
    if (header.length < block || !hasGoodChecksum(header)) {
      throw damaged(archive, first ? 'is no tar archive' : 'is damaged or cut off');
    }
    const size = Number(extended.get('size') ?? numberAt(header, 124, 12));
    const padded = Math.ceil(size / block) * block;
    const content = await pieces.take(padded);
    if (content.length < padded) throw damaged(archive, 'is cut off');
    const bytes = content.subarray(0, size);
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'x') extended = paxRecords(bytes);
    else if (type === 'L') longPath = textAt(bytes, 0, size);
    else if (type === 'K') longTarget = textAt(bytes, 0, size);
    else if (type !== 'g') {
      const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? textAt(header, 345, 155) : '';
      const name = textAt(header, 0, 100);
      yield {
        path: plainPath(extended.get('path') ?? longPath ?? (prefix === '' ? name : `${prefix}/${name}`)),
        kind: kinds[type] ?? 'other',
        mode: numberAt(header, 100, 8) & 0o7777,
        owner: `${textAt(header, 265, 32)} (${extended.get('uid') ?? String(numberAt(header, 108, 8))})`,
        group: `${textAt(header, 297, 32)} (${extended.get('gid') ?? String(numberAt(header, 116, 8))})`,
        mtime: Number(extended.get('mtime') ?? numberAt(header, 136, 12)),
        target: extended.get('linkpath') ?? longTarget ?? textAt(header, 157, 100),
        content: bytes,
      };
      extended = new Map();
      longPath = undefined;
      longTarget = undefined;
    }
  }
}

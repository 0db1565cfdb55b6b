import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

import { openZip } from '../system/zip.ts';
import type { ToolPorts } from './ports.ts';

/** 2020-01-01: for sources that carry no date of their own. Zip archives cannot express anything before 1980. */
export const undatedEpoch = 1_577_836_800;

/** SOURCE_DATE_EPOCH as the caller set it, seconds since 1970. */
export function chosenEpoch({ environments }: Pick<ToolPorts, 'environments'>): number | undefined {
  const epoch = Number(environments.base['SOURCE_DATE_EPOCH']);
  return Number.isInteger(epoch) ? epoch : undefined;
}

const blockSize = 512;

function octal(header: Buffer, start: number, length: number): number {
  const value = Number.parseInt(
    header
      .toString('latin1', start, start + length)
      .replaceAll('\0', ' ')
      .trim(),
    8,
  );
  return Number.isNaN(value) ? 0 : value;
}

/** The newest modification time in a gzip-compressed tar archive (POSIX ustar: size at 124, mtime at 136, both octal). */
async function newestTarMember(path: string): Promise<number> {
  let newest = 0;
  let pending: Buffer = Buffer.alloc(0);
  let skip = 0;
  for await (const chunk of createReadStream(path).pipe(createGunzip()) as AsyncIterable<Buffer>) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length > 0) {
      const skipped = Math.min(skip, pending.length);
      pending = pending.subarray(skipped);
      skip -= skipped;
      if (skip > 0 || pending.length < blockSize) break;
      const type = String.fromCharCode(pending[156] ?? 0);
      // Only files: the times of directories and of pax headers are those of packing.
      if (type === '0' || type === '\0') newest = Math.max(newest, octal(pending, 136, 12));
      skip = blockSize * (1 + Math.ceil(octal(pending, 124, 12) / blockSize));
    }
  }
  return newest;
}

/**
 * When an sdist's newest file was made: the SOURCE_DATE_EPOCH of its build.
 * @param path absolute, `.tar.gz` or `.zip`
 * @returns seconds since 1970; {@link undatedEpoch} when the archive tells nothing
 */
export async function sdistTime(path: string): Promise<number> {
  if (!path.endsWith('.zip')) {
    try {
      return (await newestTarMember(path)) || undatedEpoch;
    } catch {
      // pip says better than we what is wrong with the archive.
      return undatedEpoch;
    }
  }
  await using archive = await openZip(path);
  const times = archive.entries.map((entry) => Math.floor(entry.modified.getTime() / 1000));
  return times.reduce((newest, time) => Math.max(newest, time), 0) || undatedEpoch;
}

import { readTar } from '../system/tar.ts';
import { openZip } from '../system/zip.ts';
import type { ToolPorts } from './ports.ts';

/** 2020-01-01: for sources that carry no date of their own. Zip archives cannot express anything before 1980. */
export const undatedEpoch = 1_577_836_800;

/** SOURCE_DATE_EPOCH as the caller set it, seconds since 1970. */
export function chosenEpoch({ environments }: Pick<ToolPorts, 'environments'>): number | undefined {
  const epoch = Number(environments.base['SOURCE_DATE_EPOCH']);
  return Number.isInteger(epoch) ? epoch : undefined;
}

/** The newest modification time of a file in a tar archive. The times of directories are those of packing. */
async function newestTarMember(path: string): Promise<number> {
  let newest = 0;
  for await (const { kind, mtime } of readTar(path)) if (kind === 'file') newest = Math.max(newest, Math.floor(mtime));
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

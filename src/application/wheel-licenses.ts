import { openZip } from '../system/zip.ts';
import { findStem, inWheel } from './wheel-reader.ts';

/** A licence file of a distribution. */
export interface LicenseFile {
  /** Relative, `/`-separated, as the distribution has it below its licences: `LICENSE`, `vendor/yaml/COPYING`. */
  readonly name: string;
  /** As it is in the wheel. */
  readonly bytes: Uint8Array;
}

/** Names that build backends before PEP 639 copied into `.dist-info` (setuptools' and wheel's `license_files`). */
const customary = /^(?:licen[cs]e|copying|notice|authors|copyright)/i;

/** More than any licence: what is longer is something else by such a name. */
const longest = 4 * 1024 * 1024;

/** The name below the licences of a member of `.dist-info`; undefined for what is no licence file. */
function licenseName(inDistInfo: string): string | undefined {
  // PEP 639: `licenses/`; wheel before 0.43 and some others: `license_files/`.
  const own = /^(?:licenses|license_files)\/(.+)$/s.exec(inDistInfo)?.[1];
  if (own !== undefined) return own;
  return !inDistInfo.includes('/') && customary.test(inDistInfo) ? inDistInfo : undefined;
}

/**
 * Reads the licence files of a wheel: `.dist-info/licenses/` (PEP 639), and what older build backends put beside METADATA.
 * @param path absolute
 * @returns sorted by name
 * @throws CoachbuilderError `wheel-invalid`
 */
export async function readWheelLicenses(path: string): Promise<readonly LicenseFile[]> {
  try {
    await using archive = await openZip(path);
    const prefix = `${findStem(path, archive)}.dist-info/`;
    const found = new Map<string, LicenseFile>();
    for (const entry of archive.entries) {
      if (entry.isDirectory || entry.size > longest || !entry.name.startsWith(prefix)) continue;
      const name = licenseName(entry.name.slice(prefix.length));
      if (name === undefined || found.has(name)) continue;
      const bytes = await archive.read(entry);
      // A null byte: no text.
      if (bytes.length > 0 && !bytes.includes(0)) found.set(name, { name, bytes });
    }
    return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw inWheel(path, error);
  }
}

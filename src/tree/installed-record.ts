import { posix } from 'node:path';

/**
 * Whether a path is RECORD of an installed distribution: in a `.dist-info` directly in site-packages (recording installed
 * projects). Deeper ones are files of a distribution like any other: setuptools and bleach bring the `.dist-info` of what
 * they vendor, and their own RECORD says what is in it.
 * @param path absolute on the target, as `sitePackages` is
 */
export function isInstalledRecord(path: string, sitePackages: string): boolean {
  const directory = posix.dirname(path);
  return path.endsWith('.dist-info/RECORD') && posix.dirname(directory) === sitePackages;
}

import { posix } from 'node:path';

import { compileGlob } from '../model/glob.ts';

/** Where the paths of a tree may be said to begin. */
export interface TreePlaces {
  /** Absolute path on the target. */
  readonly prefix: string;
  /** Absolute path on the target. */
  readonly sitePackages: string;
}

/** The places of a tree for an interpreter of a minor version, such as `3.11`. */
export function placesOf(prefix: string, minor: string): TreePlaces {
  return { prefix, sitePackages: posix.join(prefix, `lib/python${minor}/site-packages`) };
}

/**
 * A glob of the manifest over the paths of a tree: an absolute one is compared with the path on the target, any other one
 * with the path below site-packages and with the path below the prefix. Both count, because both are how people speak
 * of files (`numpy/f2py`, `bin/f2py`), and hardly any name means something in both places.
 * @returns a test for absolute paths on the target
 */
export function compileTreeGlob(glob: string, { prefix, sitePackages }: TreePlaces): (path: string) => boolean {
  const matches = compileGlob(glob);
  if (glob.startsWith('/')) return matches;
  return (path) =>
    [sitePackages, prefix].some((place) => path.startsWith(`${place}/`) && matches(path.slice(place.length + 1)));
}

/** Whether any of several globs takes a path in. */
export function anyTreeGlob(globs: readonly string[], places: TreePlaces): (path: string) => boolean {
  const tests = globs.map((glob) => compileTreeGlob(glob, places));
  return (path) => tests.some((test) => test(path));
}

import { readlink } from 'node:fs/promises';
import { join } from 'node:path';

import { isErrno } from './files.ts';

/** Libraries that compress what dpkg-deb and rpmbuild write, by the names that are looked for. */
const compressors = { liblzma: 'liblzma.so.5', libz: 'libz.so.1', libzstd: 'libzstd.so.1' } as const;

/** Where libraries of this machine's own architecture are: Debian's multiarch directories, and those of rpm distributions. */
function directories(architecture: string): readonly string[] {
  const triplets: Readonly<Record<string, string>> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };
  const triplet = triplets[architecture];
  const multiarch = triplet === undefined ? [] : [`/usr/lib/${triplet}`, `/lib/${triplet}`];
  return [...multiarch, '/usr/lib64', '/lib64', '/usr/lib', '/lib'];
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EINVAL', 'EACCES')) return undefined;
    throw error;
  }
}

/**
 * The versions of this machine's compressor libraries, by the file that the SONAME leads to (`libzstd.so.1.5.4`): no
 * tool tells which ones it was linked with, and libzstd compresses differently from release to release.
 * @param architecture as Node calls it
 */
export async function compressorVersions(architecture: string = process.arch): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const [name, soname] of Object.entries(compressors)) {
    for (const directory of directories(architecture)) {
      const version = /\.so\.(?<version>\d[\d.]*)$/.exec((await linkTarget(join(directory, soname))) ?? '')?.groups?.[
        'version'
      ];
      if (version === undefined) continue;
      found.set(name, version);
      break;
    }
  }
  return found;
}

import { createHash } from 'node:crypto';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

import type { ContainerEngine } from '../../containers/engine.ts';
import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import type { NativePlatform } from '../../lock/platform.ts';
import { isErrno } from '../../system/files.ts';

export interface BaseImageSources {
  /** `--image`: before everything else. */
  readonly image: string | undefined;
  /** Absolute path of the application's checkout; undefined for what is none. */
  readonly checkout: string | undefined;
  /** Nothing may be downloaded: an image has to be there. */
  readonly offline: boolean;
}

async function requireImage(name: string, { offline }: BaseImageSources, engine: ContainerEngine): Promise<string> {
  if (!offline) return engine.requireImage(name);
  const found = await engine.findImage(name);
  if (found !== undefined) return found;
  throw new CoachbuilderError('offline', `the image ${name} would have to be downloaded, and --offline was given`, {
    hint: `run once without --offline, or "${engine.kind} pull ${name}"`,
  });
}

/** Where a checkout keeps the Dockerfile of a distribution. */
export function buildTargetDirectory(checkout: string, distribution: string): string {
  return join(checkout, 'admin', 'build_targets', distribution);
}

/** sha256 over the names and contents of a directory; undefined when it holds no Dockerfile. */
async function digestContext(directory: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  let names: readonly string[];
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    names = entries.map((entry) => join(entry.parentPath, entry.name)).sort();
    if (!names.includes(join(directory, 'Dockerfile'))) return undefined;
    for (const entry of entries.sort((a, b) => (join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1))) {
      const path = join(entry.parentPath, entry.name);
      hash.update(`${path.slice(directory.length)}\0`);
      if (entry.isFile())
        hash.update(
          createHash('sha256')
            .update(await readFile(path))
            .digest(),
        );
      if (entry.isSymbolicLink()) hash.update(await readlink(path));
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  return hash.digest('hex').slice(0, 24);
}

/**
 * The image that stands for a distribution: the one that was named, else that of the Dockerfile which the application
 * keeps for the distribution, else the one of our table.
 * @returns its id
 * @throws CoachbuilderError `image-missing`, `engine-failed`, `disk-full`
 */
export async function findBaseImage(
  sources: BaseImageSources,
  { distribution }: NativePlatform,
  engine: ContainerEngine,
): Promise<string> {
  if (sources.image !== undefined) return requireImage(sources.image, sources, engine);
  if (sources.checkout !== undefined) {
    const directory = buildTargetDirectory(sources.checkout, distribution.id);
    const digest = await digestContext(directory);
    // Built every time: the engine has a cache of its own, and knows better what a Dockerfile depends on.
    if (digest !== undefined) {
      const tag = `coachbuilder/target-${distribution.id}:${digest}`;
      return engine.buildImage({ directory, dockerfile: join(directory, 'Dockerfile'), tag });
    }
  }
  return requireImage(distribution.image, sources, engine);
}

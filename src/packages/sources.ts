import { readFile, stat } from 'node:fs/promises';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { isErrno } from '../system/files.ts';

/** What packages take from files beside the manifest, read once so that defining packages stays pure. */
export interface PackageSources {
  /** Bytes, by absolute path. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Texts of the shell fragments, by absolute path. */
  readonly fragments: ReadonlyMap<string, string>;
  /** Texts of the services' own files, by absolute path. */
  readonly services: ReadonlyMap<string, string>;
}

/** The error for a file of the manifest's that cannot be read; other causes come back as they are. */
export function unreadable(path: string, what: string, cause: unknown): unknown {
  if (!isErrno(cause, 'ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR')) return cause;
  return new CoachbuilderError('manifest-invalid', `${what} cannot be read: ${path}`, {
    hint: 'correct the path in the manifest; it is relative to the directory of the manifest',
    cause,
  });
}

/**
 * Reads a text file that the manifest names.
 * @throws CoachbuilderError `manifest-invalid` when it is not there or cannot be read
 */
export async function readManifestFile(path: string, what: string): Promise<string> {
  return (await readManifestBytes(path, what)).toString('utf8');
}

/**
 * Reads a file that the manifest names, as it is.
 * @throws CoachbuilderError `manifest-invalid` when it is not there or cannot be read
 */
export async function readManifestBytes(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, what, error);
  }
}

/**
 * Reads what the packages of a manifest need from files: sizes of files to install, shell fragments.
 * @throws CoachbuilderError `manifest-invalid` when one is not there or is no regular file
 */
export async function readPackageSources(manifest: Pick<Manifest, 'packages'>): Promise<PackageSources> {
  const sizes = new Map<string, number>();
  const fragments = new Map<string, string>();
  const services = new Map<string, string>();
  for (const settings of manifest.packages) {
    for (const { source } of settings.files) {
      const what = `a file of the package ${settings.name}`;
      try {
        const facts = await stat(source);
        if (!facts.isFile()) {
          throw new CoachbuilderError('manifest-invalid', `${what} is no regular file: ${source}`, {
            hint: 'list files one by one, and empty directories under "directories"',
          });
        }
        sizes.set(source, facts.size);
      } catch (error) {
        throw unreadable(source, what, error);
      }
    }
    for (const path of Object.values(settings.scripts)) {
      fragments.set(path, await readManifestFile(path, `a script of the package ${settings.name}`));
    }
    for (const { name, files } of settings.services) {
      for (const path of Object.values(files)) {
        services.set(path, await readManifestFile(path, `a file of the service ${name}`));
      }
    }
  }
  return { sizes, fragments, services };
}

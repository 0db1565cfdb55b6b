import { stat } from 'node:fs/promises';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { isErrno } from '../system/files.ts';

/**
 * Makes sure that a package which was named is a file.
 * @param hint how to come by one
 * @throws CoachbuilderError `usage`
 */
export async function requirePackageFile(file: string, hint: string): Promise<void> {
  const found = await stat(file).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  });
  if (found?.isFile() === true) return;
  const message = found === undefined ? `there is no package ${file}` : `${file} is no package file`;
  throw new CoachbuilderError('usage', message, { hint });
}

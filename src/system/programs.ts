import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';

/**
 * The absolute path of a program, as a shell would find it: for tools that want to be told where another tool is.
 * @param env whose PATH says where to look
 * @throws CoachbuilderError `tool-missing`
 */
export async function programPath(name: string, env: Readonly<Record<string, string>>): Promise<string> {
  for (const directory of (env['PATH'] ?? '').split(':').filter(isAbsolute)) {
    const path = join(directory, name);
    if (await canRun(path)) return path;
  }
  throw new CoachbuilderError('tool-missing', `the program ${name} is not installed`, {
    hint: `install ${name} with the system's package manager and run the same command again`,
  });
}

async function canRun(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    // Whatever the reason: a shell goes on to the next directory, too.
    return false;
  }
}

import { spawnSync } from 'node:child_process';

import { makeOnce, testCache } from './cache.ts';

/** What makes Python find some packages; or why they cannot be had. */
export type PythonPackages = { readonly env: Readonly<Record<'PYTHONPATH', string>> } | { readonly reason: string };

/**
 * Installs packages of Python apart from everything else, once.
 * @param name of the directory; it says the versions, so that others have another
 * @param requirements pinned
 */
export function pythonPackages(name: string, requirements: readonly string[]): PythonPackages {
  const directory = testCache('python', name);
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
  try {
    makeOnce(directory, (fresh) => {
      const result = spawnSync('python3', [...install, '--target', fresh, ...requirements], { encoding: 'utf8' });
      if (result.status !== 0) throw new Error(result.stderr);
    });
  } catch (error) {
    const last = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    return { reason: `${requirements.join(' and ')} cannot be installed: ${last ?? ''}` };
  }
  return { env: { PYTHONPATH: directory } };
}

/** What to say behind the title of a test that is skipped without the packages. */
export function skipNote(packages: PythonPackages): string {
  return 'reason' in packages ? ` (skipped: ${packages.reason})` : '';
}

/** The environment of programs that use the packages; in a test that is skipped without them. */
export function environmentOf(packages: PythonPackages): Readonly<Record<string, string>> {
  if ('reason' in packages) throw new Error(packages.reason);
  return packages.env;
}

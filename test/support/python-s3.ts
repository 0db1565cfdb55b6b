import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { run } from './machine.ts';

/** An independent client (botocore) and an independent server (moto, which knows If-Match from 5.2.3 on). */
const requirements = ['moto[server]==5.2.5', 'botocore==1.44.5'];
const directory = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'coachbuilder-tests/moto-5.2.5-botocore-1.44.5',
);

/**
 * The Python interpreter of an environment that has botocore and moto; it is made once.
 * @returns why there is none, when it cannot be had
 */
export async function pythonWithS3(): Promise<{ readonly python: string } | { readonly reason: string }> {
  const python = join(directory, 'bin/python3');
  if (existsSync(join(directory, 'whole'))) return { python };
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(directory, '..'), { recursive: true });
  const steps = [
    ['python3', '-m', 'venv', directory],
    [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements],
  ] as const;
  for (const step of steps) {
    const outcome = await run(step);
    if (outcome.exitCode === 0) continue;
    rmSync(directory, { recursive: true, force: true });
    return { reason: `moto and botocore cannot be installed: ${outcome.stderr.trim().split('\n').at(-1) ?? ''}` };
  }
  // Scripts name the interpreter by its path, so the directory cannot be moved; a file tells that it is whole.
  const marker = join(directory, 'whole.tmp');
  mkdirSync(marker);
  renameSync(marker, join(directory, 'whole'));
  return { python };
}

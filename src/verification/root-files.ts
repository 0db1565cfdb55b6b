import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { CommandResult } from '../system/command.ts';
import type { Root } from './root.ts';

/*
 * Looks into a root are taken from inside: an absolute link in it, followed from outside, would lead to this machine.
 */

type Inside = Pick<Root, 'run' | 'title'>;

/** Arguments of one command; far below every kernel's limit (execve(2): 128 KiB an argument, 2 MiB altogether). */
const batch = 400;

function found({ stdout }: CommandResult): readonly string[] {
  return stdout.split('\0').filter((path) => path !== '');
}

async function find(root: Inside, argv: readonly string[]): Promise<readonly string[]> {
  const result = await root.run(['find', ...argv, '-print0']);
  // find fails with 1 for what is not there; 126 and 127 say that it could not be started.
  if (result.exitCode < 126) return found(result);
  throw new CoachbuilderError('root-unusable', `${root.title} has no program find`, {
    hint: 'add it to the root or image: the package findutils',
    details: result.stderr.split('\n').filter((line) => line !== ''),
  });
}

/** See {@link Root.existing}. */
export async function findExisting(root: Inside, paths: readonly string[]): Promise<ReadonlySet<string>> {
  const existing = new Set<string>();
  for (let start = 0; start < paths.length; start += batch) {
    for (const path of await find(root, [...paths.slice(start, start + batch), '-maxdepth', '0'])) existing.add(path);
  }
  return existing;
}

/** See {@link Root.filesBelow}. */
export async function findBelow(root: Inside, path: string): Promise<readonly string[]> {
  return [...(await find(root, [path, '-mindepth', '1']))].sort();
}

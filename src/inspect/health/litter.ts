import { posix } from 'node:path';

import type { Tree, TreeFile } from '../../tree/tree.ts';
import { ownerOf, type HealthFinding } from './finding.ts';

/** What version control systems keep about a checkout: history, addresses with tokens, names of people. */
const repositories = new Set(['.git', '.hg', '.svn', '.bzr', '_darcs', 'CVS']);

/** What tests, linters and desktops leave behind. */
const caches = new Set([
  '.pytest_cache',
  '.mypy_cache',
  '.ruff_cache',
  '.tox',
  '.nox',
  '.hypothesis',
  '.coverage',
  '.ipynb_checkpoints',
  '.DS_Store',
  '__MACOSX',
]);

/** `cpython-311` of `x.cpython-311.opt-1.pyc` (PEP 3147, 488). */
function bytecodeTag(path: string): string | undefined {
  return /\/__pycache__\/[^/]+?\.([a-z]+-?[0-9]+)(?:\.opt-[^./]+)?\.pyc$/.exec(path)?.[1];
}

/** What one file is found for; `root` is what stands for all that lies in it. */
interface Litter {
  readonly check: 'repositories' | 'caches';
  readonly root: string;
  readonly what: string;
}

/**
 * What a file is found for by its path alone.
 * @param relative to what its author has chosen himself
 * @param tag of the interpreter whose bytecode is no litter: `cpython-311`
 */
export function litterOf(relative: string, tag: string): Litter | undefined {
  const parts = relative.split('/');
  for (const [index, part] of parts.entries()) {
    const root = parts.slice(0, index + 1).join('/');
    if (repositories.has(part)) return { check: 'repositories', root, what: 'is part of a version control checkout' };
    if (caches.has(part)) return { check: 'caches', root, what: 'was left behind by a tool' };
    if (index === parts.length - 1 && /^\.coverage\../.test(part)) {
      return { check: 'caches', root, what: 'was left behind by a tool' };
    }
  }
  const compiled = bytecodeTag(`/${relative}`);
  if (compiled === undefined || compiled === tag) return undefined;
  return { check: 'caches', root: posix.dirname(relative), what: `holds bytecode of ${compiled}, another interpreter` };
}

export interface LitterRequest {
  /** `3.11`: of the target's interpreter. */
  readonly minor: string;
  /** Name (PEP 503) of the application: its own litter can be put right, that of others is only told. */
  readonly application: string;
}

/**
 * What nobody meant to package. Checkouts are an error wherever they come from. Caches are an error in the application's own
 * wheel, and a warning in others: packages on public indexes are full of them, and they do no harm but to the size.
 * @returns one finding for each directory
 */
export function findLitter(tree: Tree, { minor, application }: LitterRequest): readonly HealthFinding[] {
  const tag = `cpython-${minor.replace('.', '')}`;
  const found = new Map<string, HealthFinding>();
  for (const entry of tree.entries) {
    if (entry.kind !== 'file' || entry.distribution === undefined) continue;
    const litter = litterOf(entry.path.slice(tree.prefix.length + 1), tag);
    if (litter === undefined) continue;
    const path = posix.join(tree.prefix, litter.root);
    if (!found.has(path)) found.set(path, toFinding(path, litter, entry, application));
  }
  return [...found.values()];
}

function toFinding(path: string, { check, what }: Litter, file: TreeFile, application: string): HealthFinding {
  const own = file.distribution === application;
  return {
    check,
    severity: check === 'repositories' || own ? 'error' : 'warning',
    path,
    message: `${path}${ownerOf(file.distribution)} ${what}`,
    hint: own
      ? 'have the build of the application leave it out'
      : 'leave it out with slim.exclude in the manifest, or accept it with a reason in health.accept',
  };
}

import { basename } from 'node:path';

import { assembleTree, type AssembleRequest, type AssembleTarget } from '../../src/tree/assemble.ts';
import { parseWheelName } from '../../src/python/wheel-name.ts';
import type { Tree, TreeEntry } from '../../src/tree/tree.ts';
import type { WheelFile, Wheelhouse } from '../../src/wheelhouse/wheelhouse.ts';

/** 2023-11-14 22:13:20 UTC. */
export const epoch = 1_700_000_000;

/** A wheelhouse of files whose content nobody compares with a pin. */
export function wheelhouseOf(...paths: readonly string[]): Wheelhouse {
  const wheels = paths.map((path): WheelFile => {
    const { name, version } = parseWheelName(basename(path));
    return { name, version, path, sha256: '' };
  });
  return { wheels };
}

/** A target like debian-12 whose interpreter and prefix can be chosen. */
export function targetOf(
  changes: Partial<AssembleTarget> & { readonly minor?: string; readonly python?: string } = {},
): AssembleTarget {
  const { minor = '3.11', python = `/usr/bin/python${minor}`, ...rest } = changes;
  return {
    prefix: '/opt/fleet',
    interpreter: { package: `python${minor}`, version: minor, minor, path: python },
    glibc: '2.36',
    architecture: 'x86_64',
    lib64: false,
    ...rest,
  };
}

/** Assembles with what most tests do not care about filled in. */
export function assemble(
  request: Pick<AssembleRequest, 'root' | 'wheelhouse'> & Partial<AssembleRequest>,
): Promise<Tree> {
  return assembleTree({ target: targetOf(), epoch, requested: [], ...request });
}

/** The entry at an absolute path on the target. */
export function entryAt(tree: Tree, path: string): TreeEntry {
  const entry = tree.entries.find((candidate) => candidate.path === path);
  if (entry === undefined) throw new Error(`the tree has no ${path}`);
  return entry;
}

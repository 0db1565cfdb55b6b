import { posix } from 'node:path';

import type { TargetInterpreter } from '../plan/build-plan.ts';

/** What decides where things lie in a virtual environment. */
export interface LayoutFacts {
  /** Absolute path on the target. */
  readonly prefix: string;
  readonly interpreter: TargetInterpreter;
  /** Whether `lib64` is there, a link to `lib`. */
  readonly lib64: boolean;
}

/** The places of a virtual environment; relative paths are relative to the prefix. */
export interface Layout {
  readonly prefix: string;
  /** Absolute path of the environment's interpreter on the target: what scripts are started with. */
  readonly python: string;
  /** Relative. */
  readonly sitePackages: string;
  /** Relative; each distribution's C headers lie in a directory of its name below it. */
  readonly headers: string;
  readonly lib64: boolean;
}

/** A part of the environment that comes from no wheel; `path` is relative to the prefix. */
export type SkeletonPart =
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'file'; readonly path: string; readonly content: string; readonly mode: number };

/** Where the schemes of a wheel end up (sysconfig's scheme `venv`, and pip's place for headers inside one). */
export function layOut(facts: LayoutFacts): Layout {
  const { minor } = facts.interpreter;
  return {
    prefix: facts.prefix,
    python: posix.join(facts.prefix, 'bin/python'),
    sitePackages: `lib/python${minor}/site-packages`,
    headers: `include/site/python${minor}`,
    lib64: facts.lib64,
  };
}

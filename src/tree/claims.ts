import { posix } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { SkeletonPart } from './layout.ts';
import { contentIdentity, type PlannedFile, type WheelPlan } from './wheel-plan.ts';

/** Who claimed a path first, and with what. */
interface Claim {
  /** undefined: the virtual environment itself. */
  readonly distribution: string | undefined;
  readonly identity: string;
}

export interface Claims {
  /** Whether this plan is the one that writes the path; another one may bring the same bytes. */
  writes(plan: WheelPlan, file: PlannedFile): boolean;
  /** Every directory below the prefix, relative, parents first; the prefix itself is not among them. */
  readonly directories: readonly string[];
}

function describeOwner(distribution: string | undefined): string {
  return distribution ?? 'the virtual environment itself';
}

function addParents(directories: Map<string, string | undefined>, path: string, owner: string | undefined): void {
  for (let parent = posix.dirname(path); parent !== '.' && !directories.has(parent); parent = posix.dirname(parent)) {
    directories.set(parent, owner);
  }
}

/**
 * Gives every path to one distribution. Several may bring a path with the same bytes and mode, such as the `__init__.py` of an old
 * namespace package: nothing is lost then, whoever writes it, and each lists it in its RECORD. Anything else is a
 * conflict, because the order of installation would decide which of the two works.
 * @param plans in the order in which they may claim; the first one writes what several bring
 * @param leftOut whether a path, relative to the prefix, is left out of the tree afterwards: nobody fights for it
 * @throws CoachbuilderError `file-conflict` naming the distributions and every path
 */
export function settleClaims(
  parts: readonly Pick<SkeletonPart, 'kind' | 'path'>[],
  plans: readonly WheelPlan[],
  leftOut: (path: string) => boolean = () => false,
): Claims {
  const claims = new Map<string, Claim>();
  const directories = new Map<string, string | undefined>();
  const conflicts: string[] = [];
  const clash = (path: string, first: string | undefined, second: string | undefined): void => {
    conflicts.push(`${path} belongs to ${describeOwner(first)} and to ${describeOwner(second)}`);
  };
  const claim = (path: string, taken: Claim): void => {
    const earlier = claims.get(path);
    if (earlier === undefined) claims.set(path, taken);
    else if (earlier.identity !== taken.identity && (earlier.distribution === undefined || !leftOut(path))) {
      clash(path, earlier.distribution, taken.distribution);
    }
    addParents(directories, path, taken.distribution);
  };

  for (const part of parts) claim(part.path, { distribution: undefined, identity: `${part.kind} of the environment` });
  for (const plan of plans) {
    const distribution = plan.wheel.name;
    for (const file of plan.files) {
      claim(file.path, { distribution, identity: `${String(file.mode)} ${contentIdentity(file)}` });
    }
    claim(posix.join(plan.distInfo, 'RECORD'), { distribution, identity: 'record' });
  }
  for (const [path, { distribution }] of claims) {
    if (directories.has(path)) clash(path, distribution, directories.get(path));
  }
  const [first] = conflicts;
  if (first !== undefined) {
    throw new CoachbuilderError('file-conflict', first, {
      hint: 'choose versions of the two that do not collide, do without one of them, or leave the path out with slim.exclude',
      details: conflicts.slice(1),
    });
  }
  return {
    writes: (plan, file) => claims.get(file.path)?.distribution === plan.wheel.name,
    directories: [...directories.keys()].sort((left, right) => left.split('/').length - right.split('/').length),
  };
}

import { posix } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { isWithin } from './contents.ts';
import type { ContentEntry, PackageDefinition } from './definition.ts';

type Claimant = Pick<PackageDefinition, 'name' | 'contents'>;

interface Claim {
  readonly name: string;
  readonly entry: ContentEntry;
}

function conflict(path: string, first: string, second: string, hint: string): CoachbuilderError {
  const who =
    first === second ? `the package ${first} claims ${path} twice` : `${first} and ${second} both claim ${path}`;
  return new CoachbuilderError('file-conflict', who, { hint });
}

/** dpkg shares directories freely; rpm does so when they are alike. */
function shareable(a: Claim, b: Claim): boolean {
  return (
    a.name !== b.name &&
    a.entry.kind === 'directory' &&
    b.entry.kind === 'directory' &&
    a.entry.mode === b.entry.mode &&
    a.entry.owner === b.entry.owner &&
    a.entry.group === b.entry.group
  );
}

/**
 * Refuses packages that cannot be installed side by side, before anything is written.
 * @param packages the main package first; all that lies below the prefix is its own
 * @throws CoachbuilderError `file-conflict` naming both packages and the path
 */
export function refuseConflicts(packages: readonly Claimant[], prefix: string): void {
  const claims = new Map<string, Claim>();
  const [main] = packages;
  for (const { name, contents } of packages) {
    for (const entry of contents) {
      if (main !== undefined && name !== main.name && isWithin(entry.path, prefix)) {
        throw conflict(entry.path, main.name, name, `move it to the package ${main.name}, which owns ${prefix}`);
      }
      const claim: Claim = { name, entry };
      const earlier = claims.get(entry.path);
      if (earlier !== undefined && !shareable(earlier, claim)) {
        throw conflict(entry.path, earlier.name, name, 'leave it in one of them');
      }
      claims.set(entry.path, claim);
    }
  }
  for (const { name, entry } of claims.values()) {
    for (let parent = posix.dirname(entry.path); parent !== '/'; parent = posix.dirname(parent)) {
      const above = claims.get(parent);
      if (above !== undefined && above.entry.kind !== 'directory') {
        throw conflict(parent, above.name, name, `${entry.path} needs a directory there; change one of the two paths`);
      }
    }
  }
}

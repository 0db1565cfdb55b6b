import { createHash } from 'node:crypto';

import type { LockedDistribution, LockInputs } from './lock.ts';

/** The inputs with their keys in the order of the lock file. */
export function canonicalInputs(inputs: LockInputs): LockInputs {
  const { python, glibc, architecture, requirements, constraints, indexes, lockFile } = inputs;
  const known = { python, glibc, architecture, requirements, constraints, indexes };
  return lockFile === undefined ? known : { ...known, lockFile };
}

/** A distribution with its keys in the order of the lock file. */
export function canonicalDistribution(distribution: LockedDistribution): LockedDistribution {
  const { name, version, kind, file, url, build, buildRequires } = distribution;
  return {
    name,
    version,
    kind,
    file: { fileName: file.fileName, sha256: file.sha256 },
    ...(url === undefined ? {} : { url }),
    ...(build === undefined ? {} : { build }),
    ...(buildRequires === undefined ? {} : { buildRequires: buildRequires.map(canonicalDistribution) }),
  };
}

/** sha256 (hexadecimal) of the canonical JSON of an environment: whoever edits the lock by hand gives himself away. */
export function fingerprintOf(key: string, inputs: LockInputs, distributions: readonly LockedDistribution[]): string {
  const canonical = JSON.stringify([key, canonicalInputs(inputs), distributions.map(canonicalDistribution)]);
  return createHash('sha256').update(canonical).digest('hex');
}

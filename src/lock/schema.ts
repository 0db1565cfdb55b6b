import { z } from 'zod';

import type { Lock } from './lock.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'is not a sha256 in hexadecimal');
// What the lock names becomes a file in the cache, so it must be a plain name.
const fileName = z
  .string()
  .regex(/^[\w.+!-]+\.(?:whl|tar\.gz|tgz|zip|tar\.bz2|tar\.xz)$/, 'is not the name of a wheel or an sdist');
const name = z.string().regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, 'is not a normalized name');

const pinned = {
  name,
  version: z.string().regex(/^[\w.+!-]+$/),
  kind: z.enum(['wheel', 'sdist']),
  file: z.strictObject({ fileName, sha256 }),
  url: z
    .string()
    .regex(/^(?:https?|file):\/\/[^\s@]+$/)
    .optional(),
  build: z.literal('container').optional(),
};

/** Optional keys that are absent stay absent: the type has no undefined in it. */
function withoutUndefined<Value extends object>(
  value: Value,
): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [Key in keyof Value]: Exclude<Value[Key], undefined>;
  };
}

const buildRequirement = z.strictObject(pinned).transform(withoutUndefined);

const distribution = z
  .strictObject({ ...pinned, buildRequires: z.array(buildRequirement).optional() })
  .transform(withoutUndefined);

const inputs = z
  .strictObject({
    python: z.string(),
    glibc: z.string(),
    architecture: z.string(),
    requirements: z.array(z.string()),
    constraints: z.array(z.string()),
    indexes: z.array(z.string()),
    lockFile: z.string().optional(),
  })
  .transform(({ lockFile, ...rest }) => (lockFile === undefined ? rest : { ...rest, lockFile }));

/** The form of `coachbuilder.lock`. */
export const lockSchema = z.strictObject({
  schemaVersion: z.literal(1),
  environments: z.array(
    z.strictObject({ key: z.string(), inputs, fingerprint: sha256, distributions: z.array(distribution) }),
  ),
}) satisfies z.ZodType<Lock>;

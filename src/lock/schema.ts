import { z } from 'zod';

import type { Lock } from './lock.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'is not a sha256 in hexadecimal');
// What the lock names becomes a file in the cache, so it must be a plain name.
const fileName = z
  .string()
  .regex(/^[\w.+!-]+\.(?:whl|tar\.gz|tgz|zip|tar\.bz2|tar\.xz)$/, 'is not the name of a wheel or an sdist');
const name = z.string().regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, 'is not a normalized name');

const distribution = z
  .strictObject({
    name,
    version: z.string().regex(/^[\w.+!-]+$/),
    kind: z.enum(['wheel', 'sdist']),
    file: z.strictObject({ fileName, sha256 }),
    url: z
      .string()
      .regex(/^(?:https?|file):\/\/[^\s@]+$/)
      .optional(),
  })
  .transform(({ url, ...rest }) => (url === undefined ? rest : { ...rest, url }));

const inputs = z.strictObject({
  python: z.string(),
  glibc: z.string(),
  architecture: z.string(),
  requirements: z.array(z.string()),
  constraints: z.array(z.string()),
  indexes: z.array(z.string()),
});

/** The form of `coachbuilder.lock`. */
export const lockSchema = z.strictObject({
  schemaVersion: z.literal(1),
  environments: z.array(
    z.strictObject({ key: z.string(), inputs, fingerprint: sha256, distributions: z.array(distribution) }),
  ),
}) satisfies z.ZodType<Lock>;

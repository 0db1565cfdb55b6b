import { z } from 'zod';

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ description: 'SHA-256 of the file, hexadecimal.' });
const bytes = z.int().nonnegative().meta({ description: 'Size of the file in bytes.' });
const url = z.string().meta({ description: 'Absolute address.' });
const instant = z.iso.datetime().meta({ description: 'UTC.' });
const format = z.enum(['deb', 'rpm']);

const key = z.strictObject({
  fingerprints: z
    .array(z.string().regex(/^[0-9A-F]{40}$/))
    .min(1)
    .meta({ description: 'Of the primary keys; the first one signs, others come with a change of keys.' }),
  algorithm: z.string().meta({ description: 'For people; may be empty.' }),
  url: url.meta({ description: 'Address of the file with the ASCII-armoured public keys.' }),
  sha256,
});

const packageFile = z.strictObject({
  name: z.string(),
  version: z.string().meta({ description: '`[epoch:]version-release`, as the package manager writes it.' }),
  architecture: z.string().meta({ description: "The format's word: `amd64`, `all`, `x86_64`, `noarch`." }),
  url,
  size: bytes,
  sha256,
});

const repository = z.strictObject({
  id: z.string().meta({ description: 'What the release package calls it; the section of the `.repo` file.' }),
  channel: z.enum(['stable', 'testing']),
  enabled: z.boolean().meta({ description: 'Whether clients look into it without being asked to.' }),
  format,
  layout: z.enum(['flat', 'classic']).meta({ description: "`classic` is apt's `dists/<suite>/<component>`." }),
  architectures: z.array(z.string()).meta({ description: 'Machine architectures that it is for.' }),
  url: url.meta({
    description: 'What sources give as its address, for the classic layout the one above `dists/`; ends with a slash.',
  }),
  suite: z.string().nullable().meta({ description: 'apt: of `dists/`; `/` where the layout is flat; null for yum.' }),
  components: z.array(z.string()).meta({ description: 'apt, classic layout; otherwise empty.' }),
  updatedAt: instant.meta({ description: 'When its index was written.' }),
  packages: z.array(packageFile).meta({ description: 'By name, newest version first.' }),
});

const distribution = z.strictObject({
  id: z.string().meta({ description: '`debian-12`: what `--distribution` takes.' }),
  title: z.string(),
  vendor: z.string(),
  version: z.string(),
  codename: z.string().nullable(),
  format,
  packageManager: z.enum(['apt', 'dnf', 'dnf5', 'yum', 'zypper']),
  image: z.string().meta({ description: 'A container image of the distribution.' }),
  endOfLife: z.iso.date(),
  endOfExtendedLife: z.iso.date().nullable(),
  releasePackage: z
    .strictObject({ name: z.string(), url, size: bytes, sha256 })
    .nullable()
    .meta({ description: 'The package that makes a system know the repositories; null while none is published.' }),
  definition: z
    .strictObject({
      path: z.string().meta({ description: 'Where the file belongs on a system.' }),
      text: z.string().meta({ description: 'The `.repo`, `.sources` or `.list` file.' }),
      keyPath: z
        .string()
        .nullable()
        .meta({ description: 'Where that file expects the key; null when it expects none.' }),
    })
    .meta({
      description: 'What the release package of the manifest installs, for those who set systems up without it.',
    }),
  applications: z
    .array(z.string())
    .meta({ description: 'Packages that people come for: no other one here needs them in their very version.' }),
  repositories: z.array(repository),
});

/** `repositories.json` at the root of a store. Keys may be added; what is there keeps its meaning within a schema version. */
export const repositoriesSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    id: z.string(),
    name: z.string().meta({ description: 'For people.' }),
    url: url.meta({ description: 'Of the root of the store, without a slash at the end.' }),
    generatedAt: instant.meta({ description: 'When the newest index of them was written.' }),
    key: key.nullable().meta({ description: 'null when nothing is signed.' }),
    distributions: z.array(distribution),
  })
  .meta({
    title: 'repositories.json',
    description: 'What a package repository that Coachbuilder publishes holds, and how systems are made to use it.',
  });

/** What we read of the document ourselves. Unlike what we write it may have keys that we do not know: see above. */
export const placesSchema = z.object({
  schemaVersion: repositoriesSchema.shape.schemaVersion,
  distributions: z.array(
    z.object({
      id: distribution.shape.id,
      repositories: z.array(z.object(repository.pick({ channel: true, architectures: true }).shape)),
    }),
  ),
});

export type RepositoriesDocument = z.output<typeof repositoriesSchema>;

/** JSON Schema of `repositories.json`; `docs/repositories.schema.json`. */
export function repositoriesJsonSchema(): object {
  return z.toJSONSchema(repositoriesSchema);
}

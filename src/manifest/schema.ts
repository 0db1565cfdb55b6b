import { z } from 'zod';

import { distributionSchema } from '../distributions/schema.ts';
import { libraries } from './schema/libraries-schema.ts';
import { packageSchema, type packageOverride } from './schema/package-schema.ts';
import { lint } from './schema/lint-schema.ts';
import { python } from './schema/python-schema.ts';
import { release } from './schema/release-schema.ts';
import { repository } from './schema/repository-schema.ts';
import { health, slim } from './schema/tree-schema.ts';
import { mapOf, text, words, type directory, type file, type relation } from './schema/values-schema.ts';

/*
 * The one declaration of what a manifest may say; its parts are in schema/. Types, the JSON Schema and the reference
 * page come from it. It knows shapes only; what values mean, and what contradicts what, is in rules.ts.
 */

const categories = z
  .strictObject({
    deb: text.optional().meta({ description: "Debian's section; `admin` by default.", examples: ['net'] }),
    rpm: text
      .optional()
      .meta({ description: "rpm's group; `Applications/System` by default.", examples: ['Applications/Internet'] }),
  })
  .meta({ id: 'Categories', description: 'Where package managers list the packages.' });

/** Keys that the manifest has at its top and that an override may change. */
const common = {
  vendor: text
    .optional()
    .meta({ description: "Who makes the packages; by default the maintainer's name.", examples: ['Acme'] }),
  maintainer: text.optional().meta({
    description: "Name and address; by default the metadata's maintainer or author.",
    examples: ['Acme Packaging <packaging@example.com>'],
  }),
  license: text
    .optional()
    .meta({ description: "SPDX expression; by default the metadata's licence.", examples: ['Apache-2.0'] }),
  url: text
    .optional()
    .meta({ description: "Home page; by default the metadata's.", examples: ['https://example.com/fleet'] }),
  summary: text.optional().meta({
    description: "One line; by default the metadata's summary.",
    examples: ['Keeps a fleet of machines in order'],
  }),
  description: text.optional().meta({
    description: 'Paragraphs, separated by empty lines; by default made of the metadata.',
    examples: ['Fleet keeps machines in order.'],
  }),
  epoch: z
    .int()
    .min(0, 'must not be negative')
    .optional()
    .meta({ description: 'Epoch of the version; 0 by default.', examples: [1] }),
  categories: categories.optional(),
  'distribution-tag': z.boolean().optional().meta({
    description: "Whether the release ends in the distribution's tag, such as `.el9` or `+debian12`; true by default.",
  }),
  python: python.optional(),
  libraries,
  slim: slim.optional(),
  health: health.optional(),
};

const version = z
  .strictObject({
    from: z.enum(['source', 'git', 'manifest']).meta({
      description:
        "`source` (the default without this key): the wheel's metadata; `git`: the nearest tag; `manifest`: `value`.",
    }),
    'tag-prefix': z
      .string()
      .optional()
      .meta({
        description: 'What stands before the version in the names of tags, for `git`; by default nothing or a `v`.',
        examples: ['release-'],
      }),
    value: text.optional().meta({ description: 'The version (PEP 440), for `manifest`.', examples: ['1.2'] }),
  })
  .meta({
    id: 'Version',
    description: 'Where the version of the packages comes from. `--package-version` wins over it.',
  });

const manifestSchema = z
  .strictObject({
    name: text
      .optional()
      .meta({ description: "The application's name; by default the metadata's.", examples: ['fleet'] }),
    source: text.optional().meta({
      description: "Directory of the Python project, relative to the manifest; by default the manifest's own.",
      examples: ['examples/fleet'],
    }),
    prefix: text.optional().meta({
      description: 'Where the virtual environment is installed; by default `/opt/<name>`.',
      examples: ['/opt/fleet'],
    }),
    version: version.optional(),
    changelog: text.optional().meta({
      description:
        "What the packages' changelogs are made of: a file, relative to the manifest; `git`, the commits between tags; `none`. By default the changelog in the source (`CHANGELOG.md`, `CHANGES.rst`, `NEWS` and the like), else the tags of a checkout.",
      examples: ['CHANGELOG.md', 'git'],
    }),
    'package-prefix': text
      .optional()
      .meta({ description: 'How names of packages begin; `omnibus` by default.', examples: ['acme'] }),
    ...common,
    packages: mapOf(packageSchema).optional().meta({
      description:
        'Packages by id: `main`, `cli`, `node` or any further one. By default `main`, and a `cli` with every console script linked into `/usr/bin`.',
    }),
    overrides: mapOf(
      z.strictObject(common).meta({ id: 'Override', description: 'What is different for a part of the targets.' }),
    )
      .optional()
      .meta({
        description: 'Differences by selector: `deb`, `rpm`, a vendor or a distribution. The most specific one wins.',
        examples: [{ 'rocky-8': { python: { interpreter: { package: 'python3.11', path: '/usr/bin/python3.11' } } } }],
      }),
    release: release.optional(),
    repository: repository.optional(),
    lint: lint.optional(),
    tests: words.optional().meta({
      description:
        'Shell commands that `test-package` runs as root where the packages are installed; by default every program of theirs is asked for its version.',
      examples: [['fleet --version', 'fleet-ca --help | grep -q initialize']],
    }),
    targets: words.optional().meta({
      description: 'Distributions that are built for when `--distribution` is absent; `all` for every one.',
      examples: [['debian-12', 'rocky-9']],
    }),
    distributions: mapOf(distributionSchema)
      .optional()
      .meta({
        description: 'Distributions of your own by id, or changes to those that we know.',
        examples: [{ 'acme-8': { extends: 'rocky-8' } }],
      }),
  })
  .meta({ title: 'Coachbuilder manifest', description: 'How a Python application becomes packages.' });

/** A manifest as it was written: the shape is right, nothing is filled in. */
export type WrittenManifest = z.output<typeof manifestSchema>;
export type WrittenPackage = z.output<typeof packageSchema>;
export type WrittenPackageOverride = z.output<typeof packageOverride>;
export type WrittenOverride = NonNullable<WrittenManifest['overrides']>[string];
export type WrittenService = NonNullable<NonNullable<WrittenPackage['services']>[string]>;
export type WrittenRelation = z.output<typeof relation>;
export type WrittenFile = z.output<typeof file>;
export type WrittenDirectory = z.output<typeof directory>;
export type WrittenPython = z.output<typeof python>;
export type WrittenLint = z.output<typeof lint>;
export type WrittenRelease = z.output<typeof release>;
export type WrittenRepository = z.output<typeof repository>;
export type WrittenSlim = z.output<typeof slim>;
export type WrittenHealth = z.output<typeof health>;

/** A deviation from the schema; zod's codes decide what is said about it. */
export type SchemaIssue = z.core.$ZodIssue;

export type Checked =
  | { readonly success: true; readonly written: WrittenManifest }
  | { readonly success: false; readonly issues: readonly SchemaIssue[] };

/** Compares a parsed file with the schema. */
export function checkShape(value: unknown): Checked {
  const result = manifestSchema.safeParse(value);
  return result.success ? { success: true, written: result.data } : { success: false, issues: result.error.issues };
}

/** What we use of JSON Schema's vocabulary. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | false;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

let jsonSchema: JsonSchema | undefined;

/** The schema as JSON Schema (draft 2020-12), for editors, for our own reference and for suggestions. */
export function manifestJsonSchema(): JsonSchema {
  jsonSchema ??= z.toJSONSchema(manifestSchema, { io: 'input' }) as JsonSchema;
  return jsonSchema;
}

import { z } from 'zod';

import { distributionSchema } from '../distributions/schema.ts';
import { interpreterParts, scriptHooks } from './manifest.ts';

/*
 * The one declaration of what a manifest may say. Types, the JSON Schema and the reference page come from it. It knows
 * shapes only; what values mean, and what contradicts what, is in rules.ts.
 */

const text = z.string().min(1, 'must not be empty');
const words = z.array(text);

/** A map whose keys the user chooses; plain objects keep their order. */
function mapOf<Value extends z.ZodType>(value: Value): z.ZodRecord<z.ZodString, Value> {
  return z.record(z.string(), value);
}

const relation = z
  .union([
    text,
    z.strictObject({
      name: text.meta({ description: 'A package, a capability or, for rpm, a path.' }),
      compare: z.enum(['<<', '<', '<=', '=', '==', '>=', '>', '>>']).optional().meta({ description: 'Operator.' }),
      version: text.optional().meta({ description: 'What is compared with.' }),
    }),
  ])
  .meta({
    id: 'Relation',
    description: 'A package, perhaps of certain versions, perhaps with alternatives.',
    examples: [
      'openssh-client',
      'docker.io (>= 1.3.0)',
      'docker-io >= 1.3.0',
      'mail-transport-agent | postfix',
      '/usr/sbin/iptables',
    ],
  });

function relations(description: string, example: string): z.ZodOptional<z.ZodArray<typeof relation>> {
  return z
    .array(relation)
    .optional()
    .meta({ description, examples: [[example]] });
}

const mode = text.optional().meta({ description: 'Octal, in quotes.', examples: ['0640'] });
const owner = text.optional().meta({ description: 'User; `root` by default.', examples: ['fleet'] });
const group = text.optional().meta({ description: 'Group; `root` by default.', examples: ['fleet'] });

const file = z
  .union([
    text,
    z.strictObject({
      source: text.meta({ description: 'Path of the file or directory, relative to the manifest.' }),
      mode,
      owner,
      group,
      configuration: z.boolean().optional().meta({
        description: "Whether an administrator's changes are kept; by default so for files below `/etc`.",
      }),
    }),
  ])
  .meta({
    id: 'File',
    description:
      'The file to install, or a directory whose files are installed with their own paths below. Modes are 0644, and 0755 for executable sources.',
  });

const directory = z
  .union([text, z.strictObject({ path: text.meta({ description: 'Absolute path.' }), mode, owner, group })])
  .meta({ id: 'Directory', description: 'An empty directory that the package owns; mode 0755.' });

const link = z.union([text, mapOf(text)]).meta({
  id: 'Link',
  description:
    "A script of the virtual environment's `bin`, linked under its own name, or `{name: target}`; a target may also be an absolute path.",
  examples: ['fleet', { fleet: 'fleet-cli' }],
});

/** An override may take a file or script out again with `null`. */
type Removable<Value extends z.ZodType> = z.ZodNullable<Value>;

const scriptKeys = Object.fromEntries(
  scriptHooks.map((hook) => [
    hook,
    text
      .nullable()
      .optional()
      .meta({ description: `Shell fragment, relative to the manifest, run ${hook.replace('-', ' ')}.` }),
  ]),
) as Record<(typeof scriptHooks)[number], z.ZodOptional<Removable<typeof text>>>;

const packageParts = {
  summary: text.optional().meta({ description: 'One line.', examples: ['Command line of fleet'] }),
  description: text.optional().meta({ description: 'Paragraphs, separated by empty lines.' }),
  depends: relations(
    'What has to be installed as well. The main package and the interpreter need no mention.',
    'openssh-client',
  ),
  recommends: relations('What is installed as well unless someone objects.', 'iptables'),
  suggests: relations('What goes well with the package.', 'fleet-doc'),
  conflicts: relations('What cannot be installed at the same time.', 'fleet-legacy (<< 2)'),
  replaces: relations("What the package takes over: `Replaces`, rpm's `Obsoletes`.", 'fleet-legacy (<< 2)'),
  provides: relations('Other names that the package answers to.', 'fleet-client'),
  links: mapOf(z.array(link))
    .optional()
    .meta({
      description: 'Links to scripts, by the directory that they stand in.',
      examples: [{ '/usr/bin': ['fleet', 'fleet-ca'] }],
    }),
  files: mapOf(file.nullable())
    .optional()
    .meta({
      description: 'Files to install, by installed path.',
      examples: [{ '/etc/fleet.conf': { source: 'packaging/fleet.conf', mode: '0640', group: 'adm' } }],
    }),
  directories: z
    .array(directory)
    .optional()
    .meta({ description: 'Empty directories that the package owns.', examples: [['/var/lib/fleet']] }),
  scripts: z
    .strictObject(scriptKeys)
    .optional()
    .meta({
      description: 'Shell fragments that run at the turns of the life of the package.',
      examples: [{ 'after-install': 'packaging/reload.sh' }],
    }),
  'configuration-files': words.optional().meta({
    description: 'Installed paths that are configuration beyond what `files` says.',
    examples: [['/usr/share/fleet/defaults.conf']],
  }),
};

const packageOverride = z
  .strictObject(packageParts)
  .meta({ id: 'PackageOverride', description: 'What is different for a part of the targets.' });

const packageSchema = z
  .strictObject({
    name: text.optional().meta({
      description:
        'By default `<package-prefix>-python-<name>` for `main`, `<package-prefix>-<name>-<id>` for any other package.',
      examples: ['acme-fleet-cli'],
    }),
    architecture: z.enum(['native', 'all']).optional().meta({
      description: '`all` for a package that is the same on every machine: the default of every package but `main`.',
    }),
    ...packageParts,
    overrides: mapOf(packageOverride)
      .optional()
      .meta({
        description: 'Differences by selector: `deb`, `rpm`, a vendor or a distribution. The most specific one wins.',
        examples: [{ rpm: { depends: ['openssh-clients'] } }],
      }),
  })
  .meta({ id: 'Package', description: 'One package.' });

const bundledInterpreter = z
  .strictObject({
    version: text.meta({ description: 'Version of the interpreter, in full.', examples: ['3.12.3'] }),
    archive: text.meta({
      description:
        'Path (relative to the manifest) or URL of a tar.gz archive that holds the interpreter below `python/`, as the `install_only` archives of python-build-standalone do. `{version}`, `{minor}`, `{build}`, `{architecture}` and `{triple}` are filled in.',
      examples: ['https://example.com/{build}/cpython-{version}+{build}-{triple}-install_only_stripped.tar.gz'],
    }),
    build: text.optional().meta({ description: 'What `{build}` stands for.', examples: ['20240415'] }),
    sha256: z.union([text, mapOf(text)]).meta({
      description: 'Digest of the archive, or one for each architecture.',
      examples: [{ x86_64: '<64 hexadecimal digits>', aarch64: '<64 hexadecimal digits>' }],
    }),
    prune: z
      .union([z.boolean(), z.array(z.enum(interpreterParts))])
      .optional()
      .meta({
        description:
          'Parts that are left out, since running an application takes none of them: `true` (the default) for all, `false` for none, or a list.',
        examples: [true, ['tests', 'idle', 'ensurepip', 'development']],
      }),
  })
  .meta({ id: 'BundledInterpreter', description: 'A relocatable CPython that is laid below the prefix.' });

const python = z
  .strictObject({
    interpreter: z
      .union([
        z.literal('system'),
        z.strictObject({
          package: text.meta({ description: 'Package of the interpreter.', examples: ['python3.11'] }),
          path: text.meta({ description: 'Minor-versioned interpreter.', examples: ['/usr/bin/python3.11'] }),
        }),
        z.strictObject({
          bundled: bundledInterpreter.meta({ description: 'An interpreter that becomes a part of the package.' }),
        }),
      ])
      .optional()
      .meta({
        description:
          "`system` (the default) for the distribution's own Python, another one that it packages, or one that the package brings.",
        examples: ['system', { package: 'python3.11', path: '/usr/bin/python3.11' }],
      }),
    requirements: words.optional().meta({
      description: 'Requirements files, relative to the manifest, that are locked beside the application.',
      examples: [['requirements.txt']],
    }),
    constraints: words.optional().meta({ description: 'Constraints files.', examples: [['constraints.txt']] }),
    extras: words.optional().meta({ description: 'Extras of the application.', examples: [['tls']] }),
    'lock-file': text.optional().meta({
      description:
        'A `uv.lock`, `poetry.lock`, `pylock.toml` or `.txt` of requirements with hashes, relative to the manifest: exactly what it pins is packaged.',
      examples: ['uv.lock'],
    }),
    indexes: words.optional().meta({
      description:
        'Index URLs in order of preference, without credentials; by default what pip and uv are configured with.',
      examples: [['https://packages.example.com/simple/']],
    }),
    bytecode: z.enum(['auto', 'build', 'install', 'none']).optional().meta({
      description:
        'When modules are compiled: while building, by the package when it is installed, never, or (`auto`, the default) while building where an interpreter of the same minor version is at hand.',
    }),
  })
  .meta({ id: 'Python', description: 'The interpreter, and what is installed for it.' });

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
};

const channel = z
  .strictObject({
    id: text.meta({
      description: 'Section of the `.repo` file, name of the `.sources` file.',
      examples: ['acme-testing'],
    }),
    name: text.optional().meta({ description: 'For people.', examples: ['Acme testing'] }),
    enabled: z
      .boolean()
      .optional()
      .meta({ description: 'Whether it is used without being asked for; true by default.' }),
    suffix: text
      .optional()
      .meta({ description: 'Appended to the vendor in the repository key.', examples: ['-testing'] }),
  })
  .meta({ id: 'Channel', description: 'One repository that the release package defines.' });

const release = z
  .strictObject({
    id: text.meta({ description: 'Base name of the repository files.', examples: ['acme'] }),
    name: text.optional().meta({ description: 'For people; by default the vendor.', examples: ['Acme packages'] }),
    'package-name': text
      .optional()
      .meta({ description: 'By default `<package-prefix>-release`.', examples: ['acme-release'] }),
    version: text.optional().meta({ description: 'Version of the release package; "1" by default.', examples: ['1'] }),
    baseurl: text.meta({
      description: 'Where the repositories are: http, https or file.',
      examples: ['https://packages.example.com'],
    }),
    key: text.optional().meta({
      description: 'ASCII-armoured public key, relative to the manifest; without one the repository is unsigned.',
      examples: ['packaging/acme.asc'],
    }),
    channels: z.array(channel).min(1, 'must have at least one entry').optional().meta({
      description: 'By default `<id>`, enabled, and `<id>-testing`, which is not.',
    }),
  })
  .meta({ id: 'Release', description: 'The package that makes the repository known to machines.' });

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
export type WrittenRelation = z.output<typeof relation>;
export type WrittenFile = z.output<typeof file>;
export type WrittenDirectory = z.output<typeof directory>;
export type WrittenPython = z.output<typeof python>;
export type WrittenRelease = z.output<typeof release>;

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

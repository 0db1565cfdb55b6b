import { z } from 'zod';

import { scriptHooks } from '../manifest.ts';
import { integrationParts } from './integration-schema.ts';
import { groups, services, users } from './service-schema.ts';
import { directory, file, link, mapOf, relations, text, words } from './values-schema.ts';

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
  ...integrationParts,
  services,
  users,
  groups,
};

export const packageOverride = z
  .strictObject(packageParts)
  .meta({ id: 'PackageOverride', description: 'What is different for a part of the targets.' });

export const packageSchema = z
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

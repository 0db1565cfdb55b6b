import { z } from 'zod';

import { restartPolicies, serviceTypes } from '../service-settings.ts';
import { mapOf, text, words } from './values-schema.ts';

/* Services, users and groups of a package. */

const path = text.nullable().optional();
const name = z.union([text, words]).optional();
const flag = z.boolean().optional();

const service = z
  .strictObject({
    unit: path.meta({
      description:
        "The application's own systemd unit, relative to the manifest; it is installed under the name of the service. The suffix is that of the file, or of the name.",
      examples: ['packaging/fleet-control.service'],
    }),
    upstart: path.meta({
      description:
        'An upstart job for distributions that have upstart; by default it is written from `command`, or from the unit.',
      examples: ['packaging/fleet-control.conf'],
    }),
    sysv: path.meta({
      description:
        'An init script for distributions that have neither; by default it is written from `command`, or from the unit.',
      examples: ['packaging/fleet-control.init'],
    }),
    command: z
      .union([text, words.min(1)])
      .nullable()
      .optional()
      .meta({
        description:
          "What runs, when there is no `unit`: a script of the virtual environment's `bin` or an absolute path, with arguments. Quotes keep words together; nothing is expanded.",
        examples: ['fleet-control --port 4700', ['fleet-control', '--name', 'two words']],
      }),
    description: text.optional().meta({ description: "One line; by default the package's summary and the name." }),
    type: z
      .enum(serviceTypes)
      .optional()
      .meta({ description: 'How it tells that it is up; `simple` by default (systemd.service(5)).' }),
    user: text.optional().meta({ description: 'Who runs it, and owns its directories; `root` by default.' }),
    group: text.optional().meta({ description: "By default the user's own." }),
    environment: mapOf(z.string())
      .optional()
      .meta({ description: 'Variables that it gets.', examples: [{ FLEET_COLOUR: 'never' }] }),
    'environment-file': name.meta({
      description:
        'File of `NAME=value` lines: the name of one of `environment-files`, or an absolute path; after a `-` it may be missing.',
      examples: ['-/etc/default/fleet'],
    }),
    'working-directory': text.optional().meta({ description: 'Where it runs; `/` by default.' }),
    restart: z
      .enum(restartPolicies)
      .optional()
      .meta({ description: 'When it is started again; `on-failure` by default, `no` for `oneshot`.' }),
    after: name.meta({
      description: 'Units that it starts after; `network-online.target` by default.',
      examples: [['network-online.target', 'postgresql.service']],
    }),
    hardening: z
      .union([z.boolean(), mapOf(z.union([z.boolean(), text]).nullable())])
      .optional()
      .meta({
        description:
          'Directives of systemd.exec(5) that confine it, over our own; `null` takes one of ours away, `false` all of them.',
        examples: [{ ProtectHome: 'read-only', PrivateDevices: false }],
      }),
    'state-directory': name.meta({ description: 'What it keeps, below `/var/lib`.', examples: ['fleet'] }),
    'log-directory': name.meta({ description: 'What it logs, below `/var/log`.', examples: ['fleet'] }),
    'cache-directory': name.meta({ description: 'What it can make again, below `/var/cache`.', examples: ['fleet'] }),
    'runtime-directory': name.meta({
      description: 'What goes when it ends, below `/run`. A unit of your own says it itself.',
      examples: ['fleet'],
    }),
    enable: z
      .union([z.boolean(), z.enum(['preset'])])
      .optional()
      .meta({
        description:
          "Whether it starts at boot: `true` by default for deb; `preset` for rpm, which is what the distribution's presets say (deb takes that for `true`).",
      }),
    start: flag.meta({
      description:
        'Whether it is started at the first installation, if it is enabled: by default for deb, and not for rpm.',
    }),
    'restart-on-upgrade': flag.meta({ description: 'Whether an upgrade restarts it; by default.' }),
    'stop-on-upgrade': flag.meta({
      description:
        'Whether an upgrade stops it before the new files are unpacked, and starts it afterwards; not by default.',
    }),
  })
  .meta({ id: 'Service', description: 'A service, by `unit` or by `command`.' });

export const services = mapOf(service.nullable())
  .optional()
  .meta({
    description: 'Services by name: enabled, started, restarted and stopped as the family of the distribution does it.',
    examples: [{ 'fleet-control': { command: 'fleet-control', user: 'fleet', 'state-directory': 'fleet' } }],
  });

const id = (of: string): z.ZodOptional<z.ZodInt> =>
  z
    .int()
    .min(1, 'must be 1 or more')
    .max(65_533, 'must be less than 65534')
    .optional()
    .meta({
      description: `${of}; by default the system chooses a free one.`,
    });

export const users = mapOf(
  z
    .strictObject({
      uid: id('Number of the user'),
      group: text.optional().meta({ description: "Primary group; by default one of the user's name." }),
      groups: words.optional().meta({ description: 'Further groups.', examples: [['adm']] }),
      comment: text.optional().meta({ description: 'Who it is; by default the summary of the package.' }),
      home: text.optional().meta({
        description: 'Home directory, which is not made; `/nonexistent` by default.',
        examples: ['/var/lib/fleet'],
      }),
      shell: text.optional().meta({ description: 'Login shell; by default none.', examples: ['/bin/sh'] }),
    })
    .nullable()
    .meta({ id: 'User', description: 'A system user.' }),
)
  .optional()
  .meta({
    description: 'System users by name: made when the package is installed, and never removed.',
    examples: [{ fleet: { home: '/var/lib/fleet' } }],
  });

export const groups = mapOf(
  z
    .strictObject({ gid: id('Number of the group') })
    .nullable()
    .meta({ id: 'Group', description: 'A system group.' }),
)
  .optional()
  .meta({
    description: "System groups by name, beside the users' own: made when the package is installed, and never removed.",
    examples: [{ 'fleet-admin': {} }],
  });

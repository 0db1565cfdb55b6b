import { z } from 'zod';

import { group, mapOf, mode, owner, text, words } from './values-schema.ts';

/* What a package tells the programs of the system that it is installed on: logrotate, rsyslog, the firewall, the shells. */

export const logrotateFrequencies = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

const logrotate = z
  .union([
    text,
    z.strictObject({
      paths: words.optional().meta({
        description: 'Log files, absolute; `*` and `?` stand for what they do in a shell.',
        examples: [['/var/log/fleet/*.log']],
      }),
      frequency: z.enum(logrotateFrequencies).optional().meta({ description: '`weekly` by default.' }),
      rotate: z
        .int()
        .min(0, 'must not be negative')
        .optional()
        .meta({
          description: 'How many old files are kept; 4 by default.',
          examples: [14],
        }),
      'max-size': text.optional().meta({
        description: 'Size at which a file is rotated before its time.',
        examples: ['100M'],
      }),
      compress: z.boolean().optional().meta({ description: 'Whether old files are compressed; true by default.' }),
      'copy-truncate': z.boolean().optional().meta({
        description:
          'Copies and empties the file in its place, for programs that do not open it again; false by default.',
      }),
      mode,
      owner,
      group,
      postrotate: text.optional().meta({
        description: 'Shell lines that run after a rotation.',
        examples: ['systemctl kill --signal=HUP fleet-control.service'],
      }),
    }),
  ])
  .meta({
    id: 'Logrotate',
    description:
      'A configuration file of logrotate, or what one is written from. With a mode, owner or group the new log file is made so.',
  });

const environmentFile = z
  .union([
    text,
    z.strictObject({ source: text.meta({ description: 'Relative to the manifest.' }), mode, owner, group }),
  ])
  .meta({ id: 'EnvironmentFile', description: 'A file of settings in the form `NAME=value`; mode 0644.' });

const firewallService = z
  .strictObject({
    title: text.optional().meta({
      description: "One line; by default the package's summary.",
      examples: ['Control service of fleet'],
    }),
    description: text.optional().meta({ description: 'What the ports are for; by default the title.' }),
    ports: words.optional().meta({
      description: 'Ports or ranges of ports, each with its protocol.',
      examples: [['4523/tcp', '6000-6010/udp']],
    }),
    firewalld: text.optional().meta({
      description: "firewalld's file, relative to the manifest, instead of one written from the ports.",
      examples: ['packaging/fleet-control.xml'],
    }),
    ufw: text.optional().meta({
      description: "ufw's file, relative to the manifest, instead of one written from the ports.",
      examples: ['packaging/fleet-control.ufw'],
    }),
  })
  .meta({
    id: 'FirewallService',
    description: 'Ports under one name that an administrator can open: a service of firewalld, an application of ufw.',
  });

const tmpfilesDirectory = z
  .union([
    text,
    z.strictObject({
      path: text.meta({ description: 'Absolute path.' }),
      mode,
      owner,
      group,
      age: text.optional().meta({
        description: 'Files in it that are older are deleted (tmpfiles.d(5)).',
        examples: ['10d'],
      }),
    }),
  ])
  .meta({
    id: 'TmpfilesDirectory',
    description: 'A directory that is made at installation and at every boot; mode 0755.',
  });

const manPage = z
  .union([
    text,
    z.strictObject({
      source: text.meta({ description: 'Relative to the manifest, such as `docs/fleet.1`.' }),
      language: text.optional().meta({ description: 'Of a translation.', examples: ['de', 'pt_BR'] }),
    }),
  ])
  .meta({ id: 'ManPage', description: 'A page, not compressed; its section is what its name ends in.' });

const shellCompletions = z
  .strictObject({
    bash: text.nullable().optional().meta({ description: 'For bash, relative to the manifest.' }),
    zsh: text.nullable().optional().meta({ description: 'For zsh, relative to the manifest.' }),
    fish: text.nullable().optional().meta({ description: 'For fish, relative to the manifest.' }),
  })
  .meta({ id: 'Completions', description: 'Files that teach shells to complete a command.' });

export const integrationParts = {
  logrotate: mapOf(logrotate.nullable())
    .optional()
    .meta({
      description: 'Rotation of log files, by name: `/etc/logrotate.d/<name>`.',
      examples: [{ fleet: { paths: ['/var/log/fleet/*.log'], frequency: 'daily', rotate: 14 } }],
    }),
  rsyslog: mapOf(text.nullable())
    .optional()
    .meta({
      description: 'Files of rsyslog, by name: `/etc/rsyslog.d/<name>.conf`.',
      examples: [{ fleet: 'packaging/fleet.rsyslog' }],
    }),
  firewall: mapOf(firewallService.nullable())
    .optional()
    .meta({
      description:
        'Services that listen, by a name that /etc/services and firewalld have not: for firewalld on rpm systems, for ufw on deb systems.',
      examples: [{ 'fleet-control': { title: 'Control service of fleet', ports: ['4700/tcp'] } }],
    }),
  tmpfiles: z
    .union([text, z.array(tmpfilesDirectory)])
    .optional()
    .meta({
      description:
        'Directories that are there as long as the package is, below `/run` as well: `/usr/lib/tmpfiles.d/<package>.conf`; or such a file.',
      examples: [[{ path: '/run/fleet', mode: '0750', owner: 'fleet', group: 'fleet' }]],
    }),
  'environment-files': mapOf(environmentFile.nullable())
    .optional()
    .meta({
      description:
        'Settings of services, by name: `/etc/default/<name>` on deb systems, `/etc/sysconfig/<name>` on rpm systems.',
      examples: [{ 'fleet-control': 'packaging/fleet-control.env' }],
    }),
  'man-pages': z
    .array(manPage)
    .optional()
    .meta({
      description: 'Manual pages.',
      examples: [['docs/fleet.1', { source: 'docs/de/fleet.1', language: 'de' }]],
    }),
  completions: mapOf(shellCompletions.nullable())
    .optional()
    .meta({
      description: 'Completions by command.',
      examples: [{ fleet: { bash: 'packaging/fleet.bash', zsh: 'packaging/fleet.zsh' } }],
    }),
};

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { afterAll, describe, expect, test } from 'vitest';

import { gzip } from '../../../src/formats/gzip.ts';
import { renderFirewalldService, renderLogrotate } from '../../../src/formats/integration/files.ts';
import { integratePackage, integratePackages } from '../../../src/formats/integration/integrate.ts';
import type { IntegrationSettings, LogrotateOptions } from '../../../src/manifest/integration/settings.ts';
import type { ContentEntry } from '../../../src/packages/definition.ts';
import { aDistribution, aManifest, aPackage, noIntegrationSettings } from '../../support/manifest.ts';

const scratch = mkdtempSync(join(tmpdir(), 'coachbuilder-files-'));

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

const rotation: LogrotateOptions = {
  paths: ['/var/log/fleet/*.log', '/var/log/two words.log'],
  frequency: 'daily',
  rotate: 14,
  maxSize: '100M',
  compress: true,
  copyTruncate: false,
  create: { mode: 0o640, owner: 'fleet', group: 'adm' },
  postrotate: 'systemctl kill --signal=HUP fleet.service\n',
};

const settings: IntegrationSettings = {
  logrotate: [
    { name: 'fleet', source: undefined, options: rotation },
    { name: 'own', source: '/project/own' },
  ],
  rsyslog: [{ name: 'fleet', source: '/project/rsyslog' }],
  firewall: [
    {
      name: 'fleet-control',
      title: 'Control <service> & "more"',
      description: "100% of the fleet's ports",
      ports: [
        { first: 4700, last: 4700, protocol: 'tcp' },
        { first: 6000, last: 6010, protocol: 'udp' },
      ],
      firewalld: undefined,
      ufw: undefined,
    },
    { name: 'own', title: 'T', description: 'T', ports: [], firewalld: '/project/own.xml', ufw: '/project/own.ufw' },
  ],
  tmpfiles: {
    kind: 'directories',
    directories: [{ path: '/run/fleet', mode: 0o750, owner: 'fleet', group: 'adm', age: '10d' }],
  },
  environmentFiles: [{ name: 'fleet', source: '/project/env', mode: 0o640, owner: 'root', group: 'fleet' }],
  manPages: [
    { source: '/project/fleet.1', language: undefined },
    { source: '/project/fleet.de.1', language: 'de' },
    { source: '/project/Fleet::Config.3pm', language: undefined },
  ],
  completions: [
    { command: 'fleet', shell: 'bash', source: '/project/bash' },
    { command: 'fleet', shell: 'zsh', source: '/project/zsh' },
    { command: 'fleet', shell: 'fish', source: '/project/fish' },
  ],
};

const names = ['own', 'rsyslog', 'own.xml', 'own.ufw', 'env', 'fleet.1', 'fleet.de.1', 'Fleet::Config.3pm'];
const sources = new Map(
  [...names, 'bash', 'zsh', 'fish'].map((name) => [`/project/${name}`, Buffer.from(`of ${name}\n`)] as const),
);

function integrate(id: string): ReturnType<typeof integratePackage> {
  return integratePackage(aPackage({ integration: settings }), aDistribution(id), sources);
}

/** `mode owner:group path`, with a `c` before configuration files. */
function listed(contents: readonly ContentEntry[]): readonly string[] {
  return contents
    .map((entry) => {
      const configuration = entry.kind === 'file' && entry.configuration ? 'c' : '-';
      return `${configuration} ${entry.mode.toString(8)} ${entry.owner}:${entry.group} ${entry.path}`;
    })
    .sort();
}

function textOf(contents: readonly ContentEntry[], path: string): string {
  const entry = contents.find((each) => each.path === path);
  if (entry?.kind !== 'file') throw new Error(`there is no ${path}`);
  const { source } = entry;
  const bytes = source.kind === 'text' ? Buffer.from(source.text) : source.kind === 'bytes' ? source.bytes : undefined;
  if (bytes === undefined) throw new Error(`${path} is somewhere else`);
  expect(entry.size).toBe(bytes.length);
  return Buffer.from(bytes).toString();
}

const everywhere = [
  '- 644 root:root /usr/share/bash-completion/completions/fleet',
  '- 644 root:root /usr/share/fish/vendor_completions.d/fleet.fish',
  '- 644 root:root /usr/share/man/de/man1/fleet.1.gz',
  '- 644 root:root /usr/share/man/man1/fleet.1.gz',
  '- 644 root:root /usr/share/man/man3/Fleet::Config.3pm.gz',
  'c 644 root:root /etc/logrotate.d/fleet',
  'c 644 root:root /etc/logrotate.d/own',
  'c 644 root:root /etc/rsyslog.d/fleet.conf',
];
const ofDeb = [
  '- 644 root:root /usr/share/zsh/vendor-completions/_fleet',
  'c 640 root:fleet /etc/default/fleet',
  'c 644 root:root /etc/ufw/applications.d/fleet-control',
  'c 644 root:root /etc/ufw/applications.d/own',
];
const ofRpm = [
  '- 644 root:root /usr/lib/firewalld/services/fleet-control.xml',
  '- 644 root:root /usr/lib/firewalld/services/own.xml',
  '- 644 root:root /usr/share/zsh/site-functions/_fleet',
  // Shared with the packages of these programs, which may not be there: rpm would leave them behind.
  ...['/usr/lib/firewalld', '/usr/share/bash-completion', '/usr/share/fish', '/usr/share/zsh'].map(
    (path) => `- 755 root:root ${path}`,
  ),
  '- 755 root:root /usr/lib/firewalld/services',
  '- 755 root:root /usr/share/bash-completion/completions',
  '- 755 root:root /usr/share/fish/vendor_completions.d',
  '- 755 root:root /usr/share/zsh/site-functions',
  'c 640 root:fleet /etc/sysconfig/fleet',
];
const ofSystemd = ['- 644 root:root /usr/lib/tmpfiles.d/acme-fleet-cli.conf'];

describe('the files for programs of the system', () => {
  test.each([
    ['debian-12', [...everywhere, ...ofDeb, ...ofSystemd]],
    ['ubuntu-14.04', [...everywhere, ...ofDeb]],
    ['centos-7', [...everywhere, ...ofRpm, ...ofSystemd]],
    ['fedora-43', [...everywhere, ...ofRpm, ...ofSystemd]],
    ['opensuse-leap-15.6', [...everywhere, ...ofRpm, ...ofSystemd]],
  ])('are on %s those that its family reads, and no others', (id, expected) => {
    const { contents, recommends } = integrate(id);
    expect(listed(contents)).toEqual([...expected].sort());
    expect(recommends).toEqual([{ name: 'logrotate', condition: undefined, alternatives: [] }]);
  });

  test('come from files, or are written', () => {
    const deb = integrate('debian-12').contents;
    const rpm = integrate('rocky-9').contents;
    expect(textOf(deb, '/etc/logrotate.d/own')).toBe('of own\n');
    expect(textOf(deb, '/etc/ufw/applications.d/own')).toBe('of own.ufw\n');
    expect(textOf(rpm, '/usr/lib/firewalld/services/own.xml')).toBe('of own.xml\n');
    expect(textOf(rpm, '/etc/sysconfig/fleet')).toBe('of env\n');
    // ufw(8), "APPLICATION INTEGRATION".
    expect(textOf(deb, '/etc/ufw/applications.d/fleet-control')).toBe(
      '[fleet-control]\ntitle=Control <service> & "more"\ndescription=100% of the fleet\'s ports\nports=4700/tcp|6000:6010/udp\n',
    );
    // firewalld.service(5).
    expect(textOf(rpm, '/usr/lib/firewalld/services/fleet-control.xml')).toBe(
      [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<service>',
        '  <short>Control &lt;service&gt; &amp; &quot;more&quot;</short>',
        "  <description>100% of the fleet's ports</description>",
        '  <port protocol="tcp" port="4700"/>',
        '  <port protocol="udp" port="6000-6010"/>',
        '</service>',
        '',
      ].join('\n'),
    );
    // tmpfiles.d(5).
    expect(textOf(deb, '/usr/lib/tmpfiles.d/acme-fleet-cli.conf')).toBe('d /run/fleet 0750 fleet adm 10d\n');
  });

  test('make the scripts tell those that have to be told', () => {
    const directories = [{ path: '/run/fleet', mode: 0o750, owner: 'fleet', group: 'adm' }];
    expect(integrate('debian-12').policy).toEqual({
      reloads: ['rsyslog'],
      tmpfiles: { file: 'acme-fleet-cli.conf', directories },
    });
    expect(integrate('ubuntu-14.04').policy.tmpfiles).toEqual({ file: undefined, directories });
    expect(integrate('rocky-9').policy.reloads).toEqual(['rsyslog', 'firewalld']);
    const nothing = integratePackage(
      aPackage({ integration: noIntegrationSettings }),
      aDistribution('rocky-9'),
      sources,
    );
    expect(nothing).toEqual({ contents: [], recommends: [], policy: { reloads: [], tmpfiles: undefined } });
  });

  test('may be a file of tmpfiles.d, whose directories are read from it', () => {
    const integration = { ...noIntegrationSettings, tmpfiles: { kind: 'file', source: '/project/t' } } as const;
    const own = new Map([['/project/t', Buffer.from('d /run/a 0700 a a -\nf /run/a/b\n')]]);
    const { contents, policy } = integratePackage(aPackage({ integration }), aDistribution('debian-12'), own);
    expect(textOf(contents, '/usr/lib/tmpfiles.d/acme-fleet-cli.conf')).toBe('d /run/a 0700 a a -\nf /run/a/b\n');
    expect(policy.tmpfiles?.directories.map(({ path }) => path)).toEqual(['/run/a']);
  });

  test('that cannot be read are named with their package', async () => {
    const rsyslog = [{ name: 'fleet', source: '/nowhere/rsyslog' }];
    const packages = [aPackage({ integration: { ...noIntegrationSettings, rsyslog } })];
    await expect(
      integratePackages({ manifest: aManifest({ packages }), distribution: aDistribution() }),
    ).rejects.toThrow('a file of the package acme-fleet-cli cannot be read: /nowhere/rsyslog');
  });

  test('cannot be a page that is compressed under the name of one that is not', async () => {
    const source = join(scratch, 'fleet.1');
    writeFileSync(source, gzip(Buffer.from('.TH A 1\n')));
    const packages = [
      aPackage({ integration: { ...noIntegrationSettings, manPages: [{ source, language: undefined }] } }),
    ];
    await expect(
      integratePackages({ manifest: aManifest({ packages }), distribution: aDistribution() }),
    ).rejects.toThrow(`the manual page ${source} of acme-fleet-cli is compressed already`);
  });
});

test('a file of logrotate says what its options say', () => {
  expect(renderLogrotate(rotation)).toBe(
    [
      '/var/log/fleet/*.log',
      '"/var/log/two words.log"',
      '{',
      ...['daily', 'rotate 14', 'maxsize 100M', 'missingok', 'notifempty', 'compress', 'delaycompress'],
      ...['create 0640 fleet adm', 'sharedscripts', 'postrotate'],
      '\tsystemctl kill --signal=HUP fleet.service',
      ...['endscript', '}', ''],
    ]
      .map((line) => (/^(?:["/{}]|$)/.test(line) ? line : `\t${line}`))
      .join('\n'),
  );
  const plain = {
    ...rotation,
    paths: ['/var/log/a.log'],
    maxSize: undefined,
    create: undefined,
    postrotate: undefined,
  };
  expect(renderLogrotate({ ...plain, compress: false, copyTruncate: true })).toBe(
    '/var/log/a.log\n{\n\tdaily\n\trotate 14\n\tmissingok\n\tnotifempty\n\tnocompress\n\tcopytruncate\n}\n',
  );
});

test('the text of a service stays in its line', () => {
  const [service] = settings.firewall;
  if (service === undefined) throw new Error('there is no service');
  expect(renderFirewalldService({ ...service, description: 'one\n  two' })).toContain('<description>one two<');
});

test('a page is compressed as gzip -9n does it: no name, no time, most compression, Unix', () => {
  const page = Buffer.from('.TH FLEET 1\n.SH NAME\nfleet \\- a fleet\n'.repeat(50));
  const compressed = Buffer.from(gzip(page));
  expect(gunzipSync(compressed)).toEqual(page);
  const path = join(scratch, 'page');
  writeFileSync(path, page);
  const { stdout } = spawnSync('gzip', ['-9n', '--stdout', path]);
  expect(compressed.subarray(0, 10)).toEqual(stdout.subarray(0, 10));
});

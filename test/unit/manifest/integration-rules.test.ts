import { describe, expect, it } from 'vitest';

import { renderDiagnostic } from '../../../src/errors/diagnostic.ts';
import { checkManifest } from '../../../src/manifest/check.ts';
import { normalizeManifest } from '../../../src/manifest/normalize.ts';
import { parseYamlManifest } from '../../../src/manifest/parse.ts';
import type { IntegrationSettings } from '../../../src/manifest/integration/settings.ts';
import type { PackageSettings } from '../../../src/manifest/manifest.ts';
import type { SourceDescription } from '../../../src/manifest/source-files.ts';
import { aDistribution, someMetadata } from '../../support/manifest.ts';

/** A disk on which everything is a file, but for `missing` things and a directory `units`. */
function describeSource(path: string): SourceDescription | undefined {
  if (path.includes('missing')) return undefined;
  return { kind: path.endsWith('/units') ? 'directory' : 'file', executable: false, entries: [] };
}

const context = { file: 'coachbuilder.yaml', directory: '/project', describeSource };

function checked(text: string): ReturnType<typeof checkManifest> {
  return checkManifest(parseYamlManifest(text, context.file), context);
}

/** What is said about the keys of a package `node`, whose first line is line 3. */
function problems(...lines: readonly string[]): readonly string[] {
  return checked(`packages:\n  node:\n${lines.map((line) => `    ${line}\n`).join('')}`).diagnostics.map(
    renderDiagnostic,
  );
}

function packageOn(distribution: string, ...lines: readonly string[]): PackageSettings {
  const { written, diagnostics } = checked(`packages:\n  node:\n${lines.map((line) => `    ${line}\n`).join('')}`);
  expect(diagnostics).toEqual([]);
  const application = { metadata: someMetadata(), scriptNames: [] };
  const manifest = normalizeManifest(written, { ...context, application, distribution: aDistribution(distribution) });
  const node = manifest.packages.find(({ id }) => id === 'node');
  if (node === undefined) throw new Error('there is no package node');
  return node;
}

function integration(distribution: string, ...lines: readonly string[]): IntegrationSettings {
  return packageOn(distribution, ...lines).integration;
}

const at = (line: number, column: number, message: string): string =>
  `coachbuilder.yaml:${String(line)}:${String(column)}: error: ${message}`;
const fromWhere = "\n    the path counts from the manifest's directory";

describe('what a package tells the system', () => {
  it.each([
    [['logrotate: {fleet: missing.conf}'], [at(3, 24, `there is no file "missing.conf"${fromWhere}`)]],
    [['rsyslog: {fleet: missing.conf}'], [at(3, 22, `there is no file "missing.conf"${fromWhere}`)]],
    [['tmpfiles: missing.conf'], [at(3, 15, `there is no file "missing.conf"${fromWhere}`)]],
    [['environment-files: {fleet: {source: missing}}'], [at(3, 41, `there is no file "missing"${fromWhere}`)]],
    [['man-pages:', '  - a.1', '  - missing.1'], [at(5, 9, `there is no file "missing.1"${fromWhere}`)]],
    [['completions: {fleet: {fish: missing.fish}}'], [at(3, 33, `there is no file "missing.fish"${fromWhere}`)]],
    [
      ['firewall: {a: {firewalld: missing.xml, ufw: units}}'],
      [at(3, 31, `there is no file "missing.xml"${fromWhere}`), at(3, 49, '"units" is a directory, not a file')],
    ],
  ])('is refused when a file is not there: %j', (lines, expected) => {
    expect(problems(...lines)).toEqual(expected);
  });

  it.each([
    [
      'tcp/80',
      'is not a port with its protocol\n    write a number, or two with "-" between them, and "/tcp" or "/udp": 4523/tcp',
    ],
    [
      '80',
      'is not a port with its protocol\n    write a number, or two with "-" between them, and "/tcp" or "/udp": 4523/tcp',
    ],
    [
      '80/sctp',
      'is not a port with its protocol\n    write a number, or two with "-" between them, and "/tcp" or "/udp": 4523/tcp',
    ],
    ['0/tcp', 'is beyond what ports there are\n    use numbers from 1 to 65535'],
    ['65536/tcp', 'is beyond what ports there are\n    use numbers from 1 to 65535'],
    ['5-70000/udp', 'is beyond what ports there are\n    use numbers from 1 to 65535'],
  ])('is refused when %s stands for a port', (port, message) => {
    expect(problems('firewall:', '  fleet:', `    ports: [1/tcp, "${port}"]`)).toEqual([
      at(5, 24, `"${port}" ${message}`),
    ]);
  });

  it('is refused when a range of ports is none', () => {
    expect(problems('firewall: {fleet: {ports: [9-8/tcp]}}')).toEqual([
      at(3, 32, 'the range "9-8/tcp" ends before it begins\n    write the lower number first'),
    ]);
  });

  it('needs ports of a firewall service wherever there is no file for it', () => {
    expect(problems('firewall: {fleet: {title: T}}')).toEqual([
      at(3, 23, 'the firewall service "fleet" has no ports\n    add "ports", such as [4523/tcp]'),
    ]);
    expect(problems('firewall: {fleet: {ufw: fleet}}')).toHaveLength(1);
    expect(problems('firewall: {fleet: {ufw: fleet, firewalld: fleet.xml}}')).toEqual([]);
  });

  it.each([
    ['firewall: {9lives: {ports: [1/tcp]}}', /3:16: error: "9lives" is not a name that firewalld and ufw take/],
    ['firewall: {all: {ports: [1/tcp]}}', /3:16: error: "all" is not a name/],
    ['firewall: {a: {ports: [1/tcp], title: ""}}', /3:43: error: "title" must not be empty/],
    ['firewall: {a: {ports: [1/tcp], title: "a\\nb"}}', /3:43: error: the title of "a" must be one line/],
    ['firewall: {a: {firewalld: a.txt, ufw: a}}', /3:31: error: "a.txt" is not called as files of firewalld are/],
    ['logrotate: {fleet.conf: a}', /3:17: error: "fleet.conf" is no name for a file of "logrotate"/],
    ['rsyslog: {a/b: a}', /3:15: error: "a\/b" is no name for a file of "rsyslog"/],
    ['environment-files: {.a: a}', /3:25: error: ".a" is no name for a file of "environment-files"/],
    ['completions: {a b: {bash: a}}', /3:19: error: "a b" is not the name of a command/],
    ['completions: {a: {tcsh: a}}', /3:23: error: unknown key "tcsh"/],
    ['logrotate: {a: {}}', /3:20: error: "a" names no log files to rotate/],
    ['logrotate: {a: {paths: [a.log]}}', /3:29: error: "a.log" must be an absolute path/],
    ['logrotate: {a: {paths: ["/a{b}"]}}', /3:29: error: .* has a character that logrotate does not take/],
    ['logrotate: {a: {paths: [/a], frequency: often}}', /3:45: error: "frequency" must be one of hourly, daily/],
    ['logrotate: {a: {paths: [/a], rotate: -1}}', /3:42: error: "rotate" must not be negative/],
    ['logrotate: {a: {paths: [/a], max-size: big}}', /3:44: error: "big" is not a size/],
    ['logrotate: {a: {paths: [/a], mode: "88"}}', /3:40: error: mode "88" must be octal digits/],
    ['logrotate: {a: {paths: [/a], owner: Me!}}', /3:41: error: "owner" "Me!" is not the name of a user/],
    ['logrotate: {a: {paths: [/a], copy-truncate: true, mode: "0600"}}', /3:61: error: "copy-truncate" keeps the log/],
    ['logrotate: {a: {paths: [/a], postrotate: "a\\n endscript\\nb"}}', /3:46: error: "endscript" would end/],
    ['tmpfiles: [run/a]', /3:16: error: "run\/a" must be an absolute path/],
    ['tmpfiles: [/run/a b]', /3:16: error: "\/run\/a b" has a character that means something else/],
    ['tmpfiles: [/var/run/a]', /3:16: error: "\/var\/run\/a" is below a name of former times/],
    ['tmpfiles: [/var/log/]', /3:16: error: "\/var\/log\/" is a directory that other packages use/],
    ['tmpfiles: [{path: /run/a, age: old}]', /3:36: error: "old" is not an age/],
    ['tmpfiles: [{path: /run/a, mode: "9"}]', /3:37: error: mode "9" must be octal digits/],
    ['environment-files: {a: {source: a, mode: "x"}}', /3:46: error: mode "x" must be octal digits/],
    ['man-pages: [docs/fleet.txt]', /3:17: error: the name "fleet.txt" does not end in a section of the manual/],
    ['man-pages: [docs/fleet.1.gz]', /3:17: error: "docs\/fleet.1.gz" is compressed already/],
    ['man-pages: [{source: fleet.1, language: German}]', /3:45: error: "German" is not a language/],
  ])('is refused: %s', (line, message) => {
    const found = problems(line);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
  });

  it('cannot claim a path twice, be it in one package or in two, or as a file', () => {
    expect(
      checked(
        [
          'packages:',
          '  cli: {man-pages: [a/fleet.1], logrotate: {fleet: a}}',
          '  node:',
          '    man-pages: [b/fleet.1, c/x.8, d/x.8]',
          '    logrotate: {fleet: b}',
          '    environment-files: {fleet: e}',
          '    files: {/etc/sysconfig/fleet: f, /etc/ufw/applications.d/fleet: g}',
          '    firewall: {fleet: {ports: [1/tcp]}}',
          '',
        ].join('\n'),
      ).diagnostics.map(renderDiagnostic),
    ).toEqual([
      at(
        4,
        17,
        '"/usr/share/man/man1/fleet.1.gz" is claimed by package cli and by package node\n    keep it in one of them',
      ),
      at(4, 35, 'package node claims "/usr/share/man/man8/x.8.gz" twice\n    keep one of them'),
      at(5, 24, '"/etc/logrotate.d/fleet" is claimed by package cli and by package node\n    keep it in one of them'),
      at(6, 32, 'package node claims "/etc/sysconfig/fleet" twice\n    keep one of them'),
      at(8, 23, 'package node claims "/etc/ufw/applications.d/fleet" twice\n    keep one of them'),
    ]);
  });

  it('may differ between the families, and be taken out in one', () => {
    const lines = [
      'logrotate: {fleet: {paths: [/var/log/fleet.log], rotate: 2}}',
      'rsyslog: {fleet: fleet.conf}',
      'firewall: {fleet: {ports: [1/tcp]}}',
      'completions: {fleet: {bash: b, zsh: z}}',
      'tmpfiles: [/run/fleet]',
      'overrides:',
      '  rpm:',
      '    logrotate: {fleet: {frequency: daily}}',
      '    rsyslog: {fleet: null}',
      '    firewall: {fleet: {ports: [2/tcp]}}',
      '    completions: {fleet: {zsh: null}}',
      '    tmpfiles: [/run/other]',
    ];
    const deb = integration('debian-12', ...lines);
    const rpm = integration('rocky-9', ...lines);
    expect(deb.logrotate[0]).toMatchObject({ options: { frequency: 'weekly', rotate: 2 } });
    expect(rpm.logrotate[0]).toMatchObject({
      options: { paths: ['/var/log/fleet.log'], frequency: 'daily', rotate: 2 },
    });
    expect([deb.rsyslog.length, rpm.rsyslog.length]).toEqual([1, 0]);
    expect([deb, rpm].map(({ firewall }) => firewall[0]?.ports[0]?.first)).toEqual([1, 2]);
    expect(rpm.completions).toEqual([{ command: 'fleet', shell: 'bash', source: '/project/b' }]);
    expect([deb, rpm].map(({ tmpfiles }) => tmpfiles)).toMatchObject([
      { directories: [{ path: '/run/fleet', mode: 0o755, owner: 'root' }] },
      { directories: [{ path: '/run/other' }] },
    ]);
  });

  it('has its environment files where its services look for them', () => {
    const lines = [
      'environment-files: {boat: e}',
      'services: {boat: {command: /bin/boat, environment-file: [-boat, /etc/boat.env]}}',
    ];
    const filesOn = (id: string): unknown => packageOn(id, ...lines).services[0]?.command?.environmentFiles;
    expect(filesOn('debian-12')).toEqual(['-/etc/default/boat', '/etc/boat.env']);
    expect(filesOn('rocky-9')).toEqual(['-/etc/sysconfig/boat', '/etc/boat.env']);
    expect(problems('environment-files: {boat: e}', 'services: {boat: {command: /b, environment-file: bota}}')).toEqual(
      [
        at(
          4,
          54,
          'no package has the environment file "bota". Did you mean "boat"?\n    name one of "environment-files", or write an absolute path',
        ),
      ],
    );
    expect(problems('services: {boat: {command: /b, environment-file: etc/boat}}')).toHaveLength(1);
  });

  it('has titles without a word about them', () => {
    const { firewall } = integration('rocky-9', 'summary: Daemons', 'firewall: {fleet: {ports: [1/tcp, 2-3/udp]}}');
    expect(firewall).toEqual([
      {
        name: 'fleet',
        title: 'Daemons',
        description: 'Daemons',
        ports: [
          { first: 1, last: 1, protocol: 'tcp' },
          { first: 2, last: 3, protocol: 'udp' },
        ],
        firewalld: undefined,
        ufw: undefined,
      },
    ]);
  });
});

import { describe, expect, it } from 'vitest';

import { placeOf } from '../../../src/lint/finding.ts';
import { parseLintian, parseLintianExplanations } from '../../../src/lint/lintian.ts';
import { parseRpmlint, parseRpmlintExplanations } from '../../../src/lint/rpmlint.ts';

/** Parts of what the real linters printed of the example's packages. */
const lintian2116 = `{
   "groups" : [
      {
         "group_id" : "acme-fleet-node_1.0.0-1+debian12",
         "input_files" : [
            {
               "hints" : [
                  {
                     "experimental" : false,
                     "note" : "usr/share/doc/acme-fleet-node/changelog.Debian.gz (non-native package)",
                     "tag" : "no-changelog",
                     "visibility" : "error"
                  },
                  {
                     "experimental" : false,
                     "note" : "",
                     "pointer" : {
                        "item" : {
                           "index" : "acme-fleet-node_1.0.0-1+debian12_all.deb (installed)",
                           "name" : "usr/sbin/fleet-agent"
                        },
                        "line_position" : 0
                     },
                     "tag" : "no-manual-page",
                     "visibility" : "warning"
                  },
                  {
                     "experimental" : false,
                     "note" : "second (official) member control.tar.zst not control.tar.(gz|xz)",
                     "override" : { "justification" : "the target's dpkg reads zstd" },
                     "tag" : "malformed-deb-archive",
                     "visibility" : "error"
                  },
                  {
                     "experimental" : false,
                     "note" : "no-manual-page *usr/bin/x*",
                     "tag" : "mismatched-override",
                     "visibility" : "warning"
                  }
               ],
               "path" : "base/acme-fleet-node_1.0.0-1+debian12_all.deb"
            }
         ],
         "source_name" : "acme-fleet-node",
         "source_version" : "1.0.0-1+debian12"
      }
   ],
   "lintian_version" : null
}`;

const lintian2104 = `{
   "groups" : [
      {
         "group-id" : "acme-fleet-node/1.0.0-1+debian11",
         "input-files" : [
            {
               "path" : "/pk/acme-fleet-node_1.0.0-1+debian11_all.deb",
               "tags" : [
                  { "name" : "no-copyright-file", "override" : "yes", "severity" : "error" },
                  { "context" : "var/lib/fleet/ 0750 != 0755", "name" : "non-standard-dir-perm", "severity" : "warning" }
               ]
            }
         ]
      }
   ],
   "lintian-version" : "2.104.0"
}`;

const rpmlint24 = `============================ rpmlint session starts ============================
rpmlint: 2.4.0
configuration:
    /usr/lib/python3/dist-packages/rpmlint/configdefaults.toml
checks: 26, packages: 1

acme-fleet-cli.noarch: W: symlink-should-be-relative /usr/bin/fleet /opt/fleet/bin/fleet
acme-fleet-cli.noarch: E: no-signature
acme-fleet-cli.noarch: E: zero-length (Badness: 10) /opt/a b/c
acme-fleet-cli.noarch: W: no-manual-page-for-binary fleet
 1 packages and 0 specfiles checked; 3 errors, 9 warnings, 3 badness; has taken 0.0 s 
`;

describe('what lintian prints', () => {
  it('is read as 2.116 and 2.122 write it, without what it says of overrides', () => {
    expect(parseLintian(lintian2116)).toEqual([
      {
        path: 'base/acme-fleet-node_1.0.0-1+debian12_all.deb',
        findings: [
          {
            tag: 'no-changelog',
            severity: 'error',
            note: 'usr/share/doc/acme-fleet-node/changelog.Debian.gz (non-native package)',
            pointer: undefined,
            silenced: false,
          },
          { tag: 'no-manual-page', severity: 'warning', note: '', pointer: 'usr/sbin/fleet-agent', silenced: false },
          {
            tag: 'malformed-deb-archive',
            severity: 'error',
            note: 'second (official) member control.tar.zst not control.tar.(gz|xz)',
            pointer: undefined,
            silenced: true,
          },
        ],
      },
    ]);
  });

  it('is read as 2.104 writes it, which keeps paths in the note', () => {
    const [file] = parseLintian(lintian2104) ?? [];
    expect(file?.findings).toEqual([
      { tag: 'no-copyright-file', severity: 'error', note: '', pointer: undefined, silenced: true },
      {
        tag: 'non-standard-dir-perm',
        severity: 'warning',
        note: 'var/lib/fleet/ 0750 != 0755',
        pointer: undefined,
        silenced: false,
      },
    ]);
  });

  it.each(['', "Can't locate Lintian.pm", '[]', '{"groups":[{"files":[]}]}', '{"groups":[{"input_files":[{}]}]}'])(
    'is nothing when it is no report: %s',
    (text) => {
      expect(parseLintian(text)).toBeUndefined();
    },
  );

  it('has explanations, a line for each paragraph', () => {
    const text = `N:
E: no-copyright-file
N: 
N:   Each binary package has to include a plain file
N:   /usr/share/doc/*pkg*/copyright
N: 
N:   Please refer to Copyright information (Section 12.5) for details.
N: 
N:   Visibility: error
N:   Show-Always: no
N:   Check: debian/copyright
N: 
N:
W: non-standard-dir-perm
N: 
N:   The directory has a mode different from 0755.
N: 
N:   Severity: warning
`;
    expect([...parseLintianExplanations(text)]).toEqual([
      [
        'no-copyright-file',
        'Each binary package has to include a plain file /usr/share/doc/*pkg*/copyright\n' +
          'Please refer to Copyright information (Section 12.5) for details.',
      ],
      ['non-standard-dir-perm', 'The directory has a mode different from 0755.'],
    ]);
  });
});

describe('what rpmlint prints', () => {
  it('is read line by line, with the number of packages', () => {
    const { checked, findings } = parseRpmlint(rpmlint24);
    expect(checked).toBe(1);
    expect(findings.map(({ subject, tag, severity, note }) => [subject, tag, severity, note])).toEqual([
      ['acme-fleet-cli.noarch', 'symlink-should-be-relative', 'warning', '/usr/bin/fleet /opt/fleet/bin/fleet'],
      ['acme-fleet-cli.noarch', 'no-signature', 'error', ''],
      ['acme-fleet-cli.noarch', 'zero-length', 'error', '/opt/a b/c'],
      ['acme-fleet-cli.noarch', 'no-manual-page-for-binary', 'warning', 'fleet'],
    ]);
  });

  it('is the same in colours', () => {
    const coloured = '\u001b[1ma.x86_64:\u001b[0m \u001b[33mW: no-documentation\u001b[0m\n';
    expect(parseRpmlint(coloured).findings).toMatchObject([{ subject: 'a.x86_64', tag: 'no-documentation', note: '' }]);
  });

  it('does not count as read when the run broke off', () => {
    expect(parseRpmlint('(none): E: fatal error while reading a.rpm: bad magic\n').checked).toBeUndefined();
  });

  it('has explanations', () => {
    const text = `non-standard-dir-perm:
A standard directory should have permission set to 0755. If you get this
message, it means that you have wrong directory permissions.


made-up:
Unknown message, please report a bug if the description should be present.


`;
    expect([...parseRpmlintExplanations(text)]).toEqual([
      [
        'non-standard-dir-perm',
        'A standard directory should have permission set to 0755. If you get this message, it means that you have wrong directory permissions.',
      ],
    ]);
  });
});

describe('the place of a finding', () => {
  const paths = new Set(['/var/lib/fleet', '/opt/fleet/bin/fleet', '/opt/fleet/a b', '/opt/fleet/bin']);
  it.each([
    ['', 'var/lib/fleet/', '/var/lib/fleet'],
    ['var/lib/fleet/ 0750 != 0755', undefined, '/var/lib/fleet'],
    ['/opt/fleet/bin/fleet /opt/fleet/bin/python', undefined, '/opt/fleet/bin/fleet'],
    ['needed by opt/fleet/bin/fleet and 1 others', undefined, '/opt/fleet/bin/fleet'],
    ['/opt/fleet/a b 0600', undefined, '/opt/fleet/a b'],
    ['usr/share/doc/acme/changelog.Debian.gz (non-native package)', undefined, undefined],
    ['Recommends: apt-transport-https => apt', undefined, undefined],
  ])('of %j and %j is %j', (note, pointer, place) => {
    expect(placeOf({ note, pointer }, paths)).toBe(place);
  });
});

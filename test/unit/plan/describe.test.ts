import { expect, it } from 'vitest';

import { packagers } from '../../../src/formats/packagers.ts';
import { describePlan } from '../../../src/plan/describe.ts';
import { chooseTargets, planBuild } from '../../../src/plan/plan-build.ts';
import { aDistribution, aManifest, aPackage, aRelation } from '../../support/manifest.ts';

it('describes a plan with all that a person would want to check before building', () => {
  const cli = aPackage({
    links: [
      { path: '/usr/bin/fleet', target: 'fleet' },
      { path: '/usr/bin/editor', target: '/usr/bin/vi' },
    ],
    files: [
      {
        path: '/etc/fleet.ini',
        source: '/project/fleet.ini',
        mode: 0o644,
        owner: 'root',
        group: 'root',
        configuration: true,
      },
      {
        path: '/usr/share/fleet/logo',
        source: '/project/logo',
        mode: 0o644,
        owner: 'root',
        group: 'root',
        configuration: false,
      },
    ],
    directories: [{ path: '/var/lib/fleet', mode: 0o750, owner: 'root', group: 'root' }],
    relations: {
      ...aPackage().relations,
      depends: [
        aRelation('openssh-client'),
        { ...aRelation('docker.io', '>=', '1.3.0'), alternatives: [aRelation('docker-ce')] },
      ],
    },
  });
  const [main = aPackage()] = aManifest().packages;
  const plan = planBuild({
    choices: chooseTargets([aDistribution('debian-12')], ['x86_64'], new Set()).choices,
    hostArchitecture: 'x86_64',
    manifestFor: () => aManifest({ packages: [main, cli] }),
    versionFor: () => '1.0',
    nameFile: (format, name, version, architecture) => packagers[format].fileName(name, version, architecture),
  });
  expect(describePlan(plan)).toBe(
    [
      'debian-12: Debian 12, x86_64, Python 3.11 (/usr/bin/python3.11), glibc 2.36, below /opt/fleet',
      '  acme-python-fleet_1.0.0-1+debian12_amd64.deb',
      '  acme-fleet-cli_1.0.0-1+debian12_all.deb',
      '    /usr/bin/fleet -> /opt/fleet/bin/fleet',
      '    /usr/bin/editor -> /usr/bin/vi',
      '    /etc/fleet.ini (configuration)',
      '    /usr/share/fleet/logo',
      '    /var/lib/fleet/',
      '    depends on openssh-client, docker.io >= 1.3.0 | docker-ce',
      '',
    ].join('\n'),
  );
});

it('names the subdirectories of targets whose packages have the same names', () => {
  const plan = planBuild({
    choices: chooseTargets([aDistribution('rocky-9'), aDistribution('alma-9')], ['x86_64'], new Set()).choices,
    hostArchitecture: 'x86_64',
    manifestFor: () => aManifest({ packages: aManifest().packages.slice(0, 1) }),
    versionFor: () => '1.0',
    nameFile: (format, name, version, architecture) => packagers[format].fileName(name, version, architecture),
  });
  expect(describePlan(plan)).toContain('\n  rocky-9/acme-python-fleet-1.0.0-1.el9.x86_64.rpm\n');
  expect(describePlan(plan)).toContain('\n  alma-9/acme-python-fleet-1.0.0-1.el9.x86_64.rpm\n');
});

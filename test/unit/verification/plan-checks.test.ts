import { describe, expect, it } from 'vitest';

import { ownWithoutConfiguration, planChecks, staleFiles, topmostOwn } from '../../../src/verification/plan-checks.ts';
import { somePackage } from '../../support/fake-root.ts';

const main = somePackage('main', [
  '/opt/',
  '/opt/boat/',
  '/opt/boat/pyvenv.cfg',
  '/opt/boat/bin/',
  '/opt/boat/bin/boat',
]);
const tools = somePackage(
  'tools',
  [
    '/usr/bin/boat',
    '/usr/sbin/boatd',
    '/usr/share/boat/notes',
    '/etc/boat/',
    '/etc/boat/boat.ini',
    '/lib/systemd/system/boatd.service',
    '/lib/systemd/system/boat@.service',
  ],
  { configuration: ['/etc/boat/boat.ini'] },
);

function titles(...args: Parameters<typeof planChecks>): readonly string[] {
  return planChecks(...args).map(({ story, title }) => `${story}: ${title}`);
}

describe('the plan of checks', () => {
  it('installs, uses, removes and purges', () => {
    expect(titles({ packages: [main, tools], previous: [], commands: undefined }, true)).toEqual([
      'installation: installs',
      'installation: is installed in its version',
      'installation: matches its checksums',
      'installation: runs /usr/bin/boat',
      'installation: runs /usr/sbin/boatd',
      'installation: starts, restarts and stops boatd.service',
      'installation: is removed',
      'installation: stops boatd.service when it is removed',
      'installation: leaves only configuration and data when it is removed',
      'installation: is purged',
      'installation: leaves nothing',
    ]);
  });

  it('upgrades from the previous packages after that', () => {
    const previous = [somePackage('main', ['/opt/boat/old'], { version: '1-1' })];
    const plan = titles({ packages: [main, tools], previous, commands: undefined }, true);
    expect(plan.filter((each) => each.startsWith('upgrade: ')).slice(0, 4)).toEqual([
      'upgrade: installs the previous version',
      'upgrade: upgrades',
      'upgrade: is installed in its version',
      'upgrade: leaves nothing of the previous version',
    ]);
    expect(plan.at(-1)).toBe('upgrade: leaves nothing');
  });

  it('runs the commands of the manifest in place of the programs, and services all the same', () => {
    const plan = titles({ packages: [main, tools], previous: [], commands: ['boat --check'] }, true);
    expect(plan.filter((each) => /runs|starts/.test(each))).toEqual([
      'installation: runs: boat --check',
      'installation: starts, restarts and stops boatd.service',
    ]);
  });

  it('does not purge where nobody knows how', () => {
    const plan = titles({ packages: [main], previous: [], commands: [] }, false);
    expect(plan.slice(-2)).toEqual(['installation: is removed', 'installation: leaves nothing']);
  });

  it('runs what is in /usr/sbin as root only, and what is in /usr/bin as a user, too', () => {
    const steps = planChecks({ packages: [tools], previous: [], commands: undefined }, true).map(({ step }) => step);
    expect(steps.filter(({ kind }) => kind === 'script')).toEqual([
      { kind: 'script', path: '/usr/bin/boat', unprivileged: true },
      { kind: 'script', path: '/usr/sbin/boatd', unprivileged: false },
    ]);
  });
});

describe('what must not be left', () => {
  const before = new Set([
    '/opt',
    '/usr',
    '/usr/bin',
    '/usr/sbin',
    '/usr/share',
    '/etc',
    '/lib',
    '/lib/systemd',
    '/lib/systemd/system',
  ]);

  it('is the topmost paths that were not there before', () => {
    expect(topmostOwn([main, tools], before)).toEqual([
      '/etc/boat',
      '/lib/systemd/system/boat@.service',
      '/lib/systemd/system/boatd.service',
      '/opt/boat',
      '/usr/bin/boat',
      '/usr/sbin/boatd',
      // Its directory is in no package: rpm packages need not hold it.
      '/usr/share/boat',
    ]);
  });

  it('is, before a purge, all but configuration and directories outside of the environment', () => {
    expect(ownWithoutConfiguration([main, tools], before)).toEqual([
      '/lib/systemd/system/boat@.service',
      '/lib/systemd/system/boatd.service',
      '/opt/boat',
      '/usr/bin/boat',
      '/usr/sbin/boatd',
      '/usr/share/boat/notes',
    ]);
  });
});

describe('stale files of an environment', () => {
  const module = '/opt/boat/lib/boat/hull.py';
  const packages = [somePackage('main', ['/opt/boat/lib/', '/opt/boat/lib/boat/', module])];

  it('are those that no package holds', () => {
    expect(staleFiles([module, '/opt/boat/lib/boat/mast.py'], packages)).toEqual(['/opt/boat/lib/boat/mast.py']);
  });

  it('are not what an interpreter compiled of a module that is there', () => {
    const compiled = [
      '/opt/boat/lib/boat/__pycache__',
      '/opt/boat/lib/boat/__pycache__/hull.cpython-311.pyc',
      '/opt/boat/lib/boat/__pycache__/hull.cpython-311.opt-1.pyc',
      '/opt/boat/lib/boat/hull.pyc',
    ];
    expect(staleFiles(compiled, packages)).toEqual([]);
  });

  it('are what was compiled of a module that is gone', () => {
    const compiled = '/opt/boat/lib/boat/__pycache__/mast.cpython-311.pyc';
    expect(staleFiles([compiled], packages)).toEqual([compiled]);
  });
});

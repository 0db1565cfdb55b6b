import { describe, expect, it } from 'vitest';

import { debManager } from '../../../src/verification/deb-manager.ts';
import type { PackageFacts } from '../../../src/verification/package-facts.ts';
import { planChecks } from '../../../src/verification/plan-checks.ts';
import type { CheckResult } from '../../../src/verification/result.ts';
import { runChecks } from '../../../src/verification/run-checks.ts';
import { fakeManager, fakeRoot, somePackage, type FakeSystem } from '../../support/fake-root.ts';

const boat = somePackage('boat', ['/opt/boat/', '/opt/boat/pyvenv.cfg', '/usr/bin/boat']);

/** A system in which installing and removing do what they should; the given answers come first. */
function system(answers: FakeSystem['answers'] = {}, packages: readonly PackageFacts[] = [boat]): FakeSystem {
  const base = ['/opt', '/usr', '/usr/bin', '/etc', '/lib', '/lib/systemd', '/lib/systemd/system'];
  const files = new Set(base);
  const paths = packages.flatMap(({ entries }) => entries.map(({ path }) => path));
  return {
    files,
    log: [],
    answers: {
      ...answers,
      install: () => {
        for (const path of paths) files.add(path);
        return {};
      },
      remove: () => {
        for (const path of paths) files.delete(path);
        return {};
      },
      version: { stdout: 'installed 2-1\n' },
      owner: { exitCode: 1 },
    },
  };
}

async function check(
  fake: FakeSystem,
  options: { commands?: readonly string[]; packages?: readonly PackageFacts[] } = {},
): Promise<readonly CheckResult[]> {
  const packages = options.packages ?? [boat];
  const plan = planChecks({ packages, previous: [], commands: options.commands }, true);
  return runChecks(plan, packages, { root: fakeRoot(fake), manager: fakeManager(), progress: () => undefined });
}

function failures(results: readonly CheckResult[]): readonly string[] {
  return results
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ title, message }) => `${title}: ${message ?? ''}`);
}

describe('running checks', () => {
  it('passes what works', async () => {
    const fake = system();
    const results = await check(fake);
    expect(results.map(({ outcome }) => outcome)).toEqual(results.map(() => 'passed'));
    expect(fake.log).toContain('(user) /usr/bin/boat --version');
    expect(fake.log).toContain('/usr/bin/boat --version');
  });

  it('asks for help where there is no version', async () => {
    const fake = system({ '/usr/bin/boat --version': { exitCode: 2 } });
    expect(failures(await check(fake))).toEqual([]);
    expect(fake.log).toContain('(user) /usr/bin/boat --help');
  });

  it('fails a program that can say neither, with what it said to the first question', async () => {
    const fake = system({ '/usr/bin/boat': { exitCode: 1, stderr: 'ModuleNotFoundError: hull\n' } });
    const results = await check(fake);
    expect(failures(results)).toEqual([
      'runs /usr/bin/boat: /usr/bin/boat --version ended with status 1, run by a user without rights',
    ]);
    expect(results.find(({ outcome }) => outcome === 'failed')?.output).toEqual(['ModuleNotFoundError: hull']);
    // One failure does not keep the rest from being known.
    expect(results.at(-1)?.outcome).toBe('passed');
  });

  it('fails a program that shows a traceback and claims success', async () => {
    const fake = system({ '/usr/bin/boat': { stderr: 'Traceback (most recent call last):\n' } });
    expect(failures(await check(fake))).toHaveLength(1);
  });

  it('excuses documentation that the image leaves out, and nothing else that is missing', async () => {
    // What dpkg 1.21 prints where dpkg.cfg excludes /usr/share/doc.
    const doc = 'missing     /usr/share/doc/boat/changelog.Debian.gz\n';
    const manager = { ...fakeManager(), ...(debManager.excused === undefined ? {} : { excused: debManager.excused }) };
    const checked = async (stdout: string): Promise<readonly string[]> => {
      const plan = planChecks({ packages: [boat], previous: [], commands: undefined }, true);
      const root = fakeRoot(system({ verify: { stdout } }));
      return failures(await runChecks(plan, [boat], { root, manager, progress: () => undefined }));
    };
    expect(await checked(doc)).toEqual([]);
    expect(await checked(`${doc}missing     /usr/bin/boat\n`)).toHaveLength(1);
    expect(await checked('??5?????? /usr/share/doc/boat/copyright\n')).toHaveLength(1);
  });

  it('fetches the lists of what can be installed when something cannot', async () => {
    let tries = 0;
    const fake = system();
    const { install } = fake.answers;
    fake.answers['install'] = () => {
      tries += 1;
      return tries === 1 || typeof install !== 'function' ? { exitCode: 100 } : install();
    };
    expect(failures(await check(fake))).toEqual([]);
    expect(fake.log.filter((command) => /^(?:install|refresh)/.test(command))).toEqual([
      'install /packages/boat',
      'refresh',
      'install /packages/boat',
    ]);
  });

  it('skips everything after a failed installation, and says why', async () => {
    const fake = system();
    fake.answers['install'] = { exitCode: 100, stderr: 'E: Unmet dependencies\n' };
    const [first, ...rest] = await check(fake);
    expect(first).toMatchObject({ outcome: 'failed', output: ['E: Unmet dependencies'] });
    expect(new Set(rest.map(({ outcome, message }) => `${outcome}: ${message ?? ''}`))).toEqual(
      new Set(['skipped: "installation: installs" failed']),
    );
  });

  it('names what is left after a purge, with everything in it', async () => {
    const fake = system();
    fake.answers['purge'] = () => {
      fake.files.add('/opt/boat').add('/opt/boat/cache').add('/opt/boat/cache/x');
      return {};
    };
    const results = await check(fake);
    expect(failures(results)).toEqual(['leaves nothing: /opt/boat is left']);
    expect(results.at(-1)?.output).toEqual(['/opt/boat', '/opt/boat/cache', '/opt/boat/cache/x']);
  });

  it('leaves what a service has written where there is no purge, and no empty directory', async () => {
    const packages = [somePackage('boat', ['/var/lib/boat/', '/var/log/boat/', '/var/cache/boat/'])];
    const fake = system({}, packages);
    for (const path of ['/var', '/var/lib', '/var/log', '/var/cache']) fake.files.add(path);
    fake.answers['remove'] = () => {
      fake.files.delete('/var/cache/boat');
      fake.files.add('/var/lib/boat/data');
      return {};
    };
    const plan = planChecks({ packages, previous: [], commands: undefined }, false);
    const manager = fakeManager(false);
    const results = await runChecks(plan, packages, { root: fakeRoot(fake), manager, progress: () => undefined });
    expect(failures(results)).toEqual(['leaves nothing: /var/log/boat is left']);
  });

  it('leaves to a dependency what it holds as well', async () => {
    const fake = system();
    fake.answers['purge'] = () => {
      fake.files.add('/opt/boat');
      return {};
    };
    fake.answers['owner'] = {};
    expect(failures(await check(fake))).toEqual([]);
  });

  it('fails another version than the package has', async () => {
    const fake = system();
    fake.answers['version'] = { stdout: 'installed 1-1' };
    expect(failures(await check(fake))).toEqual([
      'is installed in its version: boat is installed 1-1, not installed 2-1',
    ]);
  });

  it("hands the manifest's commands to a shell, whole", async () => {
    const fake = system({ 'sh -c false': { exitCode: 1 } });
    const results = await check(fake, { commands: ['boat --check | grep ok', 'false'] });
    expect(fake.log).toContain('sh -c boat --check | grep ok');
    expect(failures(results)).toEqual(['runs: false: false ended with status 1']);
  });

  describe('of services', () => {
    const daemon = somePackage('boat', ['/opt/boat/', '/opt/boat/pyvenv.cfg', '/lib/systemd/system/boatd.service']);

    const show = 'systemctl show';
    const up = { stdout: 'Type=simple\nActiveState=active\nSubState=running\nResult=success\nNRestarts=0\n' };
    const down = { stdout: 'Type=simple\nActiveState=inactive\nSubState=dead\nResult=success\nNRestarts=0\n' };

    /** A system where a service is up until it is stopped. */
    function booted(answers: FakeSystem['answers'] = {}): FakeSystem {
      const fake = system({ [show]: () => (fake.log.some((line) => /^systemctl stop/.test(line)) ? down : up) }, [
        daemon,
      ]);
      Object.assign(fake.answers, answers);
      return fake;
    }

    async function service(fake: FakeSystem): Promise<CheckResult | undefined> {
      return (await check(fake, { packages: [daemon] })).find(({ title }) => title.includes('boatd'));
    }

    it('skips them where no init runs, and says why', async () => {
      const fake = system({}, [daemon]);
      fake.withoutInit = 'there is nothing but a directory';
      expect(await service(fake)).toMatchObject({ outcome: 'skipped', message: 'there is nothing but a directory' });
      expect(fake.log.filter((command) => command.startsWith('systemctl'))).toEqual([]);
    });

    it('starts, restarts and stops them, and looks at what became of them', async () => {
      const fake = booted();
      expect(await service(fake)).toMatchObject({ outcome: 'passed' });
      expect(fake.log.filter((command) => /^systemctl (?!show)|^sleep/.test(command))).toEqual([
        'systemctl start boatd.service',
        'sleep 2',
        'systemctl restart boatd.service',
        'sleep 2',
        'systemctl stop boatd.service',
        // It has to be stopped by the removal of its package.
        'systemctl start boatd.service',
      ]);
    });

    it('fails what its removal leaves running', async () => {
      const fake = booted();
      fake.answers[show] = () => (fake.log.at(-2) === 'systemctl stop boatd.service' ? down : up);
      const left = (await check(fake, { packages: [daemon] })).find(({ title }) =>
        title.includes('when it is removed'),
      );
      expect(left).toMatchObject({
        outcome: 'failed',
        message: 'boatd.service is still active (running): nothing stopped it before its files went',
      });
      expect(fake.log).toContain('systemctl kill --signal=KILL boatd.service');
    });

    it.each([
      [
        'has ended',
        'Type=simple\nActiveState=failed\nSubState=failed\nResult=exit-code',
        'is failed (failed) after it',
      ],
      ['is started again and again', up.stdout.replace('NRestarts=0', 'NRestarts=3'), 'restarted 3 times by systemd'],
    ])('shows the journal of one that %s', async (_, stdout, problem) => {
      const fake = booted({ [show]: { stdout }, journalctl: { stdout: 'boatd: no water\n' } });
      expect(await service(fake)).toMatchObject({
        outcome: 'failed',
        message: expect.stringContaining(problem) as unknown,
        output: ['boatd: no water'],
      });
      expect(fake.log).toContain('systemctl stop boatd.service');
    });

    it('fails one that does not stop as it should', async () => {
      const killed = { stdout: 'Type=simple\nActiveState=failed\nResult=timeout\n' };
      const fake = booted();
      fake.answers[show] = () => (fake.log.some((line) => /^systemctl stop/.test(line)) ? killed : up);
      expect(await service(fake)).toMatchObject({
        message: 'boatd.service is failed after it was stopped, with the result timeout',
      });
    });

    it('expects nothing to stay of one that does its work and ends', async () => {
      const done = { stdout: 'Type=oneshot\nActiveState=inactive\nSubState=dead\nResult=success\n' };
      expect(await service(booted({ [show]: done }))).toMatchObject({ outcome: 'passed' });
    });
  });
});

import { describe, expect, it } from 'vitest';

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

    it('skips them where no init runs', async () => {
      const results = await check(system({}, [daemon]), { packages: [daemon] });
      expect(results.find(({ title }) => title.includes('boatd'))).toMatchObject({
        outcome: 'skipped',
        message: 'no init runs here',
      });
    });

    it('starts and stops them where systemd runs', async () => {
      const fake = system({}, [daemon]);
      fake.files.add('/run/systemd/system');
      expect(failures(await check(fake, { packages: [daemon] }))).toEqual([]);
      expect(fake.log.filter((command) => command.startsWith('systemctl'))).toEqual([
        'systemctl start boatd.service',
        'systemctl is-active boatd.service',
        'systemctl stop boatd.service',
      ]);
    });

    it('shows the journal of one that does not stay', async () => {
      const fake = system(
        { 'systemctl is-active': { exitCode: 3, stdout: 'failed\n' }, journalctl: { stdout: 'boatd: no water\n' } },
        [daemon],
      );
      fake.files.add('/run/systemd/system');
      const results = await check(fake, { packages: [daemon] });
      const service = results.find(({ title }) => title.includes('boatd'));
      expect(service).toMatchObject({ outcome: 'failed', output: ['failed', 'boatd: no water'] });
      expect(fake.log).toContain('systemctl stop boatd.service');
    });
  });
});

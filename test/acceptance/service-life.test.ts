import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { runInside, startStanding } from '../../src/system/tools/standing-container.ts';
import { makeDeb, type DebFacts } from '../support/apt-repository.ts';
import {
  buildPackages,
  fleetCheckout,
  fleetVersions,
  packagesFor,
  pathsOf,
  workspace,
  type BuiltPackage,
  type Workspace,
} from '../support/builds.ts';
import { mustRun, run, type Outcome } from '../support/machine.ts';
import { openPodmanStore, whyNoPodman, type PodmanStore } from '../support/podman-store.ts';
import { debianTarball, type DebianRelease } from '../support/roots.ts';

/*
 * The services of the example through the life of their package, under the systemd of each release of Debian: needs the
 * rights of root, podman with runc, and Debian's archive.
 */

const releases = ['debian-11', 'debian-12', 'debian-13'] as const satisfies readonly DebianRelease[];
const application = ['acme-python-fleet', 'acme-fleet-cli', 'acme-fleet-node'] as const;
const services = ['fleet-control.service', 'fleet-agent.service'] as const;

/** A package that wants another one's place (Debian Policy 7.6.2). */
function rivalOf(name: string): Pick<DebFacts, 'name' | 'version' | 'fields'> {
  return { name: 'acme-rival', version: '1', fields: [`Conflicts: ${name}`, `Replaces: ${name}`] };
}

const reason = whyNoPodman();

/** A container in which systemd runs. */
class Machine {
  readonly #name: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(name: string, env: Readonly<Record<string, string>>) {
    this.#name = name;
    this.#env = env;
  }

  async boot(image: string): Promise<void> {
    const { tool, args } = startStanding('podman', { name: this.#name, image, network: 'none', init: true });
    await mustRun([tool, ...args], { env: this.#env });
    await this.until(['systemctl', 'is-system-running'], /^(?:running|degraded)$/m);
  }

  async run(...argv: readonly [string, ...string[]]): Promise<Outcome> {
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };
    const { tool, args } = runInside('podman', this.#name, { argv, env, user: '0:0' });
    return run([tool, ...args], { env: this.#env });
  }

  async must(...argv: readonly [string, ...string[]]): Promise<string> {
    const outcome = await this.run(...argv);
    if (outcome.exitCode !== 0) throw new Error(`${argv.join(' ')}\n${outcome.stdout}${outcome.stderr}`);
    return outcome.stdout;
  }

  /** Waits until a program says something, for half a minute at most. */
  async until(argv: readonly [string, ...string[]], wanted: RegExp): Promise<string> {
    let last = '';
    for (let left = 150; left > 0; left -= 1) {
      const { stdout, stderr } = await this.run(...argv);
      last = stdout + stderr;
      if (wanted.test(last)) return last;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`${argv.join(' ')} never said ${String(wanted)}, but\n${last}`);
  }

  async copyIn(paths: readonly string[]): Promise<readonly string[]> {
    for (const path of paths) await mustRun(['podman', 'cp', path, `${this.#name}:/var/tmp/`], { env: this.#env });
    return paths.map((path) => `/var/tmp/${basename(path)}`);
  }

  /** What systemctl says of each service: `active enabled`. */
  async states(): Promise<readonly string[]> {
    const states: string[] = [];
    for (const service of services) {
      const active = await this.run('systemctl', 'is-active', service);
      const enabled = await this.run('systemctl', 'is-enabled', service);
      states.push([active, enabled].map(({ stdout }) => stdout.trim()).join(' '));
    }
    return states;
  }

  async property(service: string, name: string): Promise<string> {
    return (await this.must('systemctl', 'show', `--property=${name}`, service)).trim().replace(`${name}=`, '');
  }

  /** Those of some paths or patterns that are there. */
  async found(...patterns: readonly string[]): Promise<readonly string[]> {
    const { stdout } = await this.run('sh', '-c', `ls -d ${patterns.join(' ')} 2>/dev/null`);
    return stdout.split('\n').filter((line) => line !== '');
  }
}

describe.skipIf(reason !== undefined)(
  `the services of the example${reason === undefined ? '' : ` [skipped: ${reason}]`}`,
  () => {
    let work: Workspace;
    let store: PodmanStore;
    let first: readonly BuiltPackage[];
    let second: readonly BuiltPackage[];

    beforeAll(async () => {
      work = await workspace();
      store = await openPodmanStore();
      const build = async (name: string, changed: boolean): Promise<readonly BuiltPackage[]> =>
        buildPackages({
          uri: await fleetCheckout(await work.directory(name), { second: changed }),
          distributions: releases,
          destination: await work.directory(`packages-of-${name}`),
        });
      first = await build('first', false);
      second = await build('second', true);
    });

    afterAll(async () => {
      await store[Symbol.asyncDispose]();
      await work[Symbol.asyncDispose]();
    });

    describe.each(releases)('on %s', (release) => {
      let machine: Machine;
      const control = services[0];

      async function install(built: readonly BuiltPackage[]): Promise<void> {
        const files = await machine.copyIn(pathsOf(packagesFor(built, release), ...application));
        await machine.must('dpkg', '--install', ...files);
      }

      async function version(): Promise<string> {
        const program =
          'import urllib.request as u; print(u.urlopen("http://127.0.0.1:4700/v1/version").read().decode())';
        return machine.until(['python3', '-c', program], /"version"/);
      }

      beforeAll(async () => {
        const packages = ['python3', 'openssh-client', 'systemd', 'systemd-sysv', 'dbus'];
        await store.importRoot(await debianTarball(release, packages), `localhost/${release}:init`);
        machine = new Machine(`life-of-${release}`, store.env);
        await machine.boot(`localhost/${release}:init`);
      });

      afterAll(async () => {
        await run(['podman', 'rm', '--force', `life-of-${release}`], { env: store.env });
      });

      test('are enabled and started when they are installed, as their user', async () => {
        await install(first);
        expect(await machine.states()).toEqual(['active enabled', 'active enabled']);
        expect(await machine.must('getent', 'passwd', 'fleet')).toMatch(
          /^fleet:x:\d{3}:\d{3}:Services of Acme's fleet:\/var\/lib\/fleet:\/usr\/sbin\/nologin\n$/,
        );
        const pid = await machine.property(control, 'MainPID');
        expect(await machine.must('stat', '--format=%U', `/proc/${pid}`)).toBe('fleet\n');
        expect(await version()).toContain(fleetVersions.first.fleet);
      });

      test('have units without a finding of systemd', async () => {
        for (const service of services) {
          const { exitCode, stdout, stderr } = await machine.run('systemd-analyze', 'verify', service);
          expect([exitCode, stdout, stderr]).toEqual([0, '', '']);
        }
      });

      test('talk to each other, and keep what they know in a directory of their own', async () => {
        await machine.must('systemctl', 'restart', 'fleet-agent.service');
        await machine.until(['fleet', '--json', 'list'], /"state": "up"/);
        const facts = await machine.must('stat', '--format=%U:%G %a', '/var/lib/fleet', '/var/lib/fleet/nodes.json');
        expect(facts).toBe('fleet:fleet 750\nfleet:fleet 600\n');
      });

      // Debian Policy 6.6: what dpkg calls to undo an installation that fails.
      test.each([
        ['an upgrade', 'abort-upgrade', { name: 'acme-fleet-node', version: '9' }],
        ['what takes the place of their package', 'abort-remove', rivalOf('acme-fleet-node')],
        ['what takes the place of the application', 'abort-deconfigure', rivalOf('acme-python-fleet')],
      ])('run on when %s fails, and dpkg calls %s', async (_what, action, facts) => {
        const scripts = { preinst: '#!/bin/sh\nexit 1\n' };
        const { path } = await makeDeb(work.path, { ...facts, architecture: 'all', scripts });
        const files = await machine.copyIn([path]);
        const outcome = await machine.run('dpkg', '--debug=2', '--auto-deconfigure', '--install', ...files);
        expect(outcome.exitCode).toBe(1);
        expect(outcome.stderr).toMatch(new RegExp(`acme-fleet-node.postinst[^\\n]* ${action} `));
        expect(await machine.states()).toEqual(['active enabled', 'active enabled']);
        expect(await version()).toContain(fleetVersions.first.fleet);
        const states = await machine.must('dpkg-query', '--show', '--showformat=${Status}\n', ...application);
        expect(states).toBe('install ok installed\n'.repeat(application.length));
      });

      test('are restarted by an upgrade, which keeps the configuration, and what the administrator has disabled', async () => {
        await machine.must('sh', '-c', 'echo "# ours" >> /etc/fleet/fleet.ini');
        await machine.must('systemctl', 'disable', '--now', 'fleet-agent.service');
        const before = await machine.property(control, 'MainPID');
        await install(second);
        expect(await machine.states()).toEqual(['active enabled', 'inactive disabled']);
        expect(await machine.property(control, 'MainPID')).not.toBe(before);
        expect(await version()).toContain(fleetVersions.second.fleet);
        expect(await machine.must('tail', '-n', '1', '/etc/fleet/fleet.ini')).toBe('# ours\n');
      });

      test('are stopped by a removal, which leaves what they know', async () => {
        await machine.must('dpkg', '--remove', 'acme-fleet-node');
        for (const service of services) {
          expect(await machine.property(service, 'ActiveState')).toBe('inactive');
          expect(await machine.property(service, 'LoadState')).toBe('not-found');
        }
        expect((await machine.run('pgrep', '-u', 'fleet')).stdout).toBe('');
        expect(await machine.found('/etc/fleet/fleet.ini', '/var/lib/fleet/nodes.json')).toHaveLength(2);
      });

      test('come back as they were', async () => {
        await install(second);
        expect(await machine.states()).toEqual(['active enabled', 'inactive disabled']);
        expect(await version()).toContain(fleetVersions.second.fleet);
      });

      test('leave nothing after a purge but their user', async () => {
        await machine.must('dpkg', '--purge', ...[...application].reverse());
        const traces = ['/etc/fleet', '/var/lib/fleet', '/opt/fleet', '/etc/systemd/system/*/fleet-*'];
        expect(await machine.found(...traces, '/var/lib/systemd/deb-systemd-helper-*/fleet-*', '/run/fleet*')).toEqual(
          [],
        );
        expect((await machine.run('pgrep', '-u', 'fleet')).stdout).toBe('');
        expect(await machine.must('getent', 'passwd', 'fleet')).toContain('fleet:');
      });

      test('are enabled and not started where policy-rc.d says so', async () => {
        await machine.must('sh', '-c', 'printf "#!/bin/sh\\nexit 101\\n" > /usr/sbin/policy-rc.d');
        await machine.must('chmod', '0755', '/usr/sbin/policy-rc.d');
        await install(first);
        expect(await machine.states()).toEqual(['inactive enabled', 'inactive enabled']);
        await machine.must('dpkg', '--purge', ...[...application].reverse());
        expect(await machine.found('/etc/fleet', '/var/lib/fleet', '/etc/systemd/system/*/fleet-*')).toEqual([]);
      });
    });
  },
);

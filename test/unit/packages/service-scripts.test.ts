import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeEach, describe, expect, test } from 'vitest';

import { packagers } from '../../../src/formats/packagers.ts';
import type { PackagedService, ServicePlan } from '../../../src/packages/service-plan.ts';
import { aPackageDefinition } from '../../support/definitions.ts';

/*
 * Every state of dpkg and rpm, with stand-ins for the tools of service managers that write down how they were called:
 * what debhelper's dh_installsystemd and systemd's rpm macros do is in their own documentation.
 */

const scratch = mkdtempSync(join(tmpdir(), 'coachbuilder-service-scripts-'));
const log = join(scratch, 'log');
const state = join(scratch, 'state');
const managers = ['systemctl', 'deb-systemd-helper', 'deb-systemd-invoke', 'systemd-sysusers'];
const accountTools = ['groupadd', 'useradd'];

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

beforeEach(() => {
  for (const name of ['log', 'state', 'systemd', 'b.service.halted']) {
    rmSync(join(scratch, name), { recursive: true, force: true });
  }
  mkdirSync(state);
});

/** A directory of programs: a few real ones, and stand-ins with an exit status. */
function makePath(name: string, standIns: Readonly<Record<string, number>>): string {
  const directory = join(scratch, name);
  mkdirSync(directory);
  for (const tool of ['sh', 'cat', 'touch', 'rm', 'rmdir']) {
    const path = [`/usr/bin/${tool}`, `/bin/${tool}`].find((each) => existsSync(each));
    if (path === undefined) throw new Error(`this machine has no ${tool}`);
    symlinkSync(path, join(directory, tool));
  }
  for (const [tool, status] of Object.entries(standIns)) {
    const path = join(directory, tool);
    const drain = tool === 'systemd-sysusers' ? 'cat >/dev/null\n' : '';
    writeFileSync(path, `#!/bin/sh\n${drain}echo "${tool} $*" >>'${log}'\nexit ${String(status)}\n`);
    chmodSync(path, 0o755);
  }
  return directory;
}

const all = (tools: readonly string[], status: number): Record<string, number> =>
  Object.fromEntries(tools.map((tool) => [tool, status]));

/** getent knows nobody, and dpkg-query no owner. */
const others = { getent: 2, 'dpkg-query': 1, ...all(accountTools, 0) };
const paths = {
  working: makePath('working', { ...others, ...all(managers, 0) }),
  failing: makePath('failing', { ...others, ...all(managers, 1) }),
  absent: makePath('absent', others),
};

const service: PackagedService = {
  unit: 'a.service',
  template: false,
  enable: true,
  start: true,
  restartOnUpgrade: true,
  stopOnUpgrade: false,
};

const plan: ServicePlan = {
  init: 'systemd',
  services: [service, { ...service, unit: 'b.service', stopOnUpgrade: true }],
  accounts: {
    users: [
      { name: 'u', uid: undefined, group: 'u', groups: [], comment: 'U', home: '/nonexistent', shell: undefined },
    ],
    groups: [],
    sysusers: ['u u - "U" /nonexistent'],
    file: '/usr/lib/sysusers.d/x.conf',
    nologin: '/usr/sbin/nologin',
  },
  purged: [state],
  purgedParents: [],
};

function scriptsOf(on: string, services: ServicePlan): ReadonlyMap<string, string> {
  const definition = aPackageDefinition({ on, services });
  const files = packagers[definition.distribution.format].render(definition);
  const replaced = (text: string): string => text.replaceAll('/run/', `${scratch}/`);
  if (definition.distribution.format === 'deb') return new Map(files.map(({ name, text }) => [name, replaced(text)]));
  return new Map(
    [...files[0]!.text.matchAll(/^%(pre|post|preun|postun|posttrans)\n([\s\S]*?)(?=\n\n%)/gm)].map((match) => [
      match[1]!,
      replaced(`${match[2]!.replaceAll('%%', '%')}\n`),
    ]),
  );
}

interface Run {
  readonly path?: keyof typeof paths;
  /** Whether systemd runs. */
  readonly booted?: boolean;
  readonly services?: ServicePlan;
}

/** Runs a script of a package; returns what was called but the queries. */
function call(on: string, name: string, args: readonly string[], how: Run = {}): readonly string[] {
  if (how.booted === false) rmSync(join(scratch, 'systemd'), { recursive: true, force: true });
  else mkdirSync(join(scratch, 'systemd/system'), { recursive: true });
  const text = scriptsOf(on, how.services ?? plan).get(name) ?? 'exit 0\n';
  const env = { PATH: paths[how.path ?? 'working'] };
  const { status, stderr } = spawnSync('/bin/sh', ['-s', ...args], { input: text, encoding: 'utf8', env });
  expect([status, stderr]).toEqual([0, '']);
  const lines = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
  rmSync(log, { force: true });
  return lines.filter((line) => !/^(?:getent|dpkg-query) | daemon-reload$/.test(line));
}

const accounts = [
  'systemd-sysusers --replace=/usr/lib/sysusers.d/x.conf -',
  'groupadd --system u',
  'useradd --system --gid u --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin --comment U u',
];
const enabling = ['a', 'b'].flatMap((name) => [
  `deb-systemd-helper --quiet was-enabled ${name}.service`,
  `deb-systemd-helper enable ${name}.service`,
]);
const starting = ['deb-systemd-invoke start a.service', 'deb-systemd-invoke start b.service'];
const halting = ['systemctl --quiet is-active b.service', 'deb-systemd-invoke stop b.service'];

const debianCalls: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['preinst', ['install'], []],
  ['postinst', ['configure', ''], [...accounts, ...enabling, ...starting]],
  ['postinst', ['configure', '1.0-1'], [...accounts, ...enabling, 'deb-systemd-invoke restart a.service']],
  ['postinst', ['triggered', 'some-trigger'], []],
  ['postinst', ['abort-upgrade', '1.1-1'], starting],
  ['postinst', ['abort-remove'], starting],
  ['postinst', ['abort-deconfigure', 'in-favour', 'other', '1'], starting],
  ['prerm', ['remove'], ['deb-systemd-invoke stop a.service b.service']],
  ['prerm', ['remove', 'in-favour', 'other', '1'], ['deb-systemd-invoke stop a.service b.service']],
  ['prerm', ['upgrade', '1.1-1'], halting],
  ['prerm', ['failed-upgrade', '1.0-1', '1.1-1'], halting],
  ['prerm', ['deconfigure', 'in-favour', 'other', '1'], []],
  ['postrm', ['remove'], []],
  ['postrm', ['purge'], ['deb-systemd-helper purge a.service b.service']],
  ['postrm', ['upgrade', '1.1-1'], []],
  ['postrm', ['failed-upgrade', '1.0-1', '1.1-1'], []],
  ['postrm', ['abort-install'], []],
  ['postrm', ['abort-upgrade', '1.0-1', '1.1-1'], []],
  ['postrm', ['disappear', 'other', '1'], []],
];

const rpmUnits = 'a.service b.service';
const rpmAccounts = accounts.map((line) => line.replace('/usr/sbin/nologin', '/sbin/nologin'));
const rpmCalls: readonly (readonly [string, string, readonly string[]])[] = [
  ['pre', '1', rpmAccounts],
  ['pre', '2', [...rpmAccounts, 'systemctl --quiet is-active b.service', 'systemctl stop b.service']],
  ['post', '1', [`systemctl --no-reload preset ${rpmUnits}`]],
  ['post', '2', []],
  ['preun', '0', [`systemctl --no-reload disable ${rpmUnits}`, `systemctl stop ${rpmUnits}`]],
  ['preun', '1', []],
  ['postun', '0', []],
  ['postun', '1', ['systemctl try-restart a.service']],
  ['posttrans', '1', []],
];

const rpmPlan: ServicePlan = {
  ...plan,
  services: plan.services.map((each) => ({ ...each, enable: 'preset' as const, start: false })),
  accounts: { ...plan.accounts, nologin: '/sbin/nologin' },
};

/** What has nothing to do with a service manager that runs. */
function offline(lines: readonly string[]): readonly string[] {
  return lines.filter((line) =>
    /^(?:systemd-sysusers|groupadd|useradd|deb-systemd-helper|systemctl --no-reload) /.test(line),
  );
}

describe('services in the states of dpkg', () => {
  test.each(debianCalls)('%s %j', (name, args, lines) => {
    expect(call('debian-12', name, args)).toEqual(lines);
  });

  test.each(debianCalls)('%s %j where systemd does not run', (name, args, lines) => {
    expect(call('debian-12', name, args, { booted: false })).toEqual(offline(lines));
  });

  test.each(debianCalls)('%s %j succeeds where the tools fail, and where there are none', (name, args) => {
    call('debian-12', name, args, { path: 'failing' });
    const called = call('debian-12', name, args, { path: 'absent', booted: false });
    expect(called.every((line) => /^(?:groupadd|useradd) /.test(line))).toBe(true);
  });

  test('what was stopped for an upgrade is started afterwards, and only that', () => {
    call('debian-12', 'prerm', ['upgrade', '1.1-1']);
    expect(existsSync(join(scratch, 'b.service.halted'))).toBe(true);
    expect(call('debian-12', 'postinst', ['configure', '1.0-1']).slice(-2)).toEqual([
      'deb-systemd-invoke restart a.service',
      'deb-systemd-invoke start b.service',
    ]);
    expect(existsSync(join(scratch, 'b.service.halted'))).toBe(false);
    expect(call('debian-12', 'postinst', ['configure', '1.0-1']).at(-1)).toBe('deb-systemd-invoke restart a.service');
  });

  test('a purge takes what they kept', () => {
    writeFileSync(join(state, 'data'), 'x');
    call('debian-12', 'postrm', ['remove']);
    expect(existsSync(join(state, 'data'))).toBe(true);
    call('debian-12', 'postrm', ['purge']);
    expect(existsSync(state)).toBe(false);
  });

  test('what the manifest does not want enabled or started is neither', () => {
    const services = { ...plan, services: [{ ...service, enable: false, start: false }] };
    expect(call('debian-12', 'postinst', ['configure', ''], { services, path: 'failing' })).toEqual([
      ...accounts,
      'deb-systemd-helper debian-installed a.service',
      'deb-systemd-helper update-state a.service',
    ]);
    expect(call('debian-12', 'postinst', ['configure', '1.0-1'], { services }).at(-1)).toBe(
      'deb-systemd-invoke try-restart a.service',
    );
  });
});

describe('services in the states of rpm', () => {
  test.each(rpmCalls)('%s %s', (name, instances, lines) => {
    expect(call('rocky-9', name, [instances], { services: rpmPlan })).toEqual(lines);
  });

  test.each(rpmCalls)('%s %s where systemd does not run', (name, instances, lines) => {
    expect(call('rocky-9', name, [instances], { services: rpmPlan, booted: false })).toEqual(offline(lines));
  });

  test.each(rpmCalls)('%s %s succeeds where the tools fail, and where there are none', (name, instances) => {
    call('rocky-9', name, [instances], { services: rpmPlan, path: 'failing' });
    const called = call('rocky-9', name, [instances], { services: rpmPlan, path: 'absent', booted: false });
    expect(called.every((line) => /^(?:groupadd|useradd) /.test(line))).toBe(true);
  });

  test('what was stopped for an upgrade is started when all is done', () => {
    call('rocky-9', 'pre', ['2'], { services: rpmPlan });
    expect(call('rocky-9', 'posttrans', ['0'], { services: rpmPlan })).toEqual(['systemctl start b.service']);
    expect(call('rocky-9', 'posttrans', ['0'], { services: rpmPlan })).toEqual([]);
  });

  test('what the manifest wants enabled and started is both, if it came to be enabled', () => {
    const services = { ...rpmPlan, services: [{ ...service, enable: true as const, start: true }] };
    expect(call('rocky-9', 'post', ['1'], { services })).toEqual([
      'systemctl --no-reload enable a.service',
      'systemctl --quiet is-enabled a.service',
      'systemctl start a.service',
    ]);
  });
});

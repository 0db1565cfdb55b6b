import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeEach, describe, expect, test } from 'vitest';

import { packagers } from '../../../src/formats/packagers.ts';
import type { IntegrationPolicy } from '../../../src/packages/integration/policy.ts';
import { parseTmpfiles } from '../../../src/packages/integration/tmpfiles.ts';
import { aPackageDefinition } from '../../support/definitions.ts';

const scratch = mkdtempSync(join(tmpdir(), 'coachbuilder-integration-'));
const log = join(scratch, 'log');
const tools = join(scratch, 'bin');
const run = join(scratch, 'run');

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

beforeEach(() => {
  for (const path of [log, tools, run]) rmSync(path, { recursive: true, force: true });
  mkdirSync(tools);
  mkdirSync(run);
  for (const name of ['install', 'rmdir']) symlinkSync(`/usr/bin/${name}`, join(tools, name));
});

/** Puts programs on the PATH that write down how they are called, and fail. */
function putTools(...names: readonly string[]): void {
  for (const name of names) {
    writeFileSync(join(tools, name), `#!/bin/sh\necho "${name} $*" >>'${log}'\nexit 1\n`, { mode: 0o755 });
  }
}

const own = { owner: String(process.getuid?.() ?? 0), group: String(process.getgid?.() ?? 0) };
const policy: IntegrationPolicy = {
  reloads: ['rsyslog', 'firewalld'],
  tmpfiles: {
    file: 'fleet.conf',
    directories: [
      { path: join(run, 'fleet'), ...own, mode: 0o750 },
      { path: join(run, 'fleet/inner'), ...own, mode: 0o700 },
    ],
  },
};

/** Runs a script in a state; `/run` is a directory of the test's. Returns what was called. */
function call(on: string, name: string, state: string, integration = policy): readonly string[] {
  const definition = aPackageDefinition({ on, integration });
  const files = packagers[definition.distribution.format].render(definition);
  const spec = files.find((file) => file.name === 'package.spec')?.text;
  const text =
    spec === undefined
      ? files.find((file) => file.name === name)?.text
      : new RegExp(`^%${name}\\n([\\s\\S]*?)(?=\\n\\n%)`, 'm').exec(spec)?.[1];
  if (text === undefined) return [];
  rmSync(log, { force: true });
  const input = text.replaceAll(/(?<![\w/-])(?:\/var)?\/run\/(?=systemd|rsyslogd|syslogd)/g, `${run}/`);
  const outcome = spawnSync('/bin/dash', ['-s', state], { input, encoding: 'utf8', env: { PATH: tools } });
  expect({ status: outcome.status, stderr: outcome.stderr }).toEqual({ status: 0, stderr: '' });
  return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
}

const create = 'systemd-tmpfiles --create fleet.conf';
const restart = 'systemctl try-restart rsyslog.service';
const reload = 'firewall-cmd --quiet --reload';

/** What has to be called in which state, however it ends. */
const table: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['debian-12', 'postinst', 'configure', [create, restart]],
  ['debian-12', 'postinst', 'triggered', []],
  ['debian-12', 'postinst', 'abort-upgrade', []],
  ['debian-12', 'postinst', 'abort-remove', []],
  ['debian-12', 'postinst', 'abort-deconfigure', []],
  ['debian-12', 'postrm', 'remove', []],
  ['debian-12', 'postrm', 'purge', [restart]],
  ['debian-12', 'postrm', 'upgrade', []],
  ['debian-12', 'postrm', 'failed-upgrade', []],
  ['debian-12', 'postrm', 'abort-install', []],
  ['debian-12', 'postrm', 'abort-upgrade', []],
  ['debian-12', 'postrm', 'disappear', []],
  ['rocky-9', 'post', '1', [create]],
  ['rocky-9', 'post', '2', [create]],
  ['rocky-9', 'posttrans', '1', [restart, reload]],
  ['rocky-9', 'postun', '0', [restart, reload]],
  ['rocky-9', 'postun', '1', []],
];

describe('programs of the system', () => {
  test.each(table)('on %s, %s %s calls %j, and their failure fails nothing', (on, name, state, expected) => {
    mkdirSync(join(run, 'systemd/system'), { recursive: true });
    putTools('systemctl', 'systemd-tmpfiles', 'firewall-cmd', 'service');
    expect(call(on, name, state)).toEqual(expected);
  });

  test.each(table)('on %s, %s %s succeeds where there are none of them', (on, name, state) => {
    mkdirSync(join(run, 'systemd/system'), { recursive: true });
    expect(call(on, name, state)).toEqual([]);
  });

  test('a logger that does not run is not started, and one without systemd is restarted', () => {
    putTools('systemctl', 'service', 'systemd-tmpfiles');
    expect(call('ubuntu-14.04', 'postrm', 'purge')).toEqual([]);
    writeFileSync(join(run, 'rsyslogd.pid'), '1\n');
    expect(call('ubuntu-14.04', 'postrm', 'purge')).toEqual(['service rsyslog restart']);
  });

  test.each(['debian-12', 'ubuntu-14.04'])(
    'directories are made where nothing else does it, on %s, and are gone after a purge',
    (on) => {
      const integration =
        on === 'debian-12'
          ? policy
          : { ...policy, tmpfiles: { directories: policy.tmpfiles?.directories ?? [], file: undefined } };
      call(on, 'postinst', 'configure', integration);
      expect(statSync(join(run, 'fleet')).mode & 0o7777).toBe(0o750);
      expect(statSync(join(run, 'fleet/inner')).mode & 0o7777).toBe(0o700);
      call(on, 'postrm', 'purge', integration);
      expect(existsSync(join(run, 'fleet'))).toBe(false);
    },
  );

  test('no directory is made through a link that somebody has laid, nor one removed that holds something', () => {
    symlinkSync(join(scratch, 'elsewhere'), join(run, 'fleet'));
    call('debian-12', 'postinst', 'configure', {
      ...policy,
      tmpfiles: { file: 'fleet.conf', directories: policy.tmpfiles?.directories.slice(0, 1) ?? [] },
    });
    expect(existsSync(join(scratch, 'elsewhere'))).toBe(false);
    rmSync(join(run, 'fleet'));
    mkdirSync(join(run, 'fleet'));
    writeFileSync(join(run, 'fleet/kept'), '');
    call('debian-12', 'postrm', 'purge');
    expect(existsSync(join(run, 'fleet/kept'))).toBe(true);
  });
});

test('the directories of a file of tmpfiles.d are those that it makes, and that are nobody else’s', () => {
  const text = [
    '# d /run/comment',
    'd /run/fleet 0750 fleet adm 10d -',
    'D! /var/cache/fleet/ - - - -',
    'd /run/early ~2755 :fleet :fleet',
    'd /var/log 0755 root root 90d',
    'd /run/lock 1777',
    'd %t/fleet',
    'f /run/fleet/file 0644 - - - text',
    'L /run/link - - - - ../x',
    '',
  ].join('\n');
  expect(parseTmpfiles(text)).toEqual([
    { path: '/run/fleet', mode: 0o750, owner: 'fleet', group: 'adm' },
    { path: '/var/cache/fleet', mode: 0o755, owner: 'root', group: 'root' },
    { path: '/run/early', mode: 0o2755, owner: 'fleet', group: 'fleet' },
  ]);
});

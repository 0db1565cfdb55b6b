import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import type { Distribution } from '../../../src/distributions/distribution.ts';
import { packagers } from '../../../src/formats/packagers.ts';
import { servicePlanner } from '../../../src/formats/services/plan.ts';
import { commandOfUnit } from '../../../src/formats/services/unit-file.ts';
import { quoteSystemd } from '../../../src/formats/services/systemd-text.ts';
import { normalizeGroups, normalizeServices, normalizeUsers } from '../../../src/manifest/services.ts';
import type { DirectorySettings } from '../../../src/manifest/manifest.ts';
import type { WrittenPackageOverride } from '../../../src/manifest/schema.ts';
import { definePackages } from '../../../src/packages/define.ts';
import type { PackageDefinition } from '../../../src/packages/definition.ts';
import { aTarget, aTree, someEpoch } from '../../support/definitions.ts';
import { expectGolden } from '../../support/golden.ts';
import { aDistribution, aManifest, aPackage } from '../../support/manifest.ts';

const scratch = mkdtempSync(join(tmpdir(), 'coachbuilder-services-'));

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

const distributions: Readonly<Record<string, Distribution>> = {
  'debian-12': aDistribution('debian-12'),
  'ubuntu-14.04': aDistribution('ubuntu-14.04'),
  'deb-sysv': { ...aDistribution('debian-12'), init: 'sysv' },
  'centos-7': aDistribution('centos-7'),
  'rocky-9': aDistribution('rocky-9'),
  'rpm-sysv': { ...aDistribution('centos-7'), init: 'sysv' },
  'rpm-upstart': { ...aDistribution('centos-7'), init: 'upstart' },
};

const unit = `[Unit]
Description=A unit of its own
[Service]
User=fleet
Environment=A=1 "B=two words"
ExecStart=/opt/fleet/bin/fleet --journald \\
  "two words"
Restart=always
[Install]
WantedBy=multi-user.target
`;

const texts = new Map([
  ['/project/own.service', unit],
  ['/project/own.timer', '[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target'],
]);

const variants: Readonly<Record<string, WrittenPackageOverride>> = {
  plain: { services: { fleet: { command: 'fleet' } } },
  rich: {
    services: {
      'fleet-control': {
        command: ['fleet', '--port', '4700'],
        description: "Fleet's control",
        user: 'fleet',
        group: 'staff',
        type: 'notify',
        environment: { COLOUR: 'never', MOTTO: 'it\'s 100% $HOME "so"' },
        'environment-file': ['/etc/fleet/env', '-/etc/default/fleet'],
        'working-directory': '/srv',
        after: ['network-online.target', 'postgresql.service'],
        'state-directory': ['fleet/control', 'fleet/common'],
        'log-directory': 'fleet',
        'cache-directory': 'fleet',
        'runtime-directory': 'fleet',
        hardening: { ProtectHome: null, ReadOnlyPaths: '/', PrivateDevices: false },
        'stop-on-upgrade': true,
      },
      fleet: { command: 'fleet', user: 'fleet', enable: true, start: true, restart: 'always' },
      manual: { command: '/bin/true', type: 'oneshot', enable: false, 'restart-on-upgrade': false },
    },
    users: {
      fleet: { uid: 450, group: 'staff', groups: ['adm', 'fleet-admin'], home: '/var/lib/fleet', shell: '/bin/sh' },
      plain: null,
      other: {},
    },
    groups: { 'fleet-admin': { gid: 451 } },
  },
  odd: {
    services: {
      'odd_1:x.y.service': {
        command: 'fleet "two words" \'%h $HOME\' back\\\\slash a\\"b ; & "" tab\\\ttab ünïcode',
        description: '100% of "it\'s" $HOME `x`',
        hardening: false,
        restart: 'no',
        after: [],
      },
    },
    users: { odd: { comment: '100% "ö"' } },
  },
  own: { services: { own: { unit: 'own.service', user: 'fleet', 'state-directory': 'own' } } },
};

function defineNode(
  distribution: Distribution,
  written: WrittenPackageOverride,
  directories: readonly DirectorySettings[] = [],
): PackageDefinition {
  const summary = 'Services of fleet';
  const settings = aPackage({
    id: 'node',
    name: 'acme-fleet-node',
    summary,
    directories,
    services: normalizeServices(written, { distribution, directory: '/project', summary }),
    users: normalizeUsers(written, summary),
    groups: normalizeGroups(written),
  });
  const target = aTarget(distribution, aManifest({ packages: [aPackage({ id: 'main', name: 'main' }), settings] }));
  const sources = { sizes: new Map(), fragments: new Map(), services: texts };
  const planServices = servicePlanner(target, sources);
  const [, node] = definePackages({
    target,
    tree: aTree(),
    sources,
    planServices,
    integrations: new Map(),
    epoch: someEpoch,
  });
  return node!;
}

function write(name: string, text: string): string {
  const path = join(scratch, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** The texts of the files of a package, by path. */
function textsOf(definition: PackageDefinition): ReadonlyMap<string, string> {
  return new Map(
    definition.contents.flatMap((entry) =>
      entry.kind === 'file' && entry.source.kind === 'text' ? [[entry.path, entry.source.text]] : [],
    ),
  );
}

const cases = Object.keys(variants).flatMap((name) => Object.keys(distributions).map((id) => [name, id] as const));

describe('services', () => {
  test.each(cases)('%s on %s: files and scripts as approved', (name, id) => {
    const definition = defineNode(distributions[id]!, variants[name]!);
    for (const [path, text] of textsOf(definition)) expectGolden(`services/${name}/${id}${path}`, text);
    for (const file of packagers[definition.distribution.format].render(definition)) {
      if (file.name !== 'control') expectGolden(`services/${name}/${id}/${file.name}`, file.text);
    }
  });

  test.each(cases)('%s on %s: one init system, and no other', (name, id) => {
    const { contents, distribution } = defineNode(distributions[id]!, variants[name]!);
    const places = { systemd: '/systemd/', upstart: '/etc/init/', sysv: '/etc/init.d/' } as const;
    for (const [init, place] of Object.entries(places)) {
      const found = contents.filter(({ path }) => path.includes(place));
      expect(found.length > 0, place).toBe(init === distribution.init);
    }
    // sysusers.d is systemd's as well.
    if (distribution.init !== 'systemd') expect(contents.filter(({ path }) => path.includes('sysusers'))).toEqual([]);
  });

  test.each(cases)('%s on %s: scripts are POSIX shell without a finding', (name, id) => {
    const definition = defineNode(distributions[id]!, variants[name]!);
    const files = packagers[definition.distribution.format].render(definition);
    const scripts =
      definition.distribution.format === 'deb'
        ? files.filter(({ text }) => text.startsWith('#!')).map(({ text }) => text)
        : [...files[0]!.text.matchAll(/^%(?:pre|post|preun|postun|posttrans)\n([\s\S]*?)(?=\n\n%)/gm)].map(
            (match) => `${match[1]!.replaceAll('%%', '%')}\n`,
          );
    const inits = [...textsOf(definition)].filter(([path]) => path.startsWith('/etc/init.d/')).map(([, text]) => text);
    const paths = [...scripts, ...inits].map((text, index) => write(`${name}-${id}-${String(index)}`, text));
    for (const path of paths) {
      expect(spawnSync('dash', ['-n', path], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    }
    const checked = spawnSync('shellcheck', ['--shell=sh', ...paths], { encoding: 'utf8' });
    if (checked.error === undefined) expect(checked.stdout).toBe('');
  });

  test('with a unit that is more than a command are refused where there is no systemd', () => {
    const written = { services: { own: { unit: 'own.timer' } } };
    expect(() => defineNode(distributions['ubuntu-14.04']!, written)).toThrow(
      'the service own.timer cannot be had on Ubuntu 14.04 LTS, which has no systemd: only plain services can be translated',
    );
  });

  test('that run a script which the application does not have are refused', () => {
    expect(() => defineNode(aDistribution(), { services: { fleet: { command: 'flet' } } })).toThrow(
      'the package acme-fleet-node runs /opt/fleet/bin/flet, which the application does not have',
    );
  });

  test('may have a directory below another one of theirs', () => {
    const written = {
      services: { fleet: { command: 'fleet', user: 'fleet', 'state-directory': ['fleet', 'fleet/a/b'] } },
    };
    const { contents, services } = defineNode(aDistribution(), written);
    const directories = contents.filter(({ kind }) => kind === 'directory');
    expect(directories.map(({ path, owner, mode }) => `${path} ${owner} ${mode.toString(8)}`)).toEqual([
      '/var/lib/fleet fleet 750',
      '/var/lib/fleet/a root 755',
      '/var/lib/fleet/a/b fleet 750',
    ]);
    expect(services.purged).toEqual(['/var/lib/fleet', '/var/lib/fleet/a/b']);
    expect(services.purgedParents).toEqual(['/var/lib/fleet/a']);
  });

  test.each<[string, Partial<DirectorySettings>, readonly string[]]>([
    ['as it is without an entry', { path: '/var/lib/other' }, ['StateDirectory=fleet', 'StateDirectoryMode=0750']],
    ['in another mode', { mode: 0o2755 }, ['StateDirectory=fleet', 'StateDirectoryMode=2755']],
    ["of another owner, which is the package's alone", { owner: 'root' }, []],
    ["of another group, which is the package's alone", { group: 'adm' }, []],
  ])('have the directory that the manifest lists %s', (_, entry, lines) => {
    const directory = { path: '/var/lib/fleet', mode: 0o755, owner: 'fleet', group: 'fleet', ...entry };
    const written: WrittenPackageOverride = {
      services: { fleet: { command: 'fleet', user: 'fleet', 'state-directory': 'fleet' } },
      users: { fleet: {} },
    };
    const definition = defineNode(aDistribution('debian-12'), written, [directory]);
    const unit = textsOf(definition).get('/lib/systemd/system/fleet.service')!;
    expect(unit.split('\n').filter((line) => line.startsWith('StateDirectory'))).toEqual(lines);
    expect(definition.contents).toContainEqual({ kind: 'directory', ...directory });
  });

  test('have one mode for all directories of a kind that systemd makes', () => {
    const fleet = { owner: 'www-data', group: 'www-data' };
    const linesOf = (modes: readonly (number | undefined)[], group?: string): readonly string[] => {
      const names = modes.map((_, index) => `d${String(index)}`);
      const directories = modes.flatMap((mode, index) => [
        ...(mode === undefined ? [] : [{ path: `/var/log/d${String(index)}`, mode, ...fleet }]),
        ...(mode === undefined ? [] : [{ path: `/run/d${String(index)}`, mode, ...fleet }]),
      ]);
      const service = { command: 'fleet', user: 'www-data', 'log-directory': names, 'runtime-directory': names };
      const written = { services: { fleet: group === undefined ? service : { ...service, group } } };
      const unit = textsOf(defineNode(aDistribution('rocky-9'), written, directories)).get(
        '/usr/lib/systemd/system/fleet.service',
      )!;
      return unit.split('\n').filter((line) => /^(?:Logs|Runtime)Directory/.test(line));
    };
    expect(linesOf([0o755, undefined], 'www-data')).toEqual([
      ...['LogsDirectory=d1', 'LogsDirectoryMode=0750', 'RuntimeDirectory=d0 d1', 'RuntimeDirectoryMode=0755'],
    ]);
    expect(linesOf([0o700, 0o711], 'www-data')).toEqual([
      ...['LogsDirectory=d0', 'LogsDirectoryMode=0700', 'RuntimeDirectory=d0 d1', 'RuntimeDirectoryMode=0700'],
    ]);
    // The group of a user that the manifest does not describe may be any.
    expect(linesOf([0o700])).toEqual(['RuntimeDirectory=d0', 'RuntimeDirectoryMode=0700']);
  });

  test('own their directories, which a purge takes', () => {
    const { contents, services } = defineNode(aDistribution(), variants['rich']!);
    const directories = contents.filter(({ kind }) => kind === 'directory');
    expect(directories.map(({ path, owner, group, mode }) => `${path} ${owner}:${group} ${mode.toString(8)}`)).toEqual([
      '/var/cache/fleet fleet:staff 750',
      '/var/lib/fleet root:root 755',
      '/var/lib/fleet/common fleet:staff 750',
      '/var/lib/fleet/control fleet:staff 750',
      '/var/log/fleet fleet:staff 750',
    ]);
    expect(services.purged).toEqual([
      '/var/cache/fleet',
      '/var/lib/fleet/common',
      '/var/lib/fleet/control',
      '/var/log/fleet',
    ]);
  });
});

describe('a unit file', () => {
  test.each([
    ['[Service]\nExecStart=/bin/a\nExecStart=/bin/b\n', 'has not exactly one ExecStart'],
    ['[Service]\nUser=x\n', 'has not exactly one ExecStart'],
    ['[Service]\nExecStartPre=/bin/true\nExecStart=/bin/a\n', 'has ExecStartPre'],
    ['[Service]\nExecStart=/bin/a %i\n', 'has an ExecStart that is more than a program with its arguments'],
    ['[Service]\nExecStart=-/bin/a\n', 'has an ExecStart that is more than a program with its arguments'],
    ['[Service]\nExecStart=/bin/a $OPTIONS\n', 'has an ExecStart that is more than a program with its arguments'],
    ['[Service]\nType=dbus\nExecStart=/bin/a\n', 'has the type dbus'],
  ])('%j %s', (text, reason) => {
    expect(commandOfUnit(text)).toEqual({ reason });
  });
});

describe('a word for systemd', () => {
  test.each([
    ['plain', 'plain'],
    ['two words', '"two words"'],
    ['$HOME 100%', '"$$HOME 100%%"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['', '""'],
    [';', '";"'],
  ])('%j is %s', (word, quoted) => {
    expect(quoteSystemd(word, 'command')).toBe(quoted);
  });
});

import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  distributionOf,
  packagesFor,
  pathsOf,
  workspace,
  type BuiltPackage,
  type Workspace,
} from '../support/builds.ts';
import { mustRun, run } from '../support/machine.ts';
import { debianRoot, describeWithRoots, type Root } from '../support/roots.ts';
import { rpmRoot, type RpmRoot } from '../support/rpm-roots.ts';
import { makeWheel } from '../support/wheels.ts';

/*
 * What a package tells logrotate, rsyslog, the firewalls, tmpfiles, man and the shells, read by those programs themselves
 * in Debian 12, and through the life of a package with dpkg and with rpm.
 */

const repository = join(import.meta.dirname, '../..');
/** The programs that read the files. */
const readers = ['firewalld', 'logrotate', 'man-db', 'python3', 'rsyslog', 'systemd', 'ufw'] as const;

const manifest = `
name: boat
package-prefix: acme
license: MIT
summary: A boat
maintainer: Acme <acme@example.com>
packages:
  main:
    links: {/usr/bin: [boat]}
  harbour:
    summary: Harbour of boats
    logrotate:
      boat:
        paths: [/var/log/boat/*.log]
        frequency: daily
        rotate: 2
        compress: false
        mode: '0640'
        owner: daemon
        group: adm
        postrotate: |
          echo "rotated" >>/var/log/boat-rotations
      boat-own: logrotate.conf
    rsyslog: {30-boat: rsyslog.conf}
    firewall:
      boat-harbour: {title: Harbour & "pier", description: "100% <open>", ports: [4700/tcp, 6000-6010/udp]}
    tmpfiles:
      - {path: /run/boat, mode: '0750', owner: daemon, group: adm}
      - {path: /run/boat/cabin, mode: '1777', age: 1d}
    environment-files:
      boat: {source: boat.env, mode: '0640', group: adm}
    man-pages: [boat.1, {source: boat.de.1, language: de}, boat.conf.5]
    completions:
      boat: {bash: completions/bash, zsh: completions/zsh, fish: completions/fish}
`;

function page(title: string, section: string, about: string): string {
  return `.TH ${title} ${section} 2021-01-01\n.SH NAME\n${title.toLowerCase()} \\- ${about}\n.SH DESCRIPTION\nIt sails.\n`;
}

const files: Readonly<Record<string, string>> = {
  'coachbuilder.yaml': manifest,
  'logrotate.conf': '/var/log/boat-own.log {\n\tmonthly\n\tmissingok\n}\n',
  'rsyslog.conf': ':programname, startswith, "boat" /var/log/boat.log\n',
  'boat.env': 'BOAT_OPTIONS=""\n',
  'boat.1': page('BOAT', '1', 'a boat'),
  'boat.de.1': page('BOAT', '1', 'ein Boot'),
  'boat.conf.5': page('BOAT.CONF', '5', 'settings of a boat'),
  'completions/bash': 'complete -W "sail sink" boat\n',
  'completions/zsh': '#compdef boat\n_values command sail sink\n',
  'completions/fish': "complete -c boat -f -a 'sail sink'\n",
};

/** What an upgrade brings besides: new configuration, and a page less. */
const later: Readonly<Record<string, string>> = {
  'coachbuilder.yaml': manifest.replace(', boat.conf.5]', ']').replace('rotate: 2', 'rotate: 3'),
  'rsyslog.conf': ':programname, isequal, "boat" /var/log/boat.log\n',
  'boat.env': 'BOAT_OPTIONS="--fast"\n',
};

const releases = ['debian-11', 'debian-12', 'debian-13'] as const;
const distributions = [...releases, 'rocky-9'];
const name = 'acme-boat-harbour';
const configuration = ['/etc/logrotate.d/boat', '/etc/logrotate.d/boat-own', '/etc/rsyslog.d/30-boat.conf'];

describeWithRoots('what a package tells the system', () => {
  let work: Workspace;
  let first: readonly BuiltPackage[];
  let second: readonly BuiltPackage[];

  async function build(version: string, changes: Readonly<Record<string, string>>): Promise<readonly BuiltPackage[]> {
    const directory = await work.directory(version);
    await mkdir(join(directory, 'completions'));
    for (const [file, text] of Object.entries({ ...files, ...changes })) await writeFile(join(directory, file), text);
    const wheel = makeWheel(directory, {
      name: 'boat',
      version,
      scripts: { boat: 'boat:main' },
      files: { 'boat.py': 'def main():\n    print("boat")\n' },
    });
    const { stdout } = await mustRun(
      [
        join(repository, 'admin/build-package'),
        `--distribution=${distributions.join(',')}`,
        '--json',
        '--progress=plain',
        // What is linted elsewhere: the files here are odd on purpose.
        '--lint=off',
        `--manifest=${join(directory, 'coachbuilder.yaml')}`,
        `--destination-path=${join(directory, 'packages')}`,
        wheel.path,
      ],
      { cwd: directory },
    );
    return JSON.parse(stdout) as typeof first;
  }

  beforeAll(async () => {
    work = await workspace();
    first = await build('1.0', {});
    second = await build('1.1', later);
  });

  afterAll(async () => {
    await work[Symbol.asyncDispose]();
  });

  function filesOf(built: readonly BuiltPackage[], id: string): readonly string[] {
    return pathsOf(packagesFor(built, id), 'acme-python-boat', name);
  }

  async function modeOf(root: Root, path: string): Promise<string> {
    return (await root.must(['stat', '--format=%F %a %U:%G', path])).trim();
  }

  describe('on Debian 12', () => {
    let root: Root;

    beforeAll(async () => {
      root = await debianRoot('debian-12', readers);
    });

    afterAll(async () => {
      await root[Symbol.asyncDispose]();
    });

    async function apt(...args: readonly string[]): Promise<string> {
      return root.must(['apt-get', '--yes', '--no-install-recommends', ...args]);
    }

    test('is installed, and its directories are there at once', async () => {
      await apt('install', ...(await root.copyIn(filesOf(first, 'debian-12'))));
      expect(await modeOf(root, '/run/boat')).toBe('directory 750 daemon:adm');
      expect(await modeOf(root, '/run/boat/cabin')).toBe('directory 1777 root:root');
      expect(await modeOf(root, '/etc/default/boat')).toBe('regular file 640 root:adm');
      expect(await root.must(['dpkg', '--verify', name])).toBe('');
      const conffiles = await root.must(['dpkg-query', '--show', '--showformat=${Conffiles}', name]);
      expect(conffiles.match(/\/\S+/g)?.sort()).toEqual(
        [...configuration, '/etc/default/boat', '/etc/ufw/applications.d/boat-harbour'].sort(),
      );
      expect(root.exists('/usr/lib/firewalld/services/boat-harbour.xml')).toBe(false);
    });

    test('is made again by systemd-tmpfiles as at a boot', async () => {
      await root.must(['rm', '-r', '/run/boat']);
      const outcome = await root.run(['systemd-tmpfiles', '--create', '--prefix=/run/boat']);
      expect({ exitCode: outcome.exitCode, stderr: outcome.stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(await modeOf(root, '/run/boat')).toBe('directory 750 daemon:adm');
      expect(await modeOf(root, '/run/boat/cabin')).toBe('directory 1777 root:root');
    });

    test('makes logrotate rotate', async () => {
      const dry = await root.run(['logrotate', '--debug', '/etc/logrotate.conf']);
      expect(dry.exitCode, dry.stderr).toBe(0);
      expect(dry.stderr).not.toMatch(/^error/m);
      expect(dry.stderr).toMatch(/^rotating pattern: \/var\/log\/boat\/\*\.log\s+after 1 days \(2 rotations\)$/m);
      await root.must(['install', '-d', '-o', 'daemon', '-g', 'adm', '/var/log/boat']);
      await root.must(['sh', '-c', 'echo sailing >/var/log/boat/a.log; echo sailing >/var/log/boat/b.log']);
      await root.must(['logrotate', '--force', '/etc/logrotate.conf']);
      expect(root.filesBelow('/var/log/boat')).toEqual(['a.log', 'a.log.1', 'b.log', 'b.log.1']);
      expect(await modeOf(root, '/var/log/boat/a.log')).toBe('regular empty file 640 daemon:adm');
      expect(await root.readText('/var/log/boat-rotations')).toBe('rotated\n');
    });

    test('is configuration that rsyslog accepts', async () => {
      const outcome = await root.run(['rsyslogd', '-N1']);
      expect(outcome.exitCode, outcome.stderr).toBe(0);
      expect(outcome.stderr).not.toMatch(/error|warning/i);
    });

    test('is an application that ufw knows', async () => {
      const told = await root.must(['ufw', 'app', 'info', 'boat-harbour']);
      expect(told.trim().split('\n')).toEqual([
        'Profile: boat-harbour',
        'Title: Harbour & "pier"',
        'Description: 100% <open>',
        '',
        'Ports:',
        '  4700/tcp',
        '  6000:6010/udp',
      ]);
    });

    test('is, from the rpm, a service that firewalld knows', async () => {
      const [, rpm = ''] = filesOf(first, 'rocky-9');
      const path = './usr/lib/firewalld/services/boat-harbour.xml';
      await mustRun(['rpm2archive', rpm]);
      await mustRun(['tar', '--directory', root.path, '--extract', '--gzip', '--file', `${rpm}.tgz`, path]);
      await root.must(['firewall-offline-cmd', '--check-config']);
      const told = await root.must(['firewall-offline-cmd', '--info-service=boat-harbour']);
      expect(told).toMatch(/^ {2}ports: 4700\/tcp 6000-6010\/udp$/m);
      const about = async (what: string): Promise<string> =>
        (await root.must(['firewall-offline-cmd', '--service=boat-harbour', `--get-${what}`])).trim();
      expect(await about('short')).toBe('Harbour & "pier"');
      expect(await about('description')).toBe('100% <open>');
      await root.must(['rm', path.slice(1)]);
    });

    test('has pages that man finds and shows without a warning', async () => {
      for (const [words, path] of [
        [['boat'], '/usr/share/man/man1/boat.1.gz'],
        [['--locale=de', 'boat'], '/usr/share/man/de/man1/boat.1.gz'],
        [['5', 'boat.conf'], '/usr/share/man/man5/boat.conf.5.gz'],
      ] as const) {
        expect((await root.must(['man', '--where', ...words])).trim()).toBe(path);
        const shown = await root.run(['man', '--warnings', '--encoding=UTF-8', '--local-file', path]);
        expect({ exitCode: shown.exitCode, stderr: shown.stderr }).toEqual({ exitCode: 0, stderr: '' });
        expect(shown.stdout).toContain('It sails.');
      }
    });

    test('has a completion that bash takes', async () => {
      const path = '/usr/share/bash-completion/completions/boat';
      expect(await root.must(['bash', '-c', `. ${path} && complete -p boat`])).toBe("complete -W 'sail sink' boat\n");
      expect(root.exists('/usr/share/zsh/vendor-completions/_boat')).toBe(true);
      expect(root.exists('/usr/share/fish/vendor_completions.d/boat.fish')).toBe(true);
    });

    test('leaves what an administrator wrote alone at an upgrade', async () => {
      for (const path of ['/etc/default/boat', '/etc/rsyslog.d/30-boat.conf']) {
        await root.must(['sh', '-c', `echo '# ours' >>${path}`]);
      }
      await apt(
        '--option=Dpkg::Options::=--force-confold',
        'install',
        ...(await root.copyIn(filesOf(second, 'debian-12'))),
      );
      expect(await root.readText('/etc/default/boat')).toBe('BOAT_OPTIONS=""\n# ours\n');
      expect(await root.readText('/etc/default/boat.dpkg-dist')).toBe('BOAT_OPTIONS="--fast"\n');
      expect(await modeOf(root, '/etc/default/boat')).toBe('regular file 640 root:adm');
      expect(await root.readText('/etc/rsyslog.d/30-boat.conf')).toMatch(/# ours\n$/);
      expect(await root.readText('/etc/logrotate.d/boat')).toContain('\trotate 3\n');
      expect(root.exists('/usr/share/man/man5/boat.conf.5.gz')).toBe(false);
      expect(await modeOf(root, '/run/boat')).toBe('directory 750 daemon:adm');
      // What is kept is still something that rsyslog and logrotate can read, as is what dpkg put beside it.
      expect((await root.run(['rsyslogd', '-N1'])).exitCode).toBe(0);
      expect((await root.run(['logrotate', '--debug', '/etc/logrotate.conf'])).stderr).not.toMatch(/^error/m);
    });

    test('leaves only its configuration and its directories at a removal', async () => {
      await apt('remove', name);
      for (const path of [...configuration, '/etc/default/boat', '/etc/ufw/applications.d/boat-harbour']) {
        expect([path, root.exists(path)]).toEqual([path, true]);
      }
      for (const directory of [
        '/usr/share/man',
        '/usr/lib/tmpfiles.d',
        '/usr/share/zsh',
        '/usr/share/bash-completion',
      ]) {
        expect(root.filesBelow(directory).filter((path) => /boat/.test(path))).toEqual([]);
      }
      expect((await root.run(['logrotate', '--debug', '/etc/logrotate.conf'])).stderr).not.toMatch(/^error/m);
    });

    test('leaves nothing at a purge', async () => {
      await apt('purge', name);
      for (const directory of ['/etc', '/run', '/usr/lib/tmpfiles.d', '/usr/share']) {
        const left = root.filesBelow(directory).filter((path) => /boat(?!\.dpkg)/.test(path));
        // The main package stays, and what it tells about itself.
        expect(left.filter((path) => !path.includes('acme-python-boat'))).toEqual([]);
      }
    });
  });

  test.each(releases)(
    'is installed, upgraded, removed and purged on %s where none of the programs is',
    async (release) => {
      await using bare = await debianRoot(release, ['python3']);
      await bare.must(['rm', '--force', '/usr/bin/systemd-tmpfiles']);
      const inBare = (...args: readonly string[]): Promise<string> =>
        bare.must(['apt-get', '--yes', '--no-install-recommends', ...args]);
      await inBare('install', ...(await bare.copyIn(filesOf(first, release))));
      expect(await modeOf(bare, '/run/boat')).toBe('directory 750 daemon:adm');
      expect(await modeOf(bare, '/run/boat/cabin')).toBe('directory 1777 root:root');
      await inBare('install', ...(await bare.copyIn(filesOf(second, release))));
      await inBare('remove', name);
      await inBare('purge', name);
      expect(bare.exists('/run/boat')).toBe(false);
      const state = await bare.run(['dpkg-query', '--show', '--showformat=${db:Status-Abbrev}', name]);
      expect(state.exitCode).toBe(1);
    },
  );

  describe('on Rocky Linux 9', () => {
    let root: RpmRoot;

    beforeAll(async () => {
      root = await rpmRoot(distributionOf('rocky-9'));
    });

    afterAll(async () => {
      await root[Symbol.asyncDispose]();
    });

    /** Puts a program into the root that writes down how it is called, and fails. */
    async function putTool(tool: string): Promise<void> {
      const path = join(root.path, 'usr/bin', tool);
      await writeFile(path, `#!/bin/sh\necho "${tool} $*" >>/var/tmp/calls\nexit 1\n`);
      await chmod(path, 0o755);
    }

    async function calls(): Promise<readonly string[]> {
      const text = await readFile(join(root.path, 'var/tmp/calls'), 'utf8').catch(() => '');
      await root.must(['rm', '--force', '/var/tmp/calls']);
      return text.split('\n').filter((line) => line !== '');
    }

    test('is installed, with its directories made without systemd-tmpfiles', async () => {
      await putTool('firewall-cmd');
      const outcome = await root.rpm('--install', ...filesOf(first, 'rocky-9'));
      // What Debian's rpm says of itself begins with its name; a scriptlet's words would not.
      expect(outcome.stderr.replaceAll(/^rpm: .*\n/gm, '')).toBe('');
      expect(outcome.exitCode).toBe(0);
      expect(await calls()).toEqual(['firewall-cmd --quiet --reload']);
      expect(await modeOf(root, '/run/boat')).toBe('directory 750 daemon:adm');
      expect(await modeOf(root, '/etc/sysconfig/boat')).toBe('regular file 640 root:adm');
      expect(root.exists('/etc/ufw')).toBe(false);
      expect((await root.mustRpm('--query', '--configfiles', name)).trim().split('\n').sort()).toEqual(
        [...configuration, '/etc/sysconfig/boat'].sort(),
      );
      expect(await root.mustRpm('--verify', name)).toBe('');
      expect((await root.mustRpm('--query', '--docfiles', name)).trim().split('\n')).toEqual([
        '/usr/share/man/de/man1/boat.1.gz',
        '/usr/share/man/man1/boat.1.gz',
        '/usr/share/man/man5/boat.conf.5.gz',
      ]);
      expect((await root.mustRpm('--query', '--recommends', name)).trim()).toBe('logrotate');
      expect(root.exists('/usr/share/zsh/site-functions/_boat')).toBe(true);
    });

    test('leaves what an administrator wrote alone at an upgrade, and tells the firewall once', async () => {
      await putTool('systemd-tmpfiles');
      await root.must(['sh', '-c', 'echo "# ours" >>/etc/sysconfig/boat']);
      await root.mustRpm('--upgrade', ...filesOf(second, 'rocky-9'));
      expect(await calls()).toEqual([`systemd-tmpfiles --create ${name}.conf`, 'firewall-cmd --quiet --reload']);
      expect(await root.readText('/etc/sysconfig/boat')).toBe('BOAT_OPTIONS=""\n# ours\n');
      expect(await root.readText('/etc/sysconfig/boat.rpmnew')).toBe('BOAT_OPTIONS="--fast"\n');
      expect(await root.readText('/etc/logrotate.d/boat')).toContain('\trotate 3\n');
      expect(root.exists('/usr/share/man/man5/boat.conf.5.gz')).toBe(false);
    });

    test('leaves only what an administrator wrote at a removal', async () => {
      await root.mustRpm('--erase', name);
      expect(await calls()).toEqual(['firewall-cmd --quiet --reload']);
      expect(root.exists('/run/boat')).toBe(false);
      const left = ['/etc', '/usr/lib/tmpfiles.d', '/usr/lib/firewalld', '/usr/share'].flatMap((directory) =>
        root.filesBelow(directory).filter((path) => /boat/.test(path)),
      );
      expect(left).toEqual(['sysconfig/boat.rpmnew', 'sysconfig/boat.rpmsave']);
    });
  });

  test('is written by the example as its programs read it', async () => {
    const pages = ['fleet.1', 'fleet-ca.1', 'fleet-agent.8', 'fleet-control.8'];
    const directory = join(repository, 'examples/fleet/packaging');
    await using root = await debianRoot('debian-12', readers);
    for (const path of await root.copyIn(pages.map((each) => join(directory, 'man', each)))) {
      const shown = await root.run(['man', '--warnings', '--local-file', path]);
      expect({ path, exitCode: shown.exitCode, stderr: shown.stderr }).toEqual({ path, exitCode: 0, stderr: '' });
    }
    const completion = await run([
      'bash',
      '-c',
      '. "$1" && complete -p fleet',
      'bash',
      join(directory, 'completions/fleet.bash'),
    ]);
    expect(completion.stdout).toBe('complete -F _fleet fleet\n');
  });
});

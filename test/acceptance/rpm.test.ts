import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { formatArchitecture } from '../../src/model/format.ts';
import { findArchitecture } from '../../src/model/architecture.ts';
import {
  buildPackages,
  distributionOf,
  fleetCheckout,
  fleetVersions,
  packagesFor,
  pathsOf,
  workspace,
  type BuiltPackage,
  type Workspace,
} from '../support/builds.ts';
import { expectOnlyVersion, expectServiceAnswers } from '../support/fleet.ts';
import { mustRun, requireTools, type Outcome } from '../support/machine.ts';
import { describeWithRoots } from '../support/roots.ts';
import { createYumRepository, rpmRoot, type RpmRoot } from '../support/rpm-roots.ts';

const application = ['acme-python-fleet', 'acme-fleet-cli', 'acme-fleet-node'] as const;

/**
 * What the distributions' own rpm says: the interpreter they have, the best payload they read, and the rpmlib()
 * features that their rpm knows (rpm --showrc).
 */
const expected = {
  'centos-7': { tag: '.el7', python: '3.6', compressor: 'xz', knowsZstd: false },
  'rocky-9': { tag: '.el9', python: '3.9', compressor: 'zstd', knowsZstd: true },
  'fedora-43': { tag: '.fc43', python: '3.14', compressor: 'zstd', knowsZstd: true },
} as const;
const ids = Object.keys(expected) as (keyof typeof expected)[];

const native = formatArchitecture('rpm', 'native', findArchitecture(process.arch === 'arm64' ? 'aarch64' : 'x86_64')!);

async function query(path: string, ...args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await mustRun(['rpm', '--query', '--package', ...args, path]);
  return stdout.split('\n').filter((line) => line !== '');
}

describe('the example application as rpm packages', () => {
  let work: Workspace;
  let first: readonly BuiltPackage[];
  let second: readonly BuiltPackage[];

  beforeAll(async () => {
    await requireTools('rpm', 'rpmbuild');
    work = await workspace();
    // Compiled by the scriptlets, so that they have something to do.
    const manifest = 'python:\n  bytecode: install\n';
    first = await buildPackages({
      uri: await fleetCheckout(await work.directory('first'), { manifest }),
      distributions: ids,
      destination: await work.directory('packages-of-first'),
    });
    second = await buildPackages({
      uri: await fleetCheckout(await work.directory('second'), { manifest, second: true }),
      distributions: ids,
      destination: await work.directory('packages-of-second'),
    });
  });

  afterAll(async () => {
    await work[Symbol.asyncDispose]();
  });

  describe.each(ids)('for %s', (id) => {
    const facts = expected[id];
    const versionRelease = `${fleetVersions.first.fleet}-1${facts.tag}`;

    function path(name: string): string {
      return pathsOf(packagesFor(first, id), name)[0] ?? '';
    }

    test('have the file names that yum expects', () => {
      expect(
        packagesFor(first, id)
          .map((each) => basename(each.path))
          .sort(),
      ).toEqual([
        `acme-fleet-cli-${versionRelease}.noarch.rpm`,
        `acme-fleet-node-${versionRelease}.noarch.rpm`,
        `acme-python-fleet-${versionRelease}.${native}.rpm`,
        `acme-release-1-1${facts.tag}.noarch.rpm`,
      ]);
    });

    test('say in their headers what the manifest says', async () => {
      const format =
        '%{NAME}|%{EPOCHNUM}|%{VERSION}|%{RELEASE}|%{ARCH}|%{LICENSE}|%{URL}|%{VENDOR}|%{PACKAGER}|%{GROUP}|%{SUMMARY}\\n';
      expect(await query(path('acme-fleet-cli'), '--queryformat', format)).toEqual([
        `acme-fleet-cli|0|${fleetVersions.first.fleet}|1${facts.tag}|noarch|MIT|https://example.com/fleet|Acme|` +
          "Acme <acme@example.com>|Applications/System|Client of Acme's fleet",
      ]);
      expect(await query(path('acme-python-fleet'), '--queryformat', '%{ARCH} %{OS}\\n')).toEqual([`${native} linux`]);
    });

    test('are compressed as its rpm can read', async () => {
      for (const { path: file } of packagesFor(first, id)) {
        const [compressor] = await query(file, '--queryformat', '%{PAYLOADCOMPRESSOR}\\n');
        expect([basename(file), compressor]).toEqual([basename(file), facts.compressor]);
      }
    });

    test('ask rpm only for features that it has', async () => {
      const known = ['CompressedFileNames', 'FileDigests', 'PayloadFilesHavePrefix', 'PayloadIsXz', 'TildeInVersions'];
      const allowed = [...known, ...(facts.knowsZstd ? ['PayloadIsZstd'] : [])].map((name) => `rpmlib(${name})`);
      for (const { path: file } of packagesFor(first, id)) {
        const features = (await query(file, '--requires')).filter((line) => line.startsWith('rpmlib('));
        const unknown = features.filter((line) => !allowed.includes(line.split(' ')[0] ?? ''));
        expect(unknown).toEqual([]);
      }
    });

    test('require the interpreter of the distribution, and each other in the same version', async () => {
      const main = await query(path('acme-python-fleet'), '--requires');
      expect(main).toContain(`python(abi) = ${facts.python}`);
      // What is bundled is neither wanted from elsewhere nor offered to others.
      const provided = await query(path('acme-python-fleet'), '--provides');
      const capabilities = [...main, ...provided.filter((line) => !line.startsWith('bundled('))];
      expect(capabilities.filter((line) => /dist\(|libffi|libssl/.test(line))).toEqual([]);
      // It is told for those who look for what a distribution has a hole in (Fedora's guidelines, "Bundling").
      expect(provided.some((line) => /^bundled\(python3dist\(cryptography\)\) = \d/.test(line))).toBe(true);
      for (const name of ['acme-fleet-cli', 'acme-fleet-node']) {
        expect(await query(path(name), '--requires')).toContain(`acme-python-fleet = ${versionRelease}`);
      }
      expect(await query(path('acme-fleet-node'), '--requires')).toContain('openssh-clients');
    });

    function licenses(name: string): readonly string[] {
      const directory = `/usr/share/licenses/${name}`;
      return [directory, `${directory}/fleet`, `${directory}/fleet/LICENSE`];
    }

    test('own their links, their files and the directories below the prefix, and nothing else', async () => {
      expect(await query(path('acme-fleet-cli'), '--list')).toEqual([
        '/usr/bin/fleet',
        '/usr/bin/fleet-ca',
        '/usr/share/bash-completion',
        '/usr/share/bash-completion/completions',
        '/usr/share/bash-completion/completions/fleet',
        '/usr/share/fish',
        '/usr/share/fish/vendor_completions.d',
        '/usr/share/fish/vendor_completions.d/fleet.fish',
        ...licenses('acme-fleet-cli'),
        '/usr/share/man/man1/fleet-ca.1.gz',
        '/usr/share/man/man1/fleet.1.gz',
        '/usr/share/zsh',
        '/usr/share/zsh/site-functions',
        '/usr/share/zsh/site-functions/_fleet',
      ]);
      expect(await query(path('acme-fleet-node'), '--list')).toEqual([
        '/etc/fleet',
        '/etc/fleet/fleet.ini',
        '/usr/lib/firewalld',
        '/usr/lib/firewalld/services',
        '/usr/lib/firewalld/services/fleet-control.xml',
        '/usr/lib/systemd/system/fleet-agent.service',
        '/usr/lib/systemd/system/fleet-control.service',
        '/usr/lib/sysusers.d/acme-fleet-node.conf',
        '/usr/sbin/fleet-agent',
        '/usr/sbin/fleet-control',
        ...licenses('acme-fleet-node'),
        '/usr/share/man/man8/fleet-agent.8.gz',
        '/usr/share/man/man8/fleet-control.8.gz',
        '/var/lib/fleet',
      ]);
      expect(await query(path('acme-fleet-node'), '--configfiles')).toEqual(['/etc/fleet/fleet.ini']);
      const files = await query(path('acme-python-fleet'), '--list');
      const below = (directory: string) => (file: string) => file === directory || file.startsWith(`${directory}/`);
      const elsewhere = files.filter((file) => !below('/opt/fleet')(file));
      // Nothing but licences: the application's, and one directory for each distribution that it brings.
      expect(elsewhere.filter((file) => !below('/usr/share/licenses/acme-python-fleet')(file))).toEqual([]);
      expect(elsewhere).toEqual(
        expect.arrayContaining([
          ...licenses('acme-python-fleet'),
          '/usr/share/licenses/acme-python-fleet/cffi/LICENSE',
        ]),
      );
      expect(files).toEqual(
        expect.arrayContaining([
          '/opt/fleet',
          '/opt/fleet/bin/python',
          `/opt/fleet/lib/python${facts.python}/site-packages`,
        ]),
      );
      const owners = new Set(
        await query(path('acme-python-fleet'), '--queryformat', '[%{FILEUSERNAME} %{FILEGROUPNAME}\\n]'),
      );
      expect([...owners]).toEqual(['root root']);
    });

    test('link the programs to the environment', async () => {
      const links = await query(path('acme-fleet-cli'), '--queryformat', '[%{FILENAMES} %{FILELINKTOS}\\n]');
      // A file that is no link leads nowhere.
      expect(links.filter((line) => !line.endsWith(' '))).toEqual([
        '/usr/bin/fleet /opt/fleet/bin/fleet',
        '/usr/bin/fleet-ca /opt/fleet/bin/fleet-ca',
      ]);
    });

    test('hold a repository definition that the administrator may change', async () => {
      const release = path('acme-release');
      const flags = await query(release, '--queryformat', '[%{FILENAMES} %{FILEFLAGS:fflags} %{FILEMODES:octal}\\n]');
      expect(flags).toContain('/etc/yum.repos.d/acme.repo cn 100644');
      expect(flags.some((line) => line.startsWith('/etc/pki/rpm-gpg/'))).toBe(true);
    });
  });

  describeWithRoots('installed', () => {
    function paths(built: readonly BuiltPackage[], id: string): readonly string[] {
      return pathsOf(packagesFor(built, id), ...application);
    }

    function expectQuiet(outcome: Outcome): void {
      expect([outcome.exitCode, outcome.stderr]).toEqual([
        0,
        expect.not.stringMatching(/scriptlet failed|warning:|error:/),
      ]);
    }

    function compiled(root: RpmRoot): readonly string[] {
      return root
        .filesBelow('/opt/fleet/lib')
        .filter((file) => /site-packages\/fleet\/__pycache__\/.*\.pyc$/.test(file));
    }

    function expectNothingLeft(root: RpmRoot): void {
      expect(root.filesBelow('/opt/fleet')).toEqual([]);
      const remains = ['/opt/fleet', '/usr/bin/fleet', '/usr/sbin/fleet-agent'].filter((file) => root.exists(file));
      expect(remains).toEqual([]);
      expect(root.exists('/opt')).toBe(true);
    }

    describe.each(ids)('where %s is stood in for', (id) => {
      let root: RpmRoot;

      beforeAll(async () => {
        root = await rpmRoot(distributionOf(id), ['openssh-clients']);
      });

      afterAll(async () => {
        await root[Symbol.asyncDispose]();
      });

      test('are installed by rpm, and the scriptlet compiles the modules', async () => {
        expectQuiet(await root.rpm('--install', ...paths(first, id)));
        expectOnlyVersion(root, 'first');
        expect(compiled(root)).not.toEqual([]);
        expect(await root.mustRpm('--verify', ...application)).toBe('');
      });

      test('run', async (context) => {
        if (!root.hasRealPython) context.skip(`there is no Python ${expected[id].python} here`);
        expect(await root.must(['fleet', '--version'])).toBe(`fleet ${fleetVersions.first.fleet}\n`);
        await expectServiceAnswers(root);
      });

      test('are upgraded by rpm without a trace of the version before', async () => {
        expectQuiet(await root.rpm('--upgrade', ...paths(second, id)));
        expectOnlyVersion(root, 'second');
        expect(compiled(root)).not.toEqual([]);
      });

      test('are erased by rpm with everything below the prefix', async () => {
        expectQuiet(await root.rpm('--erase', ...application));
        expectNothingLeft(root);
      });

      test('are installed, upgraded and removed by dnf from a repository', async () => {
        const repository = await work.directory(`repository-${id}`);
        const add = async (built: readonly BuiltPackage[]): Promise<void> => {
          for (const file of paths(built, id)) await copyFile(file, join(repository, basename(file)));
          await createYumRepository(repository);
        };
        await add(first);
        await root.mustDnf(repository, 'install', 'acme-fleet-cli', 'acme-fleet-node');
        expectOnlyVersion(root, 'first');
        await add(second);
        await root.mustDnf(repository, 'upgrade');
        expectOnlyVersion(root, 'second');
        // The other two need the main package in its version, and go with it.
        await root.mustDnf(repository, 'remove', 'acme-python-fleet');
        expectNothingLeft(root);
        expect(await root.mustRpm('--query', '--all')).not.toContain('acme');
      });

      test('come with a release package that dnf understands', async () => {
        expectQuiet(await root.rpm('--install', ...pathsOf(packagesFor(first, id), 'acme-release')));
        const definitions = join(root.path, 'etc/yum.repos.d');
        const { stdout } = await mustRun([
          'dnf',
          '--noplugins',
          '--releasever=1',
          `--setopt=reposdir=${definitions}`,
          'repolist',
          '--all',
        ]);
        const states = stdout.split('\n').filter((line) => line.startsWith('acme'));
        expect(states.map((line) => [line.split(/\s+/)[0], /enabled|disabled/.exec(line)?.[0]])).toEqual([
          ['acme', 'enabled'],
          ['acme-testing', 'disabled'],
        ]);
        const keys = root.filesBelow('/etc/pki/rpm-gpg');
        expect(keys).toHaveLength(1);
        await root.mustRpm('--import', join(root.path, 'etc/pki/rpm-gpg', keys[0] ?? ''));
        await root.mustRpm('--erase', 'acme-release');
        expect(root.filesBelow('/etc/yum.repos.d')).toEqual([]);
      });
    });

    test('have services that presets enable, and an administrator; nothing starts where systemd does not run', async () => {
      await using root = await rpmRoot(distributionOf('rocky-9'), ['openssh-clients']);
      await root.must(['apt-get', 'install', '--yes', '--no-install-recommends', 'systemd']);
      const presets = join(root.path, 'etc/systemd/system-preset');
      await mkdir(presets, { recursive: true });
      await writeFile(join(presets, '00-test.preset'), 'enable fleet-control.service\ndisable *\n');
      const enabled = (): readonly string[] =>
        root.filesBelow('/etc/systemd/system').filter((file) => file.includes('/fleet-'));
      const facts = async (): Promise<string> => root.must(['stat', '--format=%U:%G %a', '/var/lib/fleet']);
      expectQuiet(await root.rpm('--install', ...paths(first, 'rocky-9')));
      expect(enabled()).toEqual(['multi-user.target.wants/fleet-control.service']);
      expect(await root.must(['getent', 'passwd', 'fleet'])).toMatch(/:\/var\/lib\/fleet:\/(?:usr\/)?sbin\/nologin\n$/);
      expect(await facts()).toBe('fleet:fleet 750\n');
      await root.must(['systemctl', 'disable', 'fleet-control.service']);
      await root.must(['systemctl', 'enable', 'fleet-agent.service']);
      expectQuiet(await root.rpm('--upgrade', ...paths(second, 'rocky-9')));
      expect(enabled()).toEqual(['multi-user.target.wants/fleet-agent.service']);
      expectQuiet(await root.rpm('--erase', ...application));
      expect(enabled()).toEqual([]);
      expect(await root.must(['getent', 'passwd', 'fleet'])).toContain('fleet:');
    });

    test('are refused by a distribution with another interpreter, which says why', async () => {
      await using root = await rpmRoot(distributionOf('centos-7'), ['openssh-clients']);
      const refused = await root.rpm('--install', ...paths(first, 'rocky-9'));
      expect(refused.exitCode).not.toBe(0);
      expect(refused.stderr).toMatch(/python\(abi\) = 3\.9 is needed by acme-python-fleet/);
      expect(root.exists('/opt/fleet')).toBe(false);
    });
  });
});

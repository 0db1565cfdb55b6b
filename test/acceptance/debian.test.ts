import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

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
import { expectCertificatesWork, expectOnlyVersion, expectServiceAnswers } from '../support/fleet.ts';
import { mustRun, requireTools } from '../support/machine.ts';
import { debianRoot, describeWithRoots, type DebianRelease, type Root } from '../support/roots.ts';

const armouredKey = join(import.meta.dirname, '../../examples/fleet/packaging/acme.asc');

/** The fingerprint of the one key in a file, armoured or not, as gpg reads it. */
async function fingerprint(path: string): Promise<string> {
  await requireTools('gpg');
  const { stdout } = await mustRun(['gpg', '--batch', '--with-colons', '--show-keys', path]);
  const found = [...stdout.matchAll(/^fpr:(?:[^:]*:){8}([0-9A-F]{40}):/gm)].map((match) => match[1] ?? '');
  expect(found).toHaveLength(1);
  return found[0] ?? '';
}

const releases = ['debian-11', 'debian-12', 'debian-13'] as const satisfies readonly DebianRelease[];
const application = ['acme-python-fleet', 'acme-fleet-cli', 'acme-fleet-node'] as const;

describeWithRoots('the example application on Debian', () => {
  let work: Workspace;
  let first: readonly BuiltPackage[];
  let second: readonly BuiltPackage[];

  beforeAll(async () => {
    work = await workspace();
    first = await buildPackages({
      uri: await fleetCheckout(await work.directory('first')),
      distributions: releases,
      destination: await work.directory('packages-of-first'),
    });
    second = await buildPackages({
      uri: await fleetCheckout(await work.directory('second'), { second: true }),
      distributions: releases,
      destination: await work.directory('packages-of-second'),
    });
  });

  afterAll(async () => {
    await work[Symbol.asyncDispose]();
  });

  async function copyApplication(
    root: Root,
    built: readonly BuiltPackage[],
    release: string,
  ): Promise<readonly string[]> {
    return root.copyIn(pathsOf(packagesFor(built, release), ...application));
  }

  async function apt(root: Root, ...args: readonly string[]): Promise<string> {
    return root.must(['apt-get', '--yes', '--no-install-recommends', ...args]);
  }

  test.each(releases)('has four packages for %s, named as Debian names files', (release) => {
    const built = packagesFor(first, release);
    expect(built.map((each) => each.name).sort()).toEqual([...application, 'acme-release'].sort());
    for (const each of built) {
      expect(each.path.endsWith(`/${each.name}_${each.version}-${each.release}_${each.architecture}.deb`)).toBe(true);
      expect(each.architecture === 'all').toBe(each.name !== 'acme-python-fleet');
    }
  });

  describe.each(releases)('on %s', (release) => {
    let root: Root;

    beforeAll(async () => {
      root = await debianRoot(release);
    });

    afterAll(async () => {
      await root[Symbol.asyncDispose]();
    });

    test('is installed by apt-get, which takes the interpreter from the archive', async () => {
      const interpreter = distributionOf(release).python;
      expect(root.exists(interpreter.path)).toBe(false);
      await apt(root, 'install', ...(await copyApplication(root, first, release)));
      expect(root.exists(interpreter.path)).toBe(true);
      const state = await root.must([
        'dpkg-query',
        '--show',
        '--showformat',
        '${db:Status-Abbrev}',
        interpreter.package,
      ]);
      expect(state.trim()).toBe('ii');
      expectOnlyVersion(root, 'first');
    });

    test('matches the checksums that its packages hold', async () => {
      for (const name of application) expect(await root.must(['dpkg', '--verify', name])).toBe('');
    });

    test.each(['fleet', 'fleet-ca', 'fleet-control', 'fleet-agent'])('runs %s for everybody', async (program) => {
      const version = `${program} ${fleetVersions.first.fleet}\n`;
      expect(await root.must([program, '--version'], { user: 'nobody' })).toBe(version);
      expect(await root.must([program, '--version'])).toBe(version);
    });

    test('makes certificates with a compiled library', async () => {
      await expectCertificatesWork(root);
    });

    test('answers on the loopback interface and takes heartbeats', async () => {
      await expectServiceAnswers(root);
    });

    test('is upgraded without a trace of the version before, and keeps what the administrator wrote', async () => {
      await root.must(['sh', '-c', 'echo "# ours" >> /etc/fleet/fleet.ini']);
      await apt(root, 'install', ...(await copyApplication(root, second, release)));
      expectOnlyVersion(root, 'second');
      expect(await root.must(['fleet', '--version'])).toBe(`fleet ${fleetVersions.second.fleet}\n`);
      expect(await root.readText('/etc/fleet/fleet.ini')).toMatch(/# ours\n$/);
      expect(root.exists('/var/lib/fleet/nodes.json')).toBe(true);
      await expectServiceAnswers(root);
    });

    test('is removed with everything below its prefix, and only its configuration and its data stay', async () => {
      await apt(root, 'remove', ...application);
      expect(root.filesBelow('/opt/fleet')).toEqual([]);
      expect(root.exists('/opt/fleet')).toBe(false);
      expect(['/usr/bin/fleet', '/usr/sbin/fleet-control'].filter((path) => root.exists(path))).toEqual([]);
      expect(root.exists('/etc/fleet/fleet.ini')).toBe(true);
    });

    test('is purged whole', async () => {
      const { stdout } = await root.run([
        'dpkg-query',
        '--show',
        '--showformat',
        '${db:Status-Abbrev} ${Package}\n',
        'acme-*',
      ]);
      // Only what has something left is known to apt after the removal.
      const rest = stdout
        .split('\n')
        .filter((line) => line.startsWith('rc '))
        .map((line) => line.split(/ +/)[1] ?? '');
      expect(rest).toContain('acme-fleet-node');
      await apt(root, 'purge', ...rest);
      const remains = ['/opt/fleet', '/etc/fleet', '/var/lib/fleet'].filter((path) => root.exists(path));
      expect(remains).toEqual([]);
      expect(await root.must(['dpkg', '--audit'])).toBe('');
    });

    test('is purged whole at once, too, after root ran it', async () => {
      await apt(root, 'install', ...(await copyApplication(root, first, release)));
      await expectServiceAnswers(root);
      await root.must(['fleet-ca', '--version']);
      await apt(root, 'purge', ...application);
      const remains = ['/opt/fleet', '/etc/fleet', '/var/lib/fleet'].filter((path) => root.exists(path));
      expect(remains).toEqual([]);
    });
  });

  test('is refused by another release of Debian, which says why', async () => {
    await using root = await debianRoot('debian-13');
    const packages = await copyApplication(root, first, 'debian-12');
    const byApt = await root.run(['apt-get', '--yes', 'install', ...packages]);
    expect(byApt.exitCode).not.toBe(0);
    expect(byApt.stdout + byApt.stderr).toMatch(
      /acme-python-fleet : Depends: python3\.11\b.* but it is not installable/,
    );
    expect(root.exists('/opt/fleet')).toBe(false);
    const byDpkg = await root.run(['dpkg', '--install', packages[0] ?? '']);
    expect(byDpkg.exitCode).not.toBe(0);
    expect(byDpkg.stderr).toMatch(/acme-python-fleet depends on python3\.11\b/);
  });

  describe.each(releases)('the release package on %s', (release) => {
    test('tells apt the repository and its key, and goes without a trace', async () => {
      await using root = await debianRoot(release);
      await root.must([
        'dpkg',
        '--install',
        ...(await root.copyIn(pathsOf(packagesFor(first, release), 'acme-release'))),
      ]);
      const uris = await root.must(['apt-get', '--print-uris', 'update']);
      const ours = uris
        .split('\n')
        .filter((line) => line.includes('packages.example.com') && line.includes('/InRelease'));
      expect(ours).toHaveLength(1);
      const listed = (await root.must(['dpkg-query', '--listfiles', 'acme-release'])).trim().split('\n');
      const files = listed.filter((path) => /\.(?:sources|list|asc|gpg)$/.test(path));
      const key = files.find((path) => /\.(?:asc|gpg)$/.test(path)) ?? '';
      const sources = files.find((path) => /\.(?:sources|list)$/.test(path)) ?? '';
      // Bound to its key: no other repository becomes trusted.
      expect(await root.readText(sources)).toMatch(new RegExp(`(?:^Signed-By: |\\[signed-by=)${key}(?:\\]|$)`, 'm'));
      expect(await fingerprint(join(root.path, key))).toBe(await fingerprint(armouredKey));
      await root.must(['dpkg', '--purge', 'acme-release']);
      expect(files.filter((path) => root.exists(path))).toEqual([]);
    });
  });
});

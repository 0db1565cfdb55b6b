import { spawn } from 'node:child_process';
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { buildPackages, distributionOf, fleetCheckout, workspace, type Workspace } from '../support/builds.ts';
import { mustRun, run, type Outcome } from '../support/machine.ts';
import { openPodmanStore, whyNoPodman } from '../support/podman-store.ts';
import { debianTarball, describeWithRoots } from '../support/roots.ts';
import { rpmTarball } from '../support/rpm-roots.ts';

/*
 * The command test-package, on the example application for debian-12 and rocky-9: needs the rights of root, mmdebstrap's
 * root (from the cache or the archive) and, for the container, podman with runc.
 */

const command = join(import.meta.dirname, '../../admin/test-package');

interface Result {
  readonly story: string;
  readonly title: string;
  readonly outcome: string;
  readonly message?: string;
  readonly output: readonly string[];
}

async function listed(directory: string, pattern: RegExp): Promise<readonly string[]> {
  return (await readdir(directory)).filter((name) => pattern.test(name)).map((name) => join(directory, name));
}

function resultsOf(outcome: Outcome): readonly Result[] {
  if (outcome.stdout === '') throw new Error(outcome.stderr);
  return (JSON.parse(outcome.stdout) as { readonly reports: readonly [{ readonly results: readonly Result[] }] })
    .reports[0].results;
}

function failuresOf(outcome: Outcome): readonly string[] {
  return resultsOf(outcome)
    .filter((result) => result.outcome === 'failed')
    .map(({ story, title }) => `${story}: ${title}`);
}

describeWithRoots('test-package', () => {
  let work: Workspace;
  let tarball: string;
  let second: string;
  let first: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    work = await workspace();
    tarball = await debianTarball('debian-12', ['python3']);
    env = { XDG_CACHE_HOME: await work.directory('cache') };
    first = await work.directory('packages-of-first');
    second = await work.directory('packages-of-second');
    const distributions = ['debian-12', 'rocky-9'];
    await buildPackages({
      uri: await fleetCheckout(await work.directory('first')),
      distributions,
      destination: first,
    });
    await buildPackages({
      uri: await fleetCheckout(await work.directory('second'), { second: true }),
      distributions,
      destination: second,
    });
  });

  afterAll(async () => {
    await work[Symbol.asyncDispose]();
  });

  async function testPackage(...args: readonly string[]): Promise<Outcome> {
    return run([command, '--progress=plain', ...args], { env });
  }

  /** A copy of the main package after its unpacked tree was changed. */
  async function altered(change: (tree: string) => Promise<void>): Promise<readonly string[]> {
    const directory = await work.directory('altered');
    await rm(directory, { recursive: true });
    await mkdir(directory);
    const [main = ''] = await listed(second, /^acme-python-fleet_/);
    const tree = join(directory, 'tree');
    await mustRun(['dpkg-deb', '--raw-extract', main, tree]);
    await change(tree);
    const output = join(directory, basename(main));
    await mustRun(['dpkg-deb', '-Zgzip', '-z1', '--root-owner-group', '--build', tree, output]);
    await rm(tree, { recursive: true });
    const [cli = ''] = await listed(second, /^acme-fleet-cli_/);
    await copyFile(cli, join(directory, basename(cli)));
    return listed(directory, /\.deb$/);
  }

  test('installs, runs, upgrades, removes and purges what build-package made', async () => {
    const junit = join(work.path, 'results/junit.xml');
    const packages = await listed(second, /\.deb$/);
    const outcome = await testPackage('--root', tarball, '--previous', first, '--junit', junit, '--json', ...packages);
    expect(outcome.exitCode, outcome.stderr + outcome.stdout).toBe(0);
    const results = resultsOf(outcome);
    // Nothing runs services in a root that is only entered.
    const expected = results.map(({ title }) => (/\.service\b/.test(title) ? 'skipped' : 'passed'));
    expect(results.map(({ outcome: each }) => each)).toEqual(expected);
    expect(expected).toContain('passed');
    const titles = results.map(({ story, title }) => `${story}: ${title}`);
    for (const program of ['/usr/bin/fleet', '/usr/bin/fleet-ca', '/usr/sbin/fleet-control', '/usr/sbin/fleet-agent']) {
      expect(titles).toContain(`installation: runs ${program}`);
      expect(titles).toContain(`upgrade: runs ${program}`);
    }
    expect(titles).toContain('upgrade: leaves nothing of the previous version');
    const parsed = await mustRun([
      'python3',
      '-c',
      'import sys, xml.etree.ElementTree as t; r = t.parse(sys.argv[1]).getroot(); print(r.tag, r.get("tests"), r.get("failures"), len(list(r.iter("testcase"))))',
      junit,
    ]);
    expect(parsed.stdout).toBe(`testsuites ${String(results.length)} 0 ${String(results.length)}\n`);
    // Nothing of the root stays on this machine.
    expect((await mustRun(['find', env['XDG_CACHE_HOME'] ?? '', '-name', 'root-*'])).stdout).toBe('');
  });

  test('says which program of a broken package fails, how, and that it leaves something', async () => {
    const packages = await altered(async (tree) => {
      const [site = ''] = (
        await mustRun(['find', join(tree, 'opt/fleet'), '-path', '*/site-packages/fleet/__init__.py'])
      ).stdout.split('\n');
      await writeFile(site, 'import missing_module\n');
      // The interpreter would not look at the source of what was compiled when the package was built.
      await rm(join(dirname(site), '__pycache__'), { recursive: true, force: true });
      const sums = join(tree, 'DEBIAN/md5sums');
      const lines = (await readFile(sums, 'utf8'))
        .split('\n')
        .filter((line) => !/site-packages\/fleet\/(?:__init__\.py$|__pycache__\/)/.test(line));
      await writeFile(sums, lines.join('\n'));
      await writeFile(join(tree, 'DEBIAN/postinst'), '#!/bin/sh\nset -e\ntouch /opt/fleet/stray\n', { mode: 0o755 });
      await rm(join(tree, 'DEBIAN/postrm'), { force: true });
    });
    const outcome = await testPackage('--root', tarball, '--json', ...packages);
    expect(outcome.exitCode, outcome.stderr).toBe(1);
    expect(failuresOf(outcome)).toEqual([
      'installation: runs /usr/bin/fleet',
      'installation: runs /usr/bin/fleet-ca',
      'installation: leaves only configuration and data when it is removed',
      'installation: leaves nothing',
    ]);
    const failures = resultsOf(outcome).filter((result) => result.outcome === 'failed');
    expect(failures[0]?.output.join('\n')).toMatch(/ModuleNotFoundError: No module named 'missing_module'/);
    expect(failures.at(-1)?.output).toContain('/opt/fleet/stray');
    expect(outcome.stderr).toMatch(/^error\[checks-failed\]: 4 of \d+ checks failed$/m);
  });

  test('says what apt says of a package that cannot be installed, and skips the rest', async () => {
    const packages = await altered(async (tree) => {
      const control = join(tree, 'DEBIAN/control');
      await writeFile(control, (await readFile(control, 'utf8')).replace(/^Depends: /m, 'Depends: no-such-package, '));
    });
    const outcome = await testPackage('--root', tarball, ...packages);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toMatch(/^FAIL installation: installs \(.*status 100\)$/m);
    expect(outcome.stdout).toMatch(/Depends: no-such-package but it is not installable/);
    expect(outcome.stdout).toMatch(/^skip installation: leaves nothing \("installation: installs" failed\)$/m);
  });

  test('makes a root of the release by itself, and has it the next time', async () => {
    const packages = await listed(second, /^acme-(?:python-fleet|fleet-cli)_/);
    const made = await testPackage('--verbose', '--json', ...packages);
    expect(made.exitCode, made.stderr + made.stdout).toBe(0);
    expect(resultsOf(made).map(({ title }) => title)).toContain('runs /usr/bin/fleet');
    expect(made.stderr).toMatch(/mmdebstrap .*bookworm/);
    const again = await testPackage('--verbose', '--suite=bookworm', ...packages);
    expect(again.exitCode, again.stderr + again.stdout).toBe(0);
    expect(again.stderr).not.toMatch(/mmdebstrap .*bookworm/);
  });

  test("runs the manifest's commands in place of the programs' own", async () => {
    const manifest = join(work.path, 'second/tests.yaml');
    const written = await readFile(join(work.path, 'second/coachbuilder.yaml'), 'utf8');
    await writeFile(
      manifest,
      `${written}\ntests:\n  - fleet --version | grep -q '1\\.1\\.0'\n  - test -e /nonexistent\n`,
    );
    const packages = await listed(second, /^acme-(?:python-fleet|fleet-cli)_/);
    const outcome = await testPackage('--root', tarball, '--manifest', manifest, '--json', ...packages);
    expect(outcome.exitCode, outcome.stderr).toBe(1);
    expect(failuresOf(outcome)).toEqual(['installation: runs: test -e /nonexistent']);
    expect(resultsOf(outcome).map(({ title }) => title)).toContain("runs: fleet --version | grep -q '1\\.1\\.0'");
  });

  test('leaves nothing behind when it is interrupted', async () => {
    const packages = await listed(second, /^acme-(?:python-fleet|fleet-cli)_/);
    const child = spawn(command, ['--root', tarball, '--verbose', ...packages], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    let text = '';
    await new Promise<void>((resolve) => {
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.includes('installation: installs')) resolve();
      });
      void ended.then(() => {
        resolve();
      });
    });
    child.kill('SIGINT');
    expect(await ended, text).toBe(130);
    expect((await mustRun(['find', env['XDG_CACHE_HOME'] ?? '', '-name', 'root-*'])).stdout).toBe('');
    expect((await readFile('/proc/mounts', 'utf8')).includes(env['XDG_CACHE_HOME'] ?? '-')).toBe(false);
  });

  test('tests rpm packages with the rpm of their root, which knows no purge', async () => {
    const root = join(work.path, 'rocky-9.tar.gz');
    await rpmTarball(distributionOf('rocky-9'), ['openssh-clients'], root);
    // Without the client: its certificates take a newer C library than the root has that stands for the distribution.
    const packages = await listed(second, /^acme-(?:python-fleet|fleet-node)-.*\.rpm$/);
    const given = ['--distribution=rocky-9', '--root', root, '--previous', first];
    const outcome = await testPackage(...given, '--json', ...packages);
    expect(outcome.exitCode, outcome.stderr + outcome.stdout).toBe(0);
    const titles = resultsOf(outcome).map(({ story, title }) => `${story}: ${title}`);
    expect(titles).toContain('upgrade: runs /usr/sbin/fleet-agent');
    expect(titles).toContain('upgrade: leaves nothing');
    expect(titles.filter((title) => title.includes('purge'))).toEqual([]);
  });

  test('is what build-package --test does to what it has built, which stays when it fails', async () => {
    const destination = await work.directory('tested');
    const checkout = join(work.path, 'first');
    const manifest = join(checkout, 'failing.yaml');
    const written = await readFile(join(checkout, 'coachbuilder.yaml'), 'utf8');
    await writeFile(manifest, `${written}\ntests:\n  - fleet --version\n  - fleet --no-such-option\n`);
    const junit = join(work.path, 'built.xml');
    const outcome = await run(
      [
        join(import.meta.dirname, '../../admin/build-package'),
        '--distribution=debian-12',
        '--progress=plain',
        `--manifest=${manifest}`,
        `--destination-path=${destination}`,
        `--test-root=debian-12=${tarball}`,
        `--test-junit=${junit}`,
        checkout,
      ],
      { env },
    );
    expect(outcome.exitCode, outcome.stderr).toBe(1);
    expect(outcome.stderr).toMatch(/^FAIL installation: runs: fleet --no-such-option/m);
    expect(outcome.stderr).toMatch(/^error\[checks-failed\]: 1 of \d+ checks failed$/m);
    const paths = await listed(destination, /\.deb$/);
    expect(outcome.stdout.trim().split('\n').sort()).toEqual([...paths].sort());
    expect(await readFile(junit, 'utf8')).toMatch(/<testsuites tests="\d+" failures="1" /);
  });

  const reason = whyNoPodman();
  test.skipIf(reason !== undefined)(
    `tests in a container without network${reason === undefined ? '' : ` [skipped: ${reason}]`}`,
    async () => {
      await using store = await openPodmanStore();
      await store.importRoot(tarball, 'localhost/debian:12');
      const packages = await listed(second, /^acme-(?:python-fleet|fleet-cli)_/);
      const image = ['--image', 'localhost/debian:12', '--engine=podman', '--network=none'];
      const outcome = await run([command, '--progress=plain', '--json', ...image, ...packages], {
        env: { ...env, ...store.env },
      });
      expect(outcome.exitCode, outcome.stderr + outcome.stdout).toBe(0);
      expect(resultsOf(outcome).map(({ title }) => title)).toContain('runs /usr/bin/fleet');
      expect(await store.containers()).toEqual([]);
    },
  );
});

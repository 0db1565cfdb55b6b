import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  buildPackages,
  fleetCheckout,
  pathsOf,
  workspace,
  type BuiltPackage,
  type Workspace,
} from '../support/builds.ts';
import { bundleDebianPython, whyNoDebianPython, type BundledPython } from '../support/bundled-python.ts';
import { expectCertificatesWork } from '../support/fleet.ts';
import { mustRun } from '../support/machine.ts';
import { debianRoot, describeWithRoots, type Root } from '../support/roots.ts';

const application = ['acme-python-fleet', 'acme-fleet-cli'] as const;
const reason = whyNoDebianPython();
const describeWithPython: typeof describeWithRoots =
  reason === undefined
    ? describeWithRoots
    : (title, body) => {
        describe.skip(`${title} [skipped: ${reason}]`, body);
      };

describeWithPython('a package that brings its interpreter', () => {
  let work: Workspace;
  let python: BundledPython;
  let built: readonly BuiltPackage[];
  let uri: string;
  let destination: string;

  beforeAll(async () => {
    work = await workspace();
    python = await bundleDebianPython(await work.directory('python'));
    const { path, version, sha256 } = python;
    const bundled = JSON.stringify({ version, archive: path, sha256 });
    uri = await fleetCheckout(await work.directory('fleet'), {
      manifest: `python:\n  interpreter:\n    bundled: ${bundled}\n`,
    });
    destination = await work.directory('packages');
    built = await buildPackages({ uri, distributions: ['debian-12'], destination });
  });

  afterAll(async () => {
    await work[Symbol.asyncDispose]();
  });

  test('comes out the same in a second build, bytecode of its own included', async () => {
    const options = ['--resume', '--check-reproducible'];
    // A failure says in what the builds differ.
    const again = await buildPackages({ uri, distributions: ['debian-12'], destination, options });
    expect(again).toEqual(built);
  });

  async function field(name: string): Promise<string> {
    const [main = ''] = pathsOf(built, 'acme-python-fleet');
    return (await mustRun(['dpkg-deb', '--field', main, name])).stdout.trim();
  }

  test('depends on libraries as old as its own files allow, and on nothing else', async () => {
    const depends = await field('Depends');
    // GCC_4.2.0 is what cryptography's module needs of libgcc_s.so.1.
    expect(depends).toMatch(/^libc6 \(>= 2\.\d+\), libgcc-s1 \(>= 4\.2\)$/);
    const versions = await mustRun(['objdump', '-p', '/usr/bin/python3.11']);
    const needed = [...versions.stdout.matchAll(/GLIBC_2\.(\d+)\b/g)].map((match) => Number(match[1]));
    // The libraries and modules beside it may need more than the program does, the C library of Debian 12 at most.
    const floor = Number(/2\.(\d+)/.exec(depends)?.[1]);
    expect(floor).toBeGreaterThanOrEqual(Math.max(...needed));
    expect(floor).toBeLessThanOrEqual(36);
  });

  test('holds the licence of the interpreter, and nothing of who built it', async () => {
    const [main = ''] = pathsOf(built, 'acme-python-fleet');
    const { stdout: listing } = await mustRun(['dpkg-deb', '--contents', main]);
    expect(listing).toMatch(/ \.\/opt\/fleet\/python\/LICENSE\.txt -> lib\/python3\.11\/LICENSE\.txt$/m);
    expect(listing).not.toMatch(/\/opt\/fleet\/python\/(?:bin\/pip3|lib\/python3\.11\/(?:test|idlelib|ensurepip)\/)/);
  });

  test('is refused for a distribution whose C library is too old for the interpreter', async () => {
    await expect(
      buildPackages({
        uri: join(work.path, 'fleet'),
        distributions: ['ubuntu-16.04'],
        destination: await work.directory('refused'),
      }),
    ).rejects.toThrow(
      /error\[unsupported-by-target\]: \/opt\/fleet\/python\/\S+ needs GLIBC_2\.\d+ of libc\.so\.6, and Ubuntu 16\.04 LTS has glibc 2\.23/,
    );
  });

  describe.each(['debian-12', 'debian-13'] as const)('on %s, which has no Python', (release) => {
    let root: Root;

    beforeAll(async () => {
      root = await debianRoot(release);
    });

    afterAll(async () => {
      await root[Symbol.asyncDispose]();
    });

    async function inPython(code: string, ...environment: readonly string[]): Promise<string> {
      const out = await root.must(['env', ...environment, '/opt/fleet/bin/python', '-c', code], { user: 'nobody' });
      return out.trim();
    }

    test('is installed, and no interpreter with it', async () => {
      await root.must(['dpkg', '--install', ...(await root.copyIn(pathsOf(built, ...application)))]);
      const found = await root.run(['sh', '-c', 'command -v python3 || ls /usr/bin/python*']);
      expect(found.exitCode).not.toBe(0);
      expect(await root.must(['fleet', '--version'], { user: 'nobody' })).toBe('fleet 1.0.0\n');
      expect(await root.must(['fleet-ca', '--version'], { user: 'nobody' })).toBe('fleet-ca 1.0.0\n');
    });

    test('runs with its own interpreter and library', async () => {
      const facts = 'import sys, os; print(sys.version.split()[0], sys.base_prefix, sys.prefix, os.__file__)';
      expect(await inPython(facts)).toBe(
        `${python.version} /opt/fleet/python /opt/fleet /opt/fleet/python/lib/python3.11/os.py`,
      );
    });

    test('makes certificates with a compiled library', async () => {
      await expectCertificatesWork(root);
    });

    test('trusts whom the distribution trusts, unless it is told otherwise', async () => {
      const count = 'import ssl; print(len(ssl.create_default_context().get_ca_certs()))';
      expect(Number(await inPython(count))).toBeGreaterThan(50);
      const told = 'import os; print(os.environ["SSL_CERT_FILE"])';
      expect(await inPython(told)).toBe('/etc/ssl/certs/ca-certificates.crt');
      expect(await inPython(told, 'SSL_CERT_FILE=/etc/hostname')).toBe('/etc/hostname');
    });

    test('says of its own build what is true here', async () => {
      const names = 'import sysconfig; v = sysconfig.get_config_vars(); print(v["CC"], v["LIBDIR"])';
      expect(await inPython(names)).toBe('cc -pthread /opt/fleet/python/lib');
      const named = await root.run([
        'grep',
        '-rlE',
        '/install/|/tools/',
        '/opt/fleet/python/lib/python3.11',
        '--include=_sysconfig*',
      ]);
      expect(named.stdout).toBe('');
    });

    test('matches its checksums after it ran as root, and goes whole', async () => {
      await root.must(['fleet', '--version']);
      expect(await root.must(['dpkg', '--verify', ...application])).toBe('');
      await root.must(['dpkg', '--purge', ...[...application].reverse()]);
      expect(root.exists('/opt/fleet')).toBe(false);
    });
  });
});

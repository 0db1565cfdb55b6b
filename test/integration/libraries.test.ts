import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openCommandLine, type CommandLine } from '../support/command-line.ts';
import { elfLibrary, type ElfParts } from '../support/elf.ts';
import { mustRun, requireTools, type Outcome } from '../support/machine.ts';
import { makeWheel } from '../support/wheels.ts';

let line: CommandLine;

beforeAll(async () => {
  await requireTools('dpkg-deb', 'rpm', 'rpmbuild');
  line = await openCommandLine();
});

afterAll(async () => {
  await line[Symbol.asyncDispose]();
});

/** A wheel with one extension module that every Python from 3.6 on loads, and what lies beside it. */
function nativeWheel(
  name: string,
  module: ElfParts,
  {
    tag = 'cp36-abi3-manylinux_2_17_x86_64',
    files = {},
  }: { tag?: string; files?: Readonly<Record<string, Buffer>> } = {},
): void {
  makeWheel(line.indexFiles, {
    name,
    version: '1.0',
    tag,
    files: { [`${name}/__init__.py`]: '', [`${name}/core.abi3.so`]: elfLibrary(module), ...files },
  });
}

const maintainer = 'maintainer: Acme <acme@example.com>\nlicense: MIT\n';

function projectWith(requires: readonly string[], manifest = ''): string {
  return line.project(
    {
      ...{ name: 'boat', version: '1.0', requires, scripts: { boat: 'boat:main' } },
      files: { 'boat.py': 'def main():\n    print("boat")\n' },
    },
    { 'coachbuilder.yaml': `${maintainer}${manifest}` },
  );
}

interface Built {
  readonly outcome: Outcome;
  readonly destination: string;
}

async function build(project: string, distributions: string): Promise<Built> {
  const destination = line.newDirectory('built');
  const args = [`--distribution=${distributions}`, `--destination-path=${destination}`, '--progress=plain', project];
  return { outcome: await line.run(args), destination };
}

function packageIn(destination: string, pattern: RegExp): string {
  const names = readdirSync(destination).filter((name) => pattern.test(name));
  expect(names).toHaveLength(1);
  return join(destination, names[0] ?? '');
}

async function debFields(path: string, ...fields: readonly string[]): Promise<string> {
  return (await mustRun(['dpkg-deb', '-f', path, ...fields])).stdout.trim();
}

async function rpmNames(path: string, query: '--requires' | '--recommends' | '--provides'): Promise<readonly string[]> {
  const { stdout } = await mustRun(['rpm', '-qp', query, path]);
  return stdout.split('\n').filter((name) => /\.so|GNU_HASH/.test(name));
}

const site = '/opt/boat/lib/python3.11/site-packages';

describe('libraries that wheels need', () => {
  let project: string;
  let built: Built;

  beforeAll(async () => {
    nativeWheel(
      'keel',
      {
        needed: ['libc.so.6', 'libssl.so.3', 'libodbc.so.2', 'libtcl8.6.so', 'libcuda.so.1', 'libballast-1a2b.so.1'],
        rpath: '$ORIGIN/../keel.libs',
        versions: {
          'libc.so.6': ['GLIBC_2.4', 'GLIBC_2.17'],
          'libssl.so.3': ['OPENSSL_3.0.0'],
          'libballast-1a2b.so.1': ['BALLAST_1'],
        },
        hash: ['gnu'],
      },
      {
        files: {
          'keel.libs/libballast-1a2b.so.1': elfLibrary({
            soname: 'libballast-1a2b.so.1',
            needed: ['libm.so.6'],
            versions: { 'libm.so.6': ['GLIBC_2.2.5'] },
          }),
        },
      },
    );
    project = projectWith(
      ['keel'],
      [
        'libraries:',
        '  libodbc.so.2: recommend',
        '  libtcl8.6.so: ignore',
        'overrides:',
        '  debian-12:',
        '    libraries:',
        '      libtcl8.6.so: {package: libtcl8.6, as: recommend}',
        'packages:',
        '  main:',
        '    depends: [ca-certificates]',
        '',
      ].join('\n'),
    );
    built = await build(project, 'debian-12,rocky-9,centos-7');
  });

  it('become relations of the deb', async () => {
    expect(built.outcome.stderr).toContain('debian-12: built');
    const deb = packageIn(built.destination, /python-boat_.*debian12.*\.deb$/);
    expect(await debFields(deb, 'Depends', 'Recommends', 'Provides')).toBe(
      [
        'Depends: python3.11, libc6 (>= 2.17), libssl3 (>= 3.0.0), ca-certificates',
        'Recommends: libodbc2, libtcl8.6',
      ].join('\n'),
    );
  });

  it('become capabilities of the rpm, and the private ones are neither asked for nor provided', async () => {
    const rpm = packageIn(built.destination, /python-boat-.*el9.*\.rpm$/);
    expect(await rpmNames(rpm, '--requires')).toEqual([
      'libc.so.6()(64bit)',
      'libc.so.6(GLIBC_2.17)(64bit)',
      'libc.so.6(GLIBC_2.4)(64bit)',
      'libm.so.6()(64bit)',
      'libm.so.6(GLIBC_2.2.5)(64bit)',
      'libssl.so.3()(64bit)',
      'libssl.so.3(OPENSSL_3.0.0)(64bit)',
      'rtld(GNU_HASH)',
    ]);
    expect(await rpmNames(rpm, '--recommends')).toEqual(['libodbc.so.2()(64bit)']);
    expect(await rpmNames(rpm, '--provides')).toEqual([]);
  });

  it('that are weak are dropped for an rpm without weak dependencies, with a word about it', async () => {
    const rpm = packageIn(built.destination, /python-boat-.*el7.*\.rpm$/);
    expect(await rpmNames(rpm, '--recommends')).toEqual([]);
    expect(await rpmNames(rpm, '--requires')).not.toContain('libodbc.so.2()(64bit)');
    expect(built.outcome.stderr).toMatch(
      /centos-7: warning: \S+core\.abi3\.so needs libodbc\.so\.2; rpm 4\.11\.3 of CentOS 7 knows no weak dependencies/,
    );
  });

  async function explain(...args: readonly string[]): Promise<Outcome> {
    return line.run(args, { command: 'explain', cwd: project });
  }

  it('are explained for a path: distribution, who requires it, the lock, the libraries', async () => {
    const deb = packageIn(built.destination, /python-boat_.*debian12.*\.deb$/);
    const { stdout, stderr } = await explain(`--package=${deb}`, `${site}/keel/core.abi3.so`);
    expect(stderr).toBe('');
    const lines = stdout.split('\n').map((text) => text.trim());
    expect(lines).toEqual([
      `${site}/keel/core.abi3.so`,
      'a file of omnibus-python-boat 1.0.0-1+debian12',
      `belongs to keel 1.0, whose RECORD lists it (${site}/keel-1.0.dist-info/RECORD)`,
      'boat 1.0 requires keel',
      expect.stringMatching(
        /^pinned by .*\/coachbuilder\.lock:\d+: cpython-3\.11-glibc-2\.36-x86_64: keel-1\.0-.*\.whl$/,
      ),
      "needs libc.so.6 (GLIBC_2.17), the system's",
      "needs libssl.so.3 (OPENSSL_3.0.0), the system's",
      "needs libodbc.so.2, the system's",
      "needs libtcl8.6.so, the system's",
      "needs libcuda.so.1, the system's",
      `needs libballast-1a2b.so.1 (BALLAST_1), the package's own: ${site}/keel.libs/libballast-1a2b.so.1`,
      '',
    ]);
  });

  it('are explained for a dependency: the files and symbols, or the line of the manifest', async () => {
    const deb = packageIn(built.destination, /python-boat_.*debian12.*\.deb$/);
    const subjects = ['libssl3', 'libtcl8.6', 'ca-certificates', 'libodbc.so.2', 'python3.11'];
    const { stdout } = await explain(`--package=${deb}`, '--json', ...subjects);
    const file = { path: `${site}/keel/core.abi3.so`, distribution: 'keel' };
    const manifest = join(project, 'coachbuilder.yaml');
    expect(JSON.parse(stdout)).toMatchObject([
      {
        kind: 'dependency',
        subject: 'libssl3',
        package: 'omnibus-python-boat 1.0.0-1+debian12',
        relations: ['Depends: libssl3 (>= 3.0.0)'],
        libraries: [{ library: 'libssl.so.3', files: [{ ...file, versions: ['OPENSSL_3.0.0'] }] }],
        manifest: [],
      },
      {
        relations: ['Recommends: libtcl8.6'],
        libraries: [{ library: 'libtcl8.6.so', files: [{ ...file, versions: [] }] }],
        manifest: [
          { file: manifest, line: 5, what: 'libraries.libtcl8.6.so' },
          { file: manifest, line: 9, what: 'overrides.debian-12.libraries.libtcl8.6.so' },
        ],
      },
      {
        relations: ['Depends: ca-certificates'],
        libraries: [],
        manifest: [{ file: manifest, line: 12, what: 'packages.main.depends.0' }],
      },
      { relations: [], libraries: [{ library: 'libodbc.so.2' }], manifest: [{ line: 4 }] },
      {
        relations: ['Depends: python3.11'],
        reason: expect.stringMatching(/^the interpreter of the virtual environment/) as string,
      },
    ]);
  });

  it('are explained for the packages of the last build', async () => {
    const { stdout } = await explain('libc.so.6(GLIBC_2.17)(64bit)');
    expect(stdout).toContain('Requires: libc.so.6(GLIBC_2.17)(64bit) of omnibus-python-boat 1.0.0-1.el9');
    expect(stdout).toContain('keel/core.abi3.so of keel (GLIBC_2.17)');
  });

  it('that no package has are not explained', async () => {
    const { exitCode, stdout, stderr } = await explain('libfoo.so.1');
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^error\[usage\]: no package that was looked into has libfoo\.so\.1\n/);
  });
});

describe('a build', () => {
  async function refused(module: ElfParts, on: string, tag?: string): Promise<string> {
    const name = `hull${String(readdirSync(line.indexFiles).length)}`;
    nativeWheel(name, module, tag === undefined ? {} : { tag });
    const { outcome, destination } = await build(projectWith([name]), on);
    expect(outcome.exitCode).toBe(1);
    expect(readdirSync(destination)).toEqual([]);
    return outcome.stderr.replaceAll(name, 'hull');
  }

  it('says what to write about a library that no package of the distribution is known to have', async () => {
    const told = await refused({ needed: ['libc.so.6', 'libfoo.so.2'] }, 'debian-12');
    expect(told).toContain(
      `error[unsupported-by-target]: ${site}/hull/core.abi3.so needs libfoo.so.2, which the package does not bring, and no package of Debian 12 is known to have it\n`,
    );
    expect(told).toContain('under "overrides: debian-12: libraries:", which package has it: "libfoo.so.2: <package>"');
  });

  it.each([
    ['cp36-abi3-manylinux_2_17_x86_64', 'centos-7', 'libc.so.6', 'GLIBC_2.34', 'CentOS 7 has glibc 2.17'],
    ['cp36-abi3-linux_x86_64', 'centos-7', 'libstdc++.so.6', 'GLIBCXX_3.4.20', 'CentOS 7 has GLIBCXX 3.4.19'],
    ['cp36-abi3-manylinux1_x86_64', 'debian-12', 'libstdc++.so.6', 'CXXABI_1.3.14', 'Debian 12 has CXXABI 1.3.13'],
  ])('refuses a wheel tagged %s for %s that needs %s (%s)', async (tag, on, library, symbol, has) => {
    const told = await refused({ needed: [library], versions: { [library]: [symbol] } }, on, tag);
    expect(told).toContain(`/hull/core.abi3.so of hull needs ${symbol} of ${library}, and ${has}`);
  });

  it('refuses a wheel whose code needs a newer processor than the distribution', async () => {
    const told = await refused({ needed: ['libc.so.6'], isaNeeded: 0b111 }, 'rocky-9');
    expect(told).toContain(
      'core.abi3.so of hull needs a processor of the level x86-64-v3, and Rocky Linux 9 runs on those of x86-64-v2',
    );
  });

  it('tells of a namesake that another wheel brings, and of a library that rpm passes over', async () => {
    const bundled = { 'sloop/libs/libssl.so.3': elfLibrary({ soname: 'libssl.so.3' }) };
    nativeWheel('sloop', { needed: ['libssl.so.3'], runpath: '$ORIGIN/libs' }, { files: bundled });
    nativeWheel('yawl', { needed: ['libc.so.6', 'libssl.so.3'] });
    nativeWheel('ketch', { needed: ['_winch.so'] });
    const { outcome, destination } = await build(projectWith(['sloop', 'yawl', 'ketch']), 'rocky-9');
    expect(outcome.exitCode).toBe(0);
    const packages = '/opt/boat/lib/python3.9/site-packages';
    const warnings = outcome.stderr.split('\n').filter((text) => / (?:libssl|_winch)\.so/.test(text));
    expect(warnings).toEqual([
      `rocky-9: warning: ${packages}/yawl/core.abi3.so (of yawl) needs libssl.so.3, to which no path of its own leads, and the package asks for none because of ${packages}/sloop/libs/libssl.so.3 (of sloop)`,
      expect.stringContaining(`rocky-9: warning: ${packages}/ketch/core.abi3.so needs _winch.so, which`),
    ]);
    const requires = await rpmNames(packageIn(destination, /python-boat.*\.rpm$/), '--requires');
    expect(requires).toEqual(['libc.so.6()(64bit)']);
  });

  it('of pure Python asks for no library', async () => {
    const { outcome, destination } = await build(projectWith([]), 'debian-12,rocky-9');
    expect(outcome.exitCode).toBe(0);
    expect(await debFields(packageIn(destination, /python-boat.*\.deb$/), 'Depends')).toBe('python3.11');
    expect(await rpmNames(packageIn(destination, /python-boat.*\.rpm$/), '--requires')).toEqual([]);
  });

  it('doubts what the manifest says about a library that nothing needs', async () => {
    const { outcome } = await build(projectWith([], 'libraries:\n  libodcb.so.2: ignore\n'), 'debian-12');
    expect(outcome.stderr).toContain(
      'debian-12: warning: the manifest says under libraries what becomes of libodcb.so.2, and no file of the package needs it from the system',
    );
  });
});

it('files for other programs of the system are explained by the keys of the manifest', async () => {
  const boat = line.project(
    { name: 'boat', version: '1.0', scripts: { boat: 'boat:main' }, files: { 'boat.py': 'def main(): pass\n' } },
    {
      'boat.8': '.TH BOAT 8\n.SH NAME\nboat \\- floats\n',
      'coachbuilder.yaml': [
        `${maintainer}packages:`,
        '  cli: { links: { /usr/bin: [boat] } }',
        '  node:',
        '    links: { /usr/sbin: [boat] }',
        '    man-pages: [boat.8]',
        '    firewall: { boat: { title: T, description: D, ports: [80/tcp] } }',
        '    services: { boat: { command: boat --serve } }',
        '',
      ].join('\n'),
    },
  );
  const { destination } = await build(boat, 'debian-12');
  const deb = packageIn(destination, /boat-node_.*\.deb$/);
  const paths = ['/etc/ufw/applications.d/boat', '/lib/systemd/system/boat.service', '/usr/share/man/man8/boat.8.gz'];
  const ask = [`--package=${deb}`, ...paths, '/usr/share/doc/omnibus-boat-node/copyright', '/usr/sbin/boat'];
  const { stdout } = await line.run(ask, { command: 'explain', cwd: boat });
  expect([...stdout.matchAll(/^ {2}said by .*coachbuilder\.yaml:(.*)$/gm)].map((match) => match[1])).toEqual([
    '8: packages.node.firewall.boat',
    '9: packages.node.services.boat',
    '7: packages.node.man-pages.0',
    '6: packages.node.links./usr/sbin',
  ]);
  expect(stdout).toContain('the licences of everything in the package');
  const elsewhere = await line.run(ask, { command: 'explain', cwd: destination });
  expect(elsewhere.stdout).toMatch(/ports, for ufw\n[^]*the systemd unit of a service\n[^]*a manual page\n/);
  expect(elsewhere.stdout).toContain('name the manifest with --manifest to be told where');
});

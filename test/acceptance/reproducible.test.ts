import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { explainDifference } from '../../src/verification/compare-packages.ts';
import { compareJson } from '../../src/verification/compare-documents.ts';
import { buildMachine, type BuildMachine, type Circumstances } from '../support/build-machines.ts';
import { fleetCheckout, workspace, type Workspace } from '../support/builds.ts';
import { mustRun } from '../support/machine.ts';
import { describeWithRoots, type DebianRelease } from '../support/roots.ts';
import { testPorts } from '../support/tool-ports.ts';

/** As most people build. */
const plain: Circumstances = {
  hostName: 'alpha',
  user: '0:0',
  home: '/root',
  checkout: '/root/fleet',
  temporary: '/tmp',
  umask: '022',
  timeZone: 'UTC',
  locale: 'C.UTF-8',
  through: [],
};

/** All of it otherwise. The time zone is as far from UTC as they are, and needs no database. */
const odd: Circumstances = {
  hostName: 'beta',
  user: '4321:8765',
  home: '/srv/somebody else',
  checkout: '/srv/somebody else/a much longer directory/fleet',
  temporary: '/var/other',
  umask: '077',
  timeZone: 'XXX-14',
  locale: 'tr_TR.UTF-8',
  through: ['taskset', '--cpu-list', '0'],
};

/** What is compared, with who decides its bytes. */
const cells = [
  ['debian-12', 'deb, zstd, bytecode compiled here'],
  ['debian-11', 'deb, xz'],
  ['ubuntu-22.04', 'deb, zstd'],
  ['rocky-9', 'rpm, zstd'],
  ['centos-7', 'rpm, xz'],
] as const;
const distributions = cells.map(([distribution]) => distribution);
/** Debian 13 has no CPython 3.11, so the bytecode of Debian 12 is made on the target then. */
const elsewhere = distributions.filter((distribution) => distribution !== 'debian-12');

const output = 'packages';

function digests(directory: string): Readonly<Record<string, string>> {
  const names = readdirSync(directory).sort();
  const digest = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(directory, name)))
      .digest('hex');
  return Object.fromEntries(names.map((name) => [name, digest(name)]));
}

/** Which files are a distribution's: their names hold its tag. */
const tags: Readonly<Record<string, string>> = {
  'debian-12': '+debian12_',
  'debian-11': '+debian11_',
  'ubuntu-22.04': '+ubuntu22.04_',
  'rocky-9': '.el9.',
  'centos-7': '.el7.',
};

describeWithRoots('two builds of one commit', () => {
  let space: Workspace;
  const machines: BuildMachine[] = [];
  let first: string;
  let second: string;
  let third: string;
  let scratch: string;

  const add = async (
    release: DebianRelease,
    circumstances: Circumstances,
    { reversed, targets }: { readonly reversed: boolean; readonly targets: readonly string[] },
  ): Promise<string> => {
    const made = await buildMachine(release, circumstances, { repository: join(space.path, 'fleet'), reversed });
    machines.push(made);
    const words = [
      `--distribution=${targets.join(',')}`,
      '--sbom=all',
      '--provenance',
      `-d${circumstances.home}/${output}`,
    ];
    await made.build(words);
    return made.outside(circumstances.home);
  };

  beforeAll(async () => {
    space = await workspace();
    scratch = await space.directory('scratch');
    const fleet = await fleetCheckout(await space.directory('fleet'));
    const identity = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com'];
    const dates = { GIT_AUTHOR_DATE: '2024-05-06T07:08:09Z', GIT_COMMITTER_DATE: '2024-05-06T07:08:09Z' };
    for (const words of [
      ['init', '--quiet'],
      ['add', '.'],
      ['commit', '--quiet', '--message=Fleet'],
    ])
      await mustRun(['git', ...identity, ...words], { cwd: fleet, env: dates });
    // The first use of a checkout compiles the program, which the machines cannot: they only read it.
    await mustRun([join(import.meta.dirname, '../../admin/build-package'), '--help']);
    first = await add('debian-12', plain, { reversed: false, targets: distributions });
    second = await add('debian-12', odd, { reversed: true, targets: distributions });
    third = await add('debian-13', { ...plain, hostName: 'gamma' }, { reversed: false, targets: elsewhere });
  });

  afterAll(async () => {
    for (const machine of machines) await machine[Symbol.asyncDispose]();
    await space[Symbol.asyncDispose]();
  });

  const lockOf = (home: string, { checkout, home: inside }: Circumstances): string =>
    readFileSync(join(home, checkout.slice(inside.length), 'coachbuilder.lock'), 'utf8');

  const of = (distribution: string, home: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(digests(join(home, output))).filter(([name]) => name.includes(tags[distribution] ?? '?')),
    );

  /** In what packages of the same name differ, a line each. */
  const explain = async (distribution: string, other: string, suffix: string): Promise<readonly string[]> => {
    const { commands, environments } = testPorts({ cacheDirectory: scratch });
    const lines: string[] = [];
    for (const name of Object.keys(of(distribution, first)).filter((file) => file.endsWith(suffix))) {
      const place = join(scratch, name);
      mkdirSync(place, { recursive: true });
      const paths = [join(first, output, name), join(other, output, name)] as const;
      const format = suffix === '.deb' ? 'deb' : 'rpm';
      const ports = { commands, env: environments.base, scratch: place };
      lines.push(...(await explainDifference(format, paths, ports)).map((line) => `${name}: ${line}`));
    }
    return lines;
  };

  it.each(cells)(
    '%s (%s): the same bytes on two machines of one release, by another user, under another umask, time zone, locale, host name, directory, order of files, with one processor',
    async (distribution, kind) => {
      const [one, other] = [of(distribution, first), of(distribution, second)];
      // Four packages, two bills, a statement; filters for rpmlint beside each rpm.
      expect(Object.keys(one)).toHaveLength(kind.startsWith('rpm') ? 11 : 7);
      // Not in the same words where they differ: in what.
      if (JSON.stringify(one) !== JSON.stringify(other))
        expect(await explain(distribution, second, kind.startsWith('deb') ? '.deb' : '.rpm')).toEqual([]);
      expect(other).toEqual(one);
    },
  );

  it('locks: the same bytes on all of them', () => {
    expect(lockOf(second, odd)).toBe(lockOf(first, plain));
    const parts = lockOf(first, plain).split(/\n(?= {2}- key: )/);
    const again = lockOf(third, plain).split(/\n(?= {2}- key: )/);
    // Debian 12 was not asked for there.
    expect(again).toEqual(parts.filter((part) => !part.includes('key: cpython-3.11-')));
  });

  it('debian-11 (deb, xz): the same packages and bills on Debian 13, with every tool of another version', () => {
    const described = (home: string): readonly string[] =>
      Object.entries(of('debian-11', home))
        .filter(([name]) => !name.endsWith('.provenance.json'))
        .map(([name, digest]) => `${name} ${digest}`);
    expect(described(third)).toEqual(described(first));
    expect(described(third)).toHaveLength(6);
  });

  it('debian-11: a statement that tells the other tools, and nothing else', () => {
    const [name = ''] = Object.keys(of('debian-11', first)).filter((file) => file.endsWith('.provenance.json'));
    const read = (home: string): unknown => JSON.parse(readFileSync(join(home, output, name), 'utf8'));
    const lines = compareJson(read(first), read(third));
    // The lock of fewer targets is another file.
    const own = lines.filter((line) => !line.includes('resolvedDependencies[coachbuilder.lock].digest.sha256'));
    expect(own.filter((line) => !line.startsWith('predicate.runDetails.builder.version.'))).toEqual([]);
    expect(own.find((line) => line.includes('version.dpkg-deb: "1.21.'))).toMatch(/ and then "1\.22\./);
  });

  it('ubuntu-22.04 (deb, zstd): the same archives on Debian 13, compressed by another libzstd', async () => {
    for (const line of await explain('ubuntu-22.04', third, '.deb'))
      expect(line).toMatch(/\.deb: only the compression or the padding is another: /);
  });

  it.each(['rocky-9', 'centos-7'])(
    '%s (rpm): the same but for the version of rpm on Debian 13',
    async (distribution) => {
      const lines = await explain(distribution, third, '.rpm');
      const names = Object.keys(of(distribution, first)).filter((file) => file.endsWith('.rpm'));
      expect(lines.map((line) => line.replace(/^\S+: /, '').replace(/: .*/, ''))).toEqual(
        names.map(() => 'header tag Rpmversion'),
      );
    },
  );
});

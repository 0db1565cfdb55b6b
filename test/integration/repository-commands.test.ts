import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { makeTestKey, type TestKey } from '../support/keys.ts';
import { mustRun, requireTools, run, type Outcome } from '../support/machine.ts';
import { makeNamedDeb, makePublisher, publishCommand, type Publisher } from '../support/publisher.ts';
import { makeRpm } from '../support/rpms.ts';

let scratch = '';
let key: TestKey;

beforeAll(async () => {
  await requireTools('gpg', 'dpkg-deb', 'rpmbuild', 'createrepo_c');
  scratch = await mkdtemp(join(tmpdir(), 'repository-commands-'));
  key = await makeTestKey();
  for (const version of ['1.0', '2.0']) {
    const folder = join(scratch, version);
    for (const distribution of ['debian-12', 'centos-7']) await mkdir(join(folder, distribution), { recursive: true });
    await makeNamedDeb(join(folder, 'debian-12'), { name: 'acme-app', version: `${version}-1+debian12` });
    await makeRpm(join(folder, 'centos-7'), { name: 'acme-app', version, release: '1', architecture: 'x86_64' });
  }
});

afterAll(async () => {
  await key[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});

async function publisher(
  name: string,
  repository: readonly string[] = [],
  by: TestKey = key,
): Promise<Publisher & { store: string }> {
  const store = join(scratch, name, 'store');
  await mkdir(store, { recursive: true });
  const settings = [`store: ${store}`, ...repository];
  const baseurl = 'https://acme.example/archive';
  return {
    ...(await makePublisher({ directory: join(scratch, name), baseurl, key: by, repository: settings })),
    store,
  };
}

async function ok(outcome: Promise<{ exitCode: number; stdout: string; stderr: string }>): Promise<string> {
  const { exitCode, stdout, stderr } = await outcome;
  expect(exitCode, stderr).toBe(0);
  return stdout;
}

/** Makes everything that is there older, as if days had passed. */
async function age(store: string, days: number): Promise<void> {
  const past = new Date(Date.now() - days * 86_400_000);
  for (const entry of await readdir(store, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), past, past);
}

async function packagesOf(store: string): Promise<readonly string[]> {
  const names = await readdir(store, { recursive: true });
  return names.filter((name) => /\.(?:deb|rpm)$/.test(name)).sort();
}

describe('publish-packages, by its first word,', () => {
  it('promotes the same bytes, yanks, lists, verifies, refreshes and collects, with apt and yum', async () => {
    const own = await publisher('life', ['generations: 1', 'grace: 1d']);
    await ok(own.publish('--channel=testing', join(scratch, '1.0')));
    await ok(own.publish('--channel=testing', join(scratch, '2.0')));
    expect(await ok(own.publish('promote', 'acme-app=1.0', '--dry-run'))).toContain('would promote acme-app 1.0-1');
    expect(await packagesOf(own.store)).toHaveLength(4);
    const testing = await readFile(join(own.store, 'debian-testing/12/amd64/InRelease'));
    await ok(own.publish('promote', 'acme-app=1.0'));
    await ok(own.publish('promote', 'acme-*=2.0'));
    expect(await readFile(join(own.store, 'debian-testing/12/amd64/InRelease'))).toEqual(testing);
    for (const name of ['12/amd64/acme-app_2.0-1_debian12_amd64.deb', '7/x86_64/acme-app-2.0-1.x86_64.rpm']) {
      const vendor = name.endsWith('.deb') ? 'debian' : 'centos';
      const copy = await readFile(join(own.store, vendor, name));
      expect(copy).toEqual(await readFile(join(own.store, `${vendor}-testing`, name)));
    }
    const rows = JSON.parse(await ok(own.publish('list', '--json', '--channel=stable'))) as { key: string }[];
    expect(rows.map((row) => row.key).sort()).toEqual([
      'centos/7/x86_64/acme-app-1.0-1.x86_64.rpm',
      'centos/7/x86_64/acme-app-2.0-1.x86_64.rpm',
      'debian/12/amd64/acme-app_1.0-1_debian12_amd64.deb',
      'debian/12/amd64/acme-app_2.0-1_debian12_amd64.deb',
    ]);
    expect(await ok(own.publish('verify', '--deep'))).toMatch(/^debian\/12\/amd64: 2 packages, of .*: ok$/m);

    await ok(own.publish('yank', 'acme-app=1.0', '--channel=stable', '--distribution=debian-12'));
    expect(await ok(own.publish('list', '--channel=stable'))).not.toContain('1.0-1+debian12');
    // The index before this one still names it.
    await age(own.store, 30);
    await ok(own.publish('gc'));
    expect(await packagesOf(own.store)).toHaveLength(8);
    // Replaced just now: within the grace.
    await ok(own.publish('refresh'));
    await ok(own.publish('refresh'));
    expect(await ok(own.publish('gc'))).toMatch(/^debian\/12\/amd64: 0 objects/m);
    expect(await ok(own.publish('verify', '--deep'))).not.toContain('error');
  });

  it('keeps what the history tells, and removes what nothing tells of', async () => {
    const own = await publisher('garbage', ['generations: 1', 'grace: 0d']);
    const release = ['--channel=stable'];
    await ok(own.publish(...release, join(scratch, '1.0')));
    await writeFile(join(own.store, 'debian/12/amd64/orphan_1_amd64.deb'), 'left by a killed publisher');
    await writeFile(join(own.store, 'debian/12/amd64/notes.txt'), 'of somebody else');
    expect(await ok(own.publish('gc', '--dry-run'))).toContain('debian/12/amd64: 0 objects');
    await age(own.store, 30);
    const dry = await ok(own.publish('gc', '--dry-run'));
    expect(dry).toContain('\n  debian/12/amd64/orphan_1_amd64.deb\n');
    expect(await packagesOf(own.store)).toHaveLength(3);
    await ok(own.publish('gc'));
    expect(await packagesOf(own.store)).toHaveLength(2);
    expect(await readFile(join(own.store, 'debian/12/amd64/notes.txt'), 'utf8')).toBe('of somebody else');
    expect(await ok(own.publish('verify', '--deep'))).not.toContain('error');
  });

  it('says what is broken and what repairs it, and collects nothing there', async () => {
    const own = await publisher('broken');
    await ok(own.publish('--channel=stable', join(scratch, '1.0')));
    await rm(join(own.store, 'centos/7/x86_64/acme-app-1.0-1.x86_64.rpm'));
    await writeFile(join(own.store, 'debian/12/amd64/Packages'), 'stale');
    const told = await own.publish('verify');
    expect(told.exitCode).toBe(1);
    expect(told.stdout).toContain('acme-app-1.0-1.x86_64.rpm is in the index and cannot be had');
    expect(told.stdout).toContain('to repair: yank acme-app=1.0-1 and publish its file again');
    expect(told.stdout).toContain('debian/12/amd64/Packages');
    // The repairs, as they are told.
    await ok(own.publish('refresh', '--distribution=debian-12'));
    await ok(own.publish('yank', 'acme-app=1.0-1', '--distribution=centos-7'));
    await ok(own.publish('--channel=stable', join(scratch, '1.0/centos-7')));
    await ok(own.publish('verify', '--deep'));

    await writeFile(join(own.store, 'debian/12/amd64/InRelease'), 'rubbish');
    await writeFile(join(own.store, 'debian/12/amd64/orphan_1_amd64.deb'), 'x');
    await age(own.store, 300);
    expect(await own.publish('gc')).toMatchObject({ exitCode: 1 });
    expect(await packagesOf(own.store)).toContain('debian/12/amd64/orphan_1_amd64.deb');
    expect(await own.publish('verify')).toMatchObject({ exitCode: 1 });
  });

  it('has the key judged by whatever signs, for the distributions whose indexes change', async () => {
    await using withSubkey = await makeTestKey({ signingSubkey: 'rsa2048' });
    const listing = await withSubkey.gpg('--with-colons', '--list-keys');
    const subkey = [...listing.matchAll(/^fpr:{9}([0-9A-F]{40}):/gm)][1]?.[1] ?? '';
    const own = await publisher('judged', [], withSubkey);
    await ok(own.publish('--channel=testing', join(scratch, '1.0')));
    const written = async (): Promise<readonly string[]> =>
      (await readdir(own.store, { recursive: true })).filter((name) => !name.includes('.history')).sort();
    const before = await written();
    const head = await readFile(join(own.store, 'centos-testing/7/x86_64/repodata/repomd.xml'));
    for (const words of [
      ['promote', 'acme-app=1.0'],
      ['promote', 'acme-app=1.0', '--dry-run'],
      ['yank', 'acme-app=1.0'],
      ['refresh'],
    ]) {
      const { exitCode, stderr } = await own.publish(...words, `--signing-key=${subkey}`);
      expect(exitCode, stderr).toBe(1);
      expect(stderr).toContain(`clients of centos-7 would refuse what the subkey ${subkey} of `);
    }
    expect(await written()).toEqual(before);
    expect(await readFile(join(own.store, 'centos-testing/7/x86_64/repodata/repomd.xml'))).toEqual(head);
    await ok(own.publish('promote', 'acme-app=1.0', '--distribution=debian-12', `--signing-key=${subkey}`));
  });

  it('looks for the tools that a command takes, and for no others, before anything is changed', async () => {
    const own = await publisher('tools');
    await ok(own.publish('--channel=testing', join(scratch, '1.0')));
    const bin = join(scratch, 'tools/bin');
    await mkdir(bin);
    await symlink(process.execPath, join(bin, 'node'));
    const has = async (name: string): Promise<void> => {
      await symlink((await mustRun(['sh', '-c', 'command -v "$1"', 'sh', name])).stdout.trim(), join(bin, name));
    };
    const publish = (...words: readonly string[]): Promise<Outcome> =>
      run([publishCommand, ...words, ...own.argv], { cwd: own.directory, env: { ...own.env, PATH: bin } });
    await has('gpgv');
    for (const words of [['list'], ['verify'], ['gc']]) await ok(publish(...words));
    await has('gpg');
    const before = await packagesOf(own.store);
    const { exitCode, stderr } = await publish('promote', 'acme-app=1.0');
    expect(exitCode, stderr).toBe(3);
    expect(stderr).toContain('this machine lacks xz');
    expect(await packagesOf(own.store)).toEqual(before);
    await ok(publish('promote', 'acme-app=1.0', '--dry-run'));
    await ok(publish('promote', 'acme-app=1.0', '--distribution=centos-7'));
  });

  it('keeps the newest release package of the stable channel at the address without a version', async () => {
    const own = await publisher('release');
    for (const version of ['1', '2']) {
      const folder = join(scratch, `release-${version}/centos-7`);
      await mkdir(folder, { recursive: true });
      await makeRpm(folder, { name: 'acme-release', version, release: '1' });
    }
    const everywhere = ['--channel=testing', '--architecture=x86_64,aarch64'];
    const expectStanding = async (version: string): Promise<void> => {
      const standing = await readFile(join(own.store, 'centos/acme-release.el7.noarch.rpm'));
      const file = join(own.store, `centos/7/aarch64/acme-release-${version}-1.noarch.rpm`);
      expect(standing.equals(await readFile(file)), version).toBe(true);
      // What the page tells people to compare is what they get.
      const sha256 = createHash('sha256').update(standing).digest('hex');
      expect(await readFile(join(own.store, 'index.html'), 'utf8')).toContain(sha256);
    };
    await ok(own.publish(...everywhere, join(scratch, 'release-1')));
    await ok(own.publish('promote', 'acme-release=1'));
    await ok(own.publish(...everywhere, join(scratch, 'release-2')));
    await expectStanding('1');
    await ok(own.publish('promote', 'acme-release=2'));
    await expectStanding('2');
    await ok(own.publish('yank', 'acme-release=2', '--channel=stable'));
    await expectStanding('1');
    // When none is left, nobody but a person may take it away.
    const address = 'centos/acme-release.el7.noarch.rpm';
    const last = await own.publish('yank', 'acme-release=1', 'acme-release=2');
    expect(last).toMatchObject({ exitCode: 0 });
    expect(last.stderr).toContain(`${address} stays where it is`);
    expect(await ok(own.publish('verify'))).toContain(`warning: ${address} can be had`);
    await rm(join(own.store, address));
    expect(await ok(own.publish('verify'))).not.toContain('warning');
  });

  it('finishes a yank that was stopped before aliases and pages', async () => {
    const own = await publisher('stopped');
    await ok(own.publish('--channel=stable', join(scratch, '1.0/debian-12'), join(scratch, '2.0/debian-12')));
    const names = ['debian/12/amd64/Packages', 'debian/12/amd64/Release', 'index.html', 'repositories.json'];
    const before = await Promise.all(names.map((name) => readFile(join(own.store, name))));
    await ok(own.publish('yank', 'acme-app=2.0'));
    const after = await Promise.all(names.map((name) => readFile(join(own.store, name))));
    // As if it had been killed right after the head.
    for (const [index, name] of names.entries()) await writeFile(join(own.store, name), before[index] ?? '');
    expect(await ok(own.publish('yank', 'acme-app=2.0', '--dry-run'))).toContain('would finish what a stopped run');
    await ok(own.publish('yank', 'acme-app=2.0'));
    expect(await ok(own.publish('verify', '--deep'))).toContain('1 package');
    expect(await readFile(join(own.store, names[0] ?? ''))).toEqual(after[0]);
    expect(await readFile(join(own.store, 'index.html'), 'utf8')).not.toContain('2.0-1');
    // Only the pages were left: nothing but writing them tells.
    await writeFile(join(own.store, 'index.html'), before[2] ?? '');
    const finished = await own.publish('yank', 'acme-app=2.0');
    expect(finished).toMatchObject({ exitCode: 0, stdout: 'index.html\n' });
    expect(finished.stderr).toContain('what an earlier run had left undone is finished now');
    const again = await own.publish('yank', 'acme-app=2.0');
    expect(again).toMatchObject({ exitCode: 1 });
    expect(again.stderr).toContain('acme-app 2.0 is not published there');
  });

  it.each([
    [['promote'], 'Must specify packages'],
    [['promote', 'acme-app'], 'is no package and version'],
    [['promote', 'acme-ap=1.0'], 'no package acme-ap is published in the testing channel'],
    [['yank', 'acme-app=1.0'], 'no package acme-app is published'],
    [['refresh'], 'nothing to refresh'],
    [['list', 'x'], 'Wrong number of arguments'],
    [['list', '--distribution=debian-99'], 'debian-99'],
    [['list', '--endpoint=http://127.0.0.1:9000'], '--endpoint is about a bucket, and the repository is a directory'],
    [['refresh', '--region=eu-central-1'], '--region is about a bucket, and the repository is a directory'],
    [['verify'], 'clients meet 1 problem'],
  ])('refuses %j where nothing is published', async (args, message) => {
    const own = await publisher('nothing');
    const { exitCode, stderr } = await own.publish(...args);
    expect(exitCode, stderr).toBe(1);
    expect(stderr).toContain(message);
  });

  it('finds nothing to list or to collect where nothing is published', async () => {
    const own = await publisher('empty');
    expect(await ok(own.publish('list'))).toBe('nothing is published there\n');
    await mkdir(join(own.store, 'debian/12/amd64'), { recursive: true });
    await writeFile(join(own.store, 'debian/12/amd64/some_1_amd64.deb'), 'x');
    await age(own.store, 300);
    expect(await ok(own.publish('gc'))).toBe('nothing is published there\n');
    expect(await packagesOf(own.store)).toHaveLength(1);
  });
});

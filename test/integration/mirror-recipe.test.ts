import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { makeTestKey, type TestKey } from '../support/keys.ts';
import { mustRun, requireTools, run, type Outcome } from '../support/machine.ts';
import { makeNamedDeb, makePublisher, type Publisher } from '../support/publisher.ts';
import { makeRpm } from '../support/rpms.ts';

/*
 * The commands of docs/publishing.md that carry a repository on to a web server, run as they stand there, but for the two
 * places, with the real rsync. It completes one file after the other, in the order in which it tells of them: what
 * clients see in between, or after it was killed, is what is there after each of them.
 */

const baseurl = 'https://acme.example/archive';
const documentation = join(import.meta.dirname, '../../docs/publishing.md');

/** Contents by key. */
type Files = Map<string, Buffer>;

async function filesBelow(directory: string): Promise<Files> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(paths.map(async (path) => [path.slice(directory.length + 1), await readFile(path)] as const)),
  );
}

function found(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, value = '']) => value);
}

/** What an index of yum leads to, from the directory that holds `repodata/`. */
function* namedByYum(directory: string, files: Files): Generator<string> {
  const repomd = posix.join(directory, 'repodata/repomd.xml');
  yield* [repomd, `${repomd}.asc`];
  const locations = /<location href="([^"]*)"/g;
  for (const href of found(files.get(repomd)?.toString() ?? '', locations)) {
    const key = posix.join(directory, href);
    yield key;
    const content = files.get(key);
    if (content === undefined || !key.endsWith('-primary.xml.gz')) continue;
    yield* found(gunzipSync(content).toString(), locations).map((file) => posix.join(directory, file));
  }
}

function* namedByApt(head: string, files: Files): Generator<string> {
  const directory = posix.dirname(head);
  const indexes = /^ ([0-9a-f]{64}) +\d+ (\S+)$/gm;
  for (const [, digest = '', name = ''] of (files.get(head)?.toString() ?? '').matchAll(indexes)) {
    const key = posix.join(directory, posix.dirname(name), 'by-hash/SHA256', digest);
    yield key;
    if (posix.basename(name) !== 'Packages') continue;
    const top = directory.replace(/\/dists\/.*/, '');
    yield* found(files.get(key)?.toString() ?? '', /^Filename: (.*)$/gm).map((file) => posix.join(top, file));
  }
}

/** All that clients and people are led to by what they begin with. */
function* named(files: Files): Generator<string> {
  for (const [key, content] of files) {
    if (key.endsWith('/InRelease')) yield* namedByApt(key, files);
    if (key.endsWith('/mirrorlist')) {
      const directory = content.toString().trim().replace(`${baseurl}/`, '');
      yield* namedByYum(directory, files);
    }
    if (/^[^.]*\/repodata\/repomd\.xml$/.test(key)) yield* namedByYum(posix.dirname(posix.dirname(key)), files);
    if (key === 'repositories.json')
      yield* found(content.toString(), /"url": "https:\/\/acme\.example\/archive\/([^"]*\.(?:deb|rpm|asc))"/g);
  }
}

const heads = /\/(?:InRelease|mirrorlist)$/;
const aliases = /\/(?:Packages(?:\.[gx]z)?|Release(?:\.gpg)?)$|^[^.]*\/repodata\/repomd\.xml(?:\.asc)?$/;
const releasePackages = /^[^/]+\/[^/]+\.(?:deb|rpm)$/;
const pages = /^(?:index\.html|install\.md|repositories\.json)$/;

describe.each(['flat', 'classic'] as const)('the documented way to carry a directory on, layout %s', (layout) => {
  let scratch = '';
  let store = '';
  let key: TestKey;
  let publisher: Publisher;
  let packages: (version: string) => string;

  beforeAll(async () => {
    await requireTools('gpg', 'dpkg-deb', 'rpmbuild', 'createrepo_c', 'rsync');
    scratch = await mkdtemp(join(tmpdir(), 'mirror-'));
    packages = (version) => join(scratch, 'packages', version);
    for (const version of ['1', '2']) {
      const rpms = join(packages(version), 'rocky-9');
      await mkdir(rpms, { recursive: true });
      for (const name of ['acme-app', 'acme-release']) {
        await makeNamedDeb(packages(version), { name, version: `${version}-1+debian12`, architecture: 'all' });
        await makeRpm(rpms, { name, version, release: '1.el9' });
      }
    }
    key = await makeTestKey();
    store = join(scratch, 'store');
    await takeOver(join(store, 'rocky/9/x86_64'));
    const repository = [`store: ${store}`, `layout: ${layout}`];
    publisher = await makePublisher({ directory: join(scratch, 'project'), baseurl, key, repository });
    // Tells what arrives, and stands for an rsync that fails at the call that the file names.
    const wrapper = [
      '#!/bin/sh',
      `echo call >> '${join(scratch, 'calls')}'`,
      `[ "$(wc -l < '${join(scratch, 'calls')}')" -ne "\${FAILING:-0}" ] || exit 20`,
      `exec ${spawnSync('sh', ['-c', 'command -v rsync']).stdout.toString().trim()} --out-format=%n "$@"`,
      '',
    ];
    await mkdir(join(scratch, 'bin'));
    await writeFile(join(scratch, 'bin/rsync'), wrapper.join('\n'), { mode: 0o755 });
  });

  afterAll(async () => {
    await key[Symbol.asyncDispose]();
    await rm(scratch, { recursive: true, force: true });
  });

  /** What another program made: many of them put packages below a directory that is called as apt's index is. */
  async function takeOver(place: string): Promise<void> {
    await mkdir(join(place, 'Packages'), { recursive: true });
    await makeRpm(join(place, 'Packages'), { name: 'acme-old', version: '1', release: '1.el9' });
    await mustRun([
      'createrepo_c',
      '--quiet',
      '--checksum=sha256',
      '--general-compress-type=gz',
      '--no-database',
      place,
    ]);
    await key.gpg('--armor', '--detach-sign', join(place, 'repodata/repomd.xml'));
  }

  async function publish(version: string): Promise<void> {
    const outcome = await publisher.publish('--architecture=x86_64', packages(version));
    expect(outcome, outcome.stderr).toMatchObject({ exitCode: 0 });
  }

  /** @param failing the call of rsync that fails, from 1 */
  async function carry(mirror: string, failing = 0): Promise<Outcome & { readonly calls: number }> {
    const blocks = found(await readFile(documentation, 'utf8'), /^```\n([\s\S]*?)^```$/gm);
    const [recipe = '', ...others] = blocks.filter((block) => block.includes('rsync'));
    expect(others).toEqual([]);
    const script = recipe.replaceAll('web:/srv/repository/', `${mirror}/`).replaceAll('/srv/repository/', `${store}/`);
    expect(script).not.toContain('/srv/');
    await rm(join(scratch, 'calls'), { force: true });
    const env = { PATH: `${join(scratch, 'bin')}:${process.env['PATH'] ?? ''}`, FAILING: String(failing) };
    const outcome = await run(['sh', '-c', script], { env });
    return { ...outcome, calls: (await readFile(join(scratch, 'calls'), 'utf8')).split('\n').length - 1 };
  }

  function missing(files: Files): readonly string[] {
    return [...new Set(named(files))].filter((each) => !files.has(each));
  }

  /** Carries what is published on; whatever was there when, nothing that it named was missing. */
  async function carryInOrder(mirror: string): Promise<readonly string[]> {
    const seen = await filesBelow(mirror);
    const published = await filesBelow(store);
    const outcome = await carry(mirror);
    expect(outcome.exitCode, outcome.stderr).toBe(0);
    const arrived = outcome.stdout.split('\n').filter((line) => line !== '' && !line.endsWith('/'));
    for (const file of arrived) {
      const content = published.get(file);
      if (content === undefined) throw new Error(`${file} was not published`);
      seen.set(file, content);
      // The signature follows at once, which no order of two files spares: see below.
      const gap = file.endsWith('/repodata/repomd.xml') ? [`${file}.asc`] : [];
      expect([file, missing(seen).filter((each) => !gap.includes(each))]).toEqual([file, []]);
    }
    expect(seen).toEqual(await filesBelow(mirror));
    expect([...seen.keys()].sort()).toEqual(
      [...published.keys()].filter((each) => each !== '.coachbuilder-draft').sort(),
    );
    return arrived;
  }

  it('names nothing that is not there yet, the first time and later, wherever it is stopped', async () => {
    const mirror = join(scratch, 'mirror');
    await mkdir(mirror);
    await publish('1');
    // What a publisher that was killed left behind.
    await writeFile(join(store, '.coachbuilder-draft'), 'half');
    await carryInOrder(mirror);

    await cp(mirror, join(scratch, 'older'), { recursive: true, preserveTimestamps: true });
    await publish('2');
    await writeFile(join(store, '.coachbuilder-draft'), 'half');
    const arrived = await carryInOrder(mirror);

    const at = (pattern: RegExp): readonly number[] =>
      arrived.flatMap((file, index) => (pattern.test(file) ? [index] : []));
    expect(at(heads)).toHaveLength(2);
    expect(at(releasePackages)).toHaveLength(2);
    expect(at(pages)).toHaveLength(3);
    for (const head of at(heads)) {
      const place = `${posix.dirname(arrived[head] ?? '')}/`;
      const own = at(aliases).filter((index) => arrived[index]?.startsWith(place) === true);
      expect(own.length).toBeGreaterThan(1);
      expect(Math.min(...own)).toBeGreaterThan(head);
    }
    expect(Math.min(...at(releasePackages))).toBeGreaterThan(Math.max(...at(heads), ...at(aliases)));
    expect(Math.min(...at(pages))).toBeGreaterThan(Math.max(...at(releasePackages)));
    const [repomd = 0] = at(/^[^.]*\/repodata\/repomd\.xml$/);
    expect(arrived[repomd + 1]).toBe(`${arrived[repomd] ?? ''}.asc`);
  });

  it('does not go on where an earlier part failed', async () => {
    const { calls } = await carry(join(scratch, 'mirror'));
    expect(calls).toBeGreaterThan(1);
    for (let failing = 1; failing <= calls; failing += 1) {
      const mirror = join(scratch, `failing-${String(failing)}`);
      await cp(join(scratch, 'older'), mirror, { recursive: true, preserveTimestamps: true });
      expect(await carry(mirror, failing)).toMatchObject({ exitCode: 20, calls: failing });
      expect(missing(await filesBelow(mirror))).toEqual([]);
    }
  });
});

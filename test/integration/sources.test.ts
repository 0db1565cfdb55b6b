import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildApplication } from '../../src/application/build-application.ts';
import { parseGitAddress, type GitAddress } from '../../src/application/git-address.ts';
import { checkOut } from '../../src/application/git-checkout.ts';
import { describeVersion, readCommit } from '../../src/application/git-version.ts';
import { writeFiles } from '../support/command-line.ts';
import { startIndexServer } from '../support/index-server.ts';
import { mustRun } from '../support/machine.ts';
import { settledPorts, visibleText, type TestPorts } from '../support/tool-ports.ts';
import { makeSdist, makeWheel, sourceTree } from '../support/wheels.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-sources-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

async function ports(offline = false): Promise<TestPorts> {
  return settledPorts({
    cacheDirectory: join(directory, 'cache'),
    offline,
    network: { PIP_INDEX_URL: 'http://127.0.0.1:9/simple/' },
  });
}

const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com', '-c', 'protocol.file.allow=always'];

async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const env = {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_DATE: '1600000000 +0000',
    GIT_COMMITTER_DATE: '1600000000 +0000',
  };
  return (await mustRun(['git', ...identity, ...args], { cwd, env })).stdout.trim();
}

/** A repository with one commit. @returns its path */
async function repository(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const path = join(directory, name);
  writeFiles(path, files);
  await git(path, 'init', '--quiet', '--initial-branch=main');
  await git(path, 'add', '.');
  await git(path, 'commit', '--quiet', '-m', 'first');
  return path;
}

async function commitFile(path: string, file: string, content: string): Promise<string> {
  writeFiles(path, { [file]: content });
  await git(path, 'add', '.');
  await git(path, 'commit', '--quiet', '-m', file);
  return git(path, 'rev-parse', 'HEAD');
}

function address(text: string): GitAddress {
  const parsed = parseGitAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no git address`);
  return parsed;
}

describe('a repository', () => {
  it('is checked out clean at a tag, a branch, a commit or its HEAD', async () => {
    const path = await repository('app', { 'a.txt': 'one' });
    await git(path, 'tag', 'v1');
    const first = await git(path, 'rev-parse', 'HEAD');
    const second = await commitFile(path, 'b.txt', 'two');
    await git(path, 'branch', 'side', first);
    writeFileSync(join(path, 'a.txt'), 'changed and not committed');
    const own = await ports();
    for (const [reference, commit, files] of [
      ['@v1', first, ['.git', 'a.txt']],
      ['@side', first, ['.git', 'a.txt']],
      [`@${first}`, first, ['.git', 'a.txt']],
      [`@${first.slice(0, 8)}`, first, ['.git', 'a.txt']],
      ['@main', second, ['.git', 'a.txt', 'b.txt']],
      ['', second, ['.git', 'a.txt', 'b.txt']],
    ] as const) {
      await using checkout = await checkOut(address(`git+file://${path}${reference}`), own);
      expect(checkout.origin.commit).toBe(commit);
      expect(readdirSync(checkout.path).sort()).toEqual(files);
      expect(readFileSync(join(checkout.path, 'a.txt'), 'utf8')).toBe('one');
    }
    expect(readdirSync(join(directory, 'cache/tmp'))).toEqual([]);
    const [mirror = ''] = readdirSync(join(directory, 'cache/git'));
    expect(existsSync(join(directory, 'cache/git', mirror, 'worktrees'))).toBe(false);
  });

  it('is fetched again for what is new, and found in the cache with --offline', async () => {
    const path = await repository('app', { 'a.txt': 'one' });
    const uri = address(`git+file://${path}@main`);
    await (await checkOut(uri, await ports()))[Symbol.asyncDispose]();
    const second = await commitFile(path, 'b.txt', 'two');
    await using old = await checkOut(uri, await ports(true));
    expect(old.origin.commit).not.toBe(second);
    await using fresh = await checkOut(uri, await ports());
    expect(fresh.origin.commit).toBe(second);
    rmSync(path, { recursive: true });
    await using offline = await checkOut(uri, await ports(true));
    expect(offline.origin.commit).toBe(second);
    await expect(checkOut(address(`git+file://${path}@v9`), await ports(true))).rejects.toMatchObject({
      code: 'offline',
    });
    await expect(checkOut(uri, await ports())).rejects.toMatchObject({ code: 'source-unavailable' });
  });

  it('brings its submodules at the commits that it has of them, also offline', async () => {
    const deep = await repository('deep', { 'deep.txt': 'deep' });
    const lib = await repository('lib', { 'lib.txt': 'one' });
    await git(lib, 'submodule', '--quiet', 'add', '../deep', 'inner/deep');
    await git(lib, 'commit', '--quiet', '-m', 'deep');
    const path = await repository('app', { 'a.txt': 'a' });
    await git(path, 'submodule', '--quiet', 'add', `file://${lib}`, 'vendor/lib');
    await git(path, 'commit', '--quiet', '-m', 'lib');
    await commitFile(lib, 'lib.txt', 'two');
    await using checkout = await checkOut(address(`git+file://${path}`), await ports());
    expect(readFileSync(join(checkout.path, 'vendor/lib/lib.txt'), 'utf8')).toBe('one');
    expect(readFileSync(join(checkout.path, 'vendor/lib/inner/deep/deep.txt'), 'utf8')).toBe('deep');
    expect(await git(checkout.path, 'status', '--porcelain')).toBe('');
    for (const gone of [deep, lib, path]) rmSync(gone, { recursive: true });
    await using offline = await checkOut(address(`git+file://${path}`), await ports(true));
    expect(readFileSync(join(offline.path, 'vendor/lib/inner/deep/deep.txt'), 'utf8')).toBe('deep');
  });

  it('builds an application from its subdirectory, dated by the commit', async () => {
    const options = { name: 'app', version: '1.0' };
    const tree = Object.entries(sourceTree(options)).map(([name, text]) => [`python/${name}`, text]);
    const path = await repository('app', Object.fromEntries(tree) as Record<string, string>);
    const own = await ports();
    await using checkout = await checkOut(address(`git+file://${path}#subdirectory=python`), own);
    const source = { kind: 'directory', path: checkout.path, origin: checkout.origin } as const;
    const application = await buildApplication(source, own);
    expect(application).toMatchObject({
      epoch: 1_600_000_000,
      commit: { id: await git(path, 'rev-parse', 'HEAD'), dirty: false, untracked: false },
      source: { origin: { url: `file://${path}`, subdirectory: 'python' } },
    });
    await expect(checkOut(address(`git+file://${path}#subdirectory=nowhere`), own)).rejects.toMatchObject({
      code: 'not-a-python-project',
    });
  });

  it('that nothing is known of is an error that names it', async () => {
    const path = await repository('app', { 'a.txt': 'one' });
    await expect(checkOut(address(`git+file://${path}@v9`), await ports())).rejects.toMatchObject({
      code: 'source-unavailable',
      message: expect.stringContaining('"v9"') as unknown,
    });
    await expect(checkOut(address('git+http://127.0.0.1:9/app.git'), await ports())).rejects.toMatchObject({
      code: 'source-unavailable',
      message: 'the repository http://127.0.0.1:9/app.git cannot be fetched',
    });
  });
});

describe('the version from git', () => {
  it('is that of the nearest tag, with what came after it', async () => {
    const path = await repository('app', { 'a.txt': 'one' });
    const own = await ports();
    await expect(describeVersion(path, undefined, own)).rejects.toMatchObject({
      code: 'version-invalid',
      message: expect.stringContaining('no tag') as unknown,
      hint: expect.stringContaining('--unshallow') as unknown,
    });
    await git(path, 'tag', 'v1.2');
    await git(path, 'tag', 'other-7');
    expect(await describeVersion(path, undefined, own)).toBe('1.2');
    expect(await describeVersion(path, 'other-', own)).toBe('7');
    const id = await commitFile(path, 'b.txt', 'two');
    await git(path, 'tag', 'vendor-import');
    expect(await describeVersion(path, 'v', own)).toBe(`1.2+1.g${id.slice(0, 7)}`);
    writeFileSync(join(path, 'untracked.txt'), 'new');
    expect(await describeVersion(path, 'v', own)).toBe(`1.2+1.g${id.slice(0, 7)}`);
    expect(await readCommit(path, own)).toEqual({ id, dirty: false, untracked: true });
    writeFileSync(join(path, 'b.txt'), 'changed');
    expect(await describeVersion(path, 'v', own)).toBe(`1.2+1.g${id.slice(0, 7)}.dirty`);
    expect(await readCommit(path, own)).toEqual({ id, dirty: true, untracked: true });
  });

  it('is not to be had outside of git', async () => {
    mkdirSync(join(directory, 'plain'));
    const own = await ports();
    expect(await readCommit(join(directory, 'plain'), own)).toBeUndefined();
    await expect(describeVersion(join(directory, 'plain'), 'v', own)).rejects.toMatchObject({
      code: 'version-invalid',
    });
  });
});

describe('the address of a file', () => {
  it('with a sha256 is downloaded once, checked and kept', async () => {
    const files = join(directory, 'index');
    const wheel = makeWheel(files, { name: 'app', version: '1.0' });
    const sdist = makeSdist(files, { name: 'other', version: '2.0' });
    const own = await ports();
    const urls: string[] = [];
    {
      await using server = await startIndexServer(files);
      const base = server.publicUrl.replace('/simple/', '/files/');
      for (const file of [wheel, sdist]) {
        const url = `${base}${file.fileName}#sha256=${file.sha256}`;
        urls.push(url);
        expect(await buildApplication({ kind: 'url', url }, own)).toMatchObject({
          source: { kind: 'url', url: `${base}${file.fileName}`, sha256: file.sha256 },
        });
      }
      expect(own.events.filter(({ type }) => type === 'warning')).toEqual([]);
      server.tamper(wheel.fileName, Buffer.from('something else'));
      rmSync(join(directory, 'cache/sources', wheel.sha256), { recursive: true });
      await expect(buildApplication({ kind: 'url', url: urls[0] ?? '' }, own)).rejects.toMatchObject({
        code: 'hash-mismatch',
        details: [
          `expected sha256 ${wheel.sha256}`,
          `got sha256      ${createHash('sha256').update('something else').digest('hex')}`,
        ],
      });
    }
    // The server is gone.
    const offline = await ports(true);
    expect((await buildApplication({ kind: 'url', url: urls[1] ?? '' }, own)).metadata.name).toBe('other');
    await expect(buildApplication({ kind: 'url', url: urls[0] ?? '' }, offline)).rejects.toMatchObject({
      code: 'offline',
    });
    await expect(buildApplication({ kind: 'url', url: urls[0] ?? '' }, own)).rejects.toMatchObject({
      code: 'source-unavailable',
    });
  });

  it('without one is used with a warning that says how to pin it, and never shows a password', async () => {
    const secret = 'hush-hush-7';
    const files = join(directory, 'index');
    const wheel = makeWheel(files, { name: 'app', version: '1.0' });
    await using server = await startIndexServer(files, { credentials: { user: 'ann', password: secret } });
    const own = await ports();
    const url = `${server.url.replace('/simple/', '/files/')}${wheel.fileName}`;
    const application = await buildApplication({ kind: 'url', url }, own);
    expect(application.metadata.name).toBe('app');
    expect(own.events).toContainEqual(
      expect.objectContaining({ type: 'warning', hint: `add #sha256=${wheel.sha256} to the address` }),
    );
    const failure: unknown = await buildApplication({ kind: 'url', url: `${url}.whl` }, own).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'source-unavailable' });
    expect(visibleText(own, failure) + JSON.stringify(application)).not.toContain(secret);
  });
});

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { listing, openCommandLine, writeFiles, type CommandLine } from '../support/command-line.ts';
import { mustRun, type Outcome } from '../support/machine.ts';
import { makeWheel } from '../support/wheels.ts';

const hello = {
  ...{ name: 'hello', version: '0', scripts: { hello: 'hello:main' }, requires: ['leaf'] },
  files: { 'hello.py': 'def main():\n    print("hello")\n' },
};

let line: CommandLine;
let checkout: string;
let commit: string;

async function gitIn(directory: string, ...args: readonly string[]): Promise<string> {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
  return (await mustRun(['git', '-C', directory, ...identity, ...args])).stdout.trim();
}

async function git(...args: readonly string[]): Promise<string> {
  return gitIn(checkout, ...args);
}

beforeAll(async () => {
  line = await openCommandLine();
  const leaf = makeWheel(line.indexFiles, { name: 'leaf', version: '1.0' });
  makeWheel(line.indexFiles, { name: 'leaf', version: '2.0' });
  checkout = line.project(hello, {
    'coachbuilder.yaml': [
      'package-prefix: acme',
      'maintainer: Acme <acme@example.com>',
      'version: {from: git, tag-prefix: v}',
      'python: {lock-file: requirements.txt}',
      '',
    ].join('\n'),
    'requirements.txt': `leaf==1.0 --hash=sha256:${leaf.sha256}\n`,
  });
  await git('init', '-q', '-b', 'main');
  await git('add', '.');
  await git('commit', '-qm', 'first');
  await git('tag', 'v1.2');
  commit = await git('rev-parse', 'HEAD');
  writeFiles(checkout, { 'later.txt': 'later' });
  await git('add', '.');
  await git('commit', '-qm', 'second');
  return async () => line[Symbol.asyncDispose]();
});

function debs(destination: string): readonly string[] {
  return listing(destination).filter((name) => name.endsWith('.deb'));
}

it('a repository at a tag is packaged with its own manifest, version and lock; the commit is recorded', async () => {
  const destination = line.newDirectory('tag');
  const build = line.newDirectory('build');
  const uri = `git+file://${checkout}@v1.2`;
  const args = ['--distribution=debian-12', '-d', destination, `--build-directory=${build}`, uri];
  const { exitCode, stderr } = await line.run(args);
  expect(stderr).toContain(`set-up: file://${checkout} at ${commit}, `);
  expect(exitCode).toBe(0);
  expect(debs(destination)).toEqual([
    'acme-hello-cli_1.2.0-1+debian12_all.deb',
    'acme-python-hello_1.2.0-1+debian12_amd64.deb',
  ]);
  const { applications } = JSON.parse(readFileSync(join(build, 'application.json'), 'utf8')) as {
    readonly applications: readonly unknown[];
  };
  expect(applications).toEqual([
    expect.objectContaining({
      name: 'hello',
      commit: { id: commit, dirty: false, untracked: false },
      source: expect.objectContaining({
        origin: { url: `file://${checkout}`, reference: 'v1.2', subdirectory: '', commit },
      }) as unknown,
    }),
  ]);
  const contents = await mustRun(['dpkg-deb', '-c', join(destination, 'acme-python-hello_1.2.0-1+debian12_amd64.deb')]);
  expect(contents.stdout).toContain('leaf-1.0.dist-info');
  expect(readdirSync(join(line.cache, 'coachbuilder/tmp'))).toEqual([]);

  // All of it is in the cache now.
  const offline = line.newDirectory('offline');
  const again = await line.run(['--distribution=debian-12', '--offline', '-d', offline, uri]);
  expect(again.stderr).not.toContain('error');
  expect(debs(offline)).toEqual(debs(destination));
});

it('a checkout after the tag has the commit in its version, unless --package-version says another', async () => {
  const head = await git('rev-parse', '--short=7', 'HEAD');
  const { stdout } = await line.run(['--distribution=debian-12', '--dry-run', '--json', checkout]);
  expect(stdout).toContain(`acme-python-hello_1.2.0-1.1.g${head}+debian12_amd64.deb`);
  const given = await line.run(['--distribution=debian-12', '--dry-run', '--json', '--package-version=3', checkout]);
  expect(given.stdout).toContain('acme-python-hello_3.0.0-1+debian12_amd64.deb');
});

it('a lock of another tool that is not used is mentioned', async () => {
  const plain = line.project({ ...hello, name: 'plain' }, { 'uv.lock': 'version = 1\n' });
  const { stderr, exitCode } = await line.run(['--distribution=debian-12', '--dry-run', plain]);
  expect(exitCode).toBe(0);
  expect(stderr).toContain(`warning: ${join(plain, 'uv.lock')} is not used`);
  expect(stderr).toContain('write "lock-file: uv.lock" below "python:"');
  writeFileSync(join(plain, 'coachbuilder.yaml'), 'python: {lock-file: uv.lock}\n');
  const named = await line.run(['--distribution=debian-12', '--dry-run', plain]);
  expect(named.stderr).not.toContain('is not used');
  rmSync(plain, { recursive: true });
});

it('a password in the address of a repository is refused before anything is fetched', async () => {
  const { stderr, exitCode } = await line.run([
    '--distribution=debian-12',
    'git+https://ann:hush-7@example.com/app.git',
  ]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('error[usage]: "git+https://example.com/app.git" holds a password or a token');
  expect(stderr).not.toContain('hush-7');
});

describe('the definition of a package repository, out of a git repository', () => {
  const key = readFileSync(join(import.meta.dirname, '../../examples/fleet/packaging/acme.asc'), 'utf8');
  const debian = 'acme-release_1-1+debian12_all.deb';
  let repository: string;
  let first: string;

  function manifest(baseurl: string): string {
    const release = ['id: acme', 'name: Acme packages', `baseurl: ${baseurl}`, 'key: keys/acme.asc'];
    return ['package-prefix: acme', 'targets: [debian-12]', 'release:', ...release.map((each) => `  ${each}`), ''].join(
      '\n',
    );
  }

  async function run(command: 'build-package' | 'build-release-package', ...args: readonly string[]): Promise<Outcome> {
    return line.run(args, { command });
  }

  /** What a package defines for apt, and the key that it brings for it. */
  async function definition(directory: string): Promise<{ readonly sources: string; readonly key: string }> {
    const files = line.newDirectory('contents');
    await mustRun(['dpkg-deb', '-x', join(directory, debian), files]);
    const sources = readFileSync(join(files, 'etc/apt/sources.list.d/acme.sources'), 'utf8');
    const keyFile = /^Signed-By: (.*)$/m.exec(sources)?.[1] ?? 'Signed-By is missing';
    return { sources, key: readFileSync(join(files, keyFile), 'utf8') };
  }

  /** No checkout is there any more, and no mirror believes in one. */
  async function expectNoCheckout(): Promise<void> {
    expect(readdirSync(join(line.cache, 'coachbuilder/tmp'))).toEqual([]);
    const mirrors = join(line.cache, 'coachbuilder/git');
    for (const name of readdirSync(mirrors)) {
      const known = await mustRun(['git', '-C', join(mirrors, name), 'worktree', 'list', '--porcelain']);
      expect(known.stdout.split('\n').filter((each) => each.startsWith('worktree '))).toEqual([
        `worktree ${join(mirrors, name)}`,
      ]);
    }
  }

  beforeAll(async () => {
    repository = line.newDirectory('repository');
    const commitAll = async (): Promise<string> => {
      await gitIn(repository, 'add', '.');
      await gitIn(repository, 'commit', '-qm', 'next');
      return gitIn(repository, 'rev-parse', 'HEAD');
    };
    await gitIn(repository, 'init', '-q', '-b', 'main');
    const manifestFile = 'packaging/coachbuilder.yaml';
    writeFiles(repository, {
      [manifestFile]: manifest('https://first.example.com'),
      'packaging/keys/acme.asc': key,
      'plain/readme.txt': 'no manifest',
      'no-release/coachbuilder.yaml': 'package-prefix: acme\n',
      'wrong/coachbuilder.yaml': 'package-prefx: acme\n',
    });
    first = await commitAll();
    await gitIn(repository, 'tag', 'v1');
    writeFiles(repository, { [manifestFile]: manifest('https://second.example.com') });
    await commitAll();
    // What was never committed is not looked at: neither a manifest, nor a key.
    writeFiles(repository, { [manifestFile]: manifest('https://never.example.com') });
    rmSync(join(repository, 'packaging/keys'), { recursive: true });
  });

  it('is that of the commit, which also names the targets and holds the key', async () => {
    const destination = line.newDirectory('release');
    const uri = `git+file://${repository}@v1#subdirectory=packaging`;
    const { exitCode, stdout, stderr } = await run('build-release-package', '-d', destination, uri);
    expect(stderr).toContain(`set-up: file://${repository} at ${first}, `);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`${join(destination, debian)}\n`);
    expect(listing(destination)).toEqual([debian]);
    const told = await definition(destination);
    expect(told.sources).toContain('URIs: https://first.example.com');
    expect(told.key).toBe(key);
    await expectNoCheckout();
  });

  it('is that of the HEAD when no reference is named', async () => {
    const destination = line.newDirectory('release');
    const uri = `git+file://${repository}#subdirectory=packaging`;
    expect(await run('build-release-package', '-d', destination, uri)).toMatchObject({ exitCode: 0 });
    expect((await definition(destination)).sources).toContain('URIs: https://second.example.com');
  });

  it('is listed with --dry-run, which leaves nothing', async () => {
    const destination = line.newDirectory('release');
    const args = ['--dry-run', '--json', '--distribution=rocky-9,debian-12', '-d', destination];
    const { stdout } = await run('build-release-package', ...args, `git+file://${repository}#subdirectory=packaging`);
    expect(JSON.parse(stdout)).toEqual(['acme-release-1-1.el9.noarch.rpm', debian]);
    expect(listing(destination)).toEqual([]);
    await expectNoCheckout();
  });

  it('is that of another manifest when one is named', async () => {
    const destination = line.newDirectory('release');
    const elsewhere = line.newDirectory('elsewhere');
    writeFiles(elsewhere, { 'other.yaml': manifest('https://other.example.com'), 'keys/acme.asc': key });
    const args = [`--manifest=${join(elsewhere, 'other.yaml')}`, '-d', destination];
    // There is none at the top of the repository.
    expect(await run('build-release-package', ...args, `git+file://${repository}@v1`)).toMatchObject({ exitCode: 0 });
    expect((await definition(destination)).sources).toContain('URIs: https://other.example.com');
    await expectNoCheckout();
  });

  it.each([
    ['a tag that is not there', (path: string) => `git+file://${path}@v9`, 'source-unavailable'],
    [
      'a directory that is not there',
      (path: string) => `git+file://${path}@v1#subdirectory=none`,
      'not-a-python-project',
    ],
    ['a repository that is not there', (path: string) => `git+file://${path}-none`, 'source-unavailable'],
    ['a password', () => 'git+https://ann:hush-7@example.com/app.git', 'usage'],
    ['a scheme that git has not', () => 'git+gopher://example.com/app.git', 'usage'],
  ])('is refused as an application is: %s', async (_, uriIn, code) => {
    const args = ['--distribution=debian-12', uriIn(repository)];
    const refused = await run('build-release-package', ...args);
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    const complaint = /^error\[.*/ms.exec(refused.stderr)?.[0];
    expect(complaint).toContain(`error[${code}]: `);
    expect(refused.stderr).not.toContain('hush-7');
    const application = await run('build-package', ...args);
    expect(complaint).toBe(/^error\[.*/ms.exec(application.stderr)?.[0]);
    await expectNoCheckout();
  });

  it('is missed in a manifest without it, and where there is no manifest', async () => {
    for (const directory of ['no-release', 'plain']) {
      const uri = `git+file://${repository}@v1#subdirectory=${directory}`;
      const { exitCode, stderr } = await run('build-release-package', '--distribution=debian-12', uri);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`error[manifest-invalid]: ${uri} describes no package repository\n`);
    }
    await expectNoCheckout();
  });

  it('is not built from a manifest with mistakes', async () => {
    const uri = `git+file://${repository}@v1#subdirectory=wrong`;
    const { exitCode, stderr } = await run('build-release-package', '--distribution=debian-12', uri);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error\[manifest-invalid\]: the manifest .*\/wrong\/coachbuilder\.yaml has a problem$/m);
    await expectNoCheckout();
  });
});

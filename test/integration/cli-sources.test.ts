import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, it } from 'vitest';

import { listing, openCommandLine, writeFiles, type CommandLine } from '../support/command-line.ts';
import { mustRun } from '../support/machine.ts';
import { makeWheel } from '../support/wheels.ts';

const hello = { name: 'hello', version: '0', scripts: { hello: 'hello:main' }, requires: ['leaf'] };

let line: CommandLine;
let checkout: string;
let commit: string;

async function git(...args: readonly string[]): Promise<string> {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
  return (await mustRun(['git', '-C', checkout, ...identity, ...args])).stdout.trim();
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

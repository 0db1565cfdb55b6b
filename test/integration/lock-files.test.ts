import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { Application } from '../../src/application/application.ts';
import { buildApplication } from '../../src/application/build-application.ts';
import { CoachbuilderError } from '../../src/errors/coachbuilder-error.ts';
import type { LockRequest } from '../../src/lock/lock-request.ts';
import { LockStore } from '../../src/lock/lock-store.ts';
import { lockTarget } from '../../src/lock/lock-target.ts';
import type { TargetPlatform } from '../../src/lock/platform.ts';
import { gather } from '../../src/wheelhouse/gather.ts';
import { verifyClosure } from '../../src/wheelhouse/verify-closure.ts';
import { startIndexServer, type IndexServer } from '../support/index-server.ts';
import { mustRun } from '../support/machine.ts';
import { settledPorts, uvDirectory, type TestPorts } from '../support/tool-ports.ts';
import { makeSdist, makeWheel, type WrittenFile } from '../support/wheels.ts';

const debian11: TargetPlatform = { title: 'Debian 11', pythonVersion: '3.9.2', glibc: '2.31', architecture: 'x86_64' };
const centos7: TargetPlatform = { title: 'CentOS 7', pythonVersion: '3.6.8', glibc: '2.17', architecture: 'x86_64' };

let directory: string;
let files: string;
let server: IndexServer;
let uv: string | undefined;

beforeAll(async () => {
  uv = await uvDirectory();
});

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-lock-files-'));
  files = join(directory, 'index');
  makeWheel(files, { name: 'seed', version: '1' });
  server = await startIndexServer(files);
  return async () => {
    await server[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  };
});

async function ports(): Promise<TestPorts> {
  return settledPorts({
    cacheDirectory: join(directory, 'cache'),
    network: { PIP_INDEX_URL: server.url },
    ...(uv === undefined ? {} : { toolDirectory: uv }),
  });
}

async function application(requires: readonly string[], own: TestPorts): Promise<Application> {
  const { path } = makeWheel(join(directory, 'app'), { name: 'app', version: '1.0', requires });
  return buildApplication({ kind: 'wheel', path }, own);
}

function write(name: string, lines: readonly string[]): string {
  const path = join(directory, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

function line(pin: string, ...pinned: readonly WrittenFile[]): string {
  return [pin, ...pinned.map(({ sha256 }) => `--hash=sha256:${sha256}`)].join(' ');
}

function request(app: Application, platform: TargetPlatform, lockFile: string): LockRequest {
  const python = { requirements: [], constraints: [], extras: [], indexes: [], lockFile };
  return { application: app, platform, python };
}

async function failureOf(action: Promise<unknown>): Promise<CoachbuilderError> {
  try {
    await action;
  } catch (error) {
    if (error instanceof CoachbuilderError) return error;
    throw error;
  }
  throw new Error('it was expected to fail');
}

// uv resolves for Debian's Python, pip for that of CentOS 7.
describe.each([debian11, centos7])('requirements with hashes for $title', (platform) => {
  test('decide the versions and the files, of sdists as well', async () => {
    const base = makeWheel(files, { name: 'base', version: '1.0', requires: ['leaf'] });
    makeWheel(files, { name: 'base', version: '2.0', requires: ['leaf'] });
    const leaf = makeSdist(files, { name: 'leaf', version: '0.9' });
    makeSdist(files, { name: 'leaf', version: '1.0' });
    const native = ['manylinux_2_17_x86_64', 'win_amd64'].map((tag) =>
      makeWheel(files, { name: 'native', version: '3.0', tag: `cp36-abi3-${tag}` }),
    );
    const lockFile = write('requirements.txt', [
      '--index-url https://packages.example.com/simple/',
      '-e .',
      line('base==1.0', base),
      line('Leaf==0.9', leaf),
      line('native==3.0; sys_platform == "linux"', ...native),
      line('colours==1.0; sys_platform == "win32"', base),
    ]);
    const own = await ports();
    const app = await application(['base>=1', 'native'], own);
    const environment = await lockTarget(request(app, platform, lockFile), own);
    expect(
      environment.distributions.map(({ name, version, kind, file }) => [name, version, kind, file.sha256]),
    ).toEqual([
      ['base', '1.0', 'wheel', base.sha256],
      ['leaf', '0.9', 'sdist', leaf.sha256],
      ['native', '3.0', 'wheel', native[0]?.sha256],
    ]);
    expect(environment.inputs.requirements).toEqual(['base>=1', 'native']);
    expect(environment.inputs.lockFile).toMatch(/^requirements\.txt sha256:[0-9a-f]{64}$/);
    await verifyClosure(await gather(environment, { platform, application: app }, own), environment, platform);
  });

  test('allow no file that they do not name', async () => {
    const base = makeWheel(files, { name: 'base', version: '1.0' });
    makeWheel(files, { name: 'base', version: '1.0', tag: 'cp36-abi3-manylinux_2_17_x86_64' });
    const own = await ports();
    const app = await application(['base'], own);
    const pinned = await lockTarget(request(app, platform, write('a.txt', [line('base==1.0', base)])), own);
    expect(pinned.distributions.map(({ file }) => file.fileName)).toEqual([base.fileName]);
    const other = write('b.txt', [`base==1.0 --hash=sha256:${'0'.repeat(64)}`]);
    expect((await failureOf(lockTarget(request(app, platform, other), own))).code).toMatch(
      /^(?:hash-mismatch|lock-file-unusable)$/,
    );
  });

  test('that lack a requirement of a requirement are an error that names it', async () => {
    const base = makeWheel(files, { name: 'base', version: '1.0', requires: ['leaf'] });
    makeWheel(files, { name: 'leaf', version: '1.0' });
    const own = await ports();
    const lockFile = write('requirements.txt', [line('base==1.0', base)]);
    const error = await failureOf(lockTarget(request(await application(['base'], own), platform, lockFile), own));
    expect(error.code).toBe('lock-file-unusable');
    expect(error.message).toContain(lockFile);
    expect(error.details.join('\n')).toContain('leaf');
  });
});

test('what the application requires and the lock does not have is told at once, without an index', async () => {
  const base = makeWheel(files, { name: 'base', version: '1.0' });
  const own = await ports();
  const app = await application(['base>=2', 'leaf', 'other; python_version < "3"'], own);
  const lockFile = write('requirements.txt', [line('base==1.0', base)]);
  const before = server.requests.length;
  const error = await failureOf(lockTarget(request(app, debian11, lockFile), own));
  expect(error.code).toBe('lock-file-unusable');
  expect(error.details).toEqual(['base>=2 is required, and it has 1.0', 'leaf is required, and it has no leaf']);
  expect(server.requests.length).toBe(before);
});

test('a pin without a hash is refused', async () => {
  const own = await ports();
  const lockFile = write('requirements.txt', ['base==1.0']);
  const error = await failureOf(lockTarget(request(await application(['base'], own), debian11, lockFile), own));
  expect(error.message).toContain('no sha256 of base 1.0');
  expect(error.hint).toContain('--generate-hashes');
});

test('a lock that has wheels for other targets only names them', async () => {
  const sha256 = 'a'.repeat(64);
  const lockFile = write('pylock.toml', [
    'lock-version = "1.0"',
    '[[packages]]',
    'name = "native"',
    'version = "3.0"',
    `wheels = [{ name = "native-3.0-cp311-cp311-win_amd64.whl", path = "x", hashes = { sha256 = "${sha256}" } }]`,
  ]);
  const own = await ports();
  const error = await failureOf(lockTarget(request(await application(['native'], own), debian11, lockFile), own));
  expect(error.code).toBe('unsupported-wheel');
  expect(error.message).toContain('Debian 11');
  expect(error.details).toEqual(['it has native-3.0-cp311-cp311-win_amd64.whl']);
});

test('uv.lock as uv writes it decides the versions, and a new one makes our lock stale', async (context) => {
  if (uv === undefined) context.skip('no uv can be had here');
  const project = (constraint: string): void => {
    write('pyproject.toml', [
      '[project]',
      'name = "app"',
      'version = "1.0"',
      'requires-python = ">=3.8"',
      `dependencies = ["base${constraint}", "old; python_version < '3.10'", "new; python_version >= '3.10'"]`,
      '[tool.uv.index]'.replace('[', '[[').replace(']', ']]'),
      `url = "${server.url}"`,
      'default = true',
    ]);
  };
  const lock = async (): Promise<void> => {
    // Without the machine's own configuration of uv.
    const path = `PATH=${uv ?? ''}:${process.env['PATH'] ?? ''}`;
    const pyenv = process.env['PYENV_ROOT'];
    const manager = pyenv === undefined ? [] : [`PYENV_ROOT=${pyenv}`];
    await mustRun(['env', '-i', path, `HOME=${directory}`, ...manager, 'uv', 'lock'], { cwd: directory });
  };
  for (const version of ['1.0', '2.0']) makeWheel(files, { name: 'base', version });
  for (const name of ['old', 'new']) makeWheel(files, { name, version: '1.0' });
  project('<2');
  await lock();
  project('');
  const own = await ports();
  const app = await application(['base', "old; python_version < '3.10'", "new; python_version >= '3.10'"], own);
  const ours = join(directory, 'coachbuilder.lock');
  const wanted = request(app, debian11, join(directory, 'uv.lock'));
  const first = await new LockStore({ path: ours, locked: false }, own).environmentFor(wanted);
  expect(first.distributions.map(({ name, version }) => `${name} ${version}`)).toEqual(['base 1.0', 'old 1.0']);
  expect(readFileSync(ours, 'utf8')).toContain('lockFile: uv.lock sha256:');
  const locked = new LockStore({ path: ours, locked: true }, own);
  expect(await locked.environmentFor(wanted)).toEqual(first);

  rmSync(join(directory, 'uv.lock'));
  await lock();
  const error = await failureOf(new LockStore({ path: ours, locked: true }, own).environmentFor(wanted));
  expect(error.code).toBe('lock-stale');
  expect(error.details[0]).toMatch(/^lock file changed: uv\.lock sha256:\S+ -> uv\.lock sha256:/);
  const second = await new LockStore({ path: ours, locked: false }, own).environmentFor(wanted);
  expect(second.distributions.map(({ name, version }) => `${name} ${version}`)).toEqual(['base 2.0', 'old 1.0']);
});

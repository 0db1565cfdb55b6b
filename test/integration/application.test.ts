import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { buildApplication } from '../../src/application/build-application.ts';
import { settledPorts, type TestPorts } from '../support/tool-ports.ts';
import { makeSdist, makeWheel, memberEpoch, sourceTree, type SdistOptions } from '../support/wheels.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-application-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

async function ports(): Promise<TestPorts> {
  return settledPorts({
    cacheDirectory: join(directory, 'cache'),
    network: { PIP_INDEX_URL: 'http://127.0.0.1:9/simple/' },
  });
}

function project(path: string, options: SdistOptions): string {
  for (const [name, content] of Object.entries({ ...sourceTree(options), ...options.sources })) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

function git(cwd: string, ...args: readonly string[]): string {
  const identity = {
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@example.com',
    GIT_AUTHOR_DATE: '1600000000 +0000',
    GIT_COMMITTER_DATE: '1600000000 +0000',
  };
  return execFileSync('git', args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...identity, GIT_CONFIG_GLOBAL: '/dev/null' },
  });
}

function listing(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^\.git(\/|$)/.test(name))
    .sort();
}

// A backend that leaves build/ behind as setuptools does, asks git as setuptools-scm does, and tells what it sees.
const nosyBackend = (options: SdistOptions): string => `${sourceTree(options)['backend.py'] ?? ''}
import subprocess, sys
os.makedirs("build/lib", exist_ok=True)
with open("build/lib/x.py", "w") as f:
    f.write("")
describe = subprocess.run(["git", "describe", "--tags", "--dirty"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode().strip()
if describe != os.environ.get("EXPECTED", "v1.0-dirty"):
    sys.exit("git says " + describe)
if os.environ["SOURCE_DATE_EPOCH"] != "1600000000" or os.path.exists("ignored.txt") or not os.path.exists("../shared.txt"):
    sys.exit("wrong world: " + repr(os.listdir(".")) + os.environ["SOURCE_DATE_EPOCH"])
`;

test('a project below the top of a git checkout is built in a copy that git still knows, and nothing is left behind', async () => {
  const options: SdistOptions = { name: 'app', version: '1.0', scripts: { app: 'app:main' } };
  const checkout = join(directory, 'checkout');
  const path = project(join(checkout, 'python'), {
    ...options,
    backend: nosyBackend(options),
    sources: { 'ignored.txt': 'x' },
  });
  writeFileSync(join(checkout, 'shared.txt'), 'shared');
  writeFileSync(join(checkout, '.gitignore'), 'ignored.txt\n');
  git(checkout, 'init', '--quiet');
  git(checkout, 'add', '.');
  git(checkout, 'commit', '--quiet', '-m', 'first');
  git(checkout, 'tag', 'v1.0');
  writeFileSync(join(checkout, 'shared.txt'), 'changed');
  writeFileSync(join(checkout, 'untracked.txt'), 'new');
  const before = listing(checkout);
  const index = statSync(join(checkout, '.git/index')).mtimeMs;
  const application = await buildApplication({ kind: 'directory', path }, await ports());
  expect(application.metadata).toMatchObject({ name: 'app', version: '1.0' });
  expect(application.scripts.map(({ name }) => name)).toEqual(['app']);
  expect(application.epoch).toBe(1_600_000_000);
  expect(listing(checkout)).toEqual(before);
  expect(statSync(join(checkout, '.git/index')).mtimeMs).toBe(index);

  const linked = join(directory, 'linked');
  git(checkout, 'worktree', 'add', '--quiet', '--detach', linked);
  writeFileSync(join(linked, 'shared.txt'), 'changed here as well');
  const again = await buildApplication({ kind: 'directory', path: join(linked, 'python') }, await ports());
  expect(again.sha256).toBe(application.sha256);
});

test('outside of git the newest member of the wheel dates the application', async () => {
  const path = project(join(directory, 'app'), {
    name: 'app',
    version: '1.0',
    sources: { 'build/old.txt': 'left over' },
  });
  const application = await buildApplication({ kind: 'directory', path }, await ports());
  expect(application.epoch).toBe(memberEpoch);
  expect(application.wheel.startsWith(join(directory, 'cache'))).toBe(true);
});

test('a wheel is taken as it is, and an sdist is built', async () => {
  const own = await ports();
  const wheel = makeWheel(directory, { name: 'app', version: '1.0', tag: 'cp311-cp311-manylinux_2_28_x86_64' });
  expect(await buildApplication({ kind: 'wheel', path: wheel.path }, own)).toMatchObject({
    wheel: wheel.path,
    sha256: wheel.sha256,
  });
  const sdist = makeSdist(directory, { name: 'other', version: '2.0' });
  expect((await buildApplication({ kind: 'sdist', path: sdist.path }, own)).metadata.version).toBe('2.0');
});

test('a build that fails shows its last lines', async () => {
  const path = project(join(directory, 'app'), {
    name: 'app',
    version: '1.0',
    backend: 'raise RuntimeError("no such luck")\n',
  });
  await expect(buildApplication({ kind: 'directory', path }, await ports())).rejects.toMatchObject({
    code: 'application-build-failed',
    message: `${path} did not build into a wheel`,
    details: expect.arrayContaining([expect.stringContaining('no such luck')]) as unknown,
  });
});

test('an application that needs a compiler is refused, with advice', async () => {
  const path = project(join(directory, 'app'), { name: 'app', version: '1.0', tag: 'cp311-cp311-linux_x86_64' });
  await expect(buildApplication({ kind: 'directory', path }, await ports())).rejects.toMatchObject({
    code: 'needs-compiler',
    message: expect.stringContaining('app-1.0-cp311-cp311-linux_x86_64.whl') as unknown,
    hint: expect.stringContaining('build the wheel on the target') as unknown,
  });
});

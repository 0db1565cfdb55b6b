import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { LockRequest } from '../../src/lock/lock-request.ts';
import { LockStore } from '../../src/lock/lock-store.ts';
import { lockTarget } from '../../src/lock/lock-target.ts';
import type { TargetPlatform } from '../../src/lock/platform.ts';
import { gather } from '../../src/wheelhouse/gather.ts';
import { requiredApplication } from '../../src/wheelhouse/requirement-wheel.ts';
import { verifyClosure } from '../../src/wheelhouse/verify-closure.ts';
import { CoachbuilderError } from '../../src/errors/coachbuilder-error.ts';
import { startIndexServer, type IndexServer } from '../support/index-server.ts';
import {
  settledPorts,
  uvDirectory,
  visibleText,
  type TestPorts,
  type TestPortsOptions,
} from '../support/tool-ports.ts';
import { makeSdist, makeWheel, wheelBytes } from '../support/wheels.ts';

const debian12: TargetPlatform = { title: 'Debian 12', pythonVersion: '3.11.2', glibc: '2.36', architecture: 'x86_64' };
const debian11: TargetPlatform = { title: 'Debian 11', pythonVersion: '3.9.2', glibc: '2.31', architecture: 'x86_64' };
const centos7: TargetPlatform = { title: 'CentOS 7', pythonVersion: '3.6.8', glibc: '2.17', architecture: 'x86_64' };
const amazon2: TargetPlatform = {
  title: 'Amazon Linux 2',
  pythonVersion: '3.8',
  glibc: '2.26',
  architecture: 'x86_64',
};
const noSettings = { requirements: [], constraints: [], extras: [], indexes: [] };

let directory: string;
let files: string;
let server: IndexServer;
let uv: string | undefined;

function request(
  requirement: string,
  platform: TargetPlatform,
  python: Partial<LockRequest['python']> = {},
): LockRequest {
  return { application: { kind: 'requirement', requirement }, platform, python: { ...noSettings, ...python } };
}

async function ports(options: Partial<TestPortsOptions> = {}): Promise<TestPorts> {
  return settledPorts({
    cacheDirectory: join(directory, 'cache'),
    network: { PIP_INDEX_URL: server.url },
    ...(uv === undefined ? {} : { toolDirectory: uv }),
    ...options,
  });
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

beforeAll(async () => {
  uv = await uvDirectory();
});

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-lock-'));
  files = join(directory, 'index');
  makeWheel(files, { name: 'seed', version: '1' });
  server = await startIndexServer(files);
  return async () => {
    await server[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  };
});

// Both resolvers have to give the same answers: Debian's Pythons are uv's, CentOS 7's is pip's.
describe.each([
  { resolver: 'uv', platform: debian11 },
  { resolver: 'pip', platform: centos7 },
])('resolving for $platform.title with $resolver', ({ resolver, platform }) => {
  test('is done by that tool', async (context) => {
    if (uv === undefined && resolver === 'uv') context.skip('no uv can be had here: pip resolves everything');
    makeWheel(files, { name: 'app', version: '1.0' });
    const own = await ports();
    await lockTarget(request('app', platform), own);
    expect(own.events).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining(`${resolver} resolves`) as unknown }),
    );
  });

  test.runIf(resolver === 'pip' || uv !== 'missing')(
    'evaluates markers for the target and not for this machine',
    async () => {
      const version = platform.pythonVersion.split('.').slice(0, 2).join('.');
      makeWheel(files, {
        name: 'app',
        version: '1.0',
        requires: [
          `for-target; python_version == "${version}"`,
          'for-host; python_version >= "3.10"',
          'for-windows; sys_platform == "win32"',
        ],
      });
      for (const name of ['for-target', 'for-host', 'for-windows']) makeWheel(files, { name, version: '1.0' });
      const environment = await lockTarget(request('app', platform), await ports());
      expect(environment.distributions.map(({ name }) => name)).toEqual(['app', 'for-target']);
    },
  );

  test('compares Requires-Python with the target and not with this machine', async () => {
    makeWheel(files, { name: 'app', version: '1.0', requires: ['old', 'moved-on'] });
    makeWheel(files, { name: 'old', version: '1.0', requiresPython: '<3.10' });
    makeWheel(files, { name: 'moved-on', version: '1.0' });
    makeWheel(files, { name: 'moved-on', version: '2.0', requiresPython: '>=3.10' });
    const environment = await lockTarget(request('app', platform), await ports());
    expect(environment.distributions.map(({ name, version }) => `${name} ${version}`)).toEqual([
      'app 1.0',
      'moved-on 1.0',
      'old 1.0',
    ]);
  });

  test('explains what cannot be resolved with the resolver’s own words', async () => {
    makeWheel(files, { name: 'app', version: '1.0', requires: ['base>=2'] });
    makeWheel(files, { name: 'base', version: '1.0' });
    const error = await failureOf(lockTarget(request('app', platform), await ports()));
    expect(error.code).toBe('unresolvable');
    expect(error.message).toContain(platform.title);
    expect(error.details.join('\n')).toMatch(/base.*>=\s*2/);
  });

  test('builds a pure sdist into a wheel, and only where no wheel fits', async () => {
    makeWheel(files, { name: 'app', version: '1.0', requires: ['only-source', 'both'] });
    makeSdist(files, { name: 'only-source', version: '1.0' });
    makeWheel(files, { name: 'both', version: '1.0' });
    makeSdist(files, { name: 'both', version: '1.1' });
    const own = await ports();
    const environment = await lockTarget(request('app', platform), own);
    expect(environment.distributions.map(({ name, version, kind }) => `${name} ${version} ${kind}`)).toEqual([
      'app 1.0 wheel',
      'both 1.0 wheel',
      'only-source 1.0 sdist',
    ]);
    const house = await gather(environment, { platform }, own);
    await verifyClosure(house, environment, platform);
    expect(house.wheels.map(({ path }) => path.replace(/.*\//, ''))).toContain('only_source-1.0-py3-none-any.whl');
  });

  test('refuses an sdist that becomes a wheel for this machine only', async () => {
    makeWheel(files, { name: 'app', version: '1.0', requires: ['native'] });
    makeSdist(files, { name: 'native', version: '1.0', tag: 'cp311-cp311-linux_x86_64' });
    const error = await failureOf(lockTarget(request('app', platform), await ports()));
    expect(error.code).toBe('needs-compiler');
    expect(error.message).toContain('native 1.0');
    expect(error.message).toContain('linux_x86_64');
    expect(error.hint).toContain('build a wheel');
  });

  test('names an index that does not answer', async () => {
    const error = await failureOf(
      lockTarget(request('app', platform), await ports({ network: { PIP_INDEX_URL: 'http://127.0.0.1:9/simple/' } })),
    );
    expect(error.code).toBe('index-unreachable');
    expect(error.message).toContain('http://127.0.0.1:9/simple/');
  });

  test('never shows the password of an index', async () => {
    const secret = 'hush-hush-7';
    makeWheel(files, { name: 'app', version: '1.0', requires: ['base>=2'] });
    makeWheel(files, { name: 'base', version: '1.0' });
    makeWheel(files, { name: 'fine', version: '1.0' });
    await using closed = await startIndexServer(files, { credentials: { user: 'ann', password: secret } });
    const path = join(directory, 'coachbuilder.lock');
    const own = await ports({ network: { PIP_INDEX_URL: closed.url } });
    const store = new LockStore({ path, locked: false }, own);
    const environment = await store.environmentFor(request('fine', platform));
    await gather(environment, { platform }, own);
    const error = await failureOf(lockTarget(request('app', platform), own));
    expect(error.code).toBe('unresolvable');
    expect(visibleText(own, error)).not.toContain(secret);
    expect(readFileSync(path, 'utf8')).not.toContain(secret);
    expect(readFileSync(path, 'utf8')).not.toContain('127.0.0.1');

    const wrong = await ports({ network: { PIP_INDEX_URL: closed.url.replace(secret, 'wrong-word') } });
    const refused = await failureOf(lockTarget(request('fine', platform), wrong));
    expect(refused.code).toBe('index-unreachable');
    expect(visibleText(wrong, refused)).not.toContain('wrong-word');
  });
});

describe('the files of a lock', () => {
  test('fit the glibc of each target', async () => {
    for (const platform of [
      'manylinux_2_34_x86_64',
      'manylinux_2_24_x86_64',
      'manylinux_2_17_x86_64.manylinux2014_x86_64',
      'musllinux_1_2_x86_64',
    ]) {
      makeWheel(files, { name: 'native', version: '1.0', tag: `cp36-abi3-${platform}` });
    }
    const own = await ports();
    const chosen: string[] = [];
    for (const platform of [debian12, debian11, amazon2, centos7]) {
      const environment = await lockTarget(request('native', platform), own);
      chosen.push(environment.distributions[0]?.file.fileName ?? '');
    }
    expect(chosen).toEqual([
      'native-1.0-cp36-abi3-manylinux_2_34_x86_64.whl',
      'native-1.0-cp36-abi3-manylinux_2_24_x86_64.whl',
      // uv knows no platform of glibc 2.26 and looks for one of 2.17.
      'native-1.0-cp36-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
      'native-1.0-cp36-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
    ]);
  });

  test('obey the hashes of a requirements file', async () => {
    const good = makeWheel(files, { name: 'base', version: '1.0' });
    const requirements = join(directory, 'requirements.txt');
    writeFileSync(requirements, `base==1.0 \\\n    --hash=sha256:${good.sha256}\n`);
    const own = await ports();
    makeWheel(files, { name: 'app', version: '1.0' });
    const environment = await lockTarget(request('app', debian12, { requirements: [requirements] }), own);
    expect(environment.distributions.map(({ file }) => file.sha256)).toContain(good.sha256);
    writeFileSync(requirements, `base==1.0 --hash=sha256:${'0'.repeat(64)}\n`);
    const error = await failureOf(lockTarget(request('app', debian12, { requirements: [requirements] }), own));
    expect(error.code).toBe('hash-mismatch');
    expect(error.message).toContain('base 1.0');
  });

  test('may come from an address of their own, which the lock then holds', async () => {
    const direct = makeWheel(files, { name: 'direct', version: '1.0' });
    makeWheel(files, { name: 'app', version: '1.0', requires: ['seed'] });
    const address = server.publicUrl.replace('/simple/', `/files/${direct.fileName}`);
    const requirements = join(directory, 'requirements.txt');
    writeFileSync(requirements, `direct @ ${address}\n`);
    const own = await ports();
    for (const platform of [debian12, centos7]) {
      const environment = await lockTarget(request('app', platform, { requirements: [requirements] }), own);
      expect(environment.distributions.find(({ name }) => name === 'direct')).toEqual({
        name: 'direct',
        version: '1.0',
        kind: 'wheel',
        file: { fileName: direct.fileName, sha256: direct.sha256 },
        url: address,
      });
      await verifyClosure(await gather(environment, { platform }, own), environment, platform);
    }
  });
});

describe('gathering', () => {
  test('refuses a file that is not the locked one, naming it, and keeps nothing of it', async () => {
    const wheel = makeWheel(files, { name: 'app', version: '1.0' });
    const own = await ports({ cacheDirectory: join(directory, 'cache-a') });
    const environment = await lockTarget(request('app', centos7), own);
    const other = wheelBytes({ name: 'app', version: '1.0', summary: 'evil' });
    server.tamper(wheel.fileName, other);
    const fresh = await ports({ cacheDirectory: join(directory, 'cache-b') });
    const error = await failureOf(gather(environment, { platform: centos7 }, fresh));
    expect(error.code).toBe('hash-mismatch');
    expect(error.message).toContain(wheel.fileName);
    expect(error.details.join('\n')).toContain(wheel.sha256);
  });

  test('throws a damaged file of the cache away and fetches it again', async () => {
    makeWheel(files, { name: 'app', version: '1.0' });
    const own = await ports();
    const environment = await lockTarget(request('app', debian12), own);
    const first = await gather(environment, { platform: debian12 }, own);
    writeFileSync(first.wheels[0]!.path, 'damaged');
    const second = await gather(environment, { platform: debian12 }, own);
    expect(second).toEqual(first);
    expect(readFileSync(second.wheels[0]!.path).subarray(0, 2).toString()).toBe('PK');
  });

  test('works from the cache with --offline, and names what is missing from it', async () => {
    makeWheel(files, { name: 'app', version: '1.0', requires: ['only-source'] });
    makeSdist(files, { name: 'only-source', version: '1.0' });
    const path = join(directory, 'coachbuilder.lock');
    const online = await ports();
    const environment = await new LockStore({ path, locked: false }, online).environmentFor(request('app', centos7));
    const house = await gather(environment, { platform: centos7 }, online);
    const asked = server.requests.length;
    const offline = await ports({ offline: true });
    const again = await new LockStore({ path, locked: true }, offline).environmentFor(request('app', centos7));
    expect(await gather(again, { platform: centos7 }, offline)).toEqual(house);
    expect(server.requests.length).toBe(asked);
    const empty = await ports({ offline: true, cacheDirectory: join(directory, 'empty') });
    const error = await failureOf(gather(again, { platform: centos7 }, empty));
    expect(error.code).toBe('offline');
    expect(error.message).toContain('app-1.0-py3-none-any.whl');
    const unlocked = await failureOf(lockTarget(request('app', debian12), empty));
    expect(unlocked.code).toBe('offline');
  });

  test('refuses a wheel for another platform', async () => {
    const wheel = makeWheel(files, { name: 'native', version: '1.0', tag: 'cp311-cp311-manylinux_2_34_x86_64' });
    const own = await ports();
    const environment = await lockTarget(request('native', debian12), own);
    expect(environment.distributions[0]?.file.fileName).toBe(wheel.fileName);
    const error = await failureOf(gather(environment, { platform: debian11 }, own));
    expect(error.code).toBe('unsupported-wheel');
    expect(error.message).toContain('cp311-cp311-manylinux_2_34_x86_64');
    expect(error.details.join('\n')).toContain('cp39-cp39-manylinux_2_31_x86_64');
  });

  test('finds a closure with a hole', async () => {
    makeWheel(files, { name: 'app', version: '1.0', requires: ['base>=1'] });
    makeWheel(files, { name: 'base', version: '1.5' });
    const own = await ports();
    const environment = await lockTarget(request('app', debian12), own);
    const house = await gather(environment, { platform: debian12 }, own);
    await verifyClosure(house, environment, debian12);
    const error = await failureOf(
      verifyClosure({ wheels: house.wheels.filter(({ name }) => name !== 'base') }, environment, debian12),
    );
    expect(error.code).toBe('unresolvable');
    expect(error.details).toEqual(['app 1.0 requires base>=1, which is not among the wheels']);
  });

  test('obtains the wheel of an application by requirement from the environment that is locked for the target', async () => {
    makeWheel(files, { name: 'tool', version: '2.0', scripts: { tool: 'tool:main' }, requires: ['seed'] });
    const own = await ports();
    const path = join(directory, 'coachbuilder.lock');
    const store = new LockStore({ path, locked: false }, own);
    const source = { kind: 'requirement', requirement: 'tool>=1' } as const;
    const application = await requiredApplication(source, { platform: debian12, python: noSettings }, store, own);
    expect(application).toMatchObject({ source, scripts: [{ name: 'tool' }] });
    expect(application.wheel).toMatch(/tool-2\.0-py3-none-any\.whl$/);
    const environment = await store.environmentFor(request('tool>=1', debian12));
    expect(environment.distributions.map(({ name }) => name)).toEqual(['seed', 'tool']);
  });
});

describe('--locked', () => {
  test('refuses a missing lock and one that is stale, and says what changed', async () => {
    makeWheel(files, { name: 'app', version: '1.0' });
    makeWheel(files, { name: 'app', version: '2.0' });
    const path = join(directory, 'coachbuilder.lock');
    const own = await ports();
    const locked = (): LockStore => new LockStore({ path, locked: true }, own);
    expect((await failureOf(locked().environmentFor(request('app==1.0', centos7)))).code).toBe('lock-missing');
    await new LockStore({ path, locked: false }, own).environmentFor(request('app==1.0', centos7));
    expect((await locked().environmentFor(request('app==1.0', centos7))).distributions[0]?.version).toBe('1.0');
    const stale = await failureOf(locked().environmentFor(request('app==2.0', centos7)));
    expect(stale.code).toBe('lock-stale');
    expect(stale.details).toEqual(['requirement changed: app==1.0 -> app==2.0']);
    expect((await failureOf(locked().environmentFor(request('app==1.0', debian12)))).code).toBe('lock-missing');
    writeFileSync(path, readFileSync(path, 'utf8').replace('version: "1.0"', 'version: "1.1"'));
    expect((await failureOf(locked().environmentFor(request('app==1.0', centos7)))).code).toBe('lock-invalid');
  });

  test('is not needed for a fresh environment to be used again, and other environments are kept', async () => {
    makeWheel(files, { name: 'app', version: '1.0' });
    const path = join(directory, 'coachbuilder.lock');
    const own = await ports();
    await new LockStore({ path, locked: false }, own).environmentFor(request('app', centos7));
    makeWheel(files, { name: 'app', version: '2.0' });
    const again = await new LockStore({ path, locked: false }, own).environmentFor(request('app', centos7));
    expect(again.distributions[0]?.version).toBe('1.0');
    await new LockStore({ path, locked: false }, own).environmentFor(request('app', debian12));
    const text = readFileSync(path, 'utf8');
    expect([...text.matchAll(/key: (\S+)/g)].map((match) => match[1])).toEqual([
      'cpython-3.11-glibc-2.36-x86_64',
      'cpython-3.6-glibc-2.17-x86_64',
    ]);
  });
});

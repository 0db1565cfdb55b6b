import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { CoachbuilderError } from '../../src/errors/coachbuilder-error.ts';
import { lockTarget } from '../../src/lock/lock-target.ts';
import { withUsablePip } from '../../src/lock/pip-tool.ts';
import { gather } from '../../src/wheelhouse/gather.ts';
import { mustRun } from '../support/machine.ts';
import { startIndexServer, type IndexServer } from '../support/index-server.ts';
import { settledPorts, testPorts, type TestPorts } from '../support/tool-ports.ts';
import { makeSdist, makeWheel } from '../support/wheels.ts';

const centos7 = { title: 'CentOS 7', pythonVersion: '3.6.8', glibc: '2.17', architecture: 'x86_64' } as const;

/** The pip of Debian 11, which knows neither `--dry-run` nor `--report`. */
const oldPip = '20.3.4';

/** What this machine reaches its index by. */
function ownNetwork(): Readonly<Record<string, string>> {
  const settings = Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
    /^(?:PIP_|SSL_|https?_proxy$)/i.test(name) && value !== undefined ? [[name, value]] : [],
  );
  return { ...Object.fromEntries(settings), PIP_CONFIG_FILE: '' };
}

/** That pip needs what Python 3.12 has removed. */
const isTooNew = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info >= (3, 12))']).status !== 0;
const note = isTooNew ? ` (skipped: pip ${oldPip} does not run on this python3)` : '';

describe.skipIf(isTooNew)(`a python3 whose pip is too old${note}`, () => {
  let directory: string;
  let tools: string;
  let index: IndexServer;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'coachbuilder-pip-'));
    await mustRun(['python3', '-m', 'venv', join(directory, 'old')]);
    tools = join(directory, 'old/bin');
    await mustRun([join(tools, 'python3'), '-m', 'pip', 'install', '--quiet', `pip==${oldPip}`]);
    const files = join(directory, 'files');
    await mustRun(['mkdir', files]);
    const backport = { name: 'backport', version: '2.0' };
    makeWheel(files, backport);
    makeWheel(files, { name: 'app', version: '1.0', requires: ['backport; python_version < "3.7"', 'source'] });
    makeSdist(files, { name: 'source', version: '3.0' });
    index = await startIndexServer(files);
  });

  afterAll(async () => {
    await index[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  function ports(cache: string, network: Readonly<Record<string, string>>, offline = false): TestPorts {
    return testPorts({
      cacheDirectory: join(directory, cache),
      toolDirectory: tools,
      home: homedir(),
      network,
      offline,
    });
  }

  test('gets one that can, once, and resolves with the markers of the target', async () => {
    const { environments } = await withUsablePip(ports('cache', ownNetwork()));
    const wheel = environments.network['PYTHONPATH'] ?? '';
    expect(wheel).toMatch(/\/cache\/tools\/pip-\d+(?:\.\d+)+\/pip-[\d.]+-py3-none-any\.whl$/);
    const version = await mustRun(['python3', '-m', 'pip', '--version'], { env: environments.network });
    expect(version.stdout).toContain(`from ${wheel}/pip `);
    // From here on there is no index but ours, which has no pip.
    const own = await withUsablePip(
      await settledPorts({
        cacheDirectory: join(directory, 'cache'),
        toolDirectory: tools,
        network: { PIP_INDEX_URL: index.url },
      }),
    );
    const python = { requirements: [], constraints: [], extras: [], indexes: [] };
    const application = { kind: 'requirement', requirement: 'app==1.0' } as const;
    const locked = await lockTarget({ application, platform: centos7, python }, own);
    expect(locked.distributions.map(({ name }) => name)).toEqual(['app', 'backport', 'source']);
    const { wheels } = await gather(locked, { platform: centos7, hasLocalFiles: false }, own);
    expect(wheels.map(({ name }) => name)).toEqual(['app', 'backport', 'source']);
  });

  test('is refused, saying which pip to install, when none can be fetched', async () => {
    const failure: unknown = await withUsablePip(ports('empty', { PIP_INDEX_URL: index.url })).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(CoachbuilderError);
    const { code, message, hint } = failure as CoachbuilderError;
    expect([code, message]).toEqual([
      'tool-missing',
      expect.stringMatching(/^pip 20\.3\.4 is not one that we can work with, and pip \S+ could not be fetched$/),
    ]);
    expect(hint).toMatch(/^install a pip from 23\.0 on/);
    await expect(withUsablePip(ports('empty', {}, true))).rejects.toThrow(/could not be fetched/);
  });
});

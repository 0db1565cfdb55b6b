import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openSession, printArtifacts, withLog, type Session, type SessionOptions } from '../../../src/cli/session.ts';
import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import type { PackageArtifact } from '../../../src/formats/packager.ts';
import { fakeWorld } from '../../support/world.ts';

const artifact: PackageArtifact = {
  path: '/out/acme-fleet-cli_1.0-1_all.deb',
  name: 'acme-fleet-cli',
  version: '1.0',
  release: '1',
  architecture: 'all',
  format: 'deb',
  size: 12,
  sha256: 'ab',
};

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-session-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

async function open(
  options: Partial<SessionOptions> = {},
): Promise<{ readonly session: Session } & ReturnType<typeof fakeWorld>> {
  const faked = fakeWorld({ env: { XDG_CACHE_HOME: directory, PATH: '/usr/bin:/bin' } });
  const all = {
    progress: 'plain',
    verbosity: 'normal',
    buildDirectory: undefined,
    offline: false,
    ...options,
  } as const;
  return { session: await openSession(all, faked.world), ...faked };
}

describe('a session', () => {
  it('keeps its records below the cache, named by time and process', async () => {
    const { session } = await open();
    expect(session.run.path).toBe(join(directory, 'coachbuilder/builds', `20260102T030405Z-${String(process.pid)}`));
    expect(readdirSync(join(directory, 'coachbuilder'))).toEqual(['builds']);
  });

  it('keeps them in the build directory that was asked for', async () => {
    const { session } = await open({ buildDirectory: join(directory, 'work') });
    expect(session.run.path).toBe(join(directory, 'work'));
  });

  it('says with --verbose where they are', async () => {
    const { session, output } = await open({ verbosity: 'verbose' });
    expect(output.stderr).toBe(`set-up: log and records are kept in ${session.run.path}\n`);
  });

  it('logs what its commands print', async () => {
    const { session } = await open({ buildDirectory: join(directory, 'work') });
    await session.ports.commands.run({ tool: 'echo', args: ['hello'], cwd: '/', env: session.ports.environments.base });
    expect(readdirSync(join(directory, 'work'))).toEqual(['commands.log']);
  });
});

describe('what was built', () => {
  it('is printed a path a line', async () => {
    const { session, world, output } = await open();
    printArtifacts([artifact, { ...artifact, path: '/out/b.deb' }], { json: false }, { session, world });
    expect(output.stdout).toBe('/out/acme-fleet-cli_1.0-1_all.deb\n/out/b.deb\n');
  });

  it('is printed as JSON, an empty array when it is nothing', async () => {
    const { session, world, output } = await open();
    printArtifacts([artifact], { json: true }, { session, world });
    expect(JSON.parse(output.stdout)).toEqual([artifact]);
    output.stdout = '';
    printArtifacts([], { json: true }, { session, world });
    expect(output.stdout).toBe('[]\n');
  });

  it('is printed after a live display has let go of the terminal', async () => {
    const { session, world, output } = await open({ progress: 'live' });
    session.ports.reporter.report({ type: 'stage-started', stage: 'lock', target: 'centos-7' });
    const printed: string[] = [];
    printArtifacts(
      [artifact],
      { json: false },
      { session, world: { ...world, stdout: () => printed.push(output.stderr) } },
    );
    expect(printed[0]?.endsWith('\r\u001B[2K')).toBe(true);
    await session[Symbol.asyncDispose]();
    expect(output.stderr).toBe(printed[0]);
  });
});

describe('an error that a tool caused', () => {
  it('names the log, before what to do', async () => {
    const { session } = await open();
    const error = withLog(
      new CoachbuilderError('command-failed', 'rpmbuild ended with status 1', { details: ['a'], hint: 'b' }),
      session,
    );
    expect(error).toMatchObject({
      code: 'command-failed',
      message: 'rpmbuild ended with status 1',
      details: ['a', `every command and its output: ${session.run.logFile}`],
      hint: 'b',
    });
  });

  it('is left alone when it is told in full, and so is a defect', async () => {
    const { session } = await open();
    for (const error of [new CoachbuilderError('output-exists', 'there'), new TypeError('x')])
      expect(withLog(error, session)).toBe(error);
  });
});

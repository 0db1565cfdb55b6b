import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { listing, openCommandLine, writeFiles, type CommandLine } from '../support/command-line.ts';
import { startIndexServer } from '../support/index-server.ts';
import { whyNoRoots, type Outcome } from '../support/machine.ts';
import { isRunning } from '../support/process.ts';
import { makeWheel, sourceTree } from '../support/wheels.ts';

const hello = {
  name: 'hello',
  version: '1.2.0',
  scripts: { hello: 'hello:main' },
  files: { 'hello.py': 'def main():\n    print("hello")\n' },
};

let line: CommandLine;

beforeAll(async () => {
  line = await openCommandLine();
  return async () => line[Symbol.asyncDispose]();
});

/** What is printed from the error on. */
function complaint({ stderr }: Outcome): string {
  return stderr.slice(stderr.search(/^error\[/m)).trimEnd();
}

/** Directories of work that was not finished: below the cache nothing of them may stay. */
function leftovers(): readonly string[] {
  return listing(join(line.cache, 'coachbuilder')).filter((path) =>
    /^tmp\/.|^builds\/[^/]+\/[^/]+\/(?:root|work)\//.test(path),
  );
}

const noRoot = process.getuid?.() === 0 ? undefined : 'it needs the rights of root';
const noMounts = whyNoRoots();
const nobody = 65534;
const asNobody = ['setpriv', `--reuid=${String(nobody)}`, `--regid=${String(nobody)}`, '--clear-groups'] as const;

/** A home and a cache of somebody without rights, who finds the programs of the system only. */
function nobodysHome(path: string): {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
} {
  const home = line.newDirectory('nobody');
  chownSync(home, nobody, nobody);
  chmodSync(line.directory, 0o755);
  return { home, env: { HOME: home, XDG_CACHE_HOME: join(home, 'cache'), PATH: path, PYENV_ROOT: undefined } };
}

describe('a destination that cannot be written', () => {
  it('is refused before any work when it is a file', async () => {
    const { path } = makeWheel(line.newDirectory('wheel'), hello);
    const file = join(line.newDirectory('file'), 'packages');
    writeFileSync(file, 'mine\n');
    const outcome = await line.run(['--distribution=debian-12', '-d', file, path]);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
    expect(complaint(outcome)).toBe(
      `error[output-unwritable]: the destination ${file} is not a directory\n\nhint: give a directory to --destination-path`,
    );
    expect(outcome.stderr).not.toContain('application: ');
    expect(readFileSync(file, 'utf8')).toBe('mine\n');
  });

  it('is refused when its permissions forbid it', async (context) => {
    context.skip(noRoot !== undefined, noRoot);
    const { path } = makeWheel(line.newDirectory('wheel'), hello);
    const directory = line.newDirectory('roots-own');
    const { env } = nobodysHome('/usr/bin:/bin');
    const outcome = await line.run(['--distribution=debian-12', '-d', join(directory, 'new'), path], {
      through: asNobody,
      env,
    });
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
    expect(complaint(outcome)).toMatch(
      new RegExp(
        `^error\\[output-unwritable\\]: ${directory}/new cannot be written\\n[^]*\\nhint: choose a directory that you may write to$`,
      ),
    );
    expect(listing(directory)).toEqual([]);
  });

  it('is refused when its file system is mounted to be read only', async (context) => {
    context.skip(noMounts !== undefined, noMounts);
    const { path } = makeWheel(line.newDirectory('wheel'), hello);
    const directory = line.newDirectory('read-only');
    const outcome = await line.run(['--distribution=debian-12', '-d', directory, path], {
      through: mounting(directory, 'ro'),
    });
    expect(complaint(outcome)).toMatch(new RegExp(`^error\\[output-unwritable\\]: ${directory} cannot be written\\n`));
    expect(outcome.exitCode).toBe(1);
  });
});

/** In mounts of its own, with a small file system on a directory, whose content is printed at the end. */
function mounting(directory: string, options: string): readonly string[] {
  const script = [
    'directory=$1; mount -t tmpfs -o "$2" tmpfs "$directory" || exit 99; shift 2',
    '"$@"; status=$?',
    'find "$directory" -mindepth 1 -printf "left %P\\n"',
    'exit $status',
  ].join('\n');
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', directory, options];
}

describe('a disk that becomes full', () => {
  beforeEach((context) => {
    context.skip(noMounts !== undefined, noMounts);
  });

  // Larger than the file system even when it is compressed.
  const noise = Array.from({ length: 40_000 }, (_, index) => Math.sin(index).toString(36)).join('\n');
  const large = { ...hello, files: { ...hello.files, 'noise.txt': noise } };

  it.each(['debian-12', 'rocky-9'])('leaves nothing half-written in the destination: %s', async (distribution) => {
    const { path } = makeWheel(line.newDirectory('wheel'), large);
    const directory = line.newDirectory('full');
    const outcome = await line.run([`--distribution=${distribution}`, '-d', directory, path], {
      through: mounting(directory, 'size=120k'),
    });
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
    expect(complaint(outcome)).toMatch(
      new RegExp(
        `^error\\[disk-full\\]: there is no space left to write ${directory}/omnibus-python-hello[-_]1\\.2\\.0-1\\S*\\n`,
      ),
    );
    expect(complaint(outcome).split('\n')[0]).toMatch(/\.(?:deb|rpm)$/);
    expect(leftovers()).toEqual([]);
  });

  it('is named when it is the one of the build directory', async () => {
    const { path } = makeWheel(line.newDirectory('wheel'), large);
    const [directory, work] = [line.newDirectory('packages'), line.newDirectory('work')];
    const outcome = await line.run(['--distribution=debian-12', '-d', directory, '--build-directory', work, path], {
      through: mounting(work, 'size=200k'),
    });
    expect(outcome.exitCode).toBe(1);
    expect(complaint(outcome)).toMatch(/^error\[disk-full\]: there is no space left to write /);
    expect(listing(directory)).toEqual([]);
  });
});

describe('an interruption', () => {
  async function readWhenThere(path: string): Promise<string> {
    for (let attempt = 0; attempt < 600; attempt += 1) {
      if (existsSync(path)) return readFileSync(path, 'utf8');
      await sleep(100);
    }
    throw new Error(`${path} was not written`);
  }

  async function untilGone(pid: number): Promise<void> {
    for (let attempt = 0; attempt < 100 && isRunning(pid); attempt += 1) await sleep(100);
    expect(isRunning(pid)).toBe(false);
  }

  it('by SIGINT ends a build of the application with all of its descendants', async () => {
    const marker = join(line.newDirectory('marker'), 'pid');
    const backend = [
      'import os, subprocess',
      'def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):',
      '    child = subprocess.Popen(["sleep", "600"])',
      `    with open(${JSON.stringify(`${marker}.new`)}, "w") as f: f.write("%d %d" % (os.getpid(), child.pid))`,
      `    os.rename(${JSON.stringify(`${marker}.new`)}, ${JSON.stringify(marker)})`,
      '    child.wait()',
      '',
    ].join('\n');
    const project = line.project({ ...hello, backend });
    const destination = line.newDirectory('interrupted');
    const { child, end } = line.start(['--distribution=debian-12', '-d', destination, project]);
    const pids = (await readWhenThere(marker)).split(' ').map(Number);
    child.kill('SIGINT');
    const outcome = await end;
    expect(outcome).toMatchObject({ exitCode: 130, stdout: '' });
    expect(outcome.stderr.trimEnd().split('\n').at(-1)).toBe('interrupted; nothing half-written was left');
    for (const pid of pids) await untilGone(pid);
    expect(listing(destination)).toEqual([]);
    expect(leftovers()).toEqual([]);
  });

  it('by SIGTERM ends the writing of a package, and takes away what was written', async () => {
    const tools = line.newDirectory('tools');
    const marker = join(tools, 'pid');
    writeFiles(tools, {
      'dpkg-deb': `#!/bin/sh\n[ "$1" = --version ] && exit 0\nfor last; do :; done\necho half > "$last"\necho $$ > ${marker}.new\nmv ${marker}.new ${marker}\nexec sleep 600\n`,
    });
    chmodSync(join(tools, 'dpkg-deb'), 0o755);
    const { path } = makeWheel(line.newDirectory('wheel'), hello);
    const destination = line.newDirectory('interrupted');
    const { child, end } = line.start(['--distribution=rocky-9,debian-12', '-d', destination, path], {
      // One core: one target is packaged at a time, and the first one is finished.
      through: ['taskset', '--cpu-list', '0'],
      env: { PATH: `${tools}${delimiter}${process.env['PATH'] ?? ''}` },
    });
    const pid = Number(await readWhenThere(marker));
    expect(listing(destination).some((name) => name.startsWith('.coachbuilder-'))).toBe(true);
    child.kill('SIGTERM');
    const outcome = await end;
    expect(outcome.exitCode).toBe(130);
    await untilGone(pid);
    // What was finished before stays, and is named.
    const finished = readdirSync(destination).map((name) => join(destination, name));
    expect(finished.every((name) => name.endsWith('.rpm'))).toBe(true);
    expect(outcome.stdout.trimEnd().split('\n').sort()).toEqual(finished.sort());
    expect(leftovers()).toEqual([]);
  });
});

describe('a tool that is missing', () => {
  it('is named with the command that installs it, and has an exit status of its own', async (context) => {
    context.skip(noRoot !== undefined, noRoot);
    const tools = line.newDirectory('tools');
    for (const directory of ['/usr/bin', '/bin', '/usr/local/bin', '/usr/sbin']) {
      for (const name of existsSync(directory) ? readdirSync(directory) : []) {
        if (name !== 'rpmbuild' && !existsSync(join(tools, name)))
          symlinkSync(join(directory, name), join(tools, name));
      }
    }
    const { path } = makeWheel(line.newDirectory('wheel'), hello);
    const { env, home } = nobodysHome(tools);
    const destination = join(home, 'packages');
    mkdirSync(destination);
    chownSync(destination, nobody, nobody);
    const outcome = await line.run(['--distribution=rocky-9', '-d', destination, path], { through: asNobody, env });
    expect(outcome).toMatchObject({ exitCode: 3, stdout: '' });
    expect(complaint(outcome)).toBe(
      [
        'error[tool-missing]: this machine lacks rpmbuild',
        '  rpmbuild: writing .rpm files',
        '',
        'hint: run: sudo apt-get install --yes --no-install-recommends rpm',
      ].join('\n'),
    );
    expect(listing(destination)).toEqual([]);
  });
});

describe('a private index', () => {
  it('gives packages, and its password to nobody', async () => {
    const credentials = { user: 'robot', password: 'correct-horse:battery/staple' };
    const files = line.newDirectory('private');
    makeWheel(files, { name: 'secret-leaf', version: '1.0' });
    await using server = await startIndexServer(files, { credentials });
    const top = line.newDirectory('private-home');
    const home = join(top, 'home');
    writeFiles(home, { '.config/pip/pip.conf': `[global]\nindex-url = ${server.url}\n` });
    const project = line.newDirectory('private-project');
    writeFiles(project, {
      ...sourceTree({ ...hello, requires: ['secret-leaf'] }),
      'coachbuilder.yaml': 'package-prefix: acme\n',
    });
    const [destination, kept] = [join(top, 'packages'), join(top, 'kept')];
    const env = {
      HOME: home,
      XDG_CACHE_HOME: join(top, 'cache'),
      PIP_CONFIG_FILE: undefined,
      PIP_INDEX_URL: undefined,
    };
    const args = ['--distribution=debian-12', '-v', '--build-directory', kept, '-d', destination, project];
    const outcome = await line.run(args, { env });
    expect({ ...outcome }).toMatchObject({ exitCode: 0 });
    makeWheel(files, { name: 'other', version: '1' });
    const refused = await line.run([...args, '--force', '--manifest', join(project, 'other.yaml')], { env });
    expect(refused.exitCode).toBe(1);
    const words = [credentials.password, encodeURIComponent(credentials.password), 'battery'];
    for (const { stdout, stderr } of [outcome, refused])
      for (const word of words) expect(`${stdout}${stderr}`).not.toContain(word);
    const places = [join(top, 'cache'), destination, kept, project];
    for (const word of words) {
      const found = spawnSync('grep', ['-rlaF', '-e', word, ...places], { encoding: 'utf8' });
      expect(found.stdout).toBe('');
    }
    expect(readFileSync(join(project, 'coachbuilder.lock'), 'utf8')).toContain('secret-leaf');
  });
});

describe('what is printed to a pipe that closes early', () => {
  it('is no reason to fail', async () => {
    const outcome = await line.run(['--help'], { through: ['sh', '-c', '"$@" | head -1; exit 0', 'sh'] });
    expect(outcome).toEqual({ exitCode: 0, stdout: 'Usage: build-package [options] <package-uri>\n', stderr: '' });
  });
});

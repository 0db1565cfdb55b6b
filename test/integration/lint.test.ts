import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { listing, openCommandLine, type CommandLine } from '../support/command-line.ts';

const works = (program: string, ...args: readonly string[]): boolean => spawnSync(program, args).status === 0;
const lacking = [
  ...(works('lintian', '--version') ? [] : ['lintian']),
  ...(works('rpmlint', '--print-config') ? [] : ['rpmlint 2']),
];
const reason = lacking.length === 0 ? '' : ` (skipped: there is no ${lacking.join(' and no ')})`;

const hello = {
  name: 'hello',
  version: '1.2.0',
  scripts: { hello: 'hello:main' },
  files: {
    'hello.py': 'def main():\n    print("hello")\n',
    LICENSE: 'MIT License\n\nCopyright (c) 2026 Acme\n',
  },
};

/** A directory that others may not enter: both linters say so at a level at which it matters. */
const manifest = (lint: string): string => `license: MIT
url: https://example.com/hello
maintainer: Acme <acme@example.com>
summary: Greets whoever runs it
packages:
  main:
    directories:
      - path: /var/lib/hello
        mode: '0700'
${lint}`;

let line: CommandLine;

beforeAll(async () => {
  line = await openCommandLine();
  return async () => line[Symbol.asyncDispose]();
});

function project(lint = ''): string {
  return line.project(hello, { 'coachbuilder.yaml': manifest(lint) });
}

describe.skipIf(lacking.length > 0)(`a build that is linted${reason}`, () => {
  it.each([
    ['debian-12', 'lintian', 'hello_'],
    ['rocky-9', 'rpmlint', 'hello-'],
  ])(
    'for %s fails for what nobody explains, and leaves nothing behind',
    async (distribution, linter) => {
      const destination = line.newDirectory('out');
      const uri = project();
      const { exitCode, stderr } = await line.run([
        `--distribution=${distribution}`,
        '--lint=require',
        '-d',
        destination,
        uri,
      ]);
      expect(stderr).toContain(`error[lint-failed]: ${linter} finds a problem in the packages of ${distribution}\n`);
      expect(stderr).toMatch(new RegExp(`^ {2}non-standard-dir-perm \\((?:warning|error) of ${linter}\\)$`, 'm'));
      expect(stderr).toMatch(
        /^ {4}omnibus-python-hello: \/?var\/lib\/hello .*700|^ {4}omnibus-python-hello: \/var\/lib\/hello 0700/m,
      );
      // The linter's own explanation, and what to write.
      expect(stderr).toMatch(/^ {6}.*directory.*0755/m);
      expect(stderr).toContain(
        'lint:\n  overrides:\n    - tag: non-standard-dir-perm\n      path: /var/lib/hello\n      reason: ',
      );
      expect(exitCode).toBe(1);
      expect(listing(destination)).toEqual([]);
    },
    120_000,
  );

  it('passes what the manifest explains, hands the reason out, and reports what matches nothing', async () => {
    const destination = line.newDirectory('out');
    const uri = project(`lint:
  overrides:
    - tag: non-standard-dir-perm
      path: /var/lib/*
      reason: nobody else's business
    - tag: never-found
      linter: lintian
      path: /nowhere
      reason: a relic
`);
    const { exitCode, stderr, stdout } = await line.run([
      '--distribution=debian-12,rocky-9',
      '--lint=require',
      '--json',
      '-d',
      destination,
      uri,
    ]);
    expect(stderr).toContain(
      `${join(uri, 'coachbuilder.yaml')}:15:7: warning: the lint override for never-found at /nowhere matches nothing`,
    );
    expect(stderr).not.toContain('non-standard-dir-perm');
    expect(exitCode).toBe(0);
    const built = JSON.parse(stdout) as readonly {
      readonly path: string;
      readonly format: string;
      readonly rpmlintrc?: string;
    }[];
    for (const { path, format, rpmlintrc } of built) {
      // What a customer's own linter says.
      const args =
        format === 'deb' ? ['--no-cfg', '--fail-on=error,warning', path] : ['--rpmlintrc', String(rpmlintrc), path];
      const run = spawnSync(format === 'deb' ? 'lintian' : 'rpmlint', args, { encoding: 'utf8' });
      expect(run.stdout).not.toMatch(/(?:^|: )[EW]: /m);
      expect(run.status).toBe(0);
    }
    const main = built.find(({ path }) => path.endsWith('.deb') && path.includes('python-hello'));
    const tar = spawnSync(
      'sh',
      [
        '-c',
        'dpkg-deb --fsys-tarfile "$1" | tar xO ./usr/share/lintian/overrides/omnibus-python-hello',
        'sh',
        String(main?.path),
      ],
      { encoding: 'utf8' },
    );
    expect(tar.stdout).toContain("# nobody else's business\nomnibus-python-hello: non-standard-dir-perm *var/lib/*\n");
  }, 180_000);

  it('makes the same packages without a linter, and says once that it is missing', async () => {
    const tools = line.newDirectory('tools');
    mkdirSync(join(tools, 'bin'));
    // Fails as a program does that is not there: the probe is all that counts.
    for (const name of ['lintian', 'rpmlint']) symlinkSync('/bin/false', join(tools, 'bin', name));
    chmodSync(tools, 0o755);
    const env = { PATH: `${join(tools, 'bin')}:${process.env['PATH'] ?? ''}`, SOURCE_DATE_EPOCH: '1700000000' };
    const uri = project(
      'lint:\n  overrides:\n    - { tag: non-standard-dir-perm, path: /var/lib/hello, reason: meant }\n',
    );
    const digests = async (environment: Readonly<Record<string, string>>): Promise<readonly string[]> => {
      const args = ['--distribution=debian-11,debian-12', '--lint=auto', '--json', '-d', line.newDirectory('out'), uri];
      const { exitCode, stderr, stdout } = await line.run(args, { env: environment });
      expect(exitCode, stderr).toBe(0);
      const missing = stderr.split('\n').filter((each) => each.includes('lintian is not installed'));
      expect(missing).toHaveLength(environment === env ? 1 : 0);
      if (environment === env) expect(stderr).toContain('run: sudo apt-get install');
      return (JSON.parse(stdout) as readonly { readonly sha256: string }[]).map(({ sha256 }) => sha256);
    };
    expect(await digests(env)).toEqual(await digests({ SOURCE_DATE_EPOCH: '1700000000' }));
  }, 240_000);
});

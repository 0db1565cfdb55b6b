import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { parseGitAddress, type GitAddress } from '../../src/application/git-address.ts';
import { checkOut } from '../../src/application/git-checkout.ts';
import { openCommandLine, writeFiles, type CommandLine } from '../support/command-line.ts';
import { startGitServer, type GitServer } from '../support/git-server.ts';
import { mustRun, type Outcome } from '../support/machine.ts';
import { startSshServer, whyNoSshServer, type SshServer } from '../support/ssh-server.ts';
import { testPorts, visibleText, type TestPorts } from '../support/tool-ports.ts';
import { sourceTree } from '../support/wheels.ts';

const user = 'ann';
const password = 'hush-hush-7';
const wrong = 'wrong-secret-8';
/** What a header carries (RFC 7617). */
const encoded = Buffer.from(`${user}:${password}`).toString('base64');
const secrets = [password, wrong, encoded];

/** Seconds within which a refusal has to come; a prompt would wait for ever. */
const patience = 10_000;

let line: CommandLine;
let directory: string;
let repositories: string;
let server: GitServer;
let home: string;
let cacheDirectory: string;

async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com', '-c', 'protocol.file.allow=always'];
  const env = { GIT_CONFIG_GLOBAL: '/dev/null' };
  return (await mustRun(['git', ...identity, ...args], { cwd, env })).stdout.trim();
}

/** A bare repository that is served, and the work tree that it was pushed from. */
async function publish(name: string, files: Readonly<Record<string, string>>, head = 'main'): Promise<string> {
  const bare = join(repositories, `${name}.git`);
  const path = join(directory, name);
  await git(directory, 'init', '--quiet', '--bare', `--initial-branch=${head}`, bare);
  writeFiles(path, files);
  await git(path, 'init', '--quiet', '--initial-branch=main');
  await git(path, 'remote', 'add', 'origin', bare);
  await git(path, 'add', '.');
  await git(path, 'commit', '--quiet', '-m', 'first');
  await git(path, 'push', '--quiet', 'origin', 'main');
  return path;
}

beforeAll(async () => {
  line = await openCommandLine();
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-remotes-'));
  repositories = join(directory, 'repositories');
  mkdirSync(repositories);
  await publish('deep', { 'deep.txt': 'deep' });
  const lib = await publish('lib', { 'lib.txt': 'one' });
  await git(lib, 'submodule', '--quiet', 'add', '../deep.git', 'inner/deep');
  await git(lib, 'commit', '--quiet', '-m', 'deep');
  await git(lib, 'push', '--quiet', 'origin', 'main');
  const manifest = 'package-prefix: acme\nmaintainer: Acme <acme@example.com>\n';
  const tree = sourceTree({ name: 'app', version: '1.0' });
  const app = await publish('app', { ...tree, 'coachbuilder.yaml': manifest, 'a.txt': 'a' });
  await git(app, 'submodule', '--quiet', 'add', '../lib.git', 'vendor/lib');
  await git(app, 'commit', '--quiet', '-m', 'lib');
  await git(app, 'tag', 'v1');
  await git(app, 'push', '--quiet', 'origin', 'main', 'v1');
  await publish('headless', { 'a.txt': 'a' }, 'trunk');
  server = await startGitServer({ directory: repositories, credentials: { user, password }, secrets });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await line[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(() => {
  home = mkdtempSync(join(directory, 'home-'));
  cacheDirectory = mkdtempSync(join(directory, 'cache-'));
});

function ports(network: Readonly<Record<string, string>> = {}): TestPorts {
  return testPorts({ cacheDirectory, home, network });
}

function address(text: string): GitAddress {
  const parsed = parseGitAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no git address`);
  return parsed;
}

/** Everything in the files below a directory. */
function contents(path: string): string {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

function expectNoSecret(text: string): void {
  for (const secret of secrets) expect(text).not.toContain(secret);
}

function netrc(word: string): void {
  writeFiles(home, { '.netrc': `machine 127.0.0.1 login ${user} password ${word}\n` });
}

/** git-credential-store(1): a helper that git comes with. */
function credentialHelper(word: string): void {
  writeFiles(home, {
    '.gitconfig': '[credential]\n\thelper = store\n',
    '.git-credentials': `http://${user}:${word}@${server.authority.replace(':', '%3a')}\n`,
  });
}

async function expectWhole(base: string, own: TestPorts): Promise<void> {
  await using checkout = await checkOut(address(`git+${base}/app.git@v1`), own);
  expect(readFileSync(join(checkout.path, 'a.txt'), 'utf8')).toBe('a');
  expect(readFileSync(join(checkout.path, 'vendor/lib/lib.txt'), 'utf8')).toBe('one');
  expect(readFileSync(join(checkout.path, 'vendor/lib/inner/deep/deep.txt'), 'utf8')).toBe('deep');
  expectNoSecret(visibleText(own) + JSON.stringify(checkout.origin) + contents(cacheDirectory));
}

async function refusal(base: string, own: TestPorts): Promise<unknown> {
  const start = Date.now();
  const failure: unknown = await checkOut(address(`git+${base}/app.git`), own).catch((error: unknown) => error);
  expect(Date.now() - start).toBeLessThan(patience);
  expectNoSecret(visibleText(own, failure) + contents(cacheDirectory));
  // No half of a mirror is taken for a whole one by the next run.
  expect(existsSync(join(cacheDirectory, 'git'))).toBe(false);
  expect(readdirSync(join(cacheDirectory, 'tmp'))).toEqual([]);
  return failure;
}

/** Our command with a terminal of its own, on which a question would be seen, and nobody who answers. */
async function runOnTerminal(uri: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const terminal = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
  const start = Date.now();
  const outcome = await line.run(['--distribution=debian-12', '--dry-run', uri], {
    through: ['timeout', '--foreground', '30', 'python3', '-c', terminal],
    env: { HOME: home, ...env },
  });
  expect(Date.now() - start).toBeLessThan(patience);
  return { ...outcome, stdout: outcome.stdout.replaceAll('\r', '') };
}

describe('a repository behind a password', () => {
  it.each([
    ['~/.netrc', netrc],
    ['a credential helper', credentialHelper],
  ])('is fetched with its submodules by what %s holds', async (_, provide) => {
    provide(password);
    const before = server.counts.allowed;
    await expectWhole(server.url, ports());
    expect(server.counts.allowed).toBeGreaterThan(before);
    expect(server.leaks).toEqual([]);
  });

  it('is fetched by a header from GIT_CONFIG_*, which is hidden', async () => {
    const header = {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `http.${server.url}/.extraHeader`,
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${encoded}`,
    };
    const own = ports(header);
    await expectWhole(server.url, own);
    expect(own.redactor.text(`sent ${encoded}`)).toBe('sent ****');
    expect(server.leaks).toEqual([]);
  });

  it.each([
    ['~/.netrc has a wrong password', netrc],
    ['a credential helper has a wrong password', credentialHelper],
    ['nobody has one', () => undefined],
  ])('refuses us within seconds when %s', async (_, provide) => {
    provide(wrong);
    const before = server.counts.allowed;
    const failure = await refusal(server.url, ports());
    expect(failure).toMatchObject({
      code: 'source-unavailable',
      message: `the repository ${server.url}/app.git refused us`,
      hint: expect.stringContaining('~/.netrc') as unknown,
    });
    expect(server.counts.allowed).toBe(before);
    expect(server.leaks).toEqual([]);
  });

  it('keeps a password that git brings in by url.<base>.insteadOf out of logs and the cache', async () => {
    writeFiles(home, {
      '.gitconfig': `[url "http://${user}:${password}@${server.authority}/"]\n\tinsteadOf = https://example.invalid/\n`,
    });
    // What git passes on to its own children is not ours to hide; the guide says so.
    try {
      await expectWhole('https://example.invalid', ports());
      const missing: unknown = await checkOut(address('git+https://example.invalid/none.git'), ports()).catch(
        (error: unknown) => error,
      );
      expect(missing).toMatchObject({ code: 'source-unavailable' });
      expectNoSecret(visibleText(ports(), missing));
    } finally {
      server.leaks.length = 0;
    }
  });

  it('is packaged by our command', async () => {
    netrc(password);
    const { exitCode, stdout, stderr } = await runOnTerminal(`git+${server.url}/app.git@v1`);
    expect(stdout).toContain('acme-python-app');
    expect(exitCode).toBe(0);
    expectNoSecret(stdout + stderr + contents(line.cache));
  });

  it('asks no question on a terminal, and shows no password in output and log', async () => {
    netrc(wrong);
    const { exitCode, stdout, stderr } = await runOnTerminal(`git+${server.url}/app.git`);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`error[source-unavailable]: the repository ${server.url}/app.git refused us`);
    expect(stdout).not.toMatch(/(?<!could not read )Username for|Password for/);
    const kept = contents(line.cache);
    expect(kept).toContain(`could not read Username for '${server.url}'`);
    expectNoSecret(stdout + stderr + kept);
    expect(server.leaks).toEqual([]);
  });

  it('is found to be missing by its address', async () => {
    netrc(password);
    await expect(checkOut(address(`git+${server.url}/nothing-401.git`), ports())).rejects.toMatchObject({
      code: 'source-unavailable',
      message: `the repository ${server.url}/nothing-401.git cannot be fetched`,
    });
  });

  it('whose HEAD leads nowhere gives the branches that are there, and never what its HEAD once was', async () => {
    netrc(password);
    const own = ports();
    const headless = `git+${server.url}/headless.git`;
    await using checkout = await checkOut(address(`${headless}@main`), own);
    expect(readFileSync(join(checkout.path, 'a.txt'), 'utf8')).toBe('a');
    const bare = join(repositories, 'headless.git');
    await git(bare, 'symbolic-ref', 'HEAD', 'refs/heads/main');
    await using head = await checkOut(address(headless), own);
    expect(head.origin.commit).toBe(checkout.origin.commit);
    await git(bare, 'symbolic-ref', 'HEAD', 'refs/heads/trunk');
    await expect(checkOut(address(headless), own)).rejects.toMatchObject({
      code: 'source-unavailable',
      message: `the repository ${server.url}/headless.git has no HEAD that leads to a commit`,
      hint: expect.stringContaining('name a branch') as unknown,
    });
  });
});

const whyNoSsh = whyNoSshServer();
const reason = whyNoSsh === undefined ? '' : ` (skipped: ${whyNoSsh})`;

describe.skipIf(whyNoSsh !== undefined)(`a repository behind ssh${reason}`, () => {
  let ssh: SshServer;
  let base: string;

  beforeAll(async () => {
    const keys = join(directory, 'ssh');
    mkdirSync(keys);
    ssh = await startSshServer(keys);
    base = `${ssh.url}${repositories}`;
    return async () => ssh[Symbol.asyncDispose]();
  });

  it('is fetched with its submodules by GIT_SSH_COMMAND', async () => {
    await expectWhole(base, ports({ GIT_SSH_COMMAND: `ssh -F ${ssh.knownHost}` }));
  });

  it("is fetched with its submodules by core.sshCommand in git's configuration", async () => {
    writeFiles(home, { '.gitconfig': `[core]\n\tsshCommand = ssh -F ${ssh.knownHost}\n` });
    await expectWhole(base, ports());
  });

  it('that has never been visited is an error that says how to get to know it', async () => {
    const failure = await refusal(base, ports({ GIT_SSH_COMMAND: `ssh -F ${ssh.unknownHost}` }));
    expect(failure).toMatchObject({
      code: 'source-unavailable',
      message: `the host of ${base}/app.git has a host key that is not known here`,
      hint: expect.stringContaining('known_hosts') as unknown,
    });
  });

  it('whose host has another key than before is an error that warns', async () => {
    const failure = await refusal(base, ports({ GIT_SSH_COMMAND: `ssh -F ${ssh.changedHost}` }));
    expect(failure).toMatchObject({
      code: 'source-unavailable',
      message: `the host of ${base}/app.git has another host key than the one that is known here`,
      hint: expect.stringContaining('somebody may be in between') as unknown,
    });
  });

  it('refuses us when our key is not let in', async () => {
    const failure = await refusal(base, ports({ GIT_SSH_COMMAND: `ssh -F ${ssh.unknownUser}` }));
    expect(failure).toMatchObject({
      code: 'source-unavailable',
      message: `the repository ${base}/app.git refused us`,
      hint: expect.stringContaining('an ssh key') as unknown,
    });
  });

  it('refuses us when our key has a passphrase, for which nobody is asked', async () => {
    const env = { GIT_SSH_COMMAND: `ssh -F ${ssh.lockedKey}` };
    const { exitCode, stdout } = await runOnTerminal(`git+${base}/app.git`, env);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`error[source-unavailable]: the repository ${base}/app.git refused us`);
    expect(stdout).not.toContain('Enter passphrase');
  });

  it('asks no question on a terminal about a host key', async () => {
    const env = { GIT_SSH_COMMAND: `ssh -F ${ssh.unknownHost}` };
    const { exitCode, stdout } = await runOnTerminal(`git+${base}/app.git`, env);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(
      `error[source-unavailable]: the host of ${base}/app.git has a host key that is not known here`,
    );
    expect(stdout).not.toContain('Are you sure you want to continue connecting');
  });
});

import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';

import { mustRun } from './machine.ts';

/** Where sshd is; it is not on everybody's PATH, and can only be started by its absolute path (sshd(8)). */
function findSshd(): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return directories
    .map((directory) => join(directory, 'sshd'))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return path.startsWith('/');
      } catch {
        return false;
      }
    });
}

/** Why no ssh server can be started here; undefined when one can. */
export function whyNoSshServer(): string | undefined {
  if (findSshd() === undefined) return 'sshd (openssh-server) is not installed';
  if (spawnSync('ssh', ['-V']).status !== 0) return 'ssh (openssh-client) is not installed';
  const isRoot = process.getuid?.() === 0;
  if (isRoot && !/^sshd:/m.test(readFileSync('/etc/passwd', 'utf8')))
    return 'the sshd of root needs the user sshd, which its package makes';
  return undefined;
}

export interface SshServer extends AsyncDisposable {
  /** `ssh://user@127.0.0.1:port`, without a slash at its end; the user is the one who runs the tests. */
  readonly url: string;
  /** A configuration of the client with the key that is let in and the host key, for `ssh -F`. */
  readonly knownHost: string;
  /** The same for somebody who has not been there before. */
  readonly unknownHost: string;
  /** The same for somebody who knows the host by another key. */
  readonly changedHost: string;
  /** A client that knows the host, and has a key that it does not let in. */
  readonly unknownUser: string;
  /** A client that knows the host, and whose key, which would be let in, has a passphrase. */
  readonly lockedKey: string;
}

/** A port that was free a moment ago: sshd does not choose one by itself. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  return port;
}

async function makeKey(path: string, passphrase = ''): Promise<string> {
  await mustRun(['ssh-keygen', '-q', '-t', 'ed25519', '-N', passphrase, '-C', 'test', '-f', path]);
  return readFileSync(`${path}.pub`, 'utf8').trim();
}

function writeLines(path: string, lines: readonly string[]): string {
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 });
  return path;
}

/**
 * Starts a real sshd on a port of loopback, with keys of its own, for the user who runs the tests.
 * @param directory absolute, an existing one of the test; keys and configurations go there
 */
export async function startSshServer(directory: string): Promise<SshServer> {
  const sshd = findSshd();
  if (sshd === undefined) throw new Error('sshd is not installed');
  // The package's service makes it before it starts; without systemd nobody does.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const host = await makeKey(join(directory, 'host_key'));
  const user = await makeKey(join(directory, 'user_key'));
  const locked = await makeKey(join(directory, 'locked_key'), 'nobody types this');
  const other = await makeKey(join(directory, 'other_key'));
  const port = String(await freePort());
  writeLines(join(directory, 'authorized_keys'), [user, locked]);
  const configuration = writeLines(join(directory, 'sshd_config'), [
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    `HostKey ${join(directory, 'host_key')}`,
    `AuthorizedKeysFile ${join(directory, 'authorized_keys')}`,
    'PidFile none',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    // Temporary directories may be written by everybody.
    'StrictModes no',
    'UsePAM no',
    `SetEnv PATH=${process.env['PATH'] ?? '/usr/bin:/bin'}`,
  ]);
  writeLines(join(directory, 'known_hosts'), [`[127.0.0.1]:${port} ${host}`]);
  writeLines(join(directory, 'old_hosts'), [`[127.0.0.1]:${port} ${other}`]);
  const client = (name: string, key: string, hosts: string): string =>
    writeLines(join(directory, name), [
      `IdentityFile ${join(directory, key)}`,
      'IdentitiesOnly yes',
      'IdentityAgent none',
      `UserKnownHostsFile ${join(directory, hosts)}`,
      'GlobalKnownHostsFile /dev/null',
    ]);

  const child = spawn(sshd, ['-D', '-e', '-f', configuration], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => {
      resolve();
    });
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      reject(new Error(`sshd did not start: ${said}`));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('Server listening on')) resolve();
    });
  });
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    knownHost: client('known_host', 'user_key', 'known_hosts'),
    unknownHost: client('unknown_host', 'user_key', 'no_hosts'),
    changedHost: client('changed_host', 'user_key', 'old_hosts'),
    unknownUser: client('unknown_user', 'other_key', 'known_hosts'),
    lockedKey: client('locked_key_client', 'locked_key', 'known_hosts'),
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}

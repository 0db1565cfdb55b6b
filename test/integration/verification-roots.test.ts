import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRedactor } from '../../src/report/redact.ts';
import { NodeCommandRunner } from '../../src/system/node-command-runner.ts';
import { openRoot } from '../../src/verification/open-root.ts';
import type { Root, RootPorts } from '../../src/verification/root.ts';
import { whyNoRoots } from '../support/machine.ts';
import { openPodmanStore, whyNoPodman, type PodmanStore } from '../support/podman-store.ts';
import { debianTarball } from '../support/roots.ts';

/*
 * What every implementation of Root does. Needs the rights of root, a Debian root (made by mmdebstrap when there is none
 * in the cache) and, for containers, podman with runc; no network.
 */

const noEvents = { report: () => undefined, close: () => undefined };

interface Setting {
  /** Opens a root whose commands an abort of the signal ends. */
  open(interruption: AbortSignal): Promise<Root>;
  /** What roots have left on this machine. */
  remains(): Promise<readonly string[]>;
  close(): Promise<void>;
}

function ports(interruption: AbortSignal, directory: string, engine: Record<string, string> = {}): RootPorts {
  const redact = createRedactor();
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: directory, TMPDIR: tmpdir() };
  return {
    commands: new NodeCommandRunner({ redact, reporter: noEvents, interruption }),
    cleanup: new NodeCommandRunner({ redact, reporter: noEvents, interruption: new AbortController().signal }),
    environments: { base: env, network: { ...env, https_proxy: 'http://proxy.example.com:3128', SECRET: 'x' } },
    engineEnvironment: { ...env, ...engine },
    reporter: noEvents,
    cacheDirectory: directory,
    runDirectory: directory,
    isRoot: true,
  };
}

/** Commands of processes on this machine that hold a word; those in other namespaces are seen as well. */
function processesWith(word: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return [];
      }
    })
    .filter((command) => command.includes(word));
}

async function chrootSetting(): Promise<Setting> {
  const path = await debianTarball('debian-12');
  const directory = await mkdtemp(join(tmpdir(), 'coachbuilder-roots-'));
  return {
    open: (interruption) => openRoot({ kind: 'archive', path }, ports(interruption, directory)),
    remains: () => Promise.resolve(readdirSync(directory)),
    close: () => rm(directory, { recursive: true }),
  };
}

async function podmanSetting(): Promise<Setting> {
  const store: PodmanStore = await openPodmanStore();
  const image = 'localhost/debian:12';
  await store.importRoot(await debianTarball('debian-12'), image);
  const directory = await mkdtemp(join(tmpdir(), 'coachbuilder-roots-'));
  const choice = { kind: 'image', image, engine: 'podman', network: 'none' } as const;
  return {
    open: (interruption) => openRoot(choice, ports(interruption, directory, store.env)),
    remains: () => store.containers(),
    async close() {
      await rm(directory, { recursive: true });
      await store[Symbol.asyncDispose]();
    },
  };
}

const implementations = [
  { name: 'a directory that is entered', obstacle: whyNoRoots(), set: chrootSetting },
  { name: 'a container of podman', obstacle: whyNoPodman(), set: podmanSetting },
];

for (const { name, obstacle, set } of implementations) {
  const reason = obstacle === undefined ? '' : ` [skipped: ${obstacle}]`;
  describe.skipIf(obstacle !== undefined)(`a root: ${name}${reason}`, () => {
    let setting: Setting;
    let root: Root;

    beforeAll(async () => {
      setting = await set();
      root = await setting.open(new AbortController().signal);
    });

    afterAll(async () => {
      await root[Symbol.asyncDispose]();
      const remains = await setting.remains();
      await setting.close();
      expect(remains).toEqual([]);
    });

    it('is another system than this machine', async () => {
      const { stdout } = await root.run(['cat', '/etc/os-release']);
      expect(stdout).toMatch(/^VERSION_CODENAME=bookworm$/m);
    });

    it('answers with the status and both outputs of a program', async () => {
      const result = await root.run(['sh', '-c', 'echo out; echo err >&2; exit 7']);
      expect(result).toMatchObject({ exitCode: 7, stdout: 'out\n' });
      expect(result.stderr).toContain('err\n');
    });

    it('answers with 127 for a program that is not there', async () => {
      expect((await root.run(['no-such-program'])).exitCode).toBe(127);
    });

    it("gives programs an environment of its own, with this machine's proxies and nothing else of it", async () => {
      const { stdout } = await root.run(['env']);
      expect(stdout).toMatch(/^https_proxy=http:\/\/proxy\.example\.com:3128$/m);
      expect(stdout).toMatch(/^DEBIAN_FRONTEND=noninteractive$/m);
      expect(stdout).not.toContain('SECRET');
    });

    it('runs programs as root, or as somebody without rights', async () => {
      expect((await root.run(['id', '-u'])).stdout).toBe('0\n');
      expect((await root.run(['id', '-u'], { unprivileged: true })).stdout).toBe('65534\n');
      expect((await root.run(['touch', '/etc/mine'], { unprivileged: true })).exitCode).toBe(1);
    });

    it('ends a program that overruns its time', async () => {
      expect((await root.run(['sleep', '1000'], { timeout: 300 })).exitCode).not.toBe(0);
    });

    it('has /proc and /dev/null', async () => {
      expect((await root.run(['sh', '-c', 'test -d /proc/self && echo x >/dev/null'])).exitCode).toBe(0);
    });

    it('takes files in, readable for everybody', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'coachbuilder-copy-'));
      const source = join(directory, 'some+file_1.0~rc1.deb');
      await writeFile(source, 'content');
      const copies = await root.copyIn([source], '/taken/in');
      await rm(directory, { recursive: true });
      expect(copies).toEqual(['/taken/in/some+file_1.0~rc1.deb']);
      expect((await root.run(['cat', copies[0] ?? ''], { unprivileged: true })).stdout).toBe('content');
    });

    it('tells which paths exist, also dangling links and what absolute links lead to inside', async () => {
      await root.run(['ln', '-s', '/nowhere', '/dangling']);
      await root.run(['sh', '-c', 'mkdir -p /here/below && touch /here/below/inner && ln -s /here /there']);
      const asked = ['/etc', '/dangling', '/there/below/inner', '/nothing', '/nothing/below'];
      expect([...(await root.existing(asked))].sort()).toEqual(['/dangling', '/etc', '/there/below/inner']);
      expect(existsSync('/here')).toBe(false);
    });

    it('looks at more paths than a command line holds', async () => {
      const asked = Array.from({ length: 1000 }, (_, index) => `/${'x'.repeat(200)}/${String(index)}`);
      expect([...(await root.existing([...asked, '/etc']))]).toEqual(['/etc']);
    });

    it('lists what is below a directory, with odd names, and nothing below what is not there', async () => {
      await root.run(['mkdir', '-p', '/odd/a b\nc']);
      await root.run(['touch', '/odd/a b\nc/ü']);
      expect(await root.filesBelow('/odd')).toEqual(['/odd/a b\nc', '/odd/a b\nc/ü']);
      expect(await root.filesBelow('/nothing')).toEqual([]);
    });

    it('leaves nothing running and nothing behind when it is interrupted', async () => {
      const before = await setting.remains();
      const interruption = new AbortController();
      const interrupted = await setting.open(interruption.signal);
      const word = '31536123';
      const running = interrupted.run(['sh', '-c', `sleep ${word} & sleep ${word}`]);
      const ended = expect(running).rejects.toThrow();
      await expect.poll(() => processesWith(word).length, { timeout: 60_000 }).toBeGreaterThan(0);
      interruption.abort();
      await ended;
      await interrupted[Symbol.asyncDispose]();
      await expect.poll(() => processesWith(word), { timeout: 20_000 }).toEqual([]);
      expect(await setting.remains()).toEqual(before);
    });
  });
}

describe('a root that cannot be opened', () => {
  it('is told to whoever is not root, with the way out', async () => {
    const unprivileged = { ...ports(new AbortController().signal, '/nonexistent'), isRoot: false };
    await expect(openRoot({ kind: 'suite', suite: 'bookworm' }, unprivileged)).rejects.toMatchObject({
      code: 'root-unusable',
      hint: expect.stringContaining('--image') as string,
    });
  });

  it('is told when there is no such tarball', async () => {
    const choice = { kind: 'archive', path: '/nonexistent/root.tar' } as const;
    await expect(openRoot(choice, ports(new AbortController().signal, '/nonexistent'))).rejects.toMatchObject({
      code: 'root-unusable',
    });
  });
});

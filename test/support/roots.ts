import { spawn } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe } from 'vitest';

import { besideRoot, enterRoot } from '../../src/system/tools/unshare.ts';
import { aptConfiguration, aptNetworkOptions, makeDebianRoot } from '../../src/system/tools/mmdebstrap.ts';
import { unprivilegedUser } from '../../src/verification/root.ts';
import { failureText, mustRun, requireTools, run, whyNoRoots, type Outcome, type RunOptions } from './machine.ts';

/** What is set inside of roots, whatever the caller's environment is. */
const rootEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C.UTF-8',
  DEBIAN_FRONTEND: 'noninteractive',
} as const;

type Argv = [string, ...string[]];

/** A program that runs inside of a root until it is stopped. */
export interface Daemon {
  /** The next line of its stdout; an error when it ends before. */
  line(): Promise<string>;
  /** Sends SIGTERM to it and resolves to its exit status. */
  stop(): Promise<number>;
}

/** A directory with an operating system in it, the tests' own. */
export class Root implements AsyncDisposable {
  /** Absolute path on this machine. */
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  #enter(argv: readonly string[], user?: 'nobody'): Argv {
    const entering =
      user === undefined
        ? { env: rootEnvironment }
        : { env: { ...rootEnvironment, HOME: '/var/tmp' }, user: unprivilegedUser };
    const { tool, args } = enterRoot(this.path, argv, entering);
    return [tool, ...args];
  }

  /** Runs a program inside of the root, as root or as the given user, with an environment of its own. */
  async run(
    argv: readonly string[],
    options: { readonly user?: 'nobody'; readonly input?: string } = {},
  ): Promise<Outcome> {
    return run(this.#enter(argv, options.user), options.input === undefined ? {} : { input: options.input });
  }

  /** As {@link run}, for what has to succeed. Returns its stdout. */
  async must(
    argv: readonly string[],
    options: { readonly user?: 'nobody'; readonly input?: string } = {},
  ): Promise<string> {
    const outcome = await this.run(argv, options);
    if (outcome.exitCode !== 0) throw new Error(failureText(argv, outcome));
    return outcome.stdout;
  }

  /** Runs a program of this machine that works on the root from outside, such as `rpm --root`. */
  async beside(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const { tool, args } = besideRoot(this.path, argv);
    return run([tool, ...args], options);
  }

  /** Starts a program inside of the root. The network is that of this machine. */
  start(argv: readonly string[]): Daemon {
    // The end of stdin is what asks for SIGTERM: the program's process id is known only inside of its namespace.
    const script = 'exec 3<&0; "$@" & child=$!; (read -r _; kill -TERM "$child") <&3 & wait "$child"';
    const [program, ...args] = this.#enter(['sh', '-c', script, 'sh', ...argv]);
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const ended = new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        resolve(code ?? (signal === null ? 255 : 128));
      });
    });
    const lines: string[] = [];
    let errors = '';
    let partial = '';
    let wake: () => void = () => undefined;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const pieces = (partial + text).split('\n');
      partial = pieces.pop() ?? '';
      lines.push(...pieces);
      wake();
    });
    return {
      async line() {
        for (;;) {
          const line = lines.shift();
          if (line !== undefined) return line;
          const news = new Promise<'line'>((resolve) => {
            wake = () => {
              resolve('line');
            };
          });
          const first = await Promise.race([news, ended]);
          if (first !== 'line' && lines.length === 0) {
            throw new Error(`${argv.join(' ')} ended with status ${String(first)} before it said anything\n${errors}`);
          }
        }
      },
      stop() {
        child.stdin.end();
        return ended;
      },
    };
  }

  /** Copies files of this machine into a directory of the root; returns their paths inside. */
  async copyIn(sources: readonly string[], directory = '/var/tmp/packages'): Promise<readonly string[]> {
    await mkdir(join(this.path, directory), { recursive: true });
    const targets: string[] = [];
    for (const source of sources) {
      const target = join(directory, basename(source));
      await copyFile(source, join(this.path, target));
      targets.push(target);
    }
    return targets;
  }

  /** Whether there is anything, be it a dangling link, at a path of the root. */
  exists(path: string): boolean {
    return lstatSync(join(this.path, path), { throwIfNoEntry: false }) !== undefined;
  }

  async readText(path: string): Promise<string> {
    return readFile(join(this.path, path), 'utf8');
  }

  /** All paths below one of the root, sorted, relative to it; empty when it does not exist. */
  filesBelow(path: string): readonly string[] {
    const directory = join(this.path, path);
    if (!existsSync(directory)) return [];
    return (readdirSync(directory, { recursive: true }) as string[]).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Where the roots come from, and with what. */
interface Recipe {
  readonly suite: string;
  readonly packages: readonly string[];
}

const recipes = {
  'debian-11': { suite: 'bullseye', packages: ['ca-certificates'] },
  'debian-12': { suite: 'bookworm', packages: ['ca-certificates'] },
  'debian-13': { suite: 'trixie', packages: ['ca-certificates'] },
} as const satisfies Record<string, Recipe>;

export type DebianRelease = keyof typeof recipes;

/** Package lists that are older than this may name files that the archive no longer has. Milliseconds. */
const oldestArchive = 3 * 24 * 60 * 60 * 1000;

function cacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'coachbuilder-test-roots');
}

/** What apt on this machine is told about the network: proxies, and whether old archives are forgiven their dates. */
async function aptOptions(): Promise<readonly string[]> {
  const { tool, args } = aptConfiguration();
  return aptNetworkOptions((await mustRun([tool, ...args])).stdout);
}

/** The tarball of a recipe, made when there is none or an old one. */
async function archiveOf(recipe: Recipe): Promise<string> {
  const name = [recipe.suite, ...recipe.packages].join('+');
  const archive = join(cacheDirectory(), `${name}.tar.zst`);
  if (existsSync(archive) && Date.now() - statSync(archive).mtimeMs < oldestArchive) return archive;
  await requireTools('mmdebstrap', 'zstd');
  await mkdir(cacheDirectory(), { recursive: true });
  // The temporary name ends as the final one does: mmdebstrap goes by it.
  const temporary = join(cacheDirectory(), `.${String(process.pid)}-${name}.tar.zst`);
  try {
    const { tool, args } = makeDebianRoot({ ...recipe, aptOptions: await aptOptions(), output: temporary });
    await mustRun([tool, ...args]);
    await rename(temporary, archive);
    const now = new Date();
    await utimes(archive, now, now);
  } finally {
    await rm(temporary, { force: true });
  }
  return archive;
}

async function unpack(archive: string): Promise<Root> {
  const path = realpathSync(await mkdtemp(join(tmpdir(), 'coachbuilder-root-')));
  // mkdtemp makes directories for the caller alone; a root's / is for everybody.
  await mustRun(['tar', '--directory', path, '--extract', '--zstd', '--file', archive, '--exclude=./dev/*']);
  await mustRun(['chmod', '0755', path]);
  await copyFile('/etc/resolv.conf', join(path, 'etc/resolv.conf'));
  const certificates = '/etc/ssl/certs/ca-certificates.crt';
  if (existsSync(certificates)) await copyFile(certificates, join(path, certificates));
  // Nothing that a package's script starts may start here.
  await writeFile(join(path, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return new Root(path);
}

/**
 * A fresh root of a Debian release, with the package lists of its archive, of which `apt-get install` works. Dispose of
 * it with `await using` or `root[Symbol.asyncDispose]()`.
 */
export async function debianRoot(release: DebianRelease, packages: readonly string[] = []): Promise<Root> {
  return unpack(await debianTarball(release, packages));
}

/** The tarball that {@link debianRoot} unpacks. */
export async function debianTarball(release: DebianRelease, packages: readonly string[] = []): Promise<string> {
  const recipe: Recipe = recipes[release];
  return archiveOf({ ...recipe, packages: [...recipe.packages, ...packages].sort() });
}

/** `describe`, skipped with its reason in the title where roots cannot be entered. */
export function describeWithRoots(title: string, body: () => void): void {
  const reason = whyNoRoots();
  if (reason === undefined) describe(title, body);
  else describe.skip(`${title} [skipped: ${reason}]`, body);
}

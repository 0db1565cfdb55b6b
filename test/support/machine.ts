import { spawn, spawnSync } from 'node:child_process';

/** What a command did. */
export interface Outcome {
  /** 128 + n for a command that signal n ended. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the caller's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** Runs a program of this machine; its failure is an answer, too. */
export async function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<Outcome> {
  const [program, ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        output[stream] += text;
      });
    }
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ exitCode: code ?? 128 + (signalNumbers[signal ?? ''] ?? 0), ...output });
    });
    // A command that does not read its input may be gone before it is written.
    child.stdin.on('error', () => undefined).end(options.input ?? '');
  });
}

/** A failed command, with all that it printed. */
export function failureText(argv: readonly string[], outcome: Outcome): string {
  return `${argv.join(' ')} ended with status ${String(outcome.exitCode)}\n${outcome.stdout}\n${outcome.stderr}`;
}

/** Runs a program of this machine that has to succeed. */
export async function mustRun(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<Outcome> {
  const outcome = await run(argv, options);
  if (outcome.exitCode !== 0) throw new Error(failureText(argv, outcome));
  return outcome;
}

/** The Debian packages of the programs that the slow tests use. */
const packageOf = {
  mmdebstrap: 'mmdebstrap',
  rpm: 'rpm',
  rpmbuild: 'rpm',
  rpmkeys: 'rpm',
  dnf: 'dnf',
  createrepo_c: 'createrepo-c',
  unshare: 'util-linux',
  gpg: 'gnupg',
  gpgv: 'gpgv',
  zstd: 'zstd',
  'dpkg-deb': 'dpkg',
  'dpkg-shlibdeps': 'dpkg-dev',
  'dpkg-scanpackages': 'dpkg-dev',
  'apt-ftparchive': 'apt-utils',
  xz: 'xz-utils',
  rpm2cpio: 'rpm2cpio',
  cpio: 'cpio',
  rsync: 'rsync',
  patchelf: 'patchelf',
  rpmsign: 'rpm',
  mergerepo_c: 'createrepo-c',
  xmllint: 'libxml2-utils',
  zypper: 'zypper',
} as const;

export type Tool = keyof typeof packageOf;

function isOnPath(tool: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', tool]).status === 0;
}

/**
 * Makes sure that programs are installed: with apt-get when we are root on a Debian machine; otherwise the error says
 * what to install.
 */
export async function requireTools(...tools: readonly Tool[]): Promise<void> {
  const missing = tools.filter((tool) => !isOnPath(tool));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((tool) => packageOf[tool]))].sort();
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', ...packages] as const;
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) {
    throw new Error(`these tests need ${missing.join(', ')}; on Debian run: sudo ${install.join(' ')}`);
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  if ((await run(install, { env })).exitCode === 0) return;
  await mustRun(['apt-get', 'update'], { env });
  await mustRun(install, { env });
}

/** Why roots cannot be entered on this machine; undefined when they can. */
export function whyNoRoots(): string | undefined {
  if (process.platform !== 'linux') return 'roots need Linux';
  if (process.getuid?.() !== 0) return 'making and entering roots needs the rights of root';
  if (!isOnPath('unshare')) return 'unshare (util-linux) is not installed';
  const trial = spawnSync('unshare', ['--mount', '--pid', '--fork', '--propagation', 'private', 'true']);
  if (trial.status !== 0) return 'this machine does not let us make mount and process namespaces';
  return undefined;
}

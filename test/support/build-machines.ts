import { chmodSync, copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { failureText, mustRun, run, type Outcome } from './machine.ts';
import { debianRoot, type DebianRelease, type Root } from './roots.ts';

const repository = join(import.meta.dirname, '../..');

/** What building takes, by the names of Debian's packages. */
const buildPackages = ['file', 'git', 'python3', 'python3-pip', 'rpm'] as const;

/** Where a machine sees this checkout; it cannot write there. */
const program = '/srv/coachbuilder';

/** Who builds on a machine, and where. */
export interface Circumstances {
  readonly hostName: string;
  /** Numeric `user:group`. */
  readonly user: string;
  /** Absolute directories inside: the home with the cache, the checkout, temporary files. */
  readonly home: string;
  readonly checkout: string;
  readonly temporary: string;
  readonly umask: string;
  readonly timeZone: string;
  readonly locale: string;
  /** Words before the command, such as those that leave it one processor. */
  readonly through: readonly string[];
}

/**
 * Enters a root as if it were a machine of its own: its own host name, mounts and processes. The checkout of
 * Coachbuilder is there to be read only.
 */
const enter = `
root=$1 name=$2 checkout=$3 user=$4 mask=$5
shift 5
hostname "$name"
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mkdir -p "$root${program}"
mount --bind "$checkout" "$root${program}"
mount -o remount,bind,ro "$root${program}"
umask "$mask"
exec chroot --userspec="$user" "$root" env -i "$@"
`;

/** What this machine knows of the network, for those that share it: indexes and proxies, but no directories. */
function network(): readonly string[] {
  const own = Object.entries(process.env).filter(
    ([name, value]) =>
      /^(?:(?:PIP|UV)_(?:EXTRA_)?INDEX_URL|(?:https?|no|all)_proxy)$/i.test(name) && value !== undefined,
  );
  const certificates = '/etc/ssl/certs/ca-certificates.crt';
  return [
    ...own.map(([name, value]) => `${name}=${value ?? ''}`),
    ...['SSL_CERT_FILE', 'PIP_CERT', 'REQUESTS_CA_BUNDLE'].map((name) => `${name}=${certificates}`),
  ];
}

/** A root in which packages can be built. */
export class BuildMachine implements AsyncDisposable {
  readonly root: Root;
  readonly circumstances: Circumstances;

  constructor(root: Root, circumstances: Circumstances) {
    this.root = root;
    this.circumstances = circumstances;
  }

  /** Absolute path on this machine of a path inside. */
  outside(path: string): string {
    return join(this.root.path, path);
  }

  async run(argv: readonly string[], directory = '/'): Promise<Outcome> {
    const { hostName, user, home, temporary, umask, timeZone, locale, through } = this.circumstances;
    const environment = [
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...[`HOME=${home}`, `TMPDIR=${temporary}`, `TZ=${timeZone}`, `LANG=${locale}`, `LC_ALL=${locale}`],
      ...network(),
    ];
    const inside = [...through, 'sh', '-euc', 'cd "$1"; shift; exec "$@"', 'sh', directory, ...argv];
    const namespaces = ['--mount', '--uts', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
    const place = [this.root.path, hostName, repository, user, umask];
    return run(['unshare', ...namespaces, 'sh', '-euc', enter, 'sh', ...place, ...environment, ...inside]);
  }

  /** Packages the checkout; it has to succeed. */
  async build(words: readonly string[]): Promise<Outcome> {
    const { checkout } = this.circumstances;
    const argv = [`${program}/admin/build-package`, '--progress=plain', ...words, checkout];
    const outcome = await this.run(argv, checkout);
    if (outcome.exitCode !== 0) throw new Error(failureText(argv, outcome));
    return outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.root[Symbol.asyncDispose]();
  }
}

/**
 * Makes a machine of a Debian release, with this machine's Node and a clone of a repository, whose files appear in the
 * directory in the order that is asked for.
 * @param repository absolute path of a git repository of this machine
 */
export async function buildMachine(
  release: DebianRelease,
  circumstances: Circumstances,
  clone: { readonly repository: string; readonly reversed: boolean },
): Promise<BuildMachine> {
  const root = await debianRoot(release, buildPackages);
  const node = join(root.path, 'usr/local/bin/node');
  copyFileSync(process.execPath, node);
  chmodSync(node, 0o755);
  const { home, checkout, temporary, user } = circumstances;
  for (const directory of [home, temporary, checkout]) mkdirSync(join(root.path, directory), { recursive: true });
  const place = join(root.path, checkout);
  await mustRun(['git', 'clone', '--quiet', '--no-checkout', clone.repository, place]);
  // Directories list what they hold in an order that the file system chooses, by the order of making among other things.
  const names = (await mustRun(['git', 'ls-tree', '-r', '-z', '--name-only', 'HEAD'], { cwd: place })).stdout;
  const files = names.split('\0').filter(Boolean).sort();
  for (const name of clone.reversed ? files.reverse() : files)
    await mustRun(['git', 'checkout', '--quiet', 'HEAD', '--', name], { cwd: place });
  await mustRun(['git', 'remote', 'set-url', 'origin', 'https://git.example.com/acme/fleet.git'], { cwd: place });
  for (const directory of [home, temporary, checkout])
    await mustRun(['chown', '--recursive', user, join(root.path, directory)]);
  if (existsSync(join(place, 'coachbuilder.lock'))) throw new Error('the repository has a lock already');
  return new BuildMachine(root, circumstances);
}

import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { mustRun, run, type Outcome } from './machine.ts';

/** How a client is told where a repository is. */
export type Access = 'mirrorlist' | 'baseurl';

export interface ClientOptions {
  readonly access: Access;
  /** Public address of the place, without a slash at the end. */
  readonly url: string;
  /** Absolute path of an armoured public key. */
  readonly keyFile: string;
}

function repoFile({ access, url, keyFile }: ClientOptions): string {
  return [
    '[acme]',
    'name=Acme',
    access === 'mirrorlist' ? `mirrorlist=${url}/mirrorlist` : `baseurl=${url}/`,
    'enabled=1',
    'gpgcheck=1',
    'repo_gpgcheck=1',
    `gpgkey=file://${keyFile}`,
    // Debian's dnf.conf says the opposite: a broken repository would pass for an empty one.
    'skip_if_unavailable=0',
    'metadata_expire=1h',
    '',
  ].join('\n');
}

/** A machine with one repository: a root with nothing in it but what the client installs. */
export abstract class YumClient implements AsyncDisposable {
  readonly root: string;
  protected readonly options: ClientOptions;

  protected constructor(root: string, options: ClientOptions) {
    this.root = root;
    this.options = options;
  }

  /** The client's installation of packages, their upgrade and so on, always with fresh metadata. */
  abstract run(...args: readonly string[]): Promise<Outcome>;

  /** The installed version and release of a package, or that it is not installed. */
  async installed(name: string): Promise<string> {
    const query = ['rpm', '--root', this.root, '--query', '--queryformat', '%{EVR}', name] as const;
    const { exitCode, stdout } = await run(query, { env: { HOME: this.root } });
    return exitCode === 0 ? stdout : 'none';
  }

  protected async prepare(directory: string): Promise<void> {
    await mkdir(join(this.root, directory), { recursive: true });
    await writeFile(join(this.root, directory, 'acme.repo'), repoFile(this.options));
    // Debian's rpm keeps its database in the caller's home.
    await writeFile(join(this.root, '.rpmmacros'), '%_dbpath /var/lib/rpm\n');
    await mustRun(['rpm', '--root', this.root, '--initdb'], { env: { HOME: this.root } });
  }

  /** Each check of a signature leaves an agent behind, whose home is in the cache. */
  protected async endAgents(): Promise<void> {
    const names = await readdir(this.root, { recursive: true });
    const homes = names
      .filter((each) => each.endsWith('/pubring') || each.endsWith('/pubring.kbx'))
      .map((each) => join(this.root, each.replace(/\/pubring\.kbx$/, '')));
    for (const home of new Set(homes)) await run(['gpgconf', '--homedir', home, '--kill', 'all']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endAgents();
    await rm(this.root, { recursive: true, force: true });
  }
}

/** dnf of this machine, with a root and a cache of its own. */
export class DnfClient extends YumClient {
  readonly #cache = join(this.root, 'c');

  static async open(options: ClientOptions): Promise<DnfClient> {
    const client = new DnfClient(await mkdtemp(join(tmpdir(), 'cbd-')), options);
    await client.prepare('etc/yum.repos.d');
    return client;
  }

  override run(...args: readonly string[]): Promise<Outcome> {
    return run(
      [
        'dnf',
        '--assumeyes',
        '--refresh',
        '--noplugins',
        `--installroot=${this.root}`,
        '--releasever=7',
        '--forcearch=x86_64',
        `--setopt=reposdir=${this.root}/etc/yum.repos.d`,
        `--setopt=cachedir=${this.#cache}`,
        `--setopt=logdir=${this.root}`,
        '--setopt=skip_if_unavailable=False',
        '--setopt=retries=1',
        '--setopt=timeout=5',
        ...args,
      ],
      { env: { HOME: this.root } },
    );
  }

  /** Forgets all that it has seen of the repository, its packages among it. */
  async forget(): Promise<void> {
    await this.endAgents();
    await rm(this.#cache, { recursive: true, force: true });
  }

  /** Returns what makes it know of the repository what it knows now, and have none of its packages. */
  async remember(): Promise<() => Promise<void>> {
    const kept = join(this.root, 'kept');
    await cp(this.#cache, kept, {
      recursive: true,
      preserveTimestamps: true,
      // An agent's sockets cannot be copied.
      filter: (source) => !/^(?:packages|S\..*)$/.test(basename(source)),
    });
    return async () => {
      await this.forget();
      await cp(kept, this.#cache, { recursive: true, preserveTimestamps: true });
    };
  }

  /** The newest version that the repository has of a package, or the status with what dnf said. */
  async newest(name: string): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(
      '--quiet',
      'repoquery',
      '--latest-limit=1',
      '--queryformat=%{version}',
      name,
    );
    return exitCode === 0 ? stdout.trim() : `${String(exitCode)}: ${stderr}`;
  }
}

/** zypper of this machine, with a root and a cache of its own. */
export class ZypperClient extends YumClient {
  static async open(options: ClientOptions): Promise<ZypperClient> {
    const client = new ZypperClient(await mkdtemp(join(tmpdir(), 'cbz-')), options);
    await client.prepare('etc/zypp/repos.d');
    return client;
  }

  override run(...args: readonly string[]): Promise<Outcome> {
    return run(
      ['zypper', '--non-interactive', '--gpg-auto-import-keys', '--root', this.root, '--releasever=7', ...args],
      { env: { HOME: this.root, ZYPP_MEDIA_CURL_DEBUG: '0' } },
    );
  }
}

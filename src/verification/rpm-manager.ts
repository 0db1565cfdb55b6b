import { packagedPath, type PackageFacts } from './package-facts.ts';
import { mustRunInside, type InsideCommand, type PackageManager } from './package-manager.ts';
import type { Root } from './root.ts';

const described = '%{NAME}\\n%{EVR}\\n[%{FILEMODES:perms}\\t%{FILENAMES}\\n]';

async function describe(root: Root, file: string): Promise<PackageFacts> {
  const query = (...args: readonly string[]): InsideCommand => [
    'rpm',
    '--query',
    '--nosignature',
    '--package',
    ...args,
  ];
  const [name = '', version = '', ...files] = (
    await mustRunInside(root, query('--queryformat', described, file))
  ).split('\n');
  const entries = files.flatMap((line) => {
    const [mode = '', path = ''] = line.split('\t');
    const entry = path === '' ? undefined : packagedPath(mode, path);
    return entry === undefined ? [] : [entry];
  });
  const configuration = (await mustRunInside(root, query('--configfiles', file)))
    .split('\n')
    .filter((path) => path.startsWith('/'));
  return { file, name, version, entries, configuration };
}

/** How each front end installs and removes without questions; their manual pages. */
const frontEnds = {
  dnf5: {
    install: ['dnf5', 'install', '--assumeyes', '--no-gpgchecks'],
    remove: ['dnf5', 'remove', '--assumeyes', '--no-autoremove'],
  },
  dnf: {
    install: ['dnf', 'install', '--assumeyes', '--nogpgcheck'],
    remove: ['dnf', 'remove', '--assumeyes', '--noautoremove'],
  },
  yum: { install: ['yum', 'install', '--assumeyes', '--nogpgcheck'], remove: ['yum', 'remove', '--assumeyes'] },
  zypper: {
    install: ['zypper', '--non-interactive', '--no-gpg-checks', 'install', '--allow-unsigned-rpm'],
    remove: ['zypper', '--non-interactive', 'remove'],
  },
  rpm: { install: ['rpm', '--upgrade'], remove: ['rpm', '--erase'] },
} as const satisfies Record<string, { readonly install: InsideCommand; readonly remove: InsideCommand }>;

type FrontEnd = keyof typeof frontEnds;

/** rpm(8) with the front end that a root has. RPM knows no purge. */
export function rpmManager(frontEnd: FrontEnd): PackageManager {
  const { install, remove } = frontEnds[frontEnd];
  return {
    name: frontEnd,
    describe,
    install: (files) => [...install, ...files],
    refresh: undefined,
    remove: (names) => [...remove, ...names],
    purge: undefined,
    version: (name) => ['rpm', '--query', '--queryformat', 'installed %{EVR}', name],
    // Times and, of configuration, contents may differ: rpm(8), "Verify options".
    verify: (name) => ['rpm', '--verify', '--nomtime', '--noconfig', name],
    owner: (path) => ['rpm', '--query', '--file', path],
  };
}

/** The best front end of a root: the distribution's own, else another one, else rpm alone, which fetches nothing. */
export async function findRpmManager(
  root: Root,
  preferred: 'dnf' | 'dnf5' | 'yum' | 'zypper' | 'apt',
): Promise<PackageManager> {
  const candidates: readonly FrontEnd[] = ['dnf5', 'dnf', 'yum', 'zypper'];
  const order = [
    ...candidates.filter((name) => name === preferred),
    ...candidates.filter((name) => name !== preferred),
  ];
  for (const name of order) if ((await root.run([name, '--version'])).exitCode === 0) return rpmManager(name);
  return rpmManager('rpm');
}

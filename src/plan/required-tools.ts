import type { PackageFormat } from '../model/format.ts';

/** A program of the system that a plan needs, and who packages it. */
export interface RequiredTool {
  readonly name: string;
  /** A command that succeeds exactly when the tool can be used. */
  readonly probe: readonly [program: string, ...args: string[]];
  /** The package that holds it, by the package manager of the build machine. */
  readonly packages: { readonly apt: string; readonly dnf: string };
  /** What it is for, for the message that asks for it. */
  readonly purpose: string;
}

const python: RequiredTool = {
  name: 'python3',
  probe: ['python3', '-c', 'import sys; sys.exit(sys.version_info < (3, 8))'],
  packages: { apt: 'python3', dnf: 'python3' },
  purpose: 'building wheels and running pip (Python 3.8 or newer)',
};

const pip: RequiredTool = {
  name: 'pip',
  probe: ['python3', '-m', 'pip', '--version'],
  packages: { apt: 'python3-pip', dnf: 'python3-pip' },
  purpose: 'downloading wheels',
};

const formatTools: Readonly<Record<PackageFormat, readonly RequiredTool[]>> = {
  deb: [
    {
      name: 'dpkg-deb',
      probe: ['dpkg-deb', '--version'],
      packages: { apt: 'dpkg', dnf: 'dpkg' },
      purpose: 'writing .deb files',
    },
  ],
  rpm: [
    {
      name: 'rpmbuild',
      probe: ['rpmbuild', '--version'],
      packages: { apt: 'rpm', dnf: 'rpm-build' },
      purpose: 'writing .rpm files',
    },
    {
      name: 'file',
      probe: ['file', '--version'],
      packages: { apt: 'file', dnf: 'file' },
      purpose: 'the file types that rpmbuild looks at',
    },
  ],
};

const chrootTools: readonly RequiredTool[] = [
  {
    name: 'unshare',
    probe: ['unshare', '--version'],
    packages: { apt: 'util-linux', dnf: 'util-linux' },
    purpose: 'entering a root',
  },
  {
    name: 'zstd',
    probe: ['zstd', '--version'],
    packages: { apt: 'zstd', dnf: 'zstd' },
    purpose: 'tarballs of roots',
  },
];

const mmdebstrap: RequiredTool = {
  name: 'mmdebstrap',
  probe: ['mmdebstrap', '--version'],
  packages: { apt: 'mmdebstrap', dnf: 'mmdebstrap' },
  purpose: 'making roots of Debian releases',
};

/** Every external tool that testing in roots of these kinds takes. Of container engines one is enough: that is seen later. */
export function testTools(kinds: readonly ('archive' | 'suite' | 'image')[]): readonly RequiredTool[] {
  const chroots = kinds.some((kind) => kind !== 'image') ? chrootTools : [];
  return kinds.includes('suite') ? [...chroots, mmdebstrap] : chroots;
}

const readers: Readonly<Record<PackageFormat, RequiredTool>> = {
  deb: {
    name: 'dpkg-deb',
    probe: ['dpkg-deb', '--version'],
    packages: { apt: 'dpkg', dnf: 'dpkg' },
    purpose: 'reading .deb files',
  },
  rpm: {
    name: 'rpm',
    probe: ['rpm', '--version'],
    packages: { apt: 'rpm', dnf: 'rpm' },
    purpose: 'reading .rpm files',
  },
};

/** The external tool that reads finished packages of a format. */
export function readingTools(format: PackageFormat): readonly RequiredTool[] {
  return [readers[format]];
}

const linterTools: Readonly<Record<PackageFormat, RequiredTool>> = {
  deb: {
    name: 'lintian',
    probe: ['lintian', '--version'],
    packages: { apt: 'lintian', dnf: 'lintian' },
    purpose: 'looking at .deb files for what is wrong with them',
  },
  rpm: {
    name: 'rpmlint',
    // rpmlint 1 has neither this option nor the filters and the configuration that we give it.
    probe: ['rpmlint', '--print-config'],
    packages: { apt: 'rpmlint', dnf: 'rpmlint' },
    purpose: 'looking at .rpm files for what is wrong with them (rpmlint 2)',
  },
};

/** The linter of a format. */
export function linterTool(format: PackageFormat): RequiredTool {
  return linterTools[format];
}

export interface ToolNeeds {
  readonly formats: readonly PackageFormat[];
  /** Whether an application is packaged, or only a repository definition. */
  readonly application: boolean;
  /** Whether packages that no linter has looked at must not be made. */
  readonly linters?: boolean;
}

/** Every external tool that a build of these formats uses, so that what is missing is known before any work. */
export function requiredTools(needs: ToolNeeds): readonly RequiredTool[] {
  const formats = [...new Set(needs.formats)].flatMap((format) => [
    ...formatTools[format],
    ...(needs.linters === true ? [linterTools[format]] : []),
  ]);
  return needs.application ? [python, pip, ...formats] : formats;
}

const gpg: RequiredTool = {
  name: 'gpg',
  probe: ['gpg', '--version'],
  packages: { apt: 'gnupg', dnf: 'gnupg2' },
  purpose: 'signing',
};

const gpgv: RequiredTool = {
  name: 'gpgv',
  probe: ['gpgv', '--version'],
  packages: { apt: 'gpgv', dnf: 'gnupg2' },
  purpose: 'verifying signatures as apt does',
};

const xz: RequiredTool = {
  name: 'xz',
  probe: ['xz', '--version'],
  packages: { apt: 'xz-utils', dnf: 'xz' },
  purpose: "apt's indexes",
};

/** The external tool that making a signing key takes. */
export const keyTools: readonly RequiredTool[] = [gpg];

/** Every external tool that looking at a published repository takes, and removing from it: nothing is signed. */
export const lookingTools: readonly RequiredTool[] = [gpgv];

/** Every external tool that signing what is about a repository takes, whatever its format. */
export const signingTools: readonly RequiredTool[] = [gpg, gpgv];

/** Every external tool that writing an index of a format takes; those of yum are written without any. */
const writers: Readonly<Record<PackageFormat, readonly RequiredTool[]>> = { deb: [xz], rpm: [] };

/** Every external tool that packages of a format take before an index can name them. */
const describers: Readonly<Record<PackageFormat, readonly RequiredTool[]>> = {
  deb: [readers.deb],
  rpm: [
    {
      name: 'rpmsign',
      probe: ['rpmsign', '--version'],
      packages: { apt: 'rpm', dnf: 'rpm-sign' },
      purpose: 'signing .rpm files',
    },
    {
      name: 'rpmkeys',
      probe: ['rpmkeys', '--version'],
      packages: { apt: 'rpm', dnf: 'rpm' },
      purpose: 'verifying the signatures of .rpm files',
    },
    {
      name: 'createrepo_c',
      probe: ['createrepo_c', '--version'],
      packages: { apt: 'createrepo-c', dnf: 'createrepo_c' },
      purpose: "yum's indexes",
    },
  ],
};

/** Every external tool that writing the indexes of these formats anew takes: of packages that are published already. */
export function indexTools(formats: readonly PackageFormat[]): readonly RequiredTool[] {
  return [...signingTools, ...[...new Set(formats)].sort().flatMap((format) => writers[format])];
}

/** Every external tool that publishing packages of these formats takes. */
export function publishingTools(formats: readonly PackageFormat[]): readonly RequiredTool[] {
  return [...indexTools(formats), ...[...new Set(formats)].sort().flatMap((format) => describers[format])];
}

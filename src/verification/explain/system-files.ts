import { posix } from 'node:path';

/** What Coachbuilder put into a package for other programs of the system. */
export interface SystemFile {
  /** For the answer. */
  readonly reason: string;
  /** The key of a package's settings from which it follows, and the name below it; undefined when it is in every package. */
  readonly from: { readonly key: string; readonly name: string | undefined } | undefined;
}

interface Kind {
  readonly pattern: RegExp;
  readonly reason: string;
  readonly key?: string;
  /** The settings have a list, or the file is of several entries: there is no name to look for. */
  readonly unnamed?: boolean;
}

/** The directories that src/formats/services, src/formats/integration and src/formats/{deb,rpm}/documents.ts write to. */
const kinds: readonly Kind[] = [
  {
    pattern: /^(?:\/usr)?\/lib\/systemd\/system\/(?<name>[^/]+)\.[a-z]+$/,
    reason: 'the systemd unit of a service',
    key: 'services',
  },
  { pattern: /^\/etc\/init\/(?<name>[^/]+)\.conf$/, reason: 'the upstart job of a service', key: 'services' },
  { pattern: /^\/etc\/(?:rc\.d\/)?init\.d\/(?<name>[^/]+)$/, reason: 'the init script of a service', key: 'services' },
  {
    pattern: /^\/usr\/lib\/sysusers\.d\//,
    reason: 'users and groups that the package makes, for systemd-sysusers',
    key: 'users',
    unnamed: true,
  },
  {
    pattern: /^\/usr\/lib\/tmpfiles\.d\//,
    reason: 'directories of services and of tmpfiles, for systemd-tmpfiles',
    key: 'tmpfiles',
    unnamed: true,
  },
  { pattern: /^\/etc\/logrotate\.d\/(?<name>[^/]+)$/, reason: 'how logs are rotated', key: 'logrotate' },
  {
    pattern: /^\/etc\/rsyslog\.d\/(?:\d+-)?(?<name>[^/]+)\.conf$/,
    reason: 'where rsyslog writes messages',
    key: 'rsyslog',
  },
  {
    pattern: /^\/usr\/lib\/firewalld\/services\/(?<name>[^/]+)\.xml$/,
    reason: 'ports, for firewalld',
    key: 'firewall',
  },
  { pattern: /^\/etc\/ufw\/applications\.d\/(?<name>[^/]+)$/, reason: 'ports, for ufw', key: 'firewall' },
  {
    pattern: /^\/etc\/(?:default|sysconfig)\/(?<name>[^/]+)$/,
    reason: 'the environment of services',
    key: 'environment-files',
  },
  { pattern: /^\/usr\/share\/man\//, reason: 'a manual page', key: 'man-pages', unnamed: true },
  {
    pattern: /^\/usr\/share\/(?:bash-completion|zsh|fish)\//,
    reason: "a shell's completion of a program",
    key: 'completions',
    unnamed: true,
  },
  {
    pattern: /^\/usr\/share\/lintian\/overrides\//,
    reason: 'what lintian finds and is meant to be so, with the reasons',
    key: 'lint',
    unnamed: true,
  },
  {
    pattern: /^\/usr\/share\/(?:doc\/[^/]+\/copyright$|licenses\/)/,
    reason: 'the licences of everything in the package (Debian Policy 12.5, `%license` of rpm)',
  },
  {
    // An rpm has the application's under its own name (src/application/changelog-file.ts).
    pattern: /^\/usr\/share\/doc\/[^/]+\/(?:changelog|changes|history|news|release[-_]?notes)/i,
    reason: 'what changed, from the changelog of the application (Debian Policy 12.7)',
  },
  { pattern: /^\/usr\/share\/doc\/[^/]+$/, reason: 'the documents of the package' },
];

/** What a path outside of the prefix is for, by its directory; undefined for one that none of them has. */
export function systemFileAt(path: string): SystemFile | undefined {
  for (const { pattern, reason, key, unnamed } of kinds) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const name = unnamed === true ? undefined : (match.groups?.['name'] ?? posix.basename(path));
    return { reason, from: key === undefined ? undefined : { key, name } };
  }
  return undefined;
}

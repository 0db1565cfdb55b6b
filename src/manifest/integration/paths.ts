import { basename } from 'node:path/posix';

import type { PackageFormat } from '../../model/format.ts';
import type { CompletedShell } from './settings.ts';

/* Where the programs of a system look for the files of packages. */

/** logrotate(8): the directory that the configuration of every distribution includes. */
export function logrotatePath(name: string): string {
  return `/etc/logrotate.d/${name}`;
}

/** The configuration of every distribution includes `/etc/rsyslog.d/*.conf`. */
export function rsyslogPath(name: string): string {
  return `/etc/rsyslog.d/${name}.conf`;
}

/**
 * firewalld is the firewall of rpm systems, ufw that of deb systems: firewalld.dirs(5), "FIREWALLD DEFAULT/FALLBACK
 * DIRECTORY"; ufw(8), "APPLICATION INTEGRATION".
 */
export function firewallPath(format: PackageFormat, name: string): string {
  return format === 'rpm' ? `/usr/lib/firewalld/services/${name}.xml` : `/etc/ufw/applications.d/${name}`;
}

/** tmpfiles.d(5): packages install theirs below /usr/lib, named after the package. */
export function tmpfilesPath(packageName: string): string {
  return `/usr/lib/tmpfiles.d/${packageName}.conf`;
}

/** Where settings of services are: Debian Policy 9.3.2; initscripts' sysconfig.txt on rpm systems. */
export function environmentFilePath(format: PackageFormat, name: string): string {
  return format === 'rpm' ? `/etc/sysconfig/${name}` : `/etc/default/${name}`;
}

/**
 * Where a manual page is installed, compressed (Debian Policy 12.1): by its section, below its language (FHS 4.11.6).
 * @returns undefined when the name ends in no section
 */
export function manPagePath(source: string, language: string | undefined): string | undefined {
  const match = /^(?<name>[A-Za-z0-9_][\w.:+@-]*?)\.(?<section>(?<digit>[1-9])[a-z]*)$/.exec(basename(source))?.groups;
  if (match === undefined) return undefined;
  const { name = '', section = '', digit = '' } = match;
  const suffix = language === undefined ? '' : `.${language}`;
  const plain = suffix !== '' && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
  const directory = language === undefined ? '' : `${language}/`;
  return `/usr/share/man/${directory}man${digit}/${plain}.${section}.gz`;
}

/**
 * Where a shell looks for completions of packages: bash-completion's README ("Where should I install my own
 * completions?"), fish's "completions" page (vendor_completions.d); for zsh Debian has a directory of its own for
 * packages that are not zsh itself.
 */
export function completionPath(format: PackageFormat, shell: CompletedShell, command: string): string {
  switch (shell) {
    case 'bash':
      return `/usr/share/bash-completion/completions/${command}`;
    case 'zsh':
      return `/usr/share/zsh/${format === 'deb' ? 'vendor-completions' : 'site-functions'}/_${command}`;
    case 'fish':
      return `/usr/share/fish/vendor_completions.d/${command}.fish`;
  }
}

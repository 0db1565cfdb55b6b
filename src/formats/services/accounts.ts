import type { Distribution } from '../../distributions/distribution.ts';
import type { PackageSettings } from '../../manifest/manifest.ts';
import type { UserSettings } from '../../manifest/service-settings.ts';
import type { ContentEntry } from '../../packages/definition.ts';
import { fileEntry } from '../../packages/file-entry.ts';
import type { Accounts } from '../../packages/service-plan.ts';
import { formatPackageName } from '../../packages/names.ts';
import { oneLine } from '../text.ts';

/** passwd(5) knows no colon in a comment; quotes, backslashes and percent signs mean something in sysusers.d(5). */
function plainComment(comment: string): string {
  return oneLine(comment.replace(/[:"\\%]/g, ' '));
}

/**
 * Lines of sysusers.d(5), as systemd 229 (Ubuntu 16.04) reads them: the shell is a column only where it is another than
 * the one that lets nobody in, and a user whose group has another name is left to useradd.
 */
function sysusersLines(settings: PackageSettings, users: readonly UserSettings[]): readonly string[] {
  const number = (id: number | undefined): string => (id === undefined ? '-' : String(id));
  const own = users.filter(({ name, group }) => name === group);
  return [
    ...settings.groups.map(({ name, gid }) => `g ${name} ${number(gid)}`),
    ...own.map(({ name, uid, comment, home, shell }) =>
      [`u ${name} ${number(uid)} "${comment}" ${home}`, ...(shell === undefined ? [] : [shell])].join(' '),
    ),
    ...own.flatMap(({ name, groups }) => groups.map((group) => `m ${name} ${group}`)),
  ];
}

/** The accounts of a package, and the file that declares them to systemd. */
export function planAccounts(
  settings: PackageSettings,
  distribution: Distribution,
): { readonly accounts: Accounts; readonly contents: readonly ContentEntry[] } {
  const users = settings.users.map((user) => ({ ...user, comment: plainComment(user.comment) }));
  const sysusers = distribution.init === 'systemd' ? sysusersLines(settings, users) : [];
  const path = `/usr/lib/sysusers.d/${formatPackageName(distribution.format, settings.name)}.conf`;
  const text = sysusers.map((line) => `${line}\n`).join('');
  return {
    accounts: {
      users,
      groups: settings.groups,
      sysusers,
      file: sysusers.length === 0 ? undefined : path,
      nologin: distribution.format === 'deb' ? '/usr/sbin/nologin' : '/sbin/nologin',
    },
    contents: sysusers.length === 0 ? [] : [fileEntry(path, text)],
  };
}

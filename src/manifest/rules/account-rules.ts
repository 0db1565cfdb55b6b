import type { Finding } from '../finding.ts';
import type { ManifestPath } from '../places.ts';
import { keyProblem, packageParts, problem, type Rule } from './rule.ts';

/**
 * Names that useradd(8), adduser(8) and systemd take on every release: systemd's "Users, Groups, UIDs and GIDs", strict
 * mode, without capital letters, which Debian's adduser refuses.
 */
const accountName = /^[a-z_][a-z0-9_-]{0,30}$/;

const hint = 'use at most 31 lower-case letters, digits, "_" and "-", and begin with a letter or "_"';

function checkName(report: typeof problem, place: ManifestPath, name: string, what: string): Finding[] {
  if (accountName.test(name)) return [];
  return [report(place, `"${name}" is not a name that a ${what} can have`, hint)];
}

/** Numbers and the superuser are the system's; dpkg and rpm would pass a wrong name on to tools that fail. */
export const accountsAreValid: Rule = ({ written }) =>
  packageParts(written).flatMap(({ path, settings }): Finding[] => [
    ...Object.entries(settings.users ?? {}).flatMap(([name, user]): Finding[] => {
      const place = [...path, 'users', name];
      if (name === 'root') return [keyProblem(place, 'the user root is there already', 'leave it out')];
      return [
        ...checkName(keyProblem, place, name, 'user'),
        ...(user?.group === undefined ? [] : checkName(problem, [...place, 'group'], user.group, 'group')),
        ...(user?.groups ?? []).flatMap((group, index) =>
          checkName(problem, [...place, 'groups', index], group, 'group'),
        ),
        // passwd(5): fields are separated by colons.
        ...(user?.comment !== undefined && /[:"\\\u0000-\u001f\u007f]/.test(user.comment)
          ? [problem([...place, 'comment'], 'a comment has no colons, quotes, backslashes and control characters')]
          : []),
        ...(['home', 'shell'] as const).flatMap((key) => {
          const value = user?.[key];
          return value === undefined || /^\/[^\s:"'\\]*$/.test(value)
            ? []
            : [problem([...place, key], `"${value}" must be an absolute path without spaces, colons and quotes`)];
        }),
      ];
    }),
    ...Object.keys(settings.groups ?? {}).flatMap((name) =>
      checkName(keyProblem, [...path, 'groups', name], name, 'group'),
    ),
    ...Object.entries(settings.services ?? {}).flatMap(([key, service]) =>
      (['user', 'group'] as const).flatMap((what) => {
        const name = service?.[what];
        return name === undefined ? [] : checkName(problem, [...path, 'services', key, what], name, what);
      }),
    ),
  ]);

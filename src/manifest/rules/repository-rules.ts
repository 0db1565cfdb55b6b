import { problem, type Rule } from './rule.ts';

/** The release package says where the repositories are, and which key they have. */
export const repositoryHasRelease: Rule = ({ written: { repository, release } }) =>
  repository === undefined || release !== undefined
    ? []
    : [problem(['repository'], 'a repository needs the section release: with id, baseurl and key')];

/** Fields of a Release file and names of directories. */
export const repositoryValuesAreValid: Rule = ({ written: { repository = {} } }) => {
  const patterns = [
    [
      'store',
      repository.store,
      /^(?:s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/.*)?|(?!\w+:\/\/).+)$/,
      's3://bucket/prefix or a directory',
    ],
    ['endpoint', repository.endpoint, /^https?:\/\/[^@\s]+$/, 'an http or https address without credentials'],
    [
      'signing-key',
      repository['signing-key']?.replaceAll(' ', ''),
      /^(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/,
      'a whole fingerprint: 40 hexadecimal digits',
    ],
    ['origin', repository.origin, /^\S(?:.*\S)?$/, 'one line without spaces at its ends'],
    ['label', repository.label, /^\S(?:.*\S)?$/, 'one line without spaces at its ends'],
    ['component', repository.component, /^[a-z0-9][a-z0-9.-]*$/, 'lower-case letters, digits, "." and "-"'],
    ['valid-until', repository['valid-until'], /^[1-9]\d{0,4}d?$/, 'a number of days, such as 14d'],
    ['grace', repository.grace, /^\d{1,5}d?$/, 'a number of days, such as 7d'],
  ] as const;
  return patterns.flatMap(([key, value, pattern, what]) =>
    value === undefined || pattern.test(value)
      ? []
      : [problem(['repository', key], `${key} "${value}" must be ${what}`)],
  );
};

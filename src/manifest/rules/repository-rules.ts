import { readFingerprint } from '../../model/fingerprint.ts';
import { judgeEndpoint, judgeStore } from '../../model/store-location.ts';
import { problem, type Rule } from './rule.ts';

/** The release package says where the repositories are, and which key they have. */
export const repositoryHasRelease: Rule = ({ written: { repository, release } }) =>
  repository === undefined || release !== undefined
    ? []
    : [problem(['repository'], 'a repository needs the section release: with id, baseurl and key')];

/** The same that the command line and the environment may say. */
export const repositoryIsSomewhere: Rule = ({ written: { repository = {} } }) => {
  const judged = [
    ['store', repository.store, judgeStore],
    ['endpoint', repository.endpoint, judgeEndpoint],
  ] as const;
  return judged.flatMap(([key, value, judge]) => {
    const refusal = value === undefined ? undefined : judge(value);
    return refusal === undefined ? [] : [problem(['repository', key], refusal.message, refusal.hint)];
  });
};

/** Shorter ones can be forged. */
export const signingKeyIsFingerprint: Rule = ({ written: { repository } }) => {
  const key = repository?.['signing-key'];
  if (key === undefined || readFingerprint(key) !== undefined) return [];
  return [
    problem(
      ['repository', 'signing-key'],
      `signing-key "${key}" must be a whole fingerprint: 40 hexadecimal digits`,
      'write it as `gpg --list-secret-keys` prints it: shorter ids can be forged',
    ),
  ];
};

/** Fields of a Release file and names of directories. */
export const repositoryValuesAreValid: Rule = ({ written: { repository = {} } }) => {
  const patterns = [
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

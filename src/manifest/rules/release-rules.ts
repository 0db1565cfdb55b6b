import { problem, type Rule } from './rule.ts';
import { checkRepositoryUrl } from './python-rules.ts';

const repositoryCredentialsHint =
  'take them out: everybody can read the release package, and the machines have /etc/apt/auth.conf or /etc/yum/vars for them';

/** Machines that install the release package fetch from there. */
export const repositoryIsUrl: Rule = ({ written: { release } }) =>
  release === undefined ? [] : checkRepositoryUrl(['release', 'baseurl'], release.baseurl, repositoryCredentialsHint);

/** Ids become names of files and of sections. */
export const repositoryIdsAreValid: Rule = ({ written: { release } }) => {
  if (release === undefined) return [];
  const ids = [
    { place: ['release', 'id'], id: release.id },
    ...(release.channels ?? []).map((channel, index) => ({
      place: ['release', 'channels', index, 'id'],
      id: channel.id,
    })),
  ];
  return ids.flatMap(({ place, id }) =>
    // sources.list(5): names of files consist of letters, digits, underscore, hyphen and full stop.
    /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(id)
      ? []
      : [problem(place, `"${id}" must be letters, digits, "_", "." and "-"`)],
  );
};

/** Two channels of one id would be one section. */
export const channelIdsDiffer: Rule = ({ written: { release } }) => {
  const ids = (release?.channels ?? []).map(({ id }) => id);
  return ids.flatMap((id, index) =>
    ids.indexOf(id) === index ? [] : [problem(['release', 'channels', index, 'id'], `there are two channels "${id}"`)],
  );
};

/** The suffix is part of a directory's name: `debian-testing`. */
export const channelSuffixesAreValid: Rule = ({ written: { release } }) =>
  (release?.channels ?? []).flatMap(({ suffix }, index) =>
    suffix === undefined || /^-[a-z0-9-]*[a-z0-9]$/.test(suffix)
      ? []
      : [
          problem(
            ['release', 'channels', index, 'suffix'],
            `suffix "${suffix}" must be a hyphen and lower-case letters or digits, such as "-testing"`,
          ),
        ],
  );

/** No hyphen: it separates version and release in both formats. */
export const releaseVersionIsValid: Rule = ({ written: { release } }) =>
  release?.version === undefined || /^[0-9][A-Za-z0-9.+~]*$/.test(release.version)
    ? []
    : [
        problem(
          ['release', 'version'],
          `version "${release.version}" must start with a digit, and consist of letters, digits, ".", "+" and "~"`,
        ),
      ];

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { releaseChannel } from '../plan/version-mapping.ts';
import { tryParseVersion } from '../python/version.ts';
import type { Channel } from '../repository/place.ts';

/** `stage` of plan/version-mapping.ts, read backwards: the release of a package without its tag. */
const stages: readonly (readonly [RegExp, (groups: Readonly<Record<string, string | undefined>>) => string])[] = [
  [
    /^0\.(?<label>rc|pre\.a|pre\.b)\.\d+~after\.(?<number>\d+)\.post\.(?<post>\d+)(?:~dev\.(?<dev>\d+))?/,
    ({ label, number, post, dev }) => `${preLabel(label)}${number ?? ''}.post${post ?? ''}${devSuffix(dev)}`,
  ],
  [
    /^0\.(?<label>rc|pre\.a|pre\.b)\.(?<number>\d+)(?:~dev\.(?<dev>\d+))?/,
    ({ label, number, dev }) => `${preLabel(label)}${number ?? ''}${devSuffix(dev)}`,
  ],
  [/^0\.dev\.(?<dev>\d+)/, ({ dev }) => devSuffix(dev)],
  [/^2\.post\.(?<post>\d+)(?:~dev\.(?<dev>\d+))?/, ({ post, dev }) => `.post${post ?? ''}${devSuffix(dev)}`],
  [/^1(?=\.|$)/, () => ''],
];

function preLabel(label: string | undefined): string {
  return (label ?? '').replace('pre.', '');
}

function devSuffix(dev: string | undefined): string {
  return dev === undefined ? '' : `.dev${dev}`;
}

/**
 * The version of Python's (PEP 440) that a package was made from: the inverse of `packageVersion` in
 * plan/version-mapping.ts, without epochs, which manifest and version share.
 * @param version of the package, `[epoch:]version-release`
 * @param tag of the distribution, which the release may end in
 * @returns undefined when `packageVersion` writes no such thing
 */
export function recoverVersion(version: string, tag: string): string | undefined {
  const written = /^(?:\d+:)?(?<upstream>\d+(?:\.\d+)*)-(?<release>[^-]+)$/.exec(version)?.groups;
  if (written === undefined) return undefined;
  const { upstream = '', release: whole = '' } = written;
  const release = tag !== '' && whole.endsWith(tag) ? whole.slice(0, -tag.length) : whole;
  for (const [shape, write] of stages) {
    const match = shape.exec(release);
    if (match === null) continue;
    const rest = release.slice(match[0].length).replace(/^\.0~/, '.');
    const local = rest === '' ? '' : `+${rest.slice(1)}`;
    const candidate = `${upstream}${write(match.groups ?? {})}${local}`;
    if ((rest === '' || rest.startsWith('.')) && tryParseVersion(candidate) !== undefined) return candidate;
  }
  return undefined;
}

/** A package of others: its maintainers count releases, and what is before one they write with `~`, or with a 0 in front. */
function foreignVersion(version: string, tag: string): string | undefined {
  const written = /^(?:\d+:)?(?<upstream>[^-]+)-(?<release>[1-9]\d*(?:\.\d+)*)$/.exec(
    tag !== '' && version.endsWith(tag) ? version.slice(0, -tag.length) : version,
  )?.groups;
  const upstream = written?.['upstream'];
  return upstream !== undefined && tryParseVersion(upstream) !== undefined ? upstream : undefined;
}

/**
 * The channel that a package belongs to by its version: releases (post-releases, too) are `stable`; pre-releases,
 * development versions, commits behind a release and what says nothing that we understand are `testing`.
 * @param version `[epoch:]version-release`
 * @param tag of the distribution
 * @throws CoachbuilderError `publication-refused` for a version that was made of a checkout with uncommitted changes
 *   (`dirty`): nobody could make it again
 */
export function judgeVersion(
  { name, version }: { readonly name: string; readonly version: string },
  tag: string,
): Channel {
  if (/(?:^|[.~+])dirty(?![a-z])/i.test(version)) {
    throw new CoachbuilderError(
      'publication-refused',
      `${name} ${version} was built from a checkout with uncommitted changes`,
      { hint: 'commit the changes, build again, and publish what came of it' },
    );
  }
  const python = recoverVersion(version, tag) ?? foreignVersion(version, tag);
  return python !== undefined && releaseChannel(python) === 'release' ? 'stable' : 'testing';
}

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PackageFormat } from '../model/format.ts';
import type { PackageVersion } from '../model/package-version.ts';
import { parseVersion, type PythonVersion } from '../python/version.ts';

/** dpkg keeps an epoch in an `int` (deb-version(7)); rpm takes twice as much. */
const highestEpoch = 2_147_483_647;

/** Both formats allow more (Debian Policy 5.6.12); a tag in this shape sorts before a dot with a number behind it. */
const tagShapes = {
  deb: /^\+[A-Za-z][A-Za-z0-9.+~]*$/,
  rpm: /^[._+][A-Za-z][A-Za-z0-9._+~]*$/,
} as const satisfies Record<PackageFormat, RegExp>;

/**
 * The version and release of a package for a version of Python's (PEP 440).
 *
 * The law: of two versions that PEP 440 orders, dpkg (Debian Policy 5.6.12) and rpm (rpm-version(7), as far back as
 * rpm 4.10) order the results in the same way, equal versions have equal results and different ones have different
 * results. It holds with and without the tag of a distribution.
 *
 * | Python version   | version | release                  | why it sorts there                                         |
 * | ---------------- | ------- | ------------------------ | ---------------------------------------------------------- |
 * | `1.0.dev4`       | `1.0.0` | `0.dev.4`                | 0 is before every final release; `dev` < `pre` < `rc`      |
 * | `1.0a2`, `1.0b2` | `1.0.0` | `0.pre.a.2`, `0.pre.b.2` |                                                            |
 * | `1.0rc2`         | `1.0.0` | `0.rc.2`                 |                                                            |
 * | `1.0rc2.dev4`    | `1.0.0` | `0.rc.2~dev.4`           | `~` is before everything, the end included                 |
 * | `1.0rc2.post3`   | `1.0.0` | `0.rc.3~after.2.post.3`  | after `0.rc.2` with any local version, before `0.rc.3~dev` |
 * | `1.0`            | `1.0.0` | `1`                      |                                                            |
 * | `1.0+5.2`        | `1.0.0` | `1.5.2`                  | a local version follows the release it belongs to          |
 * | `1.0.post3`      | `1.0.0` | `2.post.3`               | after `1` with any local version                           |
 *
 * Release numbers are filled with zeros to three and lose zeros beyond that, because `1.0` and `1.0.0` are equal. The
 * epochs of the manifest and of the version are added. The tag follows the release.
 *
 * Letters in a local version are kept as they are written (`1.99.g3d644b1.dirty`), and only half of the law holds for
 * them: a local version comes after the same version without one, and growing counts in front of a hash grow. Hashes
 * and words have no order that both package managers share. Two consequences:
 * - With a tag, letters directly after the release (`1.0+dirty`) get a guard, `1.0~dirty.el7`: rpm compares words by
 *   their letters, and without it `dirty` would be older than `el7`, that is, than the version without it. The guard is
 *   after every tag, before every number (`1.0+0` is `1.0.el7`), and no local version can spell it.
 * - With an rpm tag, words further back are compared with the tag: `1.0+5.gabc.dirty` is `1.5.gabc.dirty.el7`, which rpm
 *   sees before `1.5.gabc.el7`. Both were made from one commit.
 *
 * @param version in any spelling of PEP 440, or with the legacy suffix `.dirty`
 * @param options `epoch` is the manifest's; `tag` is the distribution's, such as `.el7` or `+ubuntu16.04`, or undefined for none
 * @throws CoachbuilderError `version-invalid` for what is no version or has too high an epoch;
 *   `manifest-invalid` for a tag that the format does not allow or that would break the law
 */
export function packageVersion(
  version: string,
  options: { readonly epoch: number; readonly format: PackageFormat; readonly tag: string | undefined },
): PackageVersion {
  const parsed = parseVersion(version);
  const tag = options.tag ?? '';
  if (tag !== '') requireTag(tag, options.format);
  return {
    epoch: addEpochs(version, parsed.epoch, options.epoch),
    version: releaseNumbers(parsed.release),
    release: `${stage(parsed)}${local(parsed.local, tag)}${tag}`,
  };
}

/** Which repositories a version belongs in: pre-releases, development and local versions are for testing. */
export function releaseChannel(version: string): 'release' | 'testing' {
  const { pre, dev, local: localSegments } = parseVersion(version);
  return pre === undefined && dev === undefined && localSegments.length === 0 ? 'release' : 'testing';
}

function addEpochs(version: string, own: number, manifest: number): number {
  const epoch = own + manifest;
  if (epoch <= highestEpoch) return epoch;
  throw new CoachbuilderError('version-invalid', `the epoch of "${version}" is above ${String(highestEpoch)}`, {
    hint: 'Lower the epoch in the manifest or in the version.',
  });
}

function requireTag(tag: string, format: PackageFormat): void {
  if (tagShapes[format].test(tag)) return;
  const starts = format === 'deb' ? '"+"' : '".", "_" or "+"';
  throw new CoachbuilderError('manifest-invalid', `the distribution tag "${tag}" does not fit ${format} packages`, {
    hint: `Start the tag with ${starts} and a letter, and go on with letters, digits, "." and "+".`,
  });
}

function releaseNumbers(release: readonly number[]): string {
  const significant = release.findLastIndex((number) => number !== 0) + 1;
  const length = Math.max(3, significant);
  return Array.from({ length }, (_, index) => String(release[index] ?? 0)).join('.');
}

/** The release part without local version and tag; every stage starts with a number, so that no tag is before it. */
function stage({ pre, post, dev }: PythonVersion): string {
  const development = dev === undefined ? '' : `dev.${String(dev)}`;
  if (pre === undefined && post === undefined) return development === '' ? '1' : `0.${development}`;
  const suffix = development === '' ? '' : `~${development}`;
  if (pre === undefined) return `2.post.${String(post)}${suffix}`;
  const label = pre.label === 'rc' ? 'rc' : `pre.${pre.label}`;
  if (post === undefined) return `0.${label}.${String(pre.number)}${suffix}`;
  const after = `~after.${String(pre.number)}.post.${String(post)}`;
  return `0.${label}.${String(pre.number + 1)}${after}${suffix}`;
}

function local(segments: readonly (string | number)[], tag: string): string {
  if (segments.length === 0) return '';
  const guard = tag !== '' && startsWithLetter(segments[0]) ? '.0~' : '.';
  return `${guard}${segments.join('.')}`;
}

function startsWithLetter(segment: string | number | undefined): boolean {
  return typeof segment === 'string' && !/^[0-9]/.test(segment);
}

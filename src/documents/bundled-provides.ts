import type { RpmDistribution } from '../distributions/distribution.ts';
import type { Relation } from '../manifest/manifest.ts';
import { relation } from '../packages/relations.ts';
import { parseVersion } from '../python/version.ts';
import type { Notice } from './notices.ts';

/**
 * A version (PEP 440) as rpm's own generator of `python3dist(…)` writes it (scripts/pythondistdeps.py, `RpmVersion`):
 * zeros at the end go, a pre-release sorts before its release by `~`, a development release before that by `~~`, a
 * post-release after it by `^`. An rpm that does not know `^` (before 4.15) compares `.post1` the same way.
 */
export function rpmPythonVersion(version: string, { rpm }: Pick<RpmDistribution, 'rpm'>): string {
  const { dev, epoch, post, pre, release } = parseVersion(version);
  const length = Math.max(release.findLastIndex((number) => number !== 0) + 1, 1);
  const numbers = release.slice(0, length).join('.');
  const suffix =
    pre !== undefined
      ? `~${pre.label}${String(pre.number)}`
      : dev !== undefined
        ? `~~dev${String(dev)}`
        : post !== undefined
          ? `${rpm.features.caretVersions ? '^' : '.'}post${String(post)}`
          : '';
  return `${epoch === 0 ? '' : `${String(epoch)}:`}${numbers}${suffix}`;
}

/**
 * What a package says about the distributions inside it, so that security teams find them ("Bundling and Duplication of
 * system libraries", Fedora packaging guidelines; Fedora's pythonbundles.py for the form).
 * @param pythonMinor `3.11`: the generation of Python decides the name
 */
export function bundledProvides(
  notices: readonly Pick<Notice, 'kind' | 'name' | 'version'>[],
  pythonMinor: string,
  distribution: RpmDistribution,
): readonly Relation[] {
  const generation = pythonMinor.split('.')[0] ?? '3';
  return notices
    .filter(({ kind }) => kind === 'library')
    .map(({ name, version }) =>
      relation(`bundled(python${generation}dist(${name}))`, {
        operator: '=',
        version: rpmPythonVersion(version, distribution),
      }),
    );
}

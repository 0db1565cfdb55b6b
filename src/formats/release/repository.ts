import type { DebDistribution, Distribution, RpmDistribution } from '../../distributions/distribution.ts';
import type { ReleaseSettings } from '../../manifest/manifest.ts';
import { renderTemplate } from '../templates.ts';
import { oneLine } from '../text.ts';

/** Where a release package puts what defines a repository, and what it says there. */
export interface RepositoryDefinition {
  readonly path: string;
  readonly text: string;
  /** Absolute path of the installed key. */
  readonly keyPath: string;
}

/**
 * Distributions whose package manager gives `$releasever` the very version that our repository keys use. On the others
 * it is something else: `2023.6.20250115` or `latest` on Amazon Linux 2023, `7Server` and minor releases on RHEL.
 */
const releaseVariables = new Set(['centos', 'rocky', 'alma', 'fedora', 'opensuse-leap']);

function channelBase(release: ReleaseSettings, distribution: Distribution, suffix: string): string {
  return `${release.baseurl}/${distribution.vendor}${suffix}`;
}

function repoFile(release: ReleaseSettings, distribution: RpmDistribution): RepositoryDefinition {
  const version = releaseVariables.has(distribution.vendor) ? '$releasever' : distribution.version;
  const keyPath = `${distribution.keyDirectory}/RPM-GPG-KEY-${release.id}`;
  return {
    path: `${distribution.repositoryDirectory}/${release.id}.repo`,
    keyPath,
    text: renderTemplate(
      'release-packaging/yum.repo.ejs',
      {
        autorefresh: distribution.packageManager === 'zypper',
        key: release.key === undefined ? '' : keyPath,
        channels: release.channels.map((channel) => ({
          ...channel,
          name: `${channel.name} for ${distribution.title.replace(distribution.version, version)}`,
          baseurl: `${channelBase(release, distribution, channel.suffix)}/${version}/$basearch/`,
        })),
      },
      oneLine,
    ),
  };
}

/**
 * Flat repositories (sources.list(5), "exact path"): the address ends with the architecture, for which apt puts in its
 * own, and the suite is `/`.
 */
function sourcesFile(release: ReleaseSettings, distribution: DebDistribution): RepositoryDefinition {
  const { sources, signedBy, armouredKeys } = distribution.deb;
  const suffix = armouredKeys ? 'asc' : 'gpg';
  const keyPath = signedBy
    ? `${distribution.keyDirectory}/${release.id}-archive-keyring.${suffix}`
    : `/etc/apt/trusted.gpg.d/${release.id}.${suffix}`;
  const channels = release.channels.map((channel) => ({
    ...channel,
    name: `${channel.name} for ${distribution.title}`,
    baseurl: `${channelBase(release, distribution, channel.suffix)}/${distribution.version}/$(ARCH)/`,
  }));
  const directory = distribution.repositoryDirectory;
  if (sources === 'deb822') {
    const key = release.key === undefined ? '' : keyPath;
    const text = renderTemplate('release-packaging/apt.sources.ejs', { key, channels }, oneLine);
    return { path: `${directory}/${release.id}.sources`, keyPath, text };
  }
  const signed = signedBy ? `signed-by=${keyPath}` : '';
  const options = release.key === undefined ? 'trusted=yes' : signed;
  const text = renderTemplate('release-packaging/apt.list.ejs', { options, channels }, oneLine);
  return { path: `${directory}/${release.id}.list`, keyPath, text };
}

/** The file that makes a distribution's package manager know the repository's channels. */
export function defineRepository(release: ReleaseSettings, distribution: Distribution): RepositoryDefinition {
  return distribution.format === 'rpm' ? repoFile(release, distribution) : sourcesFile(release, distribution);
}

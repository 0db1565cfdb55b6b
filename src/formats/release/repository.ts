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

/**
 * `mirrorlist` names the list that a publication of ours swaps in one step (dnf.conf(5), yum.conf(5)); it is expanded as
 * `baseurl` is. Repositories that somebody else writes have none. zypper fetches the lists of all repositories, disabled
 * ones too, before it does anything, and gives up altogether when one is not there (measured with 1.14.89): a channel to
 * which nothing was published yet would stop it, so it gets the fixed address.
 */
function repoFile(release: ReleaseSettings, distribution: RpmDistribution): RepositoryDefinition {
  const version = releaseVariables.has(distribution.vendor) ? '$releasever' : distribution.version;
  const keyPath = `${distribution.keyDirectory}/RPM-GPG-KEY-${release.id}`;
  const isZypper = distribution.packageManager === 'zypper';
  const mirrorlist = release.repository.mirrorlist && !isZypper;
  return {
    path: `${distribution.repositoryDirectory}/${release.id}.repo`,
    keyPath,
    text: renderTemplate(
      'release-packaging/yum.repo.ejs',
      {
        autorefresh: isZypper,
        key: release.key === undefined ? '' : keyPath,
        location: mirrorlist ? 'mirrorlist' : 'baseurl',
        channels: release.channels.map((channel) => ({
          ...channel,
          name: `${channel.name} for ${distribution.title.replace(distribution.version, version)}`,
          address: `${channelBase(release, distribution, channel.suffix)}/${version}/$basearch/${mirrorlist ? 'mirrorlist' : ''}`,
        })),
      },
      oneLine,
    ),
  };
}

/** Where apt finds a channel: the fields of deb822 sources, in whose order a line has them too (sources.list(5)). */
interface AptChannel {
  readonly uri: string;
  readonly suite: string;
  /** Empty for a flat repository. */
  readonly components: string;
}

/**
 * Flat repositories (sources.list(5), "exact path") end with the architecture, for which apt puts in its own, and the
 * suite is `/`. The classic layout has all channels in one tree, as suites.
 */
function aptChannel(release: ReleaseSettings, distribution: DebDistribution, suffix: string): AptChannel {
  const { layout, component } = release.repository;
  if (layout === 'flat') {
    const base = channelBase(release, distribution, suffix);
    return { uri: `${base}/${distribution.version}/$(ARCH)/`, suite: '/', components: '' };
  }
  return {
    uri: channelBase(release, distribution, ''),
    suite: `${distribution.deb.codename}${suffix}`,
    components: component,
  };
}

function sourcesFile(release: ReleaseSettings, distribution: DebDistribution): RepositoryDefinition {
  const { sources, signedBy, armouredKeys } = distribution.deb;
  const suffix = armouredKeys ? 'asc' : 'gpg';
  const keyPath = signedBy
    ? `${distribution.keyDirectory}/${release.id}-archive-keyring.${suffix}`
    : `/etc/apt/trusted.gpg.d/${release.id}.${suffix}`;
  const channels = release.channels.map((channel) => ({
    ...channel,
    ...aptChannel(release, distribution, channel.suffix),
    name: `${channel.name} for ${distribution.title}`,
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

import type { Distribution } from '../distributions/distribution.ts';
import type { DistributionTable } from '../distributions/table.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { ReleaseSettings } from '../manifest/manifest.ts';
import { architectures as architectureTable, type Architecture } from '../model/architecture.ts';
import { channels, type Channel, type Layout, type Place } from './place.ts';

type RepositoryChannel = ReleaseSettings['channels'][number];

/** The channel that users get unless they ask for another: the one without a suffix, else the first that is enabled. */
function stableChannel(channels: readonly RepositoryChannel[]): RepositoryChannel | undefined {
  return channels.find(({ suffix }) => suffix === '') ?? channels.find(({ enabled }) => enabled) ?? channels[0];
}

/** The release package's channel for the versions of one of ours; undefined when it defines none. */
function findChannel(
  { channels: all }: Pick<ReleaseSettings, 'channels'>,
  channel: Channel,
): RepositoryChannel | undefined {
  const stable = stableChannel(all);
  if (channel === 'stable') return stable;
  const others = all.filter((each) => each !== stable);
  return others.find(({ suffix }) => suffix === '-testing') ?? others[0];
}

/**
 * What stands behind the vendor, or behind the codename, in the addresses of a channel: empty, `-testing`.
 * @throws CoachbuilderError `publication-refused` when the release package defines no such channel
 */
export function channelSuffix(release: Pick<ReleaseSettings, 'channels'>, channel: Channel): string {
  const found = findChannel(release, channel);
  if (found !== undefined) return found.suffix;
  throw new CoachbuilderError('publication-refused', `the release package defines no channel for ${channel} versions`, {
    hint: 'add one under release.channels in the manifest, or choose with --channel',
  });
}

/** The layout of a distribution's repositories: the classic one is apt's alone. */
function layoutOf(distribution: Distribution, release: Pick<ReleaseSettings, 'repository'>): Layout {
  return distribution.format === 'deb' ? release.repository.layout : 'flat';
}

export interface PlaceRequest {
  readonly distribution: Distribution;
  readonly architectures: readonly Architecture[];
  readonly channel: Channel;
}

/**
 * The repositories for a distribution's packages in a channel: one for each architecture, in byte order of their
 * addresses; in apt's classic layout one for all architectures.
 * @throws CoachbuilderError `publication-refused` when the release package defines no such channel
 */
export function placesFor(
  { distribution, architectures, channel }: PlaceRequest,
  release: Pick<ReleaseSettings, 'channels' | 'baseurl' | 'repository'>,
): readonly Place[] {
  const { format, vendor, version } = distribution;
  const { origin, label, component } = release.repository;
  const suffix = channelSuffix(release, channel);
  const layout = layoutOf(distribution, release);
  const words = [...new Set(architectures.map((name) => architectureTable[name][format]))].sort();
  const place = (root: string, names: readonly string[]): Place => ({
    ...{ format, layout, channel, distribution, root, component, origin, label },
    architectures: names,
    suite: `${distribution.format === 'deb' ? distribution.deb.codename : version}${suffix}`,
    url: `${release.baseurl}/${root}`,
  });
  if (layout === 'classic') return words.length === 0 ? [] : [place(vendor, words)];
  return words.map((word) => place(`${vendor}${suffix}/${version}/${word}`, [word]));
}

/** Every place that a manifest could publish to: of all distributions, in the channels that the release package defines. */
export function allPlaces(
  release: Pick<ReleaseSettings, 'channels' | 'baseurl' | 'repository'>,
  table: DistributionTable,
): readonly Place[] {
  const defined = channels.filter((channel) => findChannel(release, channel) !== undefined);
  return [...table.values()].flatMap((distribution) =>
    defined.flatMap((channel) =>
      placesFor({ distribution, architectures: distribution.architectures, channel }, release),
    ),
  );
}

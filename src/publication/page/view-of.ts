import type { Distribution } from '../../distributions/distribution.ts';
import { endOfLifeWarning } from '../../distributions/lifecycle.ts';
import { defineRepository } from '../../formats/release/repository.ts';
import type { ReleaseSettings } from '../../manifest/manifest.ts';
import { compareDebVersions } from '../../model/deb-version.ts';
import type { PackageFormat } from '../../model/format.ts';
import { compareRpmVersions } from '../../model/rpm-version.ts';
import { formatPackageName } from '../../packages/names.ts';
import type { IndexEntry } from '../../repository/index-format.ts';
import type { Channel, Place } from '../../repository/place.ts';
import { channelSuffix } from '../../repository/places.ts';
import { publicKeyFile, stableReleaseKey } from '../../repository/release-name.ts';
import { companionsOf, isNameable, summaryOf } from './companions.ts';
import type {
  ChannelView,
  DistributionView,
  KeyView,
  PackageView,
  PlaceView,
  ReleasePackageView,
  RepositoryView,
  VersionView,
} from './view.ts';

/** What a place holds; a `PublishedIndex` or what came of a change, with its place. */
export interface PublishedPlace {
  readonly place: Place;
  /** Seconds since 1970. */
  readonly date: number;
  readonly entries: readonly IndexEntry[];
}

/** What a release package is at its stable address. */
export interface ReleaseFile {
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export interface ViewRequest {
  readonly release: ReleaseSettings;
  /** Of the key file that is published; undefined when nothing is signed. */
  readonly key: Pick<KeyView, 'fingerprints' | 'algorithm' | 'sha256'> | undefined;
  /** Seconds since 1970: of the publication. */
  readonly date: number;
  readonly places: readonly PublishedPlace[];
  /**
   * By the ids of distributions: what is at the stable address. For a distribution that is not in it, it is the newest
   * release package of its index, since that is what a publication puts there.
   */
  readonly releasePackages?: ReadonlyMap<string, ReleaseFile>;
}

const compareVersions = { deb: compareDebVersions, rpm: compareRpmVersions } as const satisfies Record<
  PackageFormat,
  (left: string, right: string) => number
>;

function byText(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** A key as the path of an address (RFC 3986, 3.3): `^` is a sign of versions, and none of addresses. */
export function urlPath(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

function versionView({ place }: PublishedPlace, entry: IndexEntry): VersionView {
  const { version, architecture, size, sha256, file } = entry;
  const url = `${place.url}/${urlPath(file)}`;
  return { version, architecture, size, sha256, file: `${place.root}/${file}`, url, companions: companionsOf(entry) };
}

/** The packages of some places of one format. */
function packageViews(places: readonly PublishedPlace[], format: PackageFormat): readonly PackageView[] {
  const byName = new Map<string, { readonly entry: IndexEntry; readonly view: VersionView }[]>();
  const seen = new Set<string>();
  for (const published of places) {
    for (const entry of published.entries) {
      const file = JSON.stringify([entry.name, entry.version, entry.architecture, entry.sha256]);
      if (seen.has(file)) continue;
      seen.add(file);
      const versions = byName.get(entry.name) ?? [];
      versions.push({ entry, view: versionView(published, entry) });
      byName.set(entry.name, versions);
    }
  }
  return [...byName.entries()]
    .sort(([left], [right]) => byText(left, right))
    .map(([name, versions]) => {
      versions.sort(
        ({ view: a }, { view: b }) =>
          compareVersions[format](b.version, a.version) ||
          byText(a.architecture, b.architecture) ||
          byText(a.file, b.file),
      );
      const [newest] = versions;
      return {
        name,
        summary: newest === undefined ? '' : summaryOf(newest.entry),
        versions: versions.map(({ view }) => view),
      };
    });
}

function channelView(
  channel: Channel,
  places: readonly PublishedPlace[],
  release: ReleaseSettings,
): ChannelView | undefined {
  const [first] = places;
  if (first === undefined) return undefined;
  const { format } = first.place;
  const suffix = channelSuffix(release, channel);
  const defined = release.channels.find((each) => each.suffix === suffix);
  const views: readonly PlaceView[] = places.map((published) => ({
    place: published.place,
    date: published.date,
    packages: packageViews([published], format),
  }));
  return {
    channel,
    id: defined?.id ?? release.id,
    enabled: defined?.enabled ?? true,
    places: views,
    packages: packageViews(places, format),
  };
}

function releasePackageView(
  distribution: Distribution,
  channels: readonly ChannelView[],
  { release, releasePackages }: ViewRequest,
): ReleasePackageView | undefined {
  const name = formatPackageName(distribution.format, release.packageName);
  const published = channels.flatMap(({ packages }) => packages).find((each) => each.name === name)?.versions[0];
  const facts = releasePackages?.get(distribution.id) ?? published;
  if (facts === undefined) return undefined;
  const file = stableReleaseKey(distribution, release.packageName);
  return { name, file, url: `${release.baseurl}/${urlPath(file)}`, size: facts.size, sha256: facts.sha256 };
}

function applicationsOf(channels: readonly ChannelView[], releaseName: string): readonly PackageView[] {
  const candidates =
    channels
      .map(({ packages }) =>
        packages.filter(({ name, versions }) => {
          return name !== releaseName && isNameable(name, versions[0]?.version);
        }),
      )
      .find((packages) => packages.length > 0) ?? [];
  const needed = new Set(candidates.flatMap(({ versions }) => versions[0]?.companions ?? []));
  const roots = candidates.filter(({ name }) => !needed.has(name));
  return roots.length === 0 ? candidates : roots;
}

function distributionView(
  distribution: Distribution,
  places: readonly PublishedPlace[],
  request: ViewRequest,
): DistributionView {
  const { release, date } = request;
  const channels = (['stable', 'testing'] as const)
    .map((channel) =>
      channelView(
        channel,
        places.filter(({ place }) => place.channel === channel),
        release,
      ),
    )
    .filter((view) => view !== undefined);
  return {
    distribution,
    unsupported: endOfLifeWarning(distribution, new Date(date * 1000)),
    releasePackage: releasePackageView(distribution, channels, request),
    definition: defineRepository(release, distribution),
    channels,
    applications: applicationsOf(channels, formatPackageName(distribution.format, release.packageName)),
  };
}

/**
 * What visitors of a repository are shown.
 * @param request what was published, in any order; distributions without a place are not named
 * @throws CoachbuilderError `publication-refused` when the release package defines no channel for one of the places
 */
export function viewOf(request: ViewRequest): RepositoryView {
  const { release, key, date } = request;
  const { id, name, baseurl } = release;
  const places = [...request.places].sort(
    (a, b) => byText(a.place.root, b.place.root) || byText(a.place.suite, b.place.suite),
  );
  const distributions = new Map(places.map(({ place }) => [place.distribution.id, place.distribution]));
  const file = publicKeyFile(release);
  return {
    ...{ id, name, baseurl, date },
    key: key === undefined ? undefined : { ...key, file, url: `${baseurl}/${urlPath(file)}` },
    isKeyInstalled: key !== undefined && release.key !== undefined,
    distributions: [...distributions.values()]
      .sort((a, b) => byText(a.id, b.id))
      .map((distribution) => {
        const own = places.filter(({ place }) => place.distribution.id === distribution.id);
        return distributionView(distribution, own, request);
      }),
  };
}

import { timestamp } from '../../sbom/bill.ts';
import type { RepositoriesDocument } from './repositories-schema.ts';
import type { ChannelView, DistributionView, PlaceView, RepositoryView } from './view.ts';

type DistributionDocument = RepositoriesDocument['distributions'][number];
type RepositoryDocument = DistributionDocument['repositories'][number];

function aptAddress({ place }: PlaceView): Pick<RepositoryDocument, 'suite' | 'components'> {
  if (place.format === 'rpm') return { suite: null, components: [] };
  // sources.list(5): a suite that ends with a slash is an exact path, and has no components.
  return place.layout === 'flat'
    ? { suite: '/', components: [] }
    : { suite: place.suite, components: [place.component] };
}

function describePlace({ channel, id, enabled }: ChannelView, view: PlaceView): RepositoryDocument {
  const { format, layout, architectures, url } = view.place;
  return {
    ...{ id, channel, enabled, format, layout },
    architectures: [...architectures],
    url: `${url}/`,
    ...aptAddress(view),
    updatedAt: timestamp(view.date),
    packages: view.packages.flatMap(({ name, versions }) =>
      versions.map(({ version, architecture, url: address, size, sha256 }) => {
        return { name, version, architecture, url: address, size, sha256 };
      }),
    ),
  };
}

function describeDistribution(view: DistributionView, isKeyInstalled: boolean): DistributionDocument {
  const { distribution, releasePackage, definition, channels, applications } = view;
  const { id, title, vendor, version, format, packageManager, image, endOfLife } = distribution;
  return {
    ...{ id, title, vendor, version },
    codename: distribution.format === 'deb' ? distribution.deb.codename : null,
    ...{ format, packageManager, image, endOfLife },
    endOfExtendedLife: distribution.endOfExtendedLife ?? null,
    releasePackage:
      releasePackage === undefined
        ? null
        : {
            name: releasePackage.name,
            url: releasePackage.url,
            size: releasePackage.size,
            sha256: releasePackage.sha256,
          },
    definition: {
      path: definition.path,
      text: definition.text,
      keyPath: isKeyInstalled ? definition.keyPath : null,
    },
    applications: applications.map(({ name }) => name),
    repositories: channels.flatMap((channel) => channel.places.map((place) => describePlace(channel, place))),
  };
}

/** The content of `repositories.json`; docs/repositories.schema.json says what is in it. */
export function repositoriesDocument(view: RepositoryView): RepositoriesDocument {
  const { id, name, baseurl, date, key, distributions } = view;
  return {
    schemaVersion: 1,
    ...{ id, name, url: baseurl },
    generatedAt: timestamp(date),
    key:
      key === undefined
        ? null
        : { fingerprints: [...key.fingerprints], algorithm: key.algorithm, url: key.url, sha256: key.sha256 },
    distributions: distributions.map((distribution) => describeDistribution(distribution, view.isKeyInstalled)),
  };
}

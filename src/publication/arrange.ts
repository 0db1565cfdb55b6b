import { basename } from 'node:path';

import type { Distribution } from '../distributions/distribution.ts';
import type { DistributionTable } from '../distributions/table.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { ReleaseSettings } from '../manifest/manifest.ts';
import { findArchitecture, type Architecture } from '../model/architecture.ts';
import { independentArchitecture } from '../model/format.ts';
import type { PackageFile } from '../repository/index-format.ts';
import type { Channel, Place } from '../repository/place.ts';
import { placesFor } from '../repository/places.ts';
import { judgeVersion } from './channel.ts';
import { identityOf } from './entries.ts';
import { distributionsFor } from './package-files.ts';

/** What goes to one place. */
export interface Shipment {
  readonly place: Place;
  /** In byte order of their paths. */
  readonly files: readonly PackageFile[];
}

export interface ArrangeRequest {
  readonly files: readonly PackageFile[];
  readonly release: Pick<ReleaseSettings, 'channels' | 'baseurl' | 'repository'>;
  readonly table: DistributionTable;
  /** What `--distribution` gave; empty for none. */
  readonly distributions: readonly Distribution[];
  /** What `--architecture` gave: where packages for every architecture go; empty for none. */
  readonly architectures: readonly Architecture[];
  /** What `--channel` gave; undefined: each version to its own. */
  readonly channel: Channel | undefined;
  /** For which of a place's architectures something is published there, in the format's words. */
  readonly publishedFor: (place: Place) => Promise<readonly string[]>;
}

interface Judged {
  readonly file: PackageFile;
  readonly distribution: Distribution;
  readonly channel: Channel;
  /** Undefined for a package that is the same on every architecture. */
  readonly architecture: Architecture | undefined;
}

function judgeFile(file: PackageFile, distribution: Distribution, request: ArrangeRequest): Judged {
  // A dirty version is refused wherever it would go.
  const own = judgeVersion(file, distribution.tag);
  const isIndependent = file.architecture === independentArchitecture(file.format);
  const architecture = isIndependent ? undefined : findArchitecture(file.architecture);
  if (architecture !== undefined) requireArchitectures(distribution, [architecture], [file.path]);
  if (isIndependent || architecture !== undefined) {
    return { file, distribution, channel: request.channel ?? own, architecture };
  }
  throw new CoachbuilderError(
    'unsupported-by-target',
    `${basename(file.path)} is for ${file.architecture}, an architecture that we do not know`,
    { hint: 'publish packages for architectures that build-package knows' },
  );
}

/** Which architectures a distribution has is what `list`, `promote` and the others look through: elsewhere nobody finds a package again. */
function requireArchitectures(
  distribution: Distribution,
  architectures: readonly Architecture[],
  details: readonly string[],
): void {
  const foreign = architectures.filter((each) => !distribution.architectures.includes(each));
  if (foreign.length === 0) return;
  throw new CoachbuilderError('unsupported-by-target', `${distribution.title} is not made for ${foreign.join(', ')}`, {
    details,
    hint: `its architectures are ${distribution.architectures.join(', ')}`,
  });
}

/**
 * The files of a place together with another one. The same package in two directories is one: signed twice, it would be two.
 * @throws CoachbuilderError `publication-refused` for another package of the same name, version and architecture
 */
function withFile(files: readonly PackageFile[], file: PackageFile): readonly PackageFile[] {
  const twin = files.find((each) => identityOf(each) === identityOf(file) && each.format === file.format);
  if (twin === undefined) return [...files, file];
  if (twin.sha256 === file.sha256) return files;
  throw new CoachbuilderError('publication-refused', `${identityOf(file)} is given twice, with different bytes`, {
    details: [twin, file].map(({ path, size, sha256 }) => `${path}: ${String(size)} bytes, sha256 ${sha256}`),
    hint: 'name the one that is to be published; or give one of them another version or release',
  });
}

/** The architectures to which a distribution's packages for every architecture go. */
async function architecturesOf(
  distribution: Distribution,
  judged: readonly Judged[],
  request: ArrangeRequest,
): Promise<readonly Architecture[]> {
  const own = judged.filter((each) => each.distribution === distribution);
  if (request.architectures.length > 0) {
    requireArchitectures(distribution, request.architectures, ['--architecture names it']);
    return request.architectures;
  }
  const natives = own.map(({ architecture }) => architecture).filter((each) => each !== undefined);
  if (natives.length > 0) return natives;
  const found = new Set<Architecture>();
  for (const channel of new Set(own.map((each) => each.channel))) {
    const { architectures } = distribution;
    for (const place of placesFor({ distribution, architectures, channel }, request.release)) {
      for (const word of await request.publishedFor(place)) {
        const architecture = findArchitecture(word);
        if (architecture !== undefined) found.add(architecture);
      }
    }
  }
  if (found.size > 0) return [...found];
  throw new CoachbuilderError(
    'usage',
    `nothing tells for which architectures of ${distribution.title} packages for every architecture are published`,
    {
      details: own.map(({ file }) => basename(file.path)),
      hint: 'publish them together with packages that are for one architecture, or give --architecture',
    },
  );
}

/**
 * Where every package goes: distribution, channel and architecture of each, and the places that follow from them.
 * Packages for every architecture go to those that `--architecture` gave; else to those of the other packages for the
 * distribution; else to those that something was published for.
 * @returns in byte order of the places' addresses
 * @throws CoachbuilderError `unknown-distribution`, `unsupported-by-target` (an architecture that the distribution has
 *   not), `publication-refused` (dirty versions; no such channel; two packages of one version), `usage`
 */
export async function arrange(request: ArrangeRequest): Promise<readonly Shipment[]> {
  const { files, release, table, distributions: named } = request;
  const judged = files.flatMap((file) =>
    distributionsFor(file, { named, table }).map((distribution) => judgeFile(file, distribution, request)),
  );
  const shipments = new Map<string, { readonly place: Place; readonly files: readonly PackageFile[] }>();
  const everywhere = new Map<Distribution, readonly Architecture[]>();
  for (const { file, distribution, channel, architecture } of judged) {
    let architectures = architecture === undefined ? everywhere.get(distribution) : [architecture];
    if (architectures === undefined) {
      architectures = await architecturesOf(distribution, judged, request);
      everywhere.set(distribution, architectures);
    }
    for (const place of placesFor({ distribution, architectures, channel }, release)) {
      const id = `${place.root} ${place.suite}`;
      const shipment = shipments.get(id) ?? { place, files: [] };
      const words = [...new Set([...shipment.place.architectures, ...place.architectures])].sort();
      shipments.set(id, { place: { ...place, architectures: words }, files: withFile(shipment.files, file) });
    }
  }
  return [...shipments.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, shipment]) => shipment);
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { gzip } from '../../formats/gzip.ts';
import { bytesObject } from '../../store/new-object.ts';
import type { NewObject } from '../../store/object-store.ts';
import type { ChildEnvironments, CommandRunner } from '../../system/command.ts';
import { temporaryDirectory } from '../../system/files.ts';
import { xzCommand } from '../../system/tools/xz.ts';
import type { DebEntry, RenderedIndex, RenderRequest } from '../index-format.ts';
import { byHash, indexPlaces, joinPath, packagesFiles, releaseDirectory } from './layout.ts';
import { renderPackages, sortEntries } from './packages-file.ts';
import { renderRelease, type ReleaseFile } from './release-file.ts';

/** What apt's indexes are made with. */
export interface AptPorts {
  readonly commands: CommandRunner;
  readonly environments: Pick<ChildEnvironments, 'base'>;
  /** Absolute; made when it is needed. */
  readonly cacheDirectory: string;
}

const text = 'text/plain; charset=utf-8';
const contentTypes = {
  Packages: text,
  'Packages.gz': 'application/gzip',
  'Packages.xz': 'application/x-xz',
} as const;

async function xz(content: string, { commands, environments, cacheDirectory }: AptPorts): Promise<Uint8Array> {
  await using scratch = await temporaryDirectory(join(cacheDirectory, 'tmp'), 'apt-index');
  const output = join(scratch.path, 'Packages.xz');
  await commands.run(xzCommand({ text: content, output, env: environments.base }));
  return await readFile(output);
}

async function packagesObjects(
  directory: string,
  entries: readonly DebEntry[],
  ports: AptPorts,
): Promise<readonly NewObject[]> {
  const packages = renderPackages(entries);
  const contents = {
    Packages: Buffer.from(packages),
    'Packages.gz': gzip(packages),
    'Packages.xz': await xz(packages, ports),
  } as const;
  return packagesFiles.map((name) =>
    bytesObject(joinPath(directory, name), contents[name], { contentType: contentTypes[name], caching: 'revalidate' }),
  );
}

/** What nobody may ask for: an index that names a package twice, or leaves one out. */
function debEntries({ entries, place }: RenderRequest): readonly DebEntry[] {
  const debs = entries.filter((entry) => entry.format === 'deb');
  const names = new Set(debs.map(({ name, version, architecture }) => `${name} ${version} ${architecture}`));
  const known = new Set(['all', ...place.architectures]);
  const isWhole = place.layout === 'flat' || debs.every(({ architecture }) => known.has(architecture));
  if (names.size !== entries.length || !isWhole) {
    throw new Error(`Internal error: the index of ${place.root} would name a package twice, or not at all`);
  }
  return sortEntries(debs);
}

/** Renders and signs the index of a place; see {@link RenderedIndex} for the order in which its objects have to appear. */
export async function renderAptIndex(request: RenderRequest, ports: AptPorts): Promise<RenderedIndex> {
  const { place, date, validUntil, signer } = request;
  const entries = debEntries(request);
  const root = releaseDirectory(place);
  const immutable: NewObject[] = [];
  const indexes: NewObject[] = [];
  const files: ReleaseFile[] = [];
  for (const { directory, architecture } of indexPlaces(place)) {
    const chosen =
      architecture === undefined
        ? entries
        : entries.filter((entry) => [architecture, 'all'].includes(entry.architecture));
    for (const object of await packagesObjects(directory, chosen, ports)) {
      files.push({ path: object.key, size: object.size, sha256: object.sha256 });
      indexes.push({ ...object, key: `${root}/${object.key}` });
      immutable.push({ ...object, key: `${root}/${byHash(directory, object.sha256)}`, caching: 'immutable' });
    }
  }
  const release = renderRelease({ place, date, validUntil, files });
  const put = (name: string, content: string, contentType: string): NewObject =>
    bytesObject(`${root}/${name}`, content, { contentType, caching: 'revalidate' });
  return {
    immutable,
    head: put('InRelease', await signer.clearSign(release), text),
    aliases: [
      ...indexes,
      put('Release', release, text),
      put('Release.gpg', await signer.detachSign(Buffer.from(release)), 'application/pgp-signature'),
    ],
  };
}

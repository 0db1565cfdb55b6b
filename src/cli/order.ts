import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { ApplicationSource } from '../application/application.ts';
import { locateApplication } from '../application/locate-application.ts';
import type { Distribution } from '../distributions/distribution.ts';
import { namedDistributions, selectDistributions } from '../distributions/select.ts';
import { builtInDistributions, type DistributionTable } from '../distributions/table.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { normalizeManifest, projectDirectory, type DescribedApplication } from '../manifest/normalize.ts';
import { describeSource, readManifest, type ManifestFile } from '../manifest/read.ts';
import type { CommonOptions } from './order-options.ts';
import type { World } from './world.ts';

/** What the command line and the manifest ask for, before anything is built. */
export interface Order {
  readonly source: ApplicationSource;
  readonly manifest: ManifestFile | undefined;
  readonly distributions: readonly Distribution[];
  /** The ids of those that were asked for by name, and not only by `all`. */
  readonly named: ReadonlySet<string>;
  /** Every distribution that could have been asked for. */
  readonly table: DistributionTable;
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
}

/**
 * The manifest that goes with a package URI: the one that was named, else the one in the directory that was named. A
 * wheel, a URL or a requirement has none unless it was named: one that lies about would be another application's.
 */
export async function findManifest(
  options: Pick<CommonOptions, 'manifest' | 'packageUri'>,
  world: World,
): Promise<ManifestFile | undefined> {
  if (options.manifest !== undefined) return readManifest({ startDirectory: world.cwd, file: options.manifest });
  const path = resolve(world.cwd, options.packageUri);
  return (await isDirectory(path)) ? readManifest({ startDirectory: path }) : undefined;
}

/** `source` of a manifest counts when the package URI is the manifest's own directory; any other URI says more. */
function projectUri(packageUri: string, manifest: ManifestFile | undefined, world: World): string {
  const isOwn = manifest !== undefined && resolve(world.cwd, packageUri) === manifest.directory;
  return isOwn ? projectDirectory(manifest.written, manifest.directory) : packageUri;
}

/**
 * What was given to --distribution, else the targets of the manifest.
 * @throws UsageError when neither names any, CoachbuilderError `unknown-distribution`
 */
export function chooseDistributions(
  options: Pick<CommonOptions, 'distributions' | 'missingDistribution'>,
  manifest: ManifestFile | undefined,
): readonly Distribution[] {
  const words = targetWords(options, manifest);
  if (words.length === 0) throw options.missingDistribution;
  return selectDistributions(words, manifest?.distributions ?? builtInDistributions());
}

function targetWords(
  { distributions }: Pick<CommonOptions, 'distributions'>,
  manifest: ManifestFile | undefined,
): readonly string[] {
  return distributions.length > 0 ? distributions : (manifest?.written.targets ?? []);
}

/**
 * Reads the manifest and finds out what is to be built, and for whom.
 * @throws CoachbuilderError `manifest-invalid`, `manifest-missing`, `unknown-distribution`, `not-a-python-project`
 */
export async function takeOrder(
  options: Pick<CommonOptions, 'manifest' | 'packageUri' | 'distributions' | 'missingDistribution'>,
  world: World,
): Promise<Order> {
  const manifest = await findManifest(options, world);
  const table = manifest?.distributions ?? builtInDistributions();
  const distributions = chooseDistributions(options, manifest);
  const source = await locateApplication(projectUri(options.packageUri, manifest, world), world.cwd);
  const named = namedDistributions(targetWords(options, manifest));
  return { source, manifest, distributions, named, table };
}

/** An application of which nothing is known yet: enough for the parts of a manifest that do not depend on it. */
export const nothingKnown: DescribedApplication = {
  metadata: {
    name: 'application',
    version: '0',
    summary: undefined,
    description: undefined,
    license: undefined,
    licenseExpression: undefined,
    classifiers: [],
    homepage: undefined,
    author: undefined,
    authorEmail: undefined,
    maintainer: undefined,
    maintainerEmail: undefined,
    requiresPython: undefined,
    requiresDist: [],
    providesExtra: [],
  },
  scriptNames: [],
};

/** The manifest as it is for a distribution; where there is none, what is derived from the application alone. */
export function normalizeOrder(
  order: Pick<Order, 'manifest'>,
  application: DescribedApplication,
  distribution: Distribution,
  world: World,
): Manifest {
  return normalizeManifest(order.manifest?.written ?? {}, {
    application,
    distribution,
    directory: order.manifest?.directory ?? world.cwd,
    file: order.manifest?.file,
    describeSource,
  });
}

import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { Distribution } from '../distributions/distribution.ts';
import { builtInDistributions } from '../distributions/table.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PackageArtifact } from '../formats/packager.ts';
import { packagers } from '../formats/packagers.ts';
import type { ManifestFile } from '../manifest/read.ts';
import { defineRelease, emitOwnRelease, emitPackage } from '../pipeline/emit-packages.ts';
import { below, checkDestination, emitInto, type Destination } from '../pipeline/destination.ts';
import { lintTarget, prepareLint, withRpmlintrc, type LintOrder } from '../pipeline/lint.ts';
import { runStage } from '../pipeline/stage.ts';
import type { BuildTarget, PlannedRelease } from '../plan/build-plan.ts';
import { planRelease, shareNames } from '../plan/plan-build.ts';
import { requiredTools } from '../plan/required-tools.ts';
import { openLinting } from './lint.ts';
import { parseReleaseOptions } from './options.ts';
import { chooseDistributions, findManifest, normalizeOrder, nothingKnown } from './order.ts';
import { findOwnReleases, planOwnReleases } from './own-releases.ts';
import { openSession, printArtifacts, reportOrderWarnings, setUpTools, type Session } from './session.ts';
import { openRepository } from './sources.ts';
import type { World } from './world.ts';

type ReleaseTarget = Pick<BuildTarget, 'manifest' | 'distribution' | 'subdirectory'> & {
  readonly release: NonNullable<BuildTarget['release']>;
};

function requireRelease(manifest: ManifestFile | undefined, place: string): ManifestFile {
  if (manifest?.written.release !== undefined) return manifest;
  throw new CoachbuilderError('manifest-invalid', `${place} describes no package repository`, {
    hint: 'add a section release: with id, name, baseurl and key to the manifest',
  });
}

function planTarget(
  distribution: Distribution,
  { manifest, ownReleases, world }: Pick<Order, 'manifest' | 'ownReleases'> & { readonly world: World },
): ReleaseTarget {
  const normalized = normalizeOrder({ manifest }, nothingKnown, distribution, world);
  const ours = planRelease(normalized, distribution, (format, name, version, architecture) =>
    packagers[format].fileName(name, version, architecture),
  );
  const release = ownReleases.get(distribution.id) ?? ours;
  if (release === undefined) throw new Error('Internal error: the manifest lost its release section');
  return { manifest: normalized, distribution, release, subdirectory: '' };
}

/** Targets whose packages have one name get a subdirectory each, as `build-package` does. */
function separate(targets: readonly ReleaseTarget[]): readonly ReleaseTarget[] {
  if (!shareNames(targets.map(({ release }) => release.fileName))) return targets;
  return targets.map((target) => ({ ...target, subdirectory: target.distribution.id }));
}

interface Order {
  readonly manifest: ManifestFile;
  readonly distributions: readonly Distribution[];
  readonly ownReleases: ReadonlyMap<string, PlannedRelease>;
}

/** Machines take two packages of one version for the same one, so that another content needs another version. */
function sayVersion(error: unknown, { release, manifest }: ReleaseTarget): unknown {
  if (!(error instanceof CoachbuilderError) || error.code !== 'output-exists') return error;
  const where = release.own === undefined ? `release.version (now ${manifest.release?.version ?? '1'})` : 'its version';
  return new CoachbuilderError(error.code, `${error.message}, with another content`, {
    details: error.details,
    hint: `raise ${where}: machines that have this one would never get the other; or give --force to replace the file`,
  });
}

interface ReleaseBuild {
  readonly destination: Destination;
  readonly session: Session;
  readonly lint: LintOrder;
}

async function build(
  target: ReleaseTarget,
  { destination, session, lint }: ReleaseBuild,
): Promise<readonly PackageArtifact[]> {
  const { id } = target.distribution;
  const { reporter } = session.ports;
  const scratch = join(session.run.path, id, 'release');
  await rm(scratch, { recursive: true, force: true });
  const emission = { scratch, ports: session.ports };
  const emitted = emitInto(below(destination, target.subdirectory), async (staging) => {
    const made = await runStage(reporter, { stage: 'package', target: id }, async () => {
      const own = await emitOwnRelease(target, { ...emission, output: staging });
      const definition = await defineRelease(target);
      if (definition === undefined) return { own, packages: [] };
      const lintable = prepareLint(definition, target.manifest);
      const built = await emitPackage(lintable.definition, { ...emission, output: staging });
      const artifact = await withRpmlintrc(built, lintable, { directory: staging, mode: lint.mode });
      return { own, packages: [{ ...lintable, artifact }] };
    });
    const stage = { label: id, scratch: join(scratch, 'lint'), order: lint, ports: session.ports };
    await lintTarget(made.packages, stage, () => Promise.resolve());
    return [...made.packages.map(({ artifact }) => artifact), ...made.own];
  });
  return emitted.catch((error: unknown) => {
    throw sayVersion(error, target);
  });
}

function printNames(fileNames: readonly string[], { json }: { readonly json: boolean }, world: World): void {
  world.stdout(json ? `${JSON.stringify(fileNames, null, 2)}\n` : fileNames.map((name) => `${name}\n`).join(''));
}

/**
 * The command `build-release-package`: the repository's definition by itself, without an application.
 * @throws CoachbuilderError, UsageError, HelpShown
 */
export async function buildReleasePackage(argv: readonly string[], world: World): Promise<void> {
  const options = parseReleaseOptions(argv, [...builtInDistributions().keys()], world);
  const sessionOptions = { ...options, offline: false };
  await using repository = await openRepository(sessionOptions, world);
  const found = await findManifest({ ...options, packageUri: repository?.checkout.path ?? options.packageUri }, world);
  const distributions = chooseDistributions(options, found);
  // The path of a checkout says nothing to people: it is gone by the time that they read it.
  const isOfCommit = repository !== undefined && options.manifest === undefined;
  const place = isOfCommit ? options.packageUri : (found?.file ?? resolve(world.cwd, options.packageUri));
  const manifest = requireRelease(found, place);
  const own = await findOwnReleases(manifest, distributions);
  const plan = (ownReleases: Order['ownReleases']): readonly ReleaseTarget[] =>
    separate(distributions.map((distribution) => planTarget(distribution, { manifest, ownReleases, world })));
  const fileNames = (targets: readonly ReleaseTarget[]): readonly string[] =>
    targets.map(({ subdirectory, release }) => join(subdirectory, release.fileName));
  // Only rpm knows what a spec makes.
  if (options.dryRun && own.size === 0) {
    printNames(fileNames(plan(new Map())), options, world);
    return;
  }
  await using session = repository?.session ?? (await openSession(sessionOptions, world));
  reportOrderWarnings({ manifest, distributions }, session, world);
  const formats = distributions.map(({ format }) => format);
  const linters = options.lint === 'require';
  await setUpTools(requiredTools({ formats, application: false, linters }), session, world);
  const targets = plan(await planOwnReleases(manifest, distributions, { ports: session.ports, world }));
  if (options.dryRun) {
    printNames(fileNames(targets), options, world);
    return;
  }
  const lint = await openLinting(options.lint, formats, session);
  const destination = { directory: resolve(world.cwd, options.destination), force: options.force };
  await checkDestination(destination, []);
  const artifacts: PackageArtifact[] = [];
  try {
    for (const target of targets) artifacts.push(...(await build(target, { destination, session, lint })));
  } finally {
    printArtifacts(artifacts, options, { session, world });
  }
}

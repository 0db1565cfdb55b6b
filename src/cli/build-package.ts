import { join, resolve } from 'node:path';

import type { Application } from '../application/application.ts';
import { buildApplication } from '../application/build-application.ts';
import type { ToolPorts } from '../application/ports.ts';
import type { Distribution } from '../distributions/distribution.ts';
import { builtInDistributions } from '../distributions/table.ts';
import type { PackageArtifact } from '../formats/packager.ts';
import { packagers } from '../formats/packagers.ts';
import { readIndexSettings, withIndexSettings } from '../lock/index-settings.ts';
import { lockFileName } from '../lock/lock-file.ts';
import { LockStore } from '../lock/lock-store.ts';
import { platformOf } from '../lock/platform.ts';
import type { Architecture } from '../model/architecture.ts';
import { buildTarget, type TargetBuild } from '../pipeline/build-target.ts';
import { checkDestination, type Destination } from '../pipeline/destination.ts';
import { runStage, type Progress } from '../pipeline/stage.ts';
import type { BuildPlan } from '../plan/build-plan.ts';
import { describePlan } from '../plan/describe.ts';
import { interpreterOf, newNames, planBuild, requireArchitecture } from '../plan/plan-build.ts';
import { requiredTools } from '../plan/required-tools.ts';
import { parseVersion } from '../python/version.ts';
import { writeFileAtomic } from '../system/files.ts';
import { requirementFetcher } from '../wheelhouse/requirement-wheel.ts';
import { parseBuildOptions, type BuildOptions } from './options.ts';
import { normalizeOrder, nothingKnown, takeOrder, type Order } from './order.ts';
import { openSession, printArtifacts, reportOrderWarnings, setUpTools, withLog, type Session } from './session.ts';
import { hostArchitecture, sourceDateEpoch, type World } from './world.ts';

/** An order with everything that carrying it out needs. */
interface Job {
  readonly options: BuildOptions;
  readonly order: Order;
  readonly architecture: Architecture;
  readonly session: Session;
  /** With the user's indexes and credentials. */
  readonly ports: ToolPorts;
  readonly hasLocalFiles: boolean;
  readonly lock: LockStore;
  /** SOURCE_DATE_EPOCH as the caller set it, seconds. */
  readonly chosenEpoch: number | undefined;
  readonly world: World;
}

async function applicationFor(distribution: Distribution, job: Job): Promise<Application> {
  const { python } = normalizeOrder(job.order, nothingKnown, distribution, job.world);
  const interpreter = interpreterOf({ python }, distribution);
  const platform = platformOf({ distribution, interpreter, architecture: job.architecture });
  const fetchRequirement = requirementFetcher({ platform, python }, job.lock, job.ports);
  return buildApplication(job.order.source, { ...job.ports, fetchRequirement });
}

/** The application for every distribution: built once, but for a requirement, of which each may get another version. */
async function obtainApplications(job: Job, progress: Progress): Promise<ReadonlyMap<string, Application>> {
  const { source, distributions } = job.order;
  const applications = new Map<string, Application>();
  let shared: Application | undefined;
  for (const distribution of distributions) {
    if (source.kind === 'requirement') progress(`for ${distribution.title}`);
    const application = shared ?? (await applicationFor(distribution, job));
    if (source.kind !== 'requirement') shared = application;
    applications.set(distribution.id, application);
  }
  return applications;
}

function demand(applications: ReadonlyMap<string, Application>, distribution: Distribution): Application {
  const application = applications.get(distribution.id);
  if (application === undefined) throw new Error(`Internal error: no application for ${distribution.id}`);
  return application;
}

function plan(applications: ReadonlyMap<string, Application>, job: Job): BuildPlan {
  const { options, order, architecture } = job;
  return planBuild({
    distributions: order.distributions,
    architecture,
    hostArchitecture: hostArchitecture(),
    manifestFor: (distribution) => {
      const { metadata, scripts, dataScripts } = demand(applications, distribution);
      const scriptNames = [...scripts.map(({ name }) => name), ...dataScripts];
      return normalizeOrder(order, { metadata, scriptNames }, distribution, job.world);
    },
    versionFor: (distribution) => options.packageVersion ?? demand(applications, distribution).metadata.version,
    nameFile: (format, name, version, word) => packagers[format].fileName(name, version, word),
  });
}

/** Absolute paths of this machine that no package may name. */
function buildPaths({ order, session }: Job): readonly string[] {
  const { source } = order;
  const own = source.kind === 'directory' ? [source.path] : [];
  const manifest = order.manifest === undefined ? [] : [order.manifest.directory];
  return [session.run.path, session.ports.cacheDirectory, ...own, ...manifest];
}

function describeBuild(
  applications: ReadonlyMap<string, Application>,
  destination: Destination,
  job: Job,
): TargetBuild {
  const { order, options, session, world } = job;
  const [first] = applications.values();
  return {
    applicationFor: (target) => demand(applications, target.distribution),
    lock: job.lock,
    candidates: [...order.table.values()].map(({ title, python }) => ({ title, pythonVersion: python.version })),
    hasLocalFiles: job.hasLocalFiles,
    destination,
    epoch: job.chosenEpoch ?? first?.epoch ?? 0,
    runDirectory: session.run.path,
    keepTrees: options.buildDirectory !== undefined,
    buildPaths: buildPaths(job),
    home: world.env['HOME'],
    ports: job.ports,
  };
}

async function carryOut(job: Job): Promise<void> {
  const { options, session, world } = job;
  const { reporter } = session.ports;
  const destination = { directory: resolve(world.cwd, options.destination), force: options.force };
  if (!options.dryRun) await checkDestination(destination, []);
  const applications = await runStage(
    reporter,
    {
      stage: 'application',
      summary: (made) =>
        [...new Set([...made.values()].map(({ metadata: { name, version } }) => `${name} ${version}`))].join(', '),
    },
    (progress: Progress) => obtainApplications(job, progress),
  );
  const buildPlan = plan(applications, job);
  await writeFileAtomic(join(session.run.path, 'plan.json'), `${JSON.stringify(buildPlan, null, 1)}\n`);
  if (options.dryRun) {
    world.stdout(options.json ? `${JSON.stringify(buildPlan, null, 2)}\n` : describePlan(buildPlan));
    return;
  }
  const build = describeBuild(applications, destination, job);
  await checkDestination(destination, buildPlan.targets.flatMap(newNames));
  const artifacts: PackageArtifact[] = [];
  try {
    for (const target of buildPlan.targets) artifacts.push(...(await buildTarget(target, build)));
  } finally {
    // What is finished stays, also when a later target fails; so it is named.
    printArtifacts(artifacts, options, job);
  }
}

/** Where the lock is: beside the manifest. A dry run writes none, and neither does a build without a manifest. */
function lockPath(order: Order, options: BuildOptions): string | undefined {
  if (order.manifest === undefined || (options.dryRun && !options.locked)) return undefined;
  return join(order.manifest.directory, lockFileName);
}

/**
 * The command `build-package`.
 * @throws CoachbuilderError, UsageError, HelpShown
 */
export async function buildPackage(argv: readonly string[], world: World): Promise<void> {
  const options = parseBuildOptions(argv, [...builtInDistributions().keys()], world);
  const chosenEpoch = sourceDateEpoch(world);
  const architecture = options.architecture ?? hostArchitecture();
  if (options.packageVersion !== undefined) parseVersion(options.packageVersion);
  const order = await takeOrder(options, world);
  for (const distribution of order.distributions) requireArchitecture(distribution, architecture);
  await using session = await openSession(options, world);
  reportOrderWarnings(order, session, world);
  const formats = order.distributions.map(({ format }) => format);
  await setUpTools(requiredTools({ formats, application: true }), session, world);
  const indexes = order.manifest?.written.python?.indexes ?? [];
  const settings = await readIndexSettings({ indexes, projectDirectory: order.manifest?.directory }, session.ports);
  const ports = withIndexSettings(session.ports, settings);
  const job = {
    options,
    order,
    architecture,
    session,
    ports,
    hasLocalFiles: settings.hasLocalFiles,
    chosenEpoch,
    lock: new LockStore({ path: lockPath(order, options), locked: options.locked }, ports),
    world,
  };
  try {
    await carryOut(job);
  } catch (error) {
    throw withLog(error, session);
  }
}

import { join, resolve } from 'node:path';

import { builtInDistributions } from '../distributions/table.ts';
import { checkHooks } from '../formats/check-hooks.ts';
import { packagers } from '../formats/packagers.ts';
import { readIndexSettings, withIndexSettings } from '../lock/index-settings.ts';
import { lockFileName } from '../lock/lock-file.ts';
import { LockStore } from '../lock/lock-store.ts';
import { withUsablePip } from '../lock/pip-tool.ts';
import { interpreterCandidates } from '../lock/requires-python.ts';
import { billNames } from '../pipeline/bills.ts';
import { artifactsOf, buildTargets, type TargetsBuild, type TargetsResult } from '../pipeline/build-targets.ts';
import { checkDestination, type Destination } from '../pipeline/destination.ts';
import { filterNames, type LintOrder } from '../pipeline/lint.ts';
import { FinishedTargets } from '../pipeline/finished.ts';
import { provenanceNames } from '../pipeline/provenance.ts';
import { reportNames } from '../pipeline/report-page.ts';
import { SharedTrees } from '../pipeline/shared-trees.ts';
import { Slots, slotsFor } from '../pipeline/slots.ts';
import { runStage, type Progress } from '../pipeline/stage.ts';
import type { BuildPlan, BuildTarget, PlannedRelease } from '../plan/build-plan.ts';
import { describePlan } from '../plan/describe.ts';
import { chooseTargets, newNames, planBuild, type TargetChoice } from '../plan/plan-build.ts';
import { requiredTools } from '../plan/required-tools.ts';
import { parseVersion } from '../python/version.ts';
import { writeFileAtomic } from '../system/files.ts';
import type { TestReport } from '../verification/result.ts';
import { obtainApplications, type ApplicationJob, type Applications } from './applications.ts';
import { chooseSdistBuilder } from './builder.ts';
import { checkReproducible, type SecondBuild } from './check-reproducible.ts';
import { describeElsewhere } from './elsewhere.ts';
import { openLinting, reportUnusedOverrides } from './lint.ts';
import { concludeTargets, machineCapacity, programIdentity } from './many-targets.ts';
import { parseBuildOptions, type BuildOptions } from './build-options.ts';
import { normalizeOrder, nothingKnown, takeOrder, type Order } from './order.ts';
import { planOwnReleases } from './own-releases.ts';
import { openSession, printArtifacts, reportOrderWarnings, setUpTools, withLog, type Session } from './session.ts';
import { givenVersion, recordApplications, reportForeignLock, takeRepositoryOrder } from './sources.ts';
import { describeRun } from './provenance.ts';
import { chooseTestRoots, printTestFailures, testBuilt, type BuiltTests } from './test-built.ts';
import { requireSuccess, setUpTestTools } from './test-package.ts';
import { hostArchitecture, sourceDateEpoch, type World } from './world.ts';

/** An order with everything that carrying it out needs. */
interface Job extends ApplicationJob {
  readonly options: BuildOptions;
  readonly session: Session;
  readonly hasLocalFiles: boolean;
  readonly lint: LintOrder;
  readonly ownReleases: ReadonlyMap<string, PlannedRelease>;
  /** What statements of both builds have in common; undefined before it is known, and where none are written. */
  readonly provenance?: TargetsBuild['provenance'];
  /** SOURCE_DATE_EPOCH as the caller set it, seconds. */
  readonly chosenEpoch: number | undefined;
}

/** The version that is not the application's own; the manifest has one for all distributions. */
async function chosenVersion(job: Job): Promise<string | undefined> {
  const [distribution] = job.order.distributions;
  if (distribution === undefined) return job.options.packageVersion;
  const { version } = normalizeOrder(job.order, nothingKnown, distribution, job.world);
  return givenVersion(version, job, job.ports);
}

function plan(applications: Applications, version: string | undefined, job: Job): BuildPlan {
  const { order, choices } = job;
  return planBuild({
    choices,
    hostArchitecture: hostArchitecture(),
    manifestFor: (distribution, architecture) => {
      const { metadata, scripts, dataScripts } = applications.knownFor({ distribution, architecture });
      const scriptNames = [...scripts.map(({ name }) => name), ...dataScripts];
      return normalizeOrder(order, { metadata, scriptNames }, distribution, job.world);
    },
    versionFor: (distribution, architecture) =>
      version ?? applications.knownFor({ distribution, architecture }).metadata.version,
    nameFile: (format, name, version, word) => packagers[format].fileName(name, version, word),
    ownReleases: job.ownReleases,
  });
}

/** Absolute paths of this machine that no package may name. */
function buildPaths({ order, session }: Job): readonly string[] {
  const { source } = order;
  const own = source.kind === 'directory' ? [source.path] : [];
  const manifest = order.manifest === undefined ? [] : [order.manifest.directory];
  return [session.run.path, session.ports.cacheDirectory, ...own, ...manifest];
}

interface Undertaking {
  readonly applications: Applications;
  readonly destination: Destination;
  readonly targets: readonly BuildTarget[];
  readonly finished: FinishedTargets;
}

async function describeBuild(
  { applications, destination, targets, finished }: Undertaking,
  job: Job,
): Promise<TargetsBuild> {
  const { order, options, session, world } = job;
  const [first] = applications.byTarget.values();
  return {
    applicationFor: (target) => applications.for(target),
    lock: job.lock,
    candidates: interpreterCandidates(order.table),
    hasLocalFiles: job.hasLocalFiles,
    destination,
    epoch: job.chosenEpoch ?? first?.epoch ?? 0,
    runDirectory: session.run.path,
    keepTrees: options.buildDirectory !== undefined,
    buildPaths: buildPaths(job),
    home: world.env['HOME'],
    trees: new SharedTrees(join(session.run.path, '.shared-trees'), targets),
    slots: new Slots(slotsFor(machineCapacity())),
    finished,
    resume: options.resume,
    sbom: options.sbom,
    told: new Set(),
    report: options.report,
    lint: job.lint,
    provenance: job.provenance ?? describeRun(applications, job),
    keepGoing: options.keepGoing,
    program: await programIdentity(),
    ports: job.ports,
  };
}

/**
 * Everything once more, from the application's wheel on; of the first build only the cache is used, and of the lock what
 * was there before.
 */
async function buildAgain(
  { directory, packages, ports }: SecondBuild,
  targets: (applications: Applications) => readonly BuildTarget[],
  job: Job,
): Promise<TargetsResult & { readonly lock: LockStore }> {
  const session = { ...job.session, run: { ...job.session.run, path: directory } };
  const options = { ...job.options, resume: false, keepGoing: true };
  // The same bytes would have the same findings; only the page about the build tells them.
  const lint = options.report ? job.lint : { ...job.lint, formats: new Set<never>() };
  const known = job.lock.environments.filter(({ key }) => !job.lock.resolved.has(key));
  const lock = new LockStore({ path: undefined, locked: options.locked, known }, ports);
  const again = { ...job, options, session, ports, lint, lock, keepGoing: true };
  const applications = await obtainApplications(again, () => undefined);
  const planned = targets(applications);
  const finished = new FinishedTargets(directory, packages);
  const destination = { directory: packages, force: true, delivered: new Map<string, string>() };
  const build = await describeBuild({ applications, destination, targets: planned, finished }, again);
  return { ...(await buildTargets(planned, build)), lock };
}

async function carryOut(job: Job): Promise<void> {
  const { options, session, world } = job;
  const { reporter } = session.ports;
  const started = performance.now();
  const place = { directory: resolve(world.cwd, options.destination), force: options.force };
  if (!options.dryRun) await checkDestination(place, []);
  const tests = await prepareTests(job);
  const applications = await runStage(
    reporter,
    {
      stage: 'application',
      summary: (made) =>
        [...new Set([...made.byTarget.values()].map(({ metadata: { name, version } }) => `${name} ${version}`))].join(
          ', ',
        ),
    },
    (progress: Progress) => obtainApplications(job, progress),
  );
  await recordApplications(applications.byTarget, session);
  const version = await chosenVersion(job);
  const buildPlan = plan(applications, version, job);
  await writeFileAtomic(join(session.run.path, 'plan.json'), `${JSON.stringify(buildPlan, null, 1)}\n`);
  await checkHooks(
    buildPlan.targets.map(({ manifest }) => manifest),
    job.ports,
  );
  if (options.dryRun) {
    world.stdout(options.json ? `${JSON.stringify(buildPlan, null, 2)}\n` : describePlan(buildPlan));
    return;
  }
  const { targets } = buildPlan;
  const finished = new FinishedTargets(session.ports.cacheDirectory, place.directory);
  const replaceable = options.resume ? await finished.findPaths(targets) : new Set<string>();
  const destination: Destination = { ...place, delivered: new Map(), replaceable };
  const build = await describeBuild({ applications, destination, targets, finished }, job);
  const possible = targets.filter((target) => applications.has(target));
  const beside = possible.flatMap((target) => [
    ...billNames(target, options.sbom),
    ...filterNames(target, options.lint),
    ...(options.provenance ? provenanceNames(target) : []),
    ...(options.report ? reportNames(target) : []),
  ]);
  await checkDestination(destination, [...possible.flatMap(newNames), ...beside]);
  const { outcomes: first, fatal } = await buildTargets(targets, build);
  reportUnusedOverrides(job.order.manifest, first, { order: job.lint, reporter });
  let outcomes = first;
  let reports: readonly TestReport[] = [];
  try {
    if (options.checkReproducible && fatal === undefined) {
      const isBuilt = new Set(first.filter(({ built }) => built !== undefined).map(({ target }) => target.label));
      const planAgain = (again: Applications): readonly BuildTarget[] =>
        plan(again, version, job).targets.filter(({ label }) => isBuilt.has(label));
      const choices = job.choices.filter((choice) => applications.has(choice));
      const known = { ...job, choices, provenance: build.provenance };
      outcomes = await checkReproducible(first, (second) => buildAgain(second, planAgain, known), job);
    }
    if (tests !== undefined && fatal === undefined) reports = await testBuilt(outcomes, tests, job);
  } finally {
    // What is finished stays, also when another target or a test fails; so it is named.
    printArtifacts(artifactsOf(outcomes), options, job);
  }
  if (fatal !== undefined) throw fatal.reason;
  printTestFailures(reports, world);
  concludeTargets(outcomes, { options, elapsed: performance.now() - started }, job);
  requireSuccess(reports);
}

/** Before anything is built, since what cannot be tested should not take that long to say so. */
async function prepareTests({ options, order, session, world }: Job): Promise<BuiltTests | undefined> {
  if (options.test === undefined || options.dryRun) return undefined;
  const roots = chooseTestRoots(options.test, order.distributions, world);
  await setUpTestTools([...roots.values()], session, world);
  return { options: options.test, roots };
}

function reportLacking(lacking: readonly TargetChoice[], { ports }: Session): void {
  for (const { distribution, architecture } of lacking) {
    ports.reporter.report({
      type: 'warning',
      message: `${distribution.title} is left out: it does not run on ${architecture}`,
    });
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
  const architectures = options.architectures.length > 0 ? options.architectures : [hostArchitecture()];
  if (options.packageVersion !== undefined) parseVersion(options.packageVersion);
  await using repository = await takeRepositoryOrder(options, world);
  const order = repository?.order ?? (await takeOrder(options, world));
  const { choices, lacking } = chooseTargets(order.distributions, architectures, order.named);
  if (options.elsewhere !== undefined) {
    world.stdout(describeElsewhere(options.elsewhere, { options, order, choices }, world));
    return;
  }
  await using session = repository?.session ?? (await openSession(options, world));
  reportOrderWarnings(order, session, world);
  reportLacking(lacking, session);
  await reportForeignLock(order, session);
  const formats = order.distributions.map(({ format }) => format);
  const linters = options.lint === 'require';
  await setUpTools(requiredTools({ formats, application: true, linters }), session, world);
  const lint = await openLinting(options.dryRun ? 'off' : options.lint, formats, session);
  const indexes = order.manifest?.written.python?.indexes ?? [];
  const settings = await readIndexSettings({ indexes, projectDirectory: order.manifest?.directory }, session.ports);
  const { hasLocalFiles } = settings;
  const sdistBuilder = chooseSdistBuilder(options, order, { session, hasLocalFiles, world });
  const ports = {
    ...(await withUsablePip(withIndexSettings(session.ports, settings))),
    ...(sdistBuilder === undefined ? {} : { sdistBuilder }),
  };
  const job = {
    options,
    order,
    choices,
    keepGoing: options.keepGoing,
    session,
    ports,
    hasLocalFiles,
    chosenEpoch,
    lint,
    ownReleases: await planOwnReleases(order.manifest, order.distributions, { ports, world }),
    lock: new LockStore({ path: lockPath(order, options), locked: options.locked }, ports),
    world,
  };
  try {
    await carryOut(job);
  } catch (error) {
    throw withLog(error, session);
  }
}

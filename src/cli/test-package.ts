import { stat } from 'node:fs/promises';

import type { Distribution } from '../distributions/distribution.ts';
import { selectDistributions } from '../distributions/select.ts';
import { builtInDistributions } from '../distributions/table.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { readManifest, type ManifestFile } from '../manifest/read.ts';
import { runStage } from '../pipeline/stage.ts';
import { testTools } from '../plan/required-tools.ts';
import { writeFileAtomic } from '../system/files.ts';
import { defaultRoot, openRoot, type RootChoice } from '../verification/open-root.ts';
import { deriveDistribution, previousFiles, requireFormat } from '../verification/package-files.ts';
import { jsonText, junitText, plainText, summary } from '../verification/reports.ts';
import type { TestReport } from '../verification/result.ts';
import type { RootPorts } from '../verification/root.ts';
import { verifyPackages } from '../verification/verify-packages.ts';
import { openSession, setUpTools, withLog, type Session } from './session.ts';
import { parseTestOptions, type TestOptions } from './test-options.ts';
import { engineEnvironment, type World } from './world.ts';

/** What is tested, and where. */
export interface TestJob {
  readonly distribution: Distribution;
  readonly root: RootChoice;
  /** Absolute paths. */
  readonly packages: readonly string[];
  /** Absolute directory of packages of the previous version. */
  readonly previous: string | undefined;
  /** What the manifest says under `tests`. */
  readonly commands: readonly string[] | undefined;
}

function rootPorts(session: Session, world: World): RootPorts {
  const { environments, reporter, commands, cacheDirectory } = session.ports;
  return {
    commands,
    cleanup: session.cleanup,
    environments,
    engineEnvironment: engineEnvironment(environments.network, world),
    reporter,
    cacheDirectory,
    runDirectory: session.run.path,
    isRoot: world.isRoot,
  };
}

/**
 * Makes sure of the tools that testing takes: as `setUpTools`.
 * @throws CoachbuilderError `tool-missing`
 */
export async function setUpTestTools(roots: readonly RootChoice[], session: Session, world: World): Promise<void> {
  await setUpTools(testTools(roots.map(({ kind }) => kind)), session, world);
}

/** Runs all checks of the packages of one distribution, as a stage. */
export async function testPackages(job: TestJob, session: Session, world: World): Promise<TestReport> {
  const { distribution, commands } = job;
  const packages = job.packages.filter((path) => path.endsWith(`.${distribution.format}`));
  const previous = job.previous === undefined ? [] : await previousFiles(job.previous, distribution);
  const { reporter } = session.ports;
  return runStage(reporter, { stage: 'test', target: distribution.id, summary }, async (progress) => {
    progress('opening the root');
    await using root = await openRoot(job.root, rootPorts(session, world));
    return await verifyPackages(root, { distribution, packages, previous, commands, progress });
  });
}

/** Writes the results where they were asked for. */
export async function writeJunit(reports: readonly TestReport[], path: string | undefined): Promise<void> {
  if (path !== undefined) await writeFileAtomic(path, junitText(reports));
}

/** @throws CoachbuilderError `checks-failed` that names what failed, when anything did */
export function requireSuccess(reports: readonly TestReport[]): void {
  const failures = reports.flatMap(({ distribution, results }) =>
    results
      .filter(({ outcome }) => outcome === 'failed')
      .map(({ story, title, message }) => `${distribution}, ${story}: ${title}: ${message ?? ''}`),
  );
  if (failures.length === 0) return;
  const total = reports.reduce((sum, { results }) => sum + results.length, 0);
  throw new CoachbuilderError('checks-failed', `${String(failures.length)} of ${String(total)} checks failed`, {
    details: failures,
    hint: 'read the results above; the log has every command with its output',
  });
}

async function findTestManifest(options: TestOptions, world: World): Promise<ManifestFile | undefined> {
  if (options.manifest === undefined) return undefined;
  return readManifest({ startDirectory: world.cwd, file: options.manifest });
}

async function requireFiles(paths: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const path of paths) if ((await stat(path).catch(() => undefined))?.isFile() !== true) missing.push(path);
  if (missing.length === 0) return;
  throw new CoachbuilderError('usage', `there is no package ${missing.join(', ')}`, {
    hint: 'give the paths that build-package printed',
  });
}

async function takeJob(options: TestOptions, world: World): Promise<TestJob> {
  const { packages, previous } = options;
  await requireFiles(packages);
  const manifest = await findTestManifest(options, world);
  const table = manifest?.distributions ?? builtInDistributions();
  const named = options.distribution === undefined ? [] : selectDistributions([options.distribution], table);
  if (named.length > 1) {
    throw new CoachbuilderError('usage', 'packages of several distributions cannot be tested in one root', {
      hint: 'run the command once for each distribution',
    });
  }
  const distribution = named[0] ?? deriveDistribution(packages, table);
  requireFormat(packages, distribution);
  const commands = manifest?.written.tests;
  return { distribution, root: options.root ?? defaultRoot(distribution), packages, previous, commands };
}

function print(report: TestReport, { json }: Pick<TestOptions, 'json'>, session: Session, world: World): void {
  session.ports.reporter.close();
  world.stdout(json ? jsonText([report]) : plainText(report));
}

/**
 * The command `test-package`.
 * @throws CoachbuilderError, among them `checks-failed`; UsageError, HelpShown
 */
export async function testPackage(argv: readonly string[], world: World): Promise<void> {
  const options = parseTestOptions(argv, world);
  const job = await takeJob(options, world);
  await using session = await openSession({ ...options, offline: false }, world);
  await setUpTestTools([job.root], session, world);
  try {
    const report = await testPackages(job, session, world);
    await writeJunit([report], options.junit);
    print(report, options, session, world);
    requireSuccess([report]);
  } catch (error) {
    throw withLog(error, session);
  }
}

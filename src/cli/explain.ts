import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import type { Distribution } from '../distributions/distribution.ts';
import { builtInDistributions, type DistributionTable } from '../distributions/table.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { formatOf } from '../formats/finished-scripts.ts';
import { selectorsOf } from '../manifest/manifest.ts';
import { normalizeLibraries } from '../manifest/normalize-libraries.ts';
import { mergeCommon } from '../manifest/overrides.ts';
import { readManifest, type ManifestFile } from '../manifest/read.ts';
import type { PackageFormat } from '../model/format.ts';
import { parseBuiltPaths } from '../pipeline/artifacts-schema.ts';
import { readingTools } from '../plan/required-tools.ts';
import { exists, isErrno, temporaryDirectory } from '../system/files.ts';
import { answerText, type Answer } from '../verification/explain/answer.ts';
import { readEnvironment } from '../verification/explain/environment.ts';
import { explain, type Sources } from '../verification/explain/explain.ts';
import { openContent } from '../verification/explain/package-content.ts';
import { LockPlaces, ManifestPlaces } from '../verification/explain/written.ts';
import { deriveDistribution } from '../verification/package-files.ts';
import { parseExplainOptions, type ExplainOptions } from './explain-options.ts';
import { requirePackageFile } from './package-file.ts';
import { openSession, setUpTools, type Session } from './session.ts';
import { cacheDirectory, type World } from './world.ts';

const buildFirst = 'build the packages first, or name one with --package=<file>';

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/** The packages that the records of a run name. */
async function packagesOfRun(directory: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const target of [...(await namesIn(directory))].sort()) {
    const record = join(directory, target, 'artifacts.json');
    if (await exists(record)) found.push(...parseBuiltPaths(await readFile(record, 'utf8')));
  }
  return found;
}

/** The packages of the last build that left records, as far as they are still there. */
async function lastPackages({ buildDirectory }: ExplainOptions, world: World): Promise<readonly string[]> {
  const below = join(cacheDirectory(world), 'builds');
  const runs =
    buildDirectory === undefined
      ? [...(await namesIn(below))]
          .sort()
          .reverse()
          .map((name) => join(below, name))
      : [buildDirectory];
  for (const run of runs) {
    const files = await packagesOfRun(run);
    if (files.length === 0) continue;
    const present: string[] = [];
    for (const file of files) if (await exists(file)) present.push(file);
    if (present.length > 0) return present;
    throw new CoachbuilderError('usage', `the packages of the last build are not there any more: ${files[0] ?? ''}`, {
      hint: 'build them again, or name one with --package=<file>',
    });
  }
  throw new CoachbuilderError('usage', 'no build has left records of its packages', { hint: buildFirst });
}

/** What a package may be for: one distribution, or all whose packages look alike (`.el9`) or bear no mark. */
function distributionsOf(file: string, format: PackageFormat, table: DistributionTable): readonly Distribution[] {
  try {
    return [deriveDistribution([file], table)];
  } catch (error) {
    if (!(error instanceof CoachbuilderError) || error.code !== 'unknown-distribution') throw error;
    const all = [...table.values()].filter((distribution) => distribution.format === format);
    const marked = all.filter(({ tag }) => basename(file).includes(tag));
    return marked.length > 0 ? marked : all;
  }
}

function targetOf(distribution: Distribution, manifest: ManifestFile | undefined): Sources['targets'][number] {
  const common = manifest === undefined ? {} : mergeCommon(manifest.written, selectorsOf(distribution));
  return { distribution, libraries: normalizeLibraries(common.libraries) };
}

interface Written {
  readonly manifest: ManifestFile | undefined;
  readonly places: ManifestPlaces | undefined;
  readonly lock: LockPlaces | undefined;
}

async function readWritten({ manifest: file }: ExplainOptions, world: World): Promise<Written> {
  const manifest = await readManifest({ startDirectory: world.cwd, file });
  const places = manifest === undefined ? undefined : await ManifestPlaces.read(manifest);
  const lock = await LockPlaces.read(manifest === undefined ? world.cwd : dirname(manifest.file));
  return { manifest, places, lock };
}

async function answersOf(
  file: string,
  subjects: readonly string[],
  written: Written,
  { session, world }: { readonly session: Session; readonly world: World },
): Promise<readonly Answer[]> {
  const { commands, environments } = session.ports;
  await requirePackageFile(file, buildFirst);
  const format = await formatOf(file);
  await setUpTools(readingTools(format), session, world);
  const parent = environments.base['TMPDIR'] ?? '/tmp';
  await using scratch = await temporaryDirectory(parent, 'coachbuilder-explain');
  const content = await openContent(file, format, { commands, env: environments.base, scratch: scratch.path });
  const distributions = distributionsOf(file, format, written.manifest?.distributions ?? builtInDistributions());
  const sources: Sources = {
    content,
    held: await readEnvironment(content),
    targets: distributions.map((distribution) => targetOf(distribution, written.manifest)),
    manifest: written.places,
    lock: written.lock,
  };
  return subjects.flatMap((subject) => {
    const answer = explain(subject, sources);
    return answer === undefined ? [] : [answer];
  });
}

/**
 * The command `explain`.
 * @throws CoachbuilderError `usage`, `archive-invalid`, `tool-missing`, `manifest-invalid`, `lock-invalid`; UsageError, HelpShown
 */
export async function explainSubjects(argv: readonly string[], world: World): Promise<void> {
  const options = parseExplainOptions(argv, world);
  const { subjects } = options;
  const files = options.packages.length > 0 ? options.packages : await lastPackages(options, world);
  const plain = { progress: 'plain', verbosity: 'quiet', buildDirectory: undefined, offline: false } as const;
  await using session = await openSession(plain, world);
  const written = await readWritten(options, world);
  const answers: Answer[] = [];
  for (const file of files) answers.push(...(await answersOf(file, subjects, written, { session, world })));
  session.ports.reporter.close();
  const missing = subjects.filter(
    (subject) => !answers.some((answer) => answer.subject === subject.replace(/(.)\/+$/, '$1')),
  );
  const [first] = missing;
  if (first !== undefined) {
    throw new CoachbuilderError('usage', `no package that was looked into has ${missing.join(', ')}`, {
      details: files,
      hint: 'give a path as it is on the target, a relation of the package, or the SONAME of a library such as libssl.so.3',
    });
  }
  world.stdout(options.json ? `${JSON.stringify(answers, null, 2)}\n` : answers.map(answerText).join('\n'));
}

import { resolve } from 'node:path';

import type { Distribution } from '../distributions/distribution.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { TargetOutcome } from '../pipeline/build-targets.ts';
import { defaultRoot, type RootChoice } from '../verification/open-root.ts';
import { plainText } from '../verification/reports.ts';
import { countOf, type TestReport } from '../verification/result.ts';
import type { TestBuiltOptions } from './build-options.ts';
import type { Session } from './session.ts';
import { testPackages, writeJunit } from './test-package.ts';
import { hostArchitecture, type World } from './world.ts';

/** The last word for a distribution; one without a distribution is for all that are not named. */
function wordFor(words: readonly string[], { id }: Distribution): string | undefined {
  const own = words.filter((word) => word.startsWith(`${id}=`)).at(-1);
  if (own !== undefined) return own.slice(id.length + 1);
  return words.filter((word) => !/^[a-z][a-z0-9.-]*=/.test(word)).at(-1);
}

/**
 * Where each distribution's packages will be tested; known before anything is built.
 * @throws CoachbuilderError `root-unusable` for a distribution of which no root can be made and none was named
 */
export function chooseTestRoots(
  options: TestBuiltOptions,
  distributions: readonly Distribution[],
  world: Pick<World, 'cwd' | 'isRoot'>,
): ReadonlyMap<string, RootChoice> {
  const choices = distributions.map((distribution): [string, RootChoice] => {
    const image = wordFor(options.images, distribution);
    if (image !== undefined) return [distribution.id, { kind: 'image', image, engine: undefined, network: undefined }];
    const archive = wordFor(options.roots, distribution);
    const root: RootChoice =
      archive === undefined ? defaultRoot(distribution) : { kind: 'archive', path: resolve(world.cwd, archive) };
    return [distribution.id, root];
  });
  if (!world.isRoot && choices.some(([, { kind }]) => kind !== 'image')) {
    throw new CoachbuilderError('root-unusable', 'packages can be tested in roots by root only', {
      hint: 'run the same command as root, or name images with --test-image to use containers',
    });
  }
  return new Map(choices);
}

/** How the packages of a run are tested. */
export interface BuiltTests {
  readonly options: TestBuiltOptions;
  /** By the distribution's id. */
  readonly roots: ReadonlyMap<string, RootChoice>;
}

/**
 * Tests the packages of each target that was built, one after the other. What was built stays, whatever comes of it.
 * Packages of another architecture than this machine's are not tested, with a warning.
 */
export async function testBuilt(
  outcomes: readonly TargetOutcome[],
  { options, roots }: BuiltTests,
  { session, world }: { readonly session: Session; readonly world: World },
): Promise<readonly TestReport[]> {
  const { reporter } = session.ports;
  const previous = options.previous === undefined ? undefined : resolve(world.cwd, options.previous);
  const reports: TestReport[] = [];
  for (const { target, built } of outcomes) {
    const { distribution, architecture, label, manifest } = target;
    const root = roots.get(distribution.id);
    if (built === undefined || root === undefined) continue;
    if (architecture !== hostArchitecture()) {
      const message = `not tested: this machine runs no programs of ${architecture}`;
      reporter.report({ type: 'warning', message, target: label });
      continue;
    }
    const packages = built.artifacts.map(({ path }) => path);
    const job = { distribution, root, packages, previous, commands: manifest.tests };
    reports.push(await testPackages(job, session, world));
  }
  await writeJunit(reports, options.junit === undefined ? undefined : resolve(world.cwd, options.junit));
  return reports;
}

/** Prints what came of tests with failures. Standard output belongs to the packages' paths. */
export function printTestFailures(reports: readonly TestReport[], world: Pick<World, 'stderr'>): void {
  for (const report of reports) if (countOf(report, 'failed') > 0) world.stderr(plainText(report));
}

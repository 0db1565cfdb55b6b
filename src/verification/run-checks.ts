import type { CommandResult } from '../system/command.ts';
import { ancestors, pathsOf, prefixesOf, type PackageFacts } from './package-facts.ts';
import { lastLines, type InsideCommand, type PackageManager } from './package-manager.ts';
import {
  interestingPaths,
  ownWithoutConfiguration,
  staleFiles,
  topmostOwn,
  type Check,
  type CheckStep,
} from './plan-checks.ts';
import type { CheckResult } from './result.ts';
import type { Root } from './root.ts';
import { checkStopped, runService } from './run-service.ts';
import { failed, passed, skipped, type Verdict } from './verdict.ts';

/** Milliseconds that a program has for `--version`, and that a manifest's command has. */
const limits = { script: 60_000, command: 600_000 } as const;

interface Scene {
  readonly root: Root;
  readonly manager: PackageManager;
  /** Paths that were there before any of the packages. */
  readonly before: ReadonlySet<string>;
}

function judge(argv: readonly string[], result: CommandResult): Verdict {
  if (result.exitCode !== 0)
    return failed(`${argv.join(' ')} ended with status ${String(result.exitCode)}`, lastLines(result));
  return passed;
}

async function attempt(scene: Scene, argv: InsideCommand): Promise<Verdict> {
  return judge(argv, await scene.root.run(argv));
}

async function install(packages: readonly PackageFacts[], scene: Scene): Promise<Verdict> {
  const argv = scene.manager.install(packages.map(({ file }) => file));
  const first = await attempt(scene, argv);
  const { refresh } = scene.manager;
  if (first.outcome === 'passed' || refresh === undefined) return first;
  // A fresh image has no lists of what can be installed; a root that has them is spared the download.
  const refreshed = await scene.root.run(refresh);
  if (refreshed.exitCode === 0) return attempt(scene, argv);
  return { ...first, output: [...first.output, `${refresh.join(' ')} failed, too:`, ...lastLines(refreshed, 5)] };
}

async function checkInstalled(packages: readonly PackageFacts[], { root, manager }: Scene): Promise<Verdict> {
  const wrong: string[] = [];
  for (const { name, version } of packages) {
    const { exitCode, stdout } = await root.run(manager.version(name));
    const expected = `installed ${version}`;
    if (exitCode !== 0 || stdout.trim() !== expected)
      wrong.push(`${name} is ${stdout.trim() || 'not installed'}, not ${expected}`);
  }
  return wrong.length === 0 ? passed : failed(wrong.join('; '));
}

async function checkIntegrity(names: readonly string[], { root, manager }: Scene): Promise<Verdict> {
  for (const name of names) {
    const result = await root.run(manager.verify(name));
    const complaints = result.stdout
      .split('\n')
      .filter((line) => line.trim() !== '' && manager.excused?.test(line) !== true);
    if (result.exitCode !== 0 || complaints.length > 0)
      return failed(`what is installed of ${name} is not what the package holds`, lastLines(result));
  }
  return passed;
}

/** Programs that know neither option end with a usage error; those that crash show a traceback. */
async function runScript(path: string, unprivileged: boolean, { root }: Scene): Promise<Verdict> {
  const users = unprivileged ? [true, false] : [false];
  for (const user of users) {
    let answer: Verdict = passed;
    for (const option of ['--version', '--help']) {
      const argv = [path, option] as const;
      const result = await root.run(argv, { unprivileged: user, timeout: limits.script });
      const broken = result.stderr.includes('Traceback (most recent call last)');
      const verdict = broken ? failed(`${argv.join(' ')} shows a traceback`, lastLines(result)) : judge(argv, result);
      // The first answer of a program that understands neither tells more.
      if (option === '--version' || verdict.outcome === 'passed') answer = verdict;
      if (answer.outcome === 'passed') break;
    }
    if (answer.outcome !== 'passed')
      return { ...answer, message: `${answer.message ?? ''}${user ? ', run by a user without rights' : ''}` };
  }
  return passed;
}

async function leftovers(paths: readonly string[], scene: Scene): Promise<Verdict> {
  const { root, manager } = scene;
  const left: string[] = [];
  for (const path of await root.existing(paths)) {
    // Directories that a dependency has as well stay with it.
    if ((await root.run(manager.owner(path))).exitCode === 0) continue;
    left.push(path, ...(await root.filesBelow(path)));
  }
  if (left.length === 0) return passed;
  const shown = left.slice(0, 20);
  const more = left.length > shown.length ? [`and ${String(left.length - shown.length)} more`] : [];
  return failed(`${shown[0] ?? ''} is left`, [...shown, ...more]);
}

async function checkStale(
  packages: readonly PackageFacts[],
  former: readonly PackageFacts[],
  scene: Scene,
): Promise<Verdict> {
  const below = await Promise.all(prefixesOf([...packages, ...former]).map((prefix) => scene.root.filesBelow(prefix)));
  const known = pathsOf(packages);
  const configuration = new Set(former.flatMap((each) => each.configuration));
  const gone = [...pathsOf(former)].filter(
    (path) => !known.has(path) && !configuration.has(path) && !scene.before.has(path),
  );
  const owned = new Set([...known].flatMap(ancestors));
  const old = [...(await scene.root.existing(gone.filter((path) => !owned.has(path))))];
  const stale = [...new Set([...staleFiles(below.flat(), packages), ...old])].sort();
  return stale.length === 0 ? passed : failed(`${stale[0] ?? ''} belongs to no package`, stale.slice(0, 20));
}

/** Where programs keep what they write (FHS 3.0, 5). */
const dataDirectory = /^\/var\/(?:lib|log|cache)\//;

/** rpm knows no purge: a directory of the packages' in which something was written stays, with what was written. */
async function withoutData(
  paths: readonly string[],
  packages: readonly PackageFacts[],
  { root, manager }: Scene,
): Promise<readonly string[]> {
  if (manager.purge !== undefined) return paths;
  const directories = new Set(
    packages.flatMap(({ entries }) => entries.filter(({ kind }) => kind === 'directory').map(({ path }) => path)),
  );
  const kept: string[] = [];
  for (const path of paths) {
    const isData = directories.has(path) && dataDirectory.test(path);
    if (!isData || (await root.filesBelow(path)).length === 0) kept.push(path);
  }
  return kept;
}

async function perform(step: CheckStep, scene: Scene): Promise<Verdict> {
  const { manager } = scene;
  switch (step.kind) {
    case 'install':
      return install(step.packages, scene);
    case 'installed':
      return checkInstalled(step.packages, scene);
    case 'integrity':
      return checkIntegrity(step.names, scene);
    case 'no-stale-files':
      return checkStale(step.packages, step.former, scene);
    case 'script':
      return runScript(step.path, step.unprivileged, scene);
    case 'command': {
      // The manifest's own words, as one argument.
      const argv = ['sh', '-c', step.command] as const;
      return judge([step.command], await scene.root.run(argv, { timeout: limits.command }));
    }
    case 'service':
      return runService(step.unit, scene.root);
    case 'stopped':
      return checkStopped(step.unit, scene.root);
    case 'remove':
      return attempt(scene, manager.remove(step.names));
    case 'purge':
      return manager.purge === undefined
        ? skipped(`${manager.name} knows no purge`)
        : attempt(scene, manager.purge(step.names));
    case 'removed':
      return leftovers(ownWithoutConfiguration(step.packages, scene.before), scene);
    case 'gone':
      return leftovers(await withoutData(topmostOwn(step.packages, scene.before), step.packages, scene), scene);
  }
}

export interface CheckRun {
  readonly root: Root;
  readonly manager: PackageManager;
  /** Told before each check. */
  readonly progress: (message: string) => void;
}

/** Which of the packages' paths, and of the directories above them, are there already: looked at level by level. */
async function lookBefore(root: Root, packages: readonly PackageFacts[]): Promise<ReadonlySet<string>> {
  const levels = new Map<number, string[]>();
  for (const path of interestingPaths(packages)) {
    const depth = path.split('/').length;
    levels.set(depth, [...(levels.get(depth) ?? []), path]);
  }
  const before = new Set<string>();
  for (const [, paths] of [...levels].sort(([one], [other]) => one - other)) {
    const reachable = paths.filter((path) => ancestors(path).every((above) => before.has(above)));
    for (const path of await root.existing(reachable)) before.add(path);
  }
  return before;
}

/**
 * Carries a plan out in a root where none of the packages is installed. A check that fails does not end it, unless it
 * is essential: then the rest is skipped.
 * @param packages all packages that the plan names, of which the root is asked before anything is installed
 */
export async function runChecks(
  plan: readonly Check[],
  packages: readonly PackageFacts[],
  { root, manager, progress }: CheckRun,
): Promise<readonly CheckResult[]> {
  const scene = { root, manager, before: await lookBefore(root, packages) };
  const results: CheckResult[] = [];
  let reason: string | undefined;
  for (const { story, title, essential, step } of plan) {
    progress(`${story}: ${title}`);
    const started = performance.now();
    const verdict = reason === undefined ? await perform(step, scene) : skipped(reason);
    results.push({ story, title, ...verdict, duration: Math.round(performance.now() - started) });
    if (essential && verdict.outcome === 'failed') reason = `"${story}: ${title}" failed`;
  }
  return results;
}

import type { Distribution } from '../distributions/distribution.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { debManager } from './deb-manager.ts';
import type { PackageFacts } from './package-facts.ts';
import type { PackageManager } from './package-manager.ts';
import { planChecks } from './plan-checks.ts';
import type { TestReport } from './result.ts';
import type { Root } from './root.ts';
import { findRpmManager } from './rpm-manager.ts';
import { runChecks } from './run-checks.ts';

export interface Verification {
  readonly distribution: Distribution;
  /** Absolute paths of the package files, of this machine. */
  readonly packages: readonly string[];
  /** Absolute paths of packages of the previous version; those of other names than `packages` have are left out. */
  readonly previous: readonly string[];
  /** Shell commands in place of the scripts' own `--version`; undefined when the manifest names none. */
  readonly commands: readonly string[] | undefined;
  readonly progress: (message: string) => void;
}

/** Where packages lie inside; nothing of the target's is there. */
const inside = { packages: '/coachbuilder/packages', previous: '/coachbuilder/previous' } as const;

async function takeIn(
  files: readonly string[],
  directory: string,
  { root, manager }: { readonly root: Root; readonly manager: PackageManager },
): Promise<readonly PackageFacts[]> {
  const copies = await root.copyIn(files, directory);
  const packages: PackageFacts[] = [];
  for (const copy of copies) packages.push(await manager.describe(root, copy));
  return packages;
}

/** What is installed already cannot be tested from nothing. */
async function requireAbsence(packages: readonly PackageFacts[], root: Root, manager: PackageManager): Promise<void> {
  for (const { name } of packages) {
    const { stdout } = await root.run(manager.version(name));
    if (!stdout.startsWith('installed ')) continue;
    throw new CoachbuilderError('root-unusable', `${name} is installed in ${root.title} already`, {
      hint: 'give a root or an image in which it never was',
    });
  }
}

/** Those that can be upgraded from: a package that did not change, such as a repository's definition, is the same in both. */
function olderOnes(packages: readonly PackageFacts[], former: readonly PackageFacts[]): readonly PackageFacts[] {
  const versions = new Map(packages.map(({ name, version }) => [name, version]));
  const older = former.filter(({ name, version }) => versions.has(name) && versions.get(name) !== version);
  if (former.length === 0 || older.length > 0) return older;
  throw new CoachbuilderError('usage', 'there is nothing to upgrade from among the previous packages', {
    details: former.map(({ name, version }) => `${name} ${version}`),
    hint: 'give the directory of packages of the same names in an earlier version',
  });
}

/**
 * Installs packages in a root of their distribution, uses and removes them, and says what came of every check.
 * @param root is changed by it, and left to the caller to dispose of
 * @throws CoachbuilderError when there is nothing to check: `root-unusable`, `command-failed` for an unreadable package
 */
export async function verifyPackages(root: Root, verification: Verification): Promise<TestReport> {
  const { distribution, commands, progress } = verification;
  const manager = distribution.format === 'deb' ? debManager : await findRpmManager(root, distribution.packageManager);
  progress('reading the packages');
  const packages = await takeIn(verification.packages, inside.packages, { root, manager });
  const former = await takeIn(verification.previous, inside.previous, { root, manager });
  const previous = olderOnes(packages, former);
  await requireAbsence(packages, root, manager);
  const plan = planChecks({ packages, previous, commands }, manager.purge !== undefined);
  const results = await runChecks(plan, [...packages, ...previous], { root, manager, progress });
  return {
    distribution: distribution.id,
    root: root.title,
    packageManager: manager.name,
    packages: packages.map(({ name, version }) => `${name} ${version}`),
    results,
  };
}

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

import { companionsOf, type CompanionFile, type PackageArtifact } from '../formats/packager.ts';
import type { LockStore } from '../lock/lock-store.ts';
import { platformKey, platformOf } from '../lock/platform.ts';
import type { LockPorts } from '../lock/sdist-builder.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { compareJson, explainDocuments } from '../verification/compare-documents.ts';
import { explainDifference } from '../verification/compare-packages.ts';

/** What comparing two builds works with. */
export interface Comparison {
  readonly ports: Pick<LockPorts, 'commands' | 'environments'>;
  /** Absolute; made when it is needed. */
  readonly scratch: string;
  readonly locks: { readonly first: Locked; readonly second: Locked | undefined };
}

type Locked = Pick<LockStore, 'environments'>;

/** In what two builds of a target differ. */
export interface Explanation {
  /** Names of files that are not the same. */
  readonly differing: readonly string[];
  /** Causes before what follows from them. */
  readonly lines: readonly string[];
}

/** What the second build locked otherwise, for one target. */
function explainLock(target: BuildTarget, { first, second }: Comparison['locks']): readonly string[] {
  const key = platformKey(platformOf(target));
  const [before, after] = [first, second].map((lock) => lock?.environments.find((each) => each.key === key));
  if (before === undefined || after === undefined || before.fingerprint === after.fingerprint) return [];
  const { inputs, distributions } = before;
  const lines = compareJson({ inputs, distributions }, { inputs: after.inputs, distributions: after.distributions });
  return lines.slice(0, 10).map((line) => `coachbuilder.lock: ${key}: ${line}`);
}

/** What is to be said of one package of the first build: nothing when the second one is the same. */
async function explainPackage(
  artifact: PackageArtifact,
  again: PackageArtifact | undefined,
  { ports, scratch }: Comparison,
): Promise<readonly string[]> {
  const name = basename(artifact.path);
  if (again === undefined) return [`${name}: only the first build made it`];
  if (again.sha256 === artifact.sha256) return [];
  const renamed = basename(again.path) === name ? [] : [`${name}: the file is called ${basename(again.path)} then`];
  const paths = [artifact.path, again.path] as const;
  const ways = { commands: ports.commands, env: ports.environments.base, scratch };
  const lines = await explainDifference(artifact.format, paths, ways);
  return [...renamed, ...lines.map((line) => `${name}: ${line}`)];
}

/** Files that describe a package: they hold digests of packages, which differ whenever those do. */
async function explainCompanions(
  pairs: readonly (readonly [first: PackageArtifact, second: PackageArtifact])[],
): Promise<Explanation> {
  const known = new Map<string, string>();
  const note = ([first, second]: readonly [CompanionFile, CompanionFile]): void => {
    if (first.sha256 !== second.sha256) known.set(second.sha256, first.sha256);
  };
  for (const pair of pairs) note(pair);
  const differing: string[] = [];
  const lines: string[] = [];
  for (const [first, second] of pairs) {
    for (const [index, file] of companionsOf(first).entries()) {
      const again = companionsOf(second)[index];
      const name = basename(file.path);
      if (again?.sha256 === file.sha256) continue;
      const found =
        again === undefined
          ? ['only the first build made it']
          : explainDocuments(await readFile(file.path, 'utf8'), await readFile(again.path, 'utf8'), known);
      if (again !== undefined) note([file, again]);
      // What only repeats the digest of another file explains nothing.
      if (found.length === 0) continue;
      differing.push(name);
      lines.push(...found.map((line) => `${name}: ${line}`));
    }
  }
  return { differing, lines };
}

/**
 * Explains in what two builds of a target differ: what was locked, the packages, and the files that describe them.
 * @returns nothing to differ when all of them are the same, byte for byte
 */
export async function explainRebuild(
  target: BuildTarget,
  [first, second]: readonly [first: readonly PackageArtifact[], second: readonly PackageArtifact[]],
  comparison: Comparison,
): Promise<Explanation> {
  const locked = explainLock(target, comparison.locks);
  const lines = [...locked];
  const differing = new Set<string>(locked.length === 0 ? [] : ['coachbuilder.lock']);
  const pairs: (readonly [PackageArtifact, PackageArtifact])[] = [];
  for (const artifact of first) {
    const again = second.find(({ name }) => name === artifact.name);
    const explained = await explainPackage(artifact, again, comparison);
    if (again !== undefined) pairs.push([artifact, again]);
    if (explained.length > 0) differing.add(basename(artifact.path));
    lines.push(...explained);
  }
  for (const { name, path } of second) {
    if (first.some((artifact) => artifact.name === name)) continue;
    differing.add(basename(path));
    lines.push(`${basename(path)}: only the second build made it`);
  }
  const companions = await explainCompanions(pairs);
  return { differing: [...differing, ...companions.differing], lines: [...lines, ...companions.lines] };
}

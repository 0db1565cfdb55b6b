import { mkdir, readdir } from 'node:fs/promises';
import { basename, isAbsolute, posix } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { InterpreterFiles } from '../interpreter/interpreter-files.ts';
import type { Architecture } from '../model/architecture.ts';
import type { TargetInterpreter } from '../plan/build-plan.ts';
import { supportedTags } from '../python/tags.ts';
import { parseWheelName } from '../python/wheel-name.ts';
import { mapConcurrently } from '../system/files.ts';
import { openZip } from '../system/zip.ts';
import type { WheelFile, Wheelhouse } from '../wheelhouse/wheelhouse.ts';
import { sortByBytes } from './byte-order.ts';
import { settleClaims } from './claims.ts';
import { measure } from './content-meter.ts';
import { layOut, type Layout, type SkeletonPart } from './layout.ts';
import { skeleton } from './skeleton.ts';
import { Staging } from './staging.ts';
import { anyTreeGlob, placesOf } from './tree-glob.ts';
import type { Tree, TreeEntry } from './tree.ts';
import { installWheel, type InstalledWheel, type Installation } from './wheel-install.ts';
import { planWheel, type WheelPlan } from './wheel-plan.ts';

/** What the assembler has to know about the target. */
export interface AssembleTarget {
  /** Absolute, normalized path of the virtual environment on the target. */
  readonly prefix: string;
  readonly interpreter: TargetInterpreter;
  /** `2.17`. */
  readonly glibc: string;
  readonly architecture: Architecture;
  /** Whether virtual environments of the distribution have `lib64`, a link to `lib`. */
  readonly lib64: boolean;
}

export interface AssembleRequest {
  readonly wheelhouse: Wheelhouse;
  readonly target: AssembleTarget;
  /** Absolute path of the staging root: an empty directory, or one that is not there yet. */
  readonly root: string;
  /** SOURCE_DATE_EPOCH, in seconds: the date of every file, link and directory. */
  readonly epoch: number;
  /** Names (PEP 503) of what was asked for, and is not there as a dependency only: it gets REQUESTED (PEP 376). */
  readonly requested: readonly string[];
  /** The interpreter that the package brings. */
  readonly interpreter?: InterpreterFiles;
  /** Globs of files that are left out afterwards (`slim.exclude`). */
  readonly exclude?: readonly string[];
}

/** More than two wheels at once gain nothing on the usual machine: unpacking is bound by the processor. */
const wheelsAtOnce = 4;
/**
 * Lays the virtual environment out below a staging root, from wheels only: without network, and without the target's interpreter.
 * When it fails, part of the tree may be left in the staging root.
 * @returns the tree, its inventory made while writing; bytecode is `none` until somebody compiles it
 * @throws CoachbuilderError `unsupported-wheel` for a wheel that the target cannot use, `wheel-invalid` for one that breaks
 * its format or does not hold what its RECORD says, `file-conflict` when two distributions bring one path,
 * `disk-full`, `output-unwritable`
 */
export async function assembleTree(request: AssembleRequest): Promise<Tree> {
  const { target, root, epoch, wheelhouse } = request;
  if (!isAbsolute(target.prefix) || posix.normalize(target.prefix) !== target.prefix || !isAbsolute(root)) {
    throw new Error(`neither the prefix ${target.prefix} nor the staging root ${root} may be relative`);
  }
  await mkdir(root, { recursive: true });
  if ((await readdir(root)).length > 0) throw new Error(`the staging root ${root} is not empty`);

  const layout = layOut(target);
  const parts = skeleton(target);
  const wheels = sortByBytes(wheelhouse.wheels, ({ name }) => name);
  refuseUnsupported(wheels, target);
  const plans = await planAll(wheels, layout, new Set(request.requested));
  const places = placesOf(target.prefix, target.interpreter.minor);
  const excluded = anyTreeGlob(request.exclude ?? [], places);
  const leftOut = (path: string): boolean => excluded(posix.join(target.prefix, path));
  const claims = settleClaims([...parts, ...(request.interpreter?.members ?? [])], plans, leftOut);

  const staging = new Staging(root, target.prefix, epoch);
  for (const directory of claims.directories) staging.makeDirectory(directory);
  const skeletonEntries: TreeEntry[] = [];
  for (const part of parts) skeletonEntries.push(await placePart(part, staging, target.prefix));
  if (request.interpreter !== undefined) {
    skeletonEntries.push(...(await placeInterpreter(request.interpreter, staging, target.prefix)));
  }
  const installed = await installAll(plans, { staging, layout, claims });
  await staging.seal();

  const directories = ['', ...claims.directories].map((path): TreeEntry => {
    return { kind: 'directory', path: posix.join(target.prefix, path), mode: 0o755 };
  });
  return {
    root,
    prefix: target.prefix,
    entries: sortByBytes(
      [...directories, ...skeletonEntries, ...installed.flatMap(({ entries }) => entries)],
      ({ path }) => path,
    ),
    bytecode: 'none',
    importsDistutils: installed.some(({ importsDistutils }) => importsDistutils),
  };
}

function refuseUnsupported(wheels: readonly WheelFile[], target: AssembleTarget): void {
  const { minor } = target.interpreter;
  const supported = new Set(
    supportedTags({ pythonMinor: minor, glibc: target.glibc, architecture: target.architecture }),
  );
  const names = new Set<string>();
  for (const wheel of wheels) {
    const { tags, name } = parseWheelName(basename(wheel.path));
    if (names.has(name)) throw new Error(`the wheelhouse holds ${name} twice`);
    names.add(name);
    if ([...tags].some((tag) => supported.has(tag))) continue;
    throw new CoachbuilderError(
      'unsupported-wheel',
      `${basename(wheel.path)} was not built for CPython ${minor} on ${target.architecture} with glibc ${target.glibc}`,
      { hint: `choose a version of ${wheel.name} that has a wheel for the target` },
    );
  }
}

async function planAll(
  wheels: readonly WheelFile[],
  layout: Layout,
  requested: ReadonlySet<string>,
): Promise<readonly WheelPlan[]> {
  return mapConcurrently(wheels, wheelsAtOnce, async (wheel) => {
    await using archive = await openZip(wheel.path);
    return await planWheel(wheel, archive, { layout, requested: requested.has(wheel.name) });
  });
}

async function placePart(part: SkeletonPart, staging: Staging, prefix: string): Promise<TreeEntry> {
  const path = posix.join(prefix, part.path);
  if (part.kind === 'symlink') {
    staging.link(part.path, part.target);
    // Linux gives every link the mode 0777 and uses it for nothing (symlink(7)).
    return { kind: 'symlink', path, mode: 0o777, target: part.target };
  }
  const content = Buffer.from(part.content);
  await staging.write(part.path, content, part.mode);
  return { kind: 'file', path, mode: part.mode, ...measure(content), distribution: undefined };
}

async function placeInterpreter(
  { members, contents }: InterpreterFiles,
  staging: Staging,
  prefix: string,
): Promise<readonly TreeEntry[]> {
  const entries: TreeEntry[] = [];
  const modes = new Map<string, number>();
  for (const member of members) {
    if (member.kind === 'file') modes.set(member.path, member.mode);
    else entries.push(await placePart(member, staging, prefix));
  }
  for await (const { path, content } of contents()) {
    const mode = modes.get(path);
    if (mode === undefined || !modes.delete(path)) throw new Error(`Internal error: ${path} of the interpreter is new`);
    await staging.write(path, content, mode);
    const facts = measure(content);
    entries.push({ kind: 'file', path: posix.join(prefix, path), mode, ...facts, distribution: undefined });
  }
  if (modes.size > 0) throw new Error(`Internal error: ${[...modes.keys()].join(', ')} of the interpreter is gone`);
  return entries;
}

/** Installs all of them; after a failure it waits for those under way, so that nobody writes to the staging root any more. */
async function installAll(
  plans: readonly WheelPlan[],
  place: Omit<Installation, 'signal'>,
): Promise<readonly InstalledWheel[]> {
  const controller = new AbortController();
  const results = await mapConcurrently(plans, wheelsAtOnce, async (plan): Promise<InstalledWheel | undefined> => {
    try {
      return await installWheel(plan, { ...place, signal: controller.signal });
    } catch (error) {
      // The first reason stays the signal's; the others only follow from it.
      controller.abort(error);
      return undefined;
    }
  });
  controller.signal.throwIfAborted();
  return results.filter((result) => result !== undefined);
}

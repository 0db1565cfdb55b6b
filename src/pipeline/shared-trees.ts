import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { BuildTarget } from '../plan/build-plan.ts';
import { copyTree } from '../tree/copy-tree.ts';
import type { Tree } from '../tree/tree.ts';
import type { Wheelhouse } from '../wheelhouse/wheelhouse.ts';

/** All that decides a tree and what inspecting it comes to, but for the wheels: known before anything is resolved. */
function shelfOf(target: BuildTarget): string {
  const { manifest, interpreter, architecture, distribution } = target;
  return JSON.stringify([
    manifest.name,
    manifest.prefix,
    manifest.python.bytecode,
    manifest.slim,
    manifest.health,
    // What the distribution calls its package decides a relation, not the tree.
    { ...interpreter, package: undefined },
    architecture,
    distribution.lib64,
    distribution.glibc,
    distribution.abi,
    distribution.x86Level,
  ]);
}

function wheelsOf(wheelhouse: Wheelhouse): string {
  return JSON.stringify(wheelhouse.wheels.map(({ name, path, sha256 }) => [name, basename(path), sha256]));
}

interface Shelf {
  /** Targets that may still ask for one of its trees. */
  expected: number;
  readonly trees: Map<string, { readonly madeFor: string; readonly tree: Promise<Tree> }>;
  readonly directories: string[];
}

export interface ObtainedTree {
  readonly tree: Tree;
  /** The label of the target that the tree was laid out for, when that is another one. */
  readonly sharedWith: string | undefined;
}

export interface TreeOrder {
  readonly target: BuildTarget;
  readonly wheelhouse: Wheelhouse;
  /** Absolute path of the target's staging root; not there yet. */
  readonly root: string;
  /** SOURCE_DATE_EPOCH, seconds. */
  readonly epoch: number;
}

/**
 * The trees of one run. Targets with the same wheels below the same prefix for the same interpreter share one: it is
 * laid out, compiled and inspected once, and each target gets a copy.
 */
export class SharedTrees {
  readonly #directory: string;
  readonly #shelves = new Map<string, Shelf>();
  #count = 0;

  /**
   * @param directory absolute; trees that several targets share lie below it while they are needed
   * @param targets all that will ask, each of which has to {@link leave} in the end
   */
  constructor(directory: string, targets: readonly BuildTarget[]) {
    this.#directory = directory;
    for (const target of targets) {
      const shelf = this.#shelves.get(shelfOf(target)) ?? { expected: 0, trees: new Map(), directories: [] };
      shelf.expected += 1;
      this.#shelves.set(shelfOf(target), shelf);
    }
  }

  #shelf(target: BuildTarget): Shelf {
    const shelf = this.#shelves.get(shelfOf(target));
    if (shelf === undefined) throw new Error(`Internal error: ${target.label} asks for a tree unexpectedly`);
    return shelf;
  }

  /**
   * The inspected tree for a target; it becomes the target's own with {@link adopt}.
   * @param prepare lays the tree out in the staging root that it is given; called for the first of those that share it
   */
  async obtain(order: TreeOrder, prepare: (root: string) => Promise<Tree>): Promise<ObtainedTree> {
    const { target, wheelhouse, root } = order;
    const shelf = this.#shelf(target);
    const key = wheelsOf(wheelhouse);
    const existing = shelf.trees.get(key);
    if (existing !== undefined) return { tree: await existing.tree, sharedWith: existing.madeFor };
    const tree = prepare(shelf.expected > 1 ? this.#newRoot(shelf) : root);
    shelf.trees.set(key, { madeFor: target.label, tree });
    return { tree: await tree, sharedWith: undefined };
  }

  /** Puts an obtained tree into the target's own staging root, unless it was laid out there. */
  async adopt(tree: Tree, { root, epoch }: Pick<TreeOrder, 'root' | 'epoch'>): Promise<Tree> {
    if (tree.root === root) return tree;
    return copyTree(tree, { root, epoch });
  }

  /** Says that a target will not ask any more; with the last one the shared trees go. */
  async leave(target: BuildTarget): Promise<void> {
    const shelf = this.#shelf(target);
    shelf.expected -= 1;
    if (shelf.expected > 0) return;
    for (const directory of shelf.directories) await rm(directory, { recursive: true, force: true });
  }

  /** Removes all that is shared: what a failure has left, or an earlier run in a build directory that is kept. */
  async clear(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  #newRoot(shelf: Shelf): string {
    this.#count += 1;
    const directory = join(this.#directory, String(this.#count));
    shelf.directories.push(directory);
    return join(directory, 'root');
  }
}

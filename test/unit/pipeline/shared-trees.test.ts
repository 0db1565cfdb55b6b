import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { packagers } from '../../../src/formats/packagers.ts';
import type { Manifest } from '../../../src/manifest/manifest.ts';
import type { Architecture } from '../../../src/model/architecture.ts';
import { SharedTrees } from '../../../src/pipeline/shared-trees.ts';
import type { BuildTarget } from '../../../src/plan/build-plan.ts';
import { chooseTargets, planBuild } from '../../../src/plan/plan-build.ts';
import type { Tree } from '../../../src/tree/tree.ts';
import type { Wheelhouse } from '../../../src/wheelhouse/wheelhouse.ts';
import { aDistribution, aManifest } from '../../support/manifest.ts';
import { assemble, epoch, wheelhouseOf } from '../../support/trees.ts';
import { makeWheel } from '../../support/wheels.ts';

let directory: string;
let wheels: Wheelhouse;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-shared-'));
  wheels = wheelhouseOf(makeWheel(directory, { name: 'hello', version: '1' }).path);
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function targetsFor(
  ids: readonly string[],
  manifestFor: (id: string) => Partial<Manifest> = () => ({}),
  architectures: readonly Architecture[] = ['x86_64'],
): readonly BuildTarget[] {
  return planBuild({
    choices: chooseTargets(ids.map(aDistribution), architectures, new Set()).choices,
    hostArchitecture: 'x86_64',
    manifestFor: ({ id }) => aManifest(manifestFor(id)),
    versionFor: () => '1.0',
    nameFile: (format, name, version, architecture) => packagers[format].fileName(name, version, architecture),
  }).targets;
}

/** Obtains and adopts a tree for each target, one after the other. */
async function obtainAll(
  targets: readonly BuildTarget[],
  wheelsFor: (target: BuildTarget) => Wheelhouse = () => wheels,
): Promise<{
  readonly made: readonly string[];
  readonly shared: readonly (string | undefined)[];
  readonly trees: readonly Tree[];
}> {
  const shop = new SharedTrees(join(directory, 'trees'), targets);
  const made: string[] = [];
  const shared: (string | undefined)[] = [];
  const trees: Tree[] = [];
  for (const target of targets) {
    const root = join(directory, target.label, 'root');
    const wheelhouse = wheelsFor(target);
    const obtained = await shop.obtain({ target, wheelhouse, root, epoch }, async (place) => {
      made.push(target.label);
      return assemble({ root: place, wheelhouse });
    });
    shared.push(obtained.sharedWith);
    trees.push(await shop.adopt(obtained.tree, { root, epoch }));
  }
  for (const target of targets) await shop.leave(target);
  return { made, shared, trees };
}

describe('trees of one run', () => {
  it('are laid out once for the rebuilds of one release, and each target gets its own copy', async () => {
    const targets = targetsFor(['rocky-9', 'debian-12', 'alma-9', 'rhel-9', 'centos-stream-9']);
    const { made, shared, trees } = await obtainAll(targets);
    expect(made).toEqual(['rocky-9', 'debian-12']);
    expect(shared).toEqual([undefined, undefined, 'rocky-9', 'rocky-9', 'rocky-9']);
    expect(trees.map(({ root }) => root)).toEqual(targets.map(({ label }) => join(directory, label, 'root')));
    for (const { root } of trees) expect(existsSync(join(root, 'opt/fleet/pyvenv.cfg'))).toBe(true);
    // What was shared is gone as soon as nobody needs it.
    expect(existsSync(join(directory, 'trees/1'))).toBe(false);
  });

  it.each([
    ['prefix', (id: string) => (id === 'alma-9' ? { prefix: '/srv/fleet' } : {})],
    [
      'bytecode setting',
      (id: string) => (id === 'alma-9' ? { python: { ...aManifest().python, bytecode: 'none' as const } } : {}),
    ],
    [
      'interpreter',
      (id: string) => {
        const interpreter = { kind: 'packaged', package: 'python3.11', path: '/usr/bin/python3.11' } as const;
        return id === 'alma-9' ? { python: { ...aManifest().python, interpreter } } : {};
      },
    ],
    [
      'choice of what is left out',
      (id: string) => (id === 'alma-9' ? { slim: { ...aManifest().slim, exclude: ['x'] } } : {}),
    ],
    ['budget', (id: string) => (id === 'alma-9' ? { slim: { ...aManifest().slim, sizeLimit: 1 } } : {})],
    [
      'health check',
      (id: string) => (id === 'alma-9' ? { health: { ...aManifest().health, imports: 'never' as const } } : {}),
    ],
  ])('are not shared by targets with another %s', async (_, manifestFor) => {
    const { made } = await obtainAll(targetsFor(['rocky-9', 'alma-9'], manifestFor));
    expect(made).toEqual(['rocky-9', 'alma-9']);
  });

  it('are not shared by architectures, nor with other wheels', async () => {
    const architectures = await obtainAll(targetsFor(['rocky-9'], () => ({}), ['x86_64', 'aarch64']));
    expect(architectures.made).toEqual(['rocky-9', 'rocky-9/aarch64']);
    rmSync(join(directory, 'rocky-9'), { recursive: true });
    const others = wheelhouseOf(makeWheel(directory, { name: 'hello', version: '2' }).path);
    const { made } = await obtainAll(targetsFor(['rocky-9', 'alma-9']), ({ label }) =>
      label === 'alma-9' ? others : wheels,
    );
    expect(made).toEqual(['rocky-9', 'alma-9']);
  });

  it('that cannot be laid out fail for all who share them', async () => {
    const targets = targetsFor(['rocky-9', 'alma-9']);
    const shop = new SharedTrees(join(directory, 'trees'), targets);
    const results = await Promise.allSettled(
      targets.map((target) =>
        shop.obtain({ target, wheelhouse: wheels, root: join(directory, target.label), epoch }, () =>
          Promise.reject(new Error('no')),
        ),
      ),
    );
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

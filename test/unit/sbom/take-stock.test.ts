import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { LockedDistribution } from '../../../src/lock/lock.ts';
import type { BuildTarget } from '../../../src/plan/build-plan.ts';
import type { BillOfMaterials } from '../../../src/sbom/bill.ts';
import { takeStock } from '../../../src/sbom/take-stock.ts';
import { aPackageDefinition, aTarget } from '../../support/definitions.ts';
import { aDistribution } from '../../support/manifest.ts';
import { wheelhouseOf } from '../../support/trees.ts';
import { makeWheel, type WheelOptions } from '../../support/wheels.ts';

const sha256 = 'b'.repeat(64);
const bundled: BuildTarget['interpreter'] = {
  version: '3.12.3',
  minor: '3.12',
  path: '/opt/fleet/python/bin/python3.12',
  bundle: { archive: '/home/me/secret/cpython.tar.gz', sha256, prune: [] },
};

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-sbom-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface Situation {
  readonly interpreter?: BuildTarget['interpreter'];
  readonly epoch?: number;
  readonly locked?: readonly LockedDistribution[];
  readonly applicationDigest?: string;
}

async function stockOf(
  wheels: readonly WheelOptions[],
  { interpreter, epoch = 0, locked = [], applicationDigest }: Situation = {},
): Promise<BillOfMaterials> {
  const target = aTarget(aDistribution('debian-12'));
  const definition = aPackageDefinition();
  return takeStock({
    target: interpreter === undefined ? target : { ...target, interpreter },
    definition: { ...definition, version: { ...definition.version, epoch } },
    wheelhouse: wheelhouseOf(...wheels.map((wheel) => makeWheel(directory, wheel).path)),
    environment: {
      distributions: locked,
      inputs: { python: '3.11', glibc: '2.36', architecture: 'x86_64', requirements: [], constraints: [], indexes: [] },
    },
    application: 'Fleet',
    applicationDigest,
  });
}

describe('taking stock of a package', () => {
  it('lists an interpreter that the package brings, without the place that it was taken from', async () => {
    const bill = await stockOf([{ name: 'fleet', version: '1.0' }], { interpreter: bundled });
    expect(bill.components.find(({ kind }) => kind === 'interpreter')).toMatchObject({
      version: '3.12.3',
      sha256,
      purl: `pkg:generic/cpython@3.12.3?checksum=sha256:${sha256}`,
      cpe: 'cpe:2.3:a:python:python:3.12.3:*:*:*:*:*:*:*',
    });
    expect(bill.dependencies.get('package')).toEqual(['interpreter', 'pypi-fleet']);
    expect(JSON.stringify([...bill.components, bill.subject])).not.toContain('secret');
  });

  it('names the digests of files that others can get, and none of a wheel that was built here', async () => {
    const wheels = [
      { name: 'fleet', version: '1.0' },
      { name: 'leaf', version: '2' },
      { name: 'stem', version: '3' },
    ];
    const locked = [
      {
        name: 'leaf',
        version: '2',
        kind: 'wheel',
        file: { fileName: 'leaf-2-py3-none-any.whl', sha256: '1'.repeat(64) },
      },
      { name: 'stem', version: '3', kind: 'sdist', file: { fileName: 'stem-3.tar.gz', sha256: '2'.repeat(64) } },
    ] as const;
    const digests = ({ components }: BillOfMaterials): unknown =>
      components.map((part) => [part.fileName, part.sha256]);
    expect(digests(await stockOf(wheels, { locked }))).toEqual([
      ['fleet-1.0-py3-none-any.whl', undefined],
      ['leaf-2-py3-none-any.whl', '1'.repeat(64)],
      ['stem-3.tar.gz', '2'.repeat(64)],
    ]);
    const given = await stockOf(wheels, { locked, applicationDigest: '3'.repeat(64) });
    expect(given.components[0]).toMatchObject({ fileName: 'fleet-1.0-py3-none-any.whl', sha256: '3'.repeat(64) });
  });

  it('has no interpreter that the distribution packages', async () => {
    const bill = await stockOf([{ name: 'fleet', version: '1.0' }]);
    expect(bill.components.map(({ id, kind }) => [id, kind])).toEqual([['pypi-fleet', 'application']]);
  });

  it('has an entry for every part among the dependencies', async () => {
    const bill = await stockOf([
      { name: 'fleet', version: '1.0', requires: ['Zope.Thing'] },
      { name: 'Zope.Thing', version: '2' },
    ]);
    expect([...bill.dependencies]).toEqual([
      ['package', ['pypi-fleet']],
      ['pypi-fleet', ['pypi-zope-thing']],
      ['pypi-zope-thing', []],
    ]);
  });

  it('tells an epoch where package managers show it', async () => {
    const { subject } = await stockOf([{ name: 'fleet', version: '1.0' }], { epoch: 2 });
    expect(subject.version).toMatch(/^2:/);
    expect(subject.purl).toMatch(/^pkg:deb\/debian\/[\w-]+@2:/);
  });

  it.each([
    ['ftp://example.com/', undefined],
    ['https://me:secret@example.com/', undefined],
    ['https://', undefined],
    ['https://example.com/a|b ä', 'https://example.com/a%7Cb%20%C3%A4'],
  ])('takes the home page %j as %j', async (homepage, expected) => {
    const bill = await stockOf([{ name: 'fleet', version: '1.0', metadata: [`Home-page: ${homepage}`] }]);
    expect(bill.components[0]?.homepage).toBe(expected);
  });
});

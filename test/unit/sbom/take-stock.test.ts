import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

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

async function stockOf(
  wheels: readonly WheelOptions[],
  { interpreter, epoch = 0 }: { readonly interpreter?: BuildTarget['interpreter']; readonly epoch?: number } = {},
): Promise<BillOfMaterials> {
  const target = aTarget(aDistribution('debian-12'));
  const definition = aPackageDefinition();
  return takeStock({
    target: interpreter === undefined ? target : { ...target, interpreter },
    definition: { ...definition, version: { ...definition.version, epoch } },
    wheelhouse: wheelhouseOf(...wheels.map((wheel) => makeWheel(directory, wheel).path)),
    environment: {
      inputs: { python: '3.11', glibc: '2.36', architecture: 'x86_64', requirements: [], constraints: [], indexes: [] },
    },
    application: 'Fleet',
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

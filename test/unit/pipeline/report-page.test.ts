import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Application } from '../../../src/application/application.ts';
import type { BuildReport } from '../../../src/build-report/report.ts';
import type { PackageDefinition } from '../../../src/packages/definition.ts';
import { collectReport, reportNames } from '../../../src/pipeline/report-page.ts';
import type { BuildTarget } from '../../../src/plan/build-plan.ts';
import { takeStock } from '../../../src/sbom/take-stock.ts';
import type { TreeEntry } from '../../../src/tree/tree.ts';
import { aFile, aPackageDefinition, aTarget, aTree, noRelations } from '../../support/definitions.ts';
import { elfLibrary } from '../../support/elf.ts';
import { aDistribution, aRelation, someMetadata } from '../../support/manifest.ts';
import { wheelhouseOf } from '../../support/trees.ts';
import { makeWheel } from '../../support/wheels.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coachbuilder-report-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const bundled: BuildTarget['interpreter'] = {
  version: '3.12.3',
  minor: '3.12',
  path: '/opt/fleet/python/bin/python3.12',
  bundle: { archive: '/home/me/secret/cpython.tar.gz', sha256: 'b'.repeat(64), prune: [] },
};

const site = '/opt/fleet/lib/python3.11/site-packages';

interface Situation {
  readonly on?: string;
  readonly interpreter?: BuildTarget['interpreter'];
  readonly application?: Partial<Application>;
  readonly definition?: Partial<PackageDefinition>;
}

async function collect({ on = 'debian-12', interpreter, application, definition }: Situation): Promise<BuildReport> {
  const target = aTarget(aDistribution(on));
  const library = elfLibrary({ needed: ['libc.so.6'] });
  const place = join(directory, site, 'leaf/_fast.so');
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, library);
  const file = (path: string, distribution?: string, elf?: { elfClass: 64; machine: number }): TreeEntry => {
    const common = { kind: 'file', path, mode: 0o644, size: 10, sha256: '0'.repeat(64), distribution } as const;
    return { ...common, ...(elf === undefined ? {} : { elf }) };
  };
  const entries = [
    file('/opt/fleet/bin/fleet', 'fleet'),
    file(`${site}/leaf/_fast.so`, 'leaf', { elfClass: 64, machine: 62 }),
    file('/opt/fleet/pyvenv.cfg'),
    file('/opt/fleet/python/lib/os.py'),
    file('/opt/fleet/python-notes.txt'),
  ];
  const main = aPackageDefinition({
    id: 'main',
    on,
    contents: [...entries.map(({ path }) => aFile(path, { size: 10 })), aFile('/etc/fleet.conf', { size: 7 })],
    ...definition,
  });
  const wheels = [
    { name: 'fleet', version: '1.0' },
    { name: 'Leaf', version: '2' },
  ];
  const built = interpreter === undefined ? target : { ...target, interpreter };
  const bill = await takeStock({
    target: built,
    definition: main,
    application: 'fleet',
    wheelhouse: wheelhouseOf(...wheels.map((wheel) => makeWheel(directory, wheel).path)),
    environment: {
      distributions: [],
      inputs: {
        ...{ python: '3.11', glibc: '2.36', architecture: 'x86_64' },
        ...{ requirements: [], constraints: [], indexes: [] },
      },
    },
  });
  return collectReport(
    [{ definition: main, size: 100, sha256: 'a'.repeat(64) }],
    { target: built, tree: aTree({ root: directory, entries }), bill },
    {
      applicationFor: () => ({
        metadata: someMetadata(),
        source: { kind: 'directory', path: '/home/me/secret' },
        ...application,
      }),
    },
  );
}

function ownersOf({ files }: BuildReport): Readonly<Record<string, string>> {
  return Object.fromEntries(files.map(({ path, owner }) => [path, owner]));
}

describe('what the page about a build is made of', () => {
  it('tells whose a file is: a distribution, the virtual environment, the package itself', async () => {
    expect(ownersOf(await collect({}))).toEqual({
      '/opt/fleet/bin/fleet': 'pypi-fleet',
      [`${site}/leaf/_fast.so`]: 'pypi-leaf',
      '/opt/fleet/pyvenv.cfg': 'environment',
      '/opt/fleet/python/lib/os.py': 'environment',
      '/opt/fleet/python-notes.txt': 'environment',
      '/etc/fleet.conf': 'package',
    });
  });

  it('gives a bundled interpreter its own files, and them only', async () => {
    const report = await collect({ interpreter: bundled });
    expect(ownersOf(report)).toMatchObject({
      '/opt/fleet/python/lib/os.py': 'interpreter',
      '/opt/fleet/python-notes.txt': 'environment',
    });
    expect(report.target).toMatchObject({ python: '3.12.3', bundled: true });
    expect(report.bill.components.map(({ id }) => id)).toContain('interpreter');
  });

  it('reads native files where they are staged', async () => {
    const { nativeFiles, files } = await collect({});
    expect(nativeFiles).toMatchObject([{ path: `${site}/leaf/_fast.so`, owner: 'pypi-leaf' }]);
    expect(files.find(({ path }) => path.endsWith('.so'))?.kind).toBe('native');
  });

  it.each([
    ['https://example.com/fleet.git', 'https://example.com/fleet.git'],
    ['ssh://git@example.com/fleet.git', 'ssh://git@example.com/fleet.git'],
    ['file:///home/me/secret.git', undefined],
    ['/home/me/secret.git', undefined],
    ['../secret.git', undefined],
  ])('names the repository %s as %s', async (url, repository) => {
    const origin = { url, reference: 'v1', subdirectory: '', commit: 'c'.repeat(40) };
    const report = await collect({
      application: {
        source: { kind: 'directory', path: '/home/me/secret', origin },
        commit: { id: 'c'.repeat(40), dirty: false, untracked: true },
      },
    });
    expect(report.source).toEqual({ commit: 'c'.repeat(40), dirty: true, repository });
    expect(JSON.stringify(report)).not.toContain('secret');
  });

  it('finds the relations of an rpm that name a library', async () => {
    const depends = ['python(abi)', '/usr/bin/python3.9', 'libc.so.6(GLIBC_2.17)(64bit)', 'libc.so.6()(64bit)'];
    const definition = { relations: { ...noRelations, depends: depends.map((name) => aRelation(name)) } };
    expect([...(await collect({ on: 'rocky-9', definition })).declared]).toEqual([['libc.so.6', depends.slice(2)]]);
    expect([...(await collect({ definition })).declared]).toEqual([]);
  });

  it('has a file name that is known before anything is built', () => {
    expect(reportNames(aTarget(aDistribution('debian-12')))).toEqual(['acme-python-fleet_1.0-1_amd64.deb.report.html']);
  });
});

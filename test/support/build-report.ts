import type { BuildReport, ReportedFile } from '../../src/build-report/report.ts';
import type { BillOfMaterials, Component } from '../../src/sbom/bill.ts';
import { aFile, aPackageDefinition, noRelations, noScripts, someEpoch } from './definitions.ts';
import { aRelation } from './manifest.ts';

/** A component of a bill of materials: version 1.0, MIT. */
export function aComponent(name: string, overrides: Partial<Component> = {}): Component {
  return {
    id: `pypi-${name}`,
    kind: 'library',
    name,
    version: '1.0',
    purl: `pkg:pypi/${name}@1.0`,
    sha256: 'a'.repeat(64),
    fileName: `${name}-1.0-py3-none-any.whl`,
    license: { kind: 'spdx', expression: 'MIT' },
    summary: undefined,
    author: undefined,
    supplier: undefined,
    homepage: undefined,
    ...overrides,
  };
}

/** A package `acme-python-fleet` of some components, by what each requires; the first is what the package asks for. */
export function aBill(
  edges: Readonly<Record<string, readonly string[]>>,
  components: Readonly<Record<string, Partial<Component>>> = {},
): BillOfMaterials {
  const names = Object.keys(edges);
  const id = (name: string): string => `pypi-${name}`;
  return {
    subject: aComponent('acme-python-fleet', { id: 'package', kind: 'package', version: '1.0-1' }),
    components: names
      .map((name, index) => aComponent(name, { ...(index === 0 ? { kind: 'application' } : {}), ...components[name] }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    dependencies: new Map([
      ['package', names.slice(0, 1).map(id)],
      ...Object.entries(edges).map(([name, others]) => [id(name), others.map(id)] as const),
    ]),
    epoch: someEpoch,
  };
}

const site = '/opt/fleet/lib/python3.11/site-packages';

/** A module of 100 bytes below site-packages. */
export function aReportedFile(path: string, overrides: Partial<ReportedFile> = {}): ReportedFile {
  return { path: `${site}/${path}`, size: 100, kind: 'modules', owner: 'pypi-fleet', ...overrides };
}

/** What the page shows of a small application: two distributions, a library, one package more. */
export function aReport(overrides: Partial<BuildReport> = {}): BuildReport {
  const main = aPackageDefinition({
    id: 'main',
    name: 'acme-python-fleet',
    summary: 'Keeps a fleet of machines in order',
    architecture: 'amd64',
    relations: { ...noRelations, depends: [aRelation('python3.11'), aRelation('libc6', '>=', '2.17')] },
    scripts: { ...noScripts, afterInstall: ['true\n'] },
    contents: [aFile('/etc/fleet.conf', { configuration: true }), aFile(`${site}/fleet/__init__.py`)],
  });
  const cli = aPackageDefinition({
    relations: { ...noRelations, depends: [aRelation('acme-python-fleet', '=', '1.0-1')] },
  });
  return {
    application: { name: 'fleet', version: '1.0' },
    target: {
      label: 'debian-12',
      title: 'Debian 12',
      architecture: 'x86_64',
      format: 'deb',
      python: '3.11',
      bundled: false,
      prefix: '/opt/fleet',
    },
    source: { commit: '0123456789abcdef0123456789abcdef01234567', dirty: false, repository: undefined },
    epoch: someEpoch,
    files: [
      aReportedFile('fleet/__init__.py', { size: 1200 }),
      aReportedFile('fleet/empty.py', { size: 0 }),
      aReportedFile('fleet/__pycache__/__init__.cpython-311.pyc', { size: 1500, kind: 'bytecode' }),
      aReportedFile('leaf/_fast.so', { size: 40_000, kind: 'native', owner: 'pypi-leaf' }),
      aReportedFile('leaf.libs/libquick-1.so.1', { size: 20_000, kind: 'native', owner: 'pypi-leaf' }),
      { path: '/opt/fleet/bin/python', size: 10, kind: 'commands', owner: 'environment' },
      { path: '/etc/fleet.conf', size: 20, kind: 'data', owner: 'package' },
    ],
    bill: aBill({ fleet: ['leaf'], leaf: [] }, { leaf: { license: { kind: 'unknown' } } }),
    nativeFiles: [
      {
        path: `${site}/leaf/_fast.so`,
        owner: 'pypi-leaf',
        soname: undefined,
        searched: ['$ORIGIN/../leaf.libs'],
        needs: [
          { library: 'libquick-1.so.1', versions: [], privatePath: `${site}/leaf.libs/libquick-1.so.1` },
          { library: 'libc.so.6', versions: ['GLIBC_2.4', 'GLIBC_2.17'], privatePath: undefined },
        ],
      },
    ],
    declared: new Map(),
    packages: [
      { definition: main, size: 12_345, sha256: 'b'.repeat(64) },
      { definition: cli, size: 700, sha256: 'c'.repeat(64) },
    ],
    lint: undefined,
    ...overrides,
  };
}

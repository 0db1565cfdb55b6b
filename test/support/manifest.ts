import type { Distribution } from '../../src/distributions/distribution.ts';
import { builtInDistributions } from '../../src/distributions/table.ts';
import type { IntegrationSettings } from '../../src/manifest/integration/settings.ts';
import type { Manifest, PackageSettings, Relation } from '../../src/manifest/manifest.ts';
import type { CoreMetadata } from '../../src/python/core-metadata.ts';

/** A built-in distribution; fails the test when there is none of that id. */
export function aDistribution(id = 'debian-12'): Distribution {
  const distribution = builtInDistributions().get(id);
  if (distribution === undefined) throw new Error(`No built-in distribution is called ${id}`);
  return distribution;
}

/** A relation without alternatives: `aRelation('python3.11')`, `aRelation('docker.io', '>=', '1.3.0')`. */
export function aRelation(
  name: string,
  operator?: NonNullable<Relation['condition']>['operator'],
  version = '',
): Relation {
  return { name, condition: operator === undefined ? undefined : { operator, version }, alternatives: [] };
}

/** Of a package that has nothing for programs of the system. */
export const noIntegrationSettings: IntegrationSettings = {
  logrotate: [],
  rsyslog: [],
  firewall: [],
  tmpfiles: undefined,
  environmentFiles: [],
  manPages: [],
  completions: [],
};

/** A package's settings: an empty meta-package `acme-fleet-cli` unless told otherwise. */
export function aPackage(overrides: Partial<PackageSettings> = {}): PackageSettings {
  return {
    id: 'cli',
    name: 'acme-fleet-cli',
    summary: 'Command line of fleet',
    description: 'Command line of fleet.',
    architecture: 'all',
    relations: { depends: [], recommends: [], suggests: [], conflicts: [], replaces: [], provides: [] },
    links: [],
    files: [],
    directories: [],
    scripts: {},
    configurationFiles: [],
    integration: noIntegrationSettings,
    services: [],
    users: [],
    groups: [],
    ...overrides,
  };
}

/** A normalized manifest: Acme's fleet with a main and a cli package. */
export function aManifest(overrides: Partial<Manifest> = {}): Manifest {
  return {
    name: 'fleet',
    prefix: '/opt/fleet',
    vendor: 'Acme',
    maintainer: 'Acme Packaging <packaging@example.com>',
    license: 'Apache-2.0',
    url: 'https://example.com/fleet',
    summary: 'Keeps a fleet of machines in order',
    description: 'Keeps a fleet of machines in order.',
    epoch: 0,
    version: { from: 'source', tagPrefix: undefined, value: undefined },
    changelog: { from: 'auto' },
    categories: { deb: 'admin', rpm: 'Applications/System' },
    packagePrefix: 'acme',
    distributionTag: true,
    python: {
      interpreter: { kind: 'system' },
      requirements: [],
      constraints: [],
      extras: [],
      lockFile: undefined,
      indexes: [],
      bytecode: 'auto',
    },
    libraries: {},
    slim: { remove: [], exclude: [], keep: [], locales: undefined, sizeLimit: undefined },
    health: { imports: 'auto', accept: [] },
    packages: [
      aPackage({
        id: 'main',
        name: 'acme-python-fleet',
        summary: 'Keeps a fleet of machines in order',
        description: 'Keeps a fleet of machines in order.',
        architecture: 'native',
      }),
      aPackage({ links: [{ path: '/usr/bin/fleet', target: 'fleet' }] }),
    ],
    release: undefined,
    lint: { overrides: [] },
    tests: undefined,
    directory: '/project',
    file: '/project/coachbuilder.yaml',
    ...overrides,
  };
}

/** A wheel's metadata that says nothing but name and version, unless told otherwise. */
export function someMetadata(overrides: Partial<CoreMetadata> = {}): CoreMetadata {
  return {
    name: 'fleet',
    version: '1.0',
    summary: undefined,
    description: undefined,
    license: undefined,
    licenseExpression: undefined,
    classifiers: [],
    homepage: undefined,
    author: undefined,
    authorEmail: undefined,
    maintainer: undefined,
    maintainerEmail: undefined,
    requiresPython: undefined,
    requiresDist: [],
    providesExtra: [],
    ...overrides,
  };
}

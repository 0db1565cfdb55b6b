import { describe, expect, it } from 'vitest';

import { CoachbuilderError } from '../../../src/errors/coachbuilder-error.ts';
import type { Manifest, PackageSettings } from '../../../src/manifest/manifest.ts';
import { normalizeManifest, projectDirectory } from '../../../src/manifest/normalize.ts';
import type { WrittenManifest } from '../../../src/manifest/schema.ts';
import type { SourceDescription } from '../../../src/manifest/source-files.ts';
import type { CoreMetadata } from '../../../src/python/core-metadata.ts';
import { aDistribution, aRelation, someMetadata, noIntegrationSettings } from '../../support/manifest.ts';

function describeSource(path: string): SourceDescription | undefined {
  if (path.endsWith('/units')) return { kind: 'directory', executable: false, entries: ['a.service', 'more/run.sh'] };
  return { kind: 'file', executable: path.endsWith('.sh'), entries: [] };
}

interface Given {
  readonly metadata?: Partial<CoreMetadata>;
  readonly scriptNames?: readonly string[];
  readonly distribution?: string;
}

function normalize(written: WrittenManifest, given: Given = {}): Manifest {
  return normalizeManifest(written, {
    application: { metadata: someMetadata(given.metadata), scriptNames: given.scriptNames ?? [] },
    distribution: aDistribution(given.distribution),
    directory: '/project',
    file: '/project/coachbuilder.yaml',
    describeSource,
  });
}

function packageOf(manifest: Manifest, id: string): PackageSettings {
  const found = manifest.packages.find((each) => each.id === id);
  if (found === undefined) throw new Error(`There is no package ${id}`);
  return found;
}

describe('without anything written', () => {
  const manifest = normalize(
    {},
    {
      metadata: {
        name: 'Acme.Fleet_Tool',
        summary: 'Keeps a fleet in order.',
        authorEmail: 'Acme <packaging@example.com>',
        licenseExpression: 'MIT',
        homepage: 'https://example.com/fleet',
      },
      scriptNames: ['fleet', 'fleet-ca'],
    },
  );

  it('everything comes from the metadata and our defaults', () => {
    expect(manifest).toMatchObject({
      name: 'acme-fleet-tool',
      prefix: '/opt/acme-fleet-tool',
      vendor: 'Acme',
      maintainer: 'Acme <packaging@example.com>',
      license: 'MIT',
      url: 'https://example.com/fleet',
      summary: 'Keeps a fleet in order',
      description: 'Keeps a fleet in order.',
      epoch: 0,
      categories: { deb: 'admin', rpm: 'Applications/System' },
      packagePrefix: 'omnibus',
      distributionTag: true,
      python: {
        interpreter: { kind: 'system' },
        requirements: [],
        constraints: [],
        extras: [],
        indexes: [],
        bytecode: 'auto',
      },
      release: undefined,
      tests: undefined,
      directory: '/project',
    });
  });

  it('a main package is made', () => {
    expect(manifest.packages[0]).toEqual({
      id: 'main',
      name: 'omnibus-python-acme-fleet-tool',
      summary: 'Keeps a fleet in order',
      description:
        'This package contains acme-fleet-tool and the Python libraries that it needs, in a virtual environment of its own below /opt/acme-fleet-tool.',
      architecture: 'native',
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
    });
  });

  it('a cli package links every script into /usr/bin', () => {
    expect(manifest.packages[1]).toMatchObject({
      id: 'cli',
      name: 'omnibus-acme-fleet-tool-cli',
      summary: 'Keeps a fleet in order (command line)',
      architecture: 'all',
      links: [
        { path: '/usr/bin/fleet', target: 'fleet' },
        { path: '/usr/bin/fleet-ca', target: 'fleet-ca' },
      ],
    });
    expect(manifest.packages).toHaveLength(2);
  });

  it('there is no cli package when there are no scripts', () => {
    expect(normalize({}).packages.map(({ id }) => id)).toEqual(['main']);
  });

  it('a short description is told with what the package contains, a README is not told', () => {
    const short = normalize({}, { metadata: { description: 'Fleet keeps order.\n\nReally.' } });
    expect(packageOf(short, 'main').description).toBe(
      'Fleet keeps order.\n\nReally.\n\nThis package contains fleet and the Python libraries that it needs, in a virtual environment of its own below /opt/fleet.',
    );
    expect(normalize({}, { metadata: { description: '# Fleet\n\nlong' } }).description).toBe(
      'Python application fleet.',
    );
  });
});

describe('names of packages', () => {
  it.each([
    ['main', {}, 'acme-python-fleet'],
    ['cli', {}, 'acme-fleet-cli'],
    ['node', {}, 'acme-fleet-node'],
    ['docker-plugin', {}, 'acme-fleet-docker-plugin'],
    ['node', { name: 'fleetd' }, 'fleetd'],
  ])('%s %j is %s', (id, settings, expected) => {
    const manifest = normalize({ 'package-prefix': 'acme', packages: { [id]: settings } });
    expect(packageOf(manifest, id).name).toBe(expected);
  });

  it('main is implied, first and native whatever is written', () => {
    const manifest = normalize({ packages: { node: {}, main: {}, cli: { architecture: 'native' } } });
    expect(manifest.packages.map(({ id, architecture }) => [id, architecture])).toEqual([
      ['main', 'native'],
      ['node', 'all'],
      ['cli', 'native'],
    ]);
    expect(normalize({ packages: { node: {} } }).packages.map(({ id }) => id)).toEqual(['main', 'node']);
  });

  it('the release package has the prefix as well', () => {
    const release = { id: 'acme', baseurl: 'https://example.com/packages//' };
    expect(normalize({ vendor: 'Acme', 'package-prefix': 'acme', release }).release).toEqual({
      id: 'acme',
      name: 'Acme',
      packageName: 'acme-release',
      version: '1',
      baseurl: 'https://example.com/packages',
      key: undefined,
      channels: [
        { id: 'acme', name: 'Acme', enabled: true, suffix: '' },
        { id: 'acme-testing', name: 'Acme testing', enabled: false, suffix: '-testing' },
      ],
      repository: {
        store: undefined,
        endpoint: undefined,
        region: undefined,
        signingKey: undefined,
        origin: 'Acme',
        label: 'Acme',
        layout: 'flat',
        component: 'main',
        mirrorlist: false,
        validUntil: undefined,
        generations: 5,
        grace: 604_800,
      },
    });
    expect(normalize({ release: { ...release, key: 'acme.asc', channels: [{ id: 'x' }] } }).release).toMatchObject({
      packageName: 'omnibus-release',
      key: '/project/acme.asc',
      channels: [{ id: 'x', enabled: true, suffix: '' }],
    });
  });
});

describe('overrides', () => {
  const written: WrittenManifest = {
    epoch: 1,
    categories: { deb: 'net' },
    python: { extras: ['tls'], bytecode: 'none' },
    overrides: {
      'debian-12': { epoch: 4 },
      debian: { epoch: 3, python: { bytecode: 'build' } },
      deb: { epoch: 2, categories: { rpm: 'x' } },
      'rocky-8': { python: { interpreter: { package: 'python3.11', path: '/usr/bin/python3.11' } } },
    },
    packages: {
      node: {
        depends: ['common'],
        links: { '/usr/bin': ['a'], '/usr/sbin': ['b'] },
        files: { '/etc/a': 'a', '/etc/b': 'b' },
        overrides: {
          ubuntu: { files: { '/etc/b': null, '/etc/c': 'c' }, links: { '/usr/bin': [] } },
          deb: { depends: ['for-deb'], summary: 'deb' },
          debian: { depends: ['for-debian'] },
          'debian-12': { depends: [] },
        },
      },
    },
  };

  it.each([
    ['rocky-9', 1],
    ['ubuntu-22.04', 2],
    ['debian-11', 3],
    ['debian-12', 4],
  ])('the most specific one wins on %s', (distribution, epoch) => {
    expect(normalize(written, { distribution }).epoch).toBe(epoch);
  });

  it.each([
    ['rocky-9', ['common']],
    ['ubuntu-22.04', ['for-deb']],
    ['debian-11', ['for-debian']],
    ['debian-12', []],
  ])('a list replaces the list on %s', (distribution, names) => {
    const { relations, summary } = packageOf(normalize(written, { distribution }), 'node');
    expect(relations.depends).toEqual(names.map((name) => aRelation(name)));
    expect(summary === 'deb').toBe(distribution !== 'rocky-9');
  });

  it('maps are merged key by key, an interpreter is replaced as a whole', () => {
    expect(normalize(written, { distribution: 'debian-11' })).toMatchObject({
      categories: { deb: 'net', rpm: 'x' },
      python: { extras: ['tls'], bytecode: 'build', interpreter: { kind: 'system' } },
    });
    expect(normalize(written, { distribution: 'rocky-8' }).python.interpreter).toEqual({
      kind: 'packaged',
      package: 'python3.11',
      path: '/usr/bin/python3.11',
    });
  });

  it('null takes a file out, an empty list the links of a directory', () => {
    const node = packageOf(normalize(written, { distribution: 'ubuntu-22.04' }), 'node');
    expect(node.files.map(({ path }) => path)).toEqual(['/etc/a', '/etc/c']);
    expect(node.links.map(({ path }) => path)).toEqual(['/usr/sbin/b']);
  });
});

describe('contents of packages', () => {
  it('a cli package without links has those that no other package has', () => {
    const packages = {
      cli: { depends: ['a'] },
      node: { links: { '/usr/sbin': ['fleet-agent', { renamed: 'fleet-control' }] } },
    };
    const scriptNames = ['fleet-control', 'fleet-ca', 'fleet', 'fleet-agent'];
    expect(packageOf(normalize({ packages }, { scriptNames }), 'cli').links.map(({ path }) => path)).toEqual([
      '/usr/bin/fleet',
      '/usr/bin/fleet-ca',
    ]);
    expect(packageOf(normalize({ packages: { cli: { links: {} } } }, { scriptNames }), 'cli').links).toEqual([]);
  });

  it('files have the modes of their sources, are root:root, and configuration below /etc', () => {
    const files = {
      '/usr/lib/fleet/': 'units',
      '/etc/fleet.conf': 'conf',
      '/etc/fixed': { source: 'x', configuration: false },
      '/srv/secret': { source: 'run.sh', mode: '0640', owner: 'fleet', group: 'adm', configuration: true },
    };
    const plain = { owner: 'root', group: 'root' };
    expect(packageOf(normalize({ packages: { node: { files } } }), 'node').files).toEqual([
      {
        path: '/usr/lib/fleet/a.service',
        source: '/project/units/a.service',
        directory: '/project/units',
        mode: 0o644,
        ...plain,
        configuration: false,
      },
      {
        path: '/usr/lib/fleet/more/run.sh',
        source: '/project/units/more/run.sh',
        directory: '/project/units',
        mode: 0o755,
        ...plain,
        configuration: false,
      },
      { path: '/etc/fleet.conf', source: '/project/conf', mode: 0o644, ...plain, configuration: true },
      { path: '/etc/fixed', source: '/project/x', mode: 0o644, ...plain, configuration: false },
      {
        path: '/srv/secret',
        source: '/project/run.sh',
        mode: 0o640,
        owner: 'fleet',
        group: 'adm',
        configuration: true,
      },
    ]);
  });

  it('directories and scripts have their defaults', () => {
    const node = packageOf(
      normalize({
        packages: {
          node: {
            directories: ['/var/lib/fleet/', { path: '/srv/x', mode: '2750', group: 'fleet' }],
            scripts: { 'after-install': 'a.sh' },
          },
        },
      }),
      'node',
    );
    expect(node.directories).toEqual([
      { path: '/var/lib/fleet', mode: 0o755, owner: 'root', group: 'root' },
      { path: '/srv/x', mode: 0o2750, owner: 'root', group: 'fleet' },
    ]);
    expect(node.scripts).toEqual({ 'after-install': '/project/a.sh' });
  });

  it('a relation to a path is for rpm only', () => {
    const written = { packages: { node: { depends: ['/usr/sbin/iptables'] } } };
    expect(packageOf(normalize(written, { distribution: 'rocky-9' }), 'node').relations.depends).toEqual([
      aRelation('/usr/sbin/iptables'),
    ]);
    let thrown: unknown;
    try {
      normalize(written, { distribution: 'debian-12' });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(CoachbuilderError);
    expect(thrown).toMatchObject({
      code: 'unsupported-by-target',
      message:
        '"depends" of package node names "/usr/sbin/iptables", and packages for Debian 12 can name packages only',
    });
  });
});

describe('projectDirectory', () => {
  it("is the manifest's directory unless the manifest says another", () => {
    expect(projectDirectory({}, '/project')).toBe('/project');
    expect(projectDirectory({ source: 'examples/fleet' }, '/project')).toBe('/project/examples/fleet');
  });
});

describe('libraries', () => {
  const written: WrittenManifest = {
    libraries: {
      'liba.so.1': 'recommend',
      'libb.so.1': 'libb1 (>= 2)',
      'libc.so.1': { package: 'libc1', as: 'recommend' },
      'libd.so.1': { as: 'ignore' },
    },
    overrides: { deb: { libraries: { 'libc.so.1': 'ignore' } } },
  };

  it('are a word, a package that is required, or both', () => {
    expect(normalize(written, { distribution: 'rocky-9' }).libraries).toEqual({
      'liba.so.1': { as: 'recommend', package: undefined },
      'libb.so.1': { as: 'require', package: aRelation('libb1', '>=', '2') },
      'libc.so.1': { as: 'recommend', package: aRelation('libc1') },
      'libd.so.1': { as: 'ignore', package: undefined },
    });
  });

  it('are overridden one by one, each as a whole', () => {
    expect(normalize(written, { distribution: 'debian-12' }).libraries).toMatchObject({
      'liba.so.1': { as: 'recommend' },
      'libc.so.1': { as: 'ignore', package: undefined },
    });
  });
});

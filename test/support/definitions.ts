import type { Distribution } from '../../src/distributions/distribution.ts';
import { formatArchitecture, type PackageArchitecture } from '../../src/model/format.ts';
import type { PackageSettings } from '../../src/manifest/manifest.ts';
import type { BuildTarget } from '../../src/plan/build-plan.ts';
import type { BytecodePolicy, ContentEntry, PackageDefinition } from '../../src/packages/definition.ts';
import { noIntegration } from '../../src/packages/integration/integration.ts';
import { noServices } from '../../src/packages/service-plan.ts';
import { packagers } from '../../src/formats/packagers.ts';
import type { Tree, TreeEntry } from '../../src/tree/tree.ts';
import { aDistribution, aManifest } from './manifest.ts';

/** 2021-01-01T00:00:00Z. */
export const someEpoch = 1_609_459_200;

const root = { owner: 'root', group: 'root' } as const;

/** A regular file of a definition, 0644 root:root, its bytes given as text. */
export function aFile(path: string, overrides: Partial<Extract<ContentEntry, { kind: 'file' }>> = {}): ContentEntry {
  const text = `${path}\n`;
  const source = { kind: 'text', text } as const;
  return {
    kind: 'file',
    path,
    mode: 0o644,
    ...root,
    size: Buffer.byteLength(text),
    configuration: false,
    source,
    ...overrides,
  };
}

/** A directory of a definition, 0755 root:root. */
export function aDirectory(path: string, overrides: Partial<ContentEntry> = {}): ContentEntry {
  return { path, mode: 0o755, ...root, ...overrides, kind: 'directory' };
}

/** A symbolic link of a definition. */
export function aLink(path: string, target: string): ContentEntry {
  return { kind: 'symlink', path, target, mode: 0o777, ...root };
}

export const noRelations: PackageDefinition['relations'] = {
  depends: [],
  recommends: [],
  suggests: [],
  conflicts: [],
  replaces: [],
  provides: [],
};

export const noScripts: PackageDefinition['scripts'] = {
  beforeInstall: [],
  afterInstall: [],
  beforeUpgrade: [],
  afterUpgrade: [],
  beforeRemove: [],
  afterRemove: [],
  afterPurge: [],
};

/** Bytecode made at installation below /opt/fleet with Python 3.11. */
export function aBytecodePolicy(overrides: Partial<BytecodePolicy> = {}): BytecodePolicy {
  return {
    prefix: '/opt/fleet',
    interpreter: '/opt/fleet/bin/python',
    directory: '/opt/fleet/lib/python3.11/site-packages',
    compileAtInstall: true,
    shipped: false,
    minor: '3.11',
    ...overrides,
  };
}

export interface DefinitionOverrides extends Partial<PackageDefinition> {
  /** A built-in distribution; `debian-12` unless told otherwise. */
  readonly on?: string;
}

/** The smallest definition: an independent package without contents, relations and scripts. */
export function aPackageDefinition({ on = 'debian-12', ...overrides }: DefinitionOverrides = {}): PackageDefinition {
  const distribution = overrides.distribution ?? aDistribution(on);
  const definition = {
    id: 'cli',
    name: 'acme-fleet-cli',
    version: { epoch: 0, version: '1.0', release: '1' },
    distribution,
    architecture: formatArchitecture(distribution.format, 'all', 'x86_64'),
    summary: 'Command line of fleet',
    description: '',
    license: 'Apache-2.0',
    url: undefined,
    vendor: 'Acme',
    maintainer: 'Acme Packaging <packaging@example.com>',
    category: distribution.format === 'deb' ? 'admin' : 'Applications/System',
    relations: noRelations,
    contents: [],
    scripts: noScripts,
    bytecode: undefined,
    integration: noIntegration.policy,
    services: noServices,
    changelog: [],
    epoch: someEpoch,
    ...overrides,
  };
  const { name, version, architecture } = definition;
  return { fileName: packagers[distribution.format].fileName(name, version, architecture), ...definition };
}

/** A tree below /opt/fleet: the scripts `fleet` and `fleet-ca`, and one module. */
export function aTree(overrides: Partial<Tree> = {}): Tree {
  const file = (path: string, mode = 0o644): TreeEntry => ({
    kind: 'file',
    path,
    mode,
    size: 10,
    sha256: '0'.repeat(64),
    distribution: undefined,
  });
  const directory = (path: string): TreeEntry => ({ kind: 'directory', path, mode: 0o755 });
  return {
    root: '/stage',
    prefix: '/opt/fleet',
    entries: [
      directory('/opt/fleet'),
      directory('/opt/fleet/bin'),
      file('/opt/fleet/bin/fleet', 0o755),
      file('/opt/fleet/bin/fleet-ca', 0o755),
      { kind: 'symlink', path: '/opt/fleet/bin/python', mode: 0o777, target: 'python3' },
      directory('/opt/fleet/lib'),
      file('/opt/fleet/lib/module.py'),
    ],
    bytecode: 'at-install',
    importsDistutils: false,
    ...overrides,
  };
}

/** What the planner makes of a manifest for one distribution on x86_64, version 1.0-1. */
export function aTarget(distribution: Distribution, manifest = aManifest()): BuildTarget {
  const version = { epoch: manifest.epoch, version: '1.0', release: '1' };
  const [major = '', minor = ''] = distribution.python.version.split('.');
  const word = (kind: PackageArchitecture): string => formatArchitecture(distribution.format, kind, 'x86_64');
  const named = (name: string, architecture: string): string =>
    packagers[distribution.format].fileName(name, version, architecture);
  return {
    label: distribution.id,
    subdirectory: '',
    distribution,
    architecture: 'x86_64',
    interpreter: { ...distribution.python, minor: `${major}.${minor}` },
    manifest,
    version,
    pythonVersion: '1.0',
    packages: manifest.packages.map((settings: PackageSettings) => ({
      settings,
      architecture: word(settings.architecture),
      fileName: named(settings.name, word(settings.architecture)),
    })),
    release:
      manifest.release === undefined
        ? undefined
        : {
            version: { epoch: 0, version: manifest.release.version, release: `1${distribution.tag}` },
            fileName: named(manifest.release.packageName, word('all')),
          },
  };
}

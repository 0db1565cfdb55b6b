import { fileURLToPath } from 'node:url';

import { beforeAll, describe, expect, it } from 'vitest';

import { integratePackages } from '../../src/formats/integration/integrate.ts';
import { servicePlanner } from '../../src/formats/services/plan.ts';
import { packagers } from '../../src/formats/packagers.ts';
import { normalizeManifest } from '../../src/manifest/normalize.ts';
import { describeSource, readManifest, type ManifestFile } from '../../src/manifest/read.ts';
import { definePackages } from '../../src/packages/define.ts';
import type { PackageDefinition } from '../../src/packages/definition.ts';
import { readPackageSources } from '../../src/packages/sources.ts';
import { chooseTargets, planBuild } from '../../src/plan/plan-build.ts';
import { aDirectory, aLink, someEpoch } from '../support/definitions.ts';
import { expectGolden } from '../support/golden.ts';
import { aDistribution, someMetadata } from '../support/manifest.ts';

/** Every script that Flocker 1.15 installed and that its packages link to. */
const scripts = [
  ...['flocker', 'flocker-ca', 'flocker-volume', 'flocker-control', 'flocker-container-agent'],
  ...['flocker-dataset-agent', 'flocker-diagnostics', 'flocker-benchmark', 'flocker-node-era'],
  ...['flocker-docker-plugin', 'eliot-prettyprint', 'eliot-tree'],
];

const example = fileURLToPath(new URL('../../examples/flocker', import.meta.url));
/** The version of the documents, with the file names that they print. */
const version = '0.3.0.dev1+307.gb6d6e9f.dirty';

const prefix = '/opt/flocker';
const site = `${prefix}/lib/python2.7/site-packages`;

/** A stand-in for the tree: Flocker's own wheel is not on any index for today's tools. */
function standInTree(): Parameters<typeof definePackages>[0]['tree'] {
  const directories = ['', '/bin', '/lib', '/lib/python2.7', '/lib/python2.7/site-packages'];
  return {
    root: '/nowhere',
    prefix,
    bytecode: 'at-install',
    importsDistutils: false,
    entries: [
      ...directories.map((path) => ({ kind: 'directory' as const, path: `${prefix}${path}`, mode: 0o755 })),
      ...[...scripts.map((name) => `${prefix}/bin/${name}`), `${site}/flocker.py`].map((path) => ({
        kind: 'file' as const,
        path,
        mode: path.startsWith(`${prefix}/bin/`) ? 0o755 : 0o644,
        size: 100,
        sha256: '0'.repeat(64),
        distribution: 'flocker',
      })),
    ].sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

let manifest: ManifestFile;

beforeAll(async () => {
  const found = await readManifest({ startDirectory: example });
  if (found === undefined) throw new Error('examples/flocker has lost its manifest');
  manifest = found;
});

async function packagesFor(id: string): Promise<ReadonlyMap<string, PackageDefinition>> {
  const [target] = planBuild({
    choices: chooseTargets([aDistribution(id)], ['x86_64'], new Set()).choices,
    hostArchitecture: 'x86_64',
    manifestFor: (distribution) =>
      normalizeManifest(manifest.written, {
        application: { metadata: someMetadata({ name: 'Flocker', version }), scriptNames: scripts },
        distribution,
        directory: manifest.directory,
        file: manifest.file,
        describeSource,
      }),
    versionFor: () => version,
    nameFile: (format, name, packageVersion, word) => packagers[format].fileName(name, packageVersion, word),
  }).targets;
  if (target === undefined) throw new Error('nothing was planned');
  const sources = await readPackageSources(target.manifest);
  const integrations = await integratePackages(target);
  const planServices = servicePlanner(target, sources);
  const inputs = { target, tree: standInTree(), sources, planServices, integrations, epoch: someEpoch };
  const definitions = definePackages(inputs);
  return new Map(definitions.map((definition) => [definition.name, definition]));
}

function render(definition: PackageDefinition): string {
  return packagers[definition.distribution.format]
    .render(definition)
    .map(({ name, text }) => `### ${name}\n${text}`)
    .join('');
}

function relationsOf(definition: PackageDefinition | undefined): readonly string[] {
  return (definition?.relations.depends ?? []).map(({ name, condition }) =>
    condition === undefined ? name : `${name} ${condition.operator} ${condition.version}`,
  );
}

function pathsOf(definition: PackageDefinition | undefined, kind: string): readonly string[] {
  return (definition?.contents ?? []).filter((entry) => entry.kind === kind).map(({ path }) => path);
}

const release = '0.3.0-0.dev.1.307.gb6d6e9f.dirty';
const exactly = `clusterhq-python-flocker = ${release}`;

describe("Flocker's packages", () => {
  it('have the file names of its documents', async () => {
    const centos = [...(await packagesFor('centos-7')).values()].map(({ fileName }) => fileName);
    const ubuntu = [...(await packagesFor('ubuntu-16.04')).values()].map(({ fileName }) => fileName);
    expect(centos).toEqual([
      `clusterhq-python-flocker-${release}.x86_64.rpm`,
      `clusterhq-flocker-cli-${release}.noarch.rpm`,
      `clusterhq-flocker-node-${release}.noarch.rpm`,
      `clusterhq-flocker-docker-plugin-${release}.noarch.rpm`,
    ]);
    expect(ubuntu).toEqual([
      `clusterhq-python-flocker_${release}_amd64.deb`,
      `clusterhq-flocker-cli_${release}_all.deb`,
      `clusterhq-flocker-node_${release}_all.deb`,
      `clusterhq-flocker-docker-plugin_${release}_all.deb`,
    ]);
  });

  it('depend on CentOS on what its table says', async () => {
    const packages = await packagesFor('centos-7');
    expect(relationsOf(packages.get('clusterhq-flocker-cli'))).toEqual([exactly, 'openssh-clients']);
    expect(relationsOf(packages.get('clusterhq-flocker-node'))).toEqual([
      exactly,
      '/usr/sbin/iptables',
      'openssh-clients',
      'lshw',
    ]);
    expect(relationsOf(packages.get('clusterhq-flocker-docker-plugin'))).toEqual([exactly]);
    // The table says `python`; the package needs this one, and no other.
    expect(relationsOf(packages.get('clusterhq-python-flocker'))).toEqual(['python(abi) = 2.7', '/usr/bin/python2.7']);
  });

  it('depend on Ubuntu on what its table says', async () => {
    const packages = await packagesFor('ubuntu-16.04');
    expect(relationsOf(packages.get('clusterhq-flocker-cli'))).toEqual([exactly, 'openssh-client']);
    expect(relationsOf(packages.get('clusterhq-flocker-node'))).toEqual([
      exactly,
      'iptables',
      'openssh-client',
      'lshw',
    ]);
    expect(relationsOf(packages.get('clusterhq-flocker-docker-plugin'))).toEqual([exactly]);
    expect(relationsOf(packages.get('clusterhq-python-flocker'))).toEqual(['python2.7']);
  });

  it('link the scripts into the directories of its table', async () => {
    const packages = await packagesFor('centos-7');
    expect(pathsOf(packages.get('clusterhq-python-flocker'), 'symlink')).toEqual([
      '/usr/bin/eliot-prettyprint',
      '/usr/bin/eliot-tree',
    ]);
    expect(pathsOf(packages.get('clusterhq-flocker-cli'), 'symlink')).toEqual([
      '/usr/bin/flocker',
      '/usr/bin/flocker-ca',
    ]);
    expect(pathsOf(packages.get('clusterhq-flocker-node'), 'symlink')).toEqual(
      ['benchmark', 'container-agent', 'control', 'dataset-agent', 'diagnostics', 'node-era', 'volume'].map(
        (name) => `/usr/sbin/flocker-${name}`,
      ),
    );
    expect(packages.get('clusterhq-flocker-node')?.contents).toContainEqual(
      aLink('/usr/sbin/flocker-control', '/opt/flocker/bin/flocker-control'),
    );
  });

  it('own the state directory, and the whole tree but nothing above it', async () => {
    const packages = await packagesFor('ubuntu-16.04');
    expect(packages.get('clusterhq-flocker-node')?.contents).toContainEqual(aDirectory('/var/lib/flocker'));
    const directories = pathsOf(packages.get('clusterhq-python-flocker'), 'directory');
    expect(directories).toContain('/opt/flocker');
    expect(directories).toContain(site);
    expect(directories).not.toContain('/opt');
  });

  it('carry the files of the init system that a release has, and not the other one', async () => {
    const node = (id: string): Promise<readonly string[]> =>
      packagesFor(id).then((packages) => pathsOf(packages.get('clusterhq-flocker-node'), 'file'));
    expect(await node('ubuntu-16.04')).toContain('/usr/lib/systemd/system/flocker-control.service');
    expect(await node('ubuntu-14.04')).toContain('/etc/init/flocker-control.conf');
    expect((await node('ubuntu-16.04')).filter((path) => path.startsWith('/etc/init/'))).toEqual([]);
    expect((await node('ubuntu-14.04')).filter((path) => path.includes('/systemd/'))).toEqual([]);
  });

  it.each(['centos-7', 'ubuntu-14.04', 'ubuntu-16.04'])('render for %s as somebody has read them', async (id) => {
    for (const [name, definition] of await packagesFor(id)) expectGolden(`flocker/${id}/${name}`, render(definition));
  });
});

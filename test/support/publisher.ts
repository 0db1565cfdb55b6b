import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { PackageFile } from '../../src/repository/index-format.ts';
import { makeDeb } from './apt-repository.ts';
import type { TestKey } from './keys.ts';
import { run, type Outcome } from './machine.ts';
import { makeRpm } from './rpms.ts';

const repository = join(import.meta.dirname, '../..');

/** The command, as a person calls it. */
export const publishCommand = join(repository, 'admin/publish-packages');

export interface PublisherRequest {
  /** Where the manifest is written: absolute. */
  readonly directory: string;
  readonly baseurl: string;
  readonly key: Pick<TestKey, 'publicKeyFile' | 'gpgHome' | 'fingerprint'>;
  /** Lines of the section `repository`. */
  readonly repository?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Somebody with a manifest and a key, who publishes. */
export interface Publisher {
  readonly directory: string;
  /** The words before those of the caller, and the environment: to start the process differently. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  publish(...args: readonly string[]): Promise<Outcome>;
}

/** Writes the manifest of a repository, with the words of the documents. */
export async function makePublisher(request: PublisherRequest): Promise<Publisher> {
  const { directory, baseurl, key, env: extra = {} } = request;
  await mkdir(directory, { recursive: true });
  const manifest = [
    'vendor: Acme Corporation',
    'release:',
    '  id: acme',
    '  name: Acme',
    '  package-name: acme-release',
    `  baseurl: ${baseurl}`,
    `  key: ${key.publicKeyFile}`,
    ...(request.repository === undefined ? [] : ['repository:', ...request.repository.map((line) => `  ${line}`)]),
    '',
  ];
  await writeFile(join(directory, 'coachbuilder.yaml'), manifest.join('\n'));
  const env = { GNUPGHOME: key.gpgHome, XDG_CACHE_HOME: join(directory, 'cache'), ...extra };
  const argv = ['--progress=plain', `--build-directory=${join(directory, 'build')}`];
  return {
    directory,
    argv,
    env,
    publish: (...args) => run([publishCommand, ...args, ...argv], { cwd: directory, env }),
  };
}

/** A deb under the name that a person expects. */
export async function makeNamedDeb(
  directory: string,
  facts: Parameters<typeof makeDeb>[1],
  fileName = `${facts.name}_${facts.version.replace(/^\d+:/, '')}_${facts.architecture ?? 'amd64'}.deb`,
): Promise<PackageFile> {
  await mkdir(directory, { recursive: true });
  const made = await makeDeb(directory, facts);
  const path = join(directory, fileName);
  await rename(made.path, path);
  return { ...made, path };
}

/**
 * The packages of the documents for one version, in a directory for each distribution: three for every architecture,
 * one with programs.
 * @param release such as `0.dev.1`
 */
export async function makeSeedPackages(directory: string, version: string, release: string): Promise<void> {
  const independent = ['cli', 'node', 'docker-plugin'].map((part) => `clusterhq-flocker-${part}`);
  const native = 'clusterhq-python-flocker';
  for (const distribution of ['ubuntu-14.04', 'ubuntu-16.04']) {
    const folder = join(directory, distribution);
    const facts = { version: `${version}-${release}`, files: { [`/opt/flocker/${distribution}`]: distribution } };
    for (const name of independent) await makeNamedDeb(folder, { name, architecture: 'all', ...facts });
    await makeNamedDeb(folder, { name: native, architecture: 'amd64', ...facts });
  }
  const folder = join(directory, 'centos-7');
  await mkdir(folder, { recursive: true });
  for (const name of independent) await makeRpm(folder, { name, version, release });
  await makeRpm(folder, { name: native, version, release, architecture: 'x86_64' });
}

import type { ReleaseSettings } from '../../manifest/manifest.ts';
import { independentArchitecture, type PackageFormat } from '../../model/format.ts';
import type { BuildTarget } from '../../plan/build-plan.ts';
import { sortContents } from '../../packages/contents.ts';
import type { PackageDefinition } from '../../packages/definition.ts';
import { fileEntry, type FileEntry } from '../../packages/file-entry.ts';
import { noIntegration } from '../../packages/integration/integration.ts';
import { formatPackageName } from '../../packages/names.ts';
import { relation } from '../../packages/relations.ts';
import { noServices } from '../../packages/service-plan.ts';
import { readManifestFile } from '../../packages/sources.ts';
import { armor } from '../../openpgp/armor.ts';
import { readPublicKeys, requireSigningKey, type PublicKeys } from './public-keys.ts';
import { defineRepository } from './repository.ts';

/**
 * Reads the keys of the release package: one armoured block or several, so that an old and a new key are there together
 * while one takes the place of the other.
 * @returns undefined when the repository is not signed
 * @throws CoachbuilderError `manifest-invalid` when the file cannot be read, holds no public key or a secret one, or
 * lacks the key that the manifest signs with
 */
export async function readReleaseKey(
  release: Pick<ReleaseSettings, 'key'> & { readonly repository: Pick<ReleaseSettings['repository'], 'signingKey'> },
): Promise<string | undefined> {
  const { key, repository } = release;
  if (key === undefined) return undefined;
  const text = await readManifestFile(key, 'the key of the release package');
  const keys = readPublicKeys(text, key);
  if (repository.signingKey !== undefined) requireSigningKey(keys, repository.signingKey, key);
  return text;
}

/**
 * 2020-01-01. A release package has a version of its own and comes out of many builds; the same version has to be the
 * same bytes in all of them, or a repository would have to refuse it.
 */
export const releaseDate = 1_577_836_800;

/**
 * The file with the keys, written anew, so that line ends and remarks in the project's own do not matter: apt up to 2.6
 * finds no key between carriage returns (apt-key, dearmor_keyring). For rpm it is a block for each key: what its old
 * releases make of a second one in a block, nobody has measured.
 */
function keyEntry(path: string, keys: PublicKeys, format: PackageFormat): FileEntry {
  const { certificates } = keys;
  if (format === 'rpm') {
    // rpm's key directory is no place for an administrator's changes, and a new key has to arrive.
    return fileEntry(path, certificates.map(armor).join(''), { configuration: false });
  }
  const all = Buffer.concat(certificates);
  return fileEntry(path, path.endsWith('.gpg') ? all : armor(all));
}

/** What apt needs for an https address: its transport was a package of its own before apt 1.5 (dpkg 1.19 came with it). */
function transportPackages(target: Pick<BuildTarget, 'distribution'>, release: ReleaseSettings): readonly string[] {
  const { distribution } = target;
  if (distribution.format !== 'deb' || !release.baseurl.startsWith('https:')) return [];
  const separate = /^1\.1[0-8]\./.test(distribution.deb.dpkg);
  return separate ? ['apt-transport-https', 'ca-certificates'] : ['ca-certificates'];
}

/**
 * The package that makes a system know the repository: the definition of its channels, and its key.
 * @param key the armoured key, from `readReleaseKey`
 * @returns undefined when the manifest describes no repository
 * @throws CoachbuilderError `manifest-invalid` when the key is no armoured public key
 */
export function defineReleasePackage(
  target: Pick<BuildTarget, 'manifest' | 'distribution' | 'release'>,
  key: string | undefined,
): PackageDefinition | undefined {
  const { manifest, distribution, release: planned } = target;
  const { release } = manifest;
  if (release === undefined || planned === undefined) return undefined;
  const { path, text, keyPath } = defineRepository(release, distribution);
  const { format } = distribution;
  const contents = [
    fileEntry(path, text),
    ...(key === undefined ? [] : [keyEntry(keyPath, readPublicKeys(key, release.key ?? release.id), format)]),
  ];
  return {
    id: 'release',
    name: formatPackageName(format, release.packageName),
    version: planned.version,
    distribution,
    architecture: independentArchitecture(format),
    fileName: planned.fileName,
    summary: `${release.name} repository configuration`,
    description: `Makes the packages of ${release.name} for ${distribution.title} known to the system's package manager.`,
    license: manifest.license,
    url: manifest.url,
    vendor: manifest.vendor,
    maintainer: manifest.maintainer,
    category: manifest.categories[format],
    relations: {
      depends: [],
      recommends: transportPackages(target, release).map((name) => relation(name)),
      suggests: [],
      conflicts: [],
      replaces: [],
      provides: [],
    },
    contents: sortContents(contents),
    scripts: {
      beforeInstall: [],
      afterInstall: [],
      beforeUpgrade: [],
      afterUpgrade: [],
      beforeRemove: [],
      afterRemove: [],
      afterPurge: [],
    },
    bytecode: undefined,
    integration: noIntegration.policy,
    services: noServices,
    changelog: [],
    epoch: releaseDate,
  };
}

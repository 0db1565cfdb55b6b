import { posix } from 'node:path';

import type { UsedImage } from '../containers/compiler-image.ts';
import type { LockedDistribution } from '../lock/lock.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { withoutUrlCredentials } from '../report/redact.ts';
import { genericPurl, pypiPurl } from '../sbom/purl.ts';
import type { NamedFile, RunFacts, SourceFacts } from './facts.ts';

/** in-toto Attestation Framework 1.0, `ResourceDescriptor`: at least one of name, uri and digest. */
export interface ResourceDescriptor {
  readonly name?: string;
  readonly uri?: string;
  readonly digest?: Readonly<Record<string, string>>;
  readonly downloadLocation?: string;
  readonly mediaType?: string;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

/** An address that others can open: credentials and signed queries taken out; undefined for a place of this machine. */
export function publicAddress(text: string): string | undefined {
  if (!/^(?:https?|ssh|git):\/\//i.test(text)) return undefined;
  return withoutUrlCredentials(text).replace(/[?#].*$/s, '');
}

/** Whether what was built is what the commit holds, as far as git tells. */
export function isModified({ commit }: Pick<SourceFacts, 'commit'>): boolean {
  return commit !== undefined && (commit.dirty || commit.untracked);
}

/**
 * The application's source. A digest is given only to what it is true of: of a modified checkout the commit is a note,
 * so that no verifier takes what was built for what the commit holds.
 */
export function sourceMaterial(source: SourceFacts): readonly ResourceDescriptor[] {
  const { kind, uri, subdirectory, commit, file } = source;
  if (kind === 'requirement') return [];
  const digest = file === undefined ? undefined : { sha256: file.sha256 };
  const gitDigest = commit === undefined || isModified(source) ? undefined : { gitCommit: commit.id };
  const state =
    commit === undefined ? {} : { commit: commit.id, modified: commit.dirty, untrackedFiles: commit.untracked };
  const found = digest ?? gitDigest;
  return [
    {
      name: file?.name ?? 'source',
      ...(uri === undefined ? {} : { uri }),
      ...(found === undefined ? {} : { digest: found }),
      annotations: { role: 'source', ...(subdirectory === '' ? {} : { subdirectory }), ...state },
    },
  ];
}

function namedFile(file: NamedFile | undefined, role: string): readonly ResourceDescriptor[] {
  return file === undefined ? [] : [{ name: file.name, digest: { sha256: file.sha256 }, annotations: { role } }];
}

function distributionMaterial(
  { name, version, kind, file, url }: LockedDistribution,
  role: string,
  more: Readonly<Record<string, unknown>> = {},
): ResourceDescriptor {
  const address = url === undefined ? undefined : publicAddress(url);
  return {
    name: file.fileName,
    uri: pypiPurl(name, version),
    digest: { sha256: file.sha256 },
    ...(address === undefined ? {} : { downloadLocation: address }),
    annotations: { role, kind, ...more },
  };
}

/** Every file of a closure, each followed by what was installed to compile it. */
export function closureMaterials(distributions: readonly LockedDistribution[]): readonly ResourceDescriptor[] {
  return distributions.flatMap((distribution) => [
    distributionMaterial(distribution, 'distribution'),
    ...(distribution.buildRequires ?? []).map((requirement) =>
      distributionMaterial(requirement, 'build requirement', { builds: distribution.name }),
    ),
  ]);
}

/** The archive of a bundled interpreter. */
export function interpreterMaterial({ interpreter }: Pick<BuildTarget, 'interpreter'>): readonly ResourceDescriptor[] {
  if (interpreter.bundle === undefined) return [];
  const { version, bundle } = interpreter;
  const address = publicAddress(bundle.archive);
  return [
    {
      name: posix.basename(address ?? bundle.archive),
      uri: genericPurl('cpython', version, bundle.sha256),
      digest: { sha256: bundle.sha256 },
      ...(address === undefined ? {} : { downloadLocation: address }),
      annotations: { role: 'interpreter' },
    },
  ];
}

/**
 * Images that something was compiled in, each once. The digest is that of the image's configuration, by which podman and
 * docker call an image (OCI Image Format, "ImageID"); compilers were installed on top of it.
 */
export function imageMaterials(images: readonly UsedImage[]): readonly ResourceDescriptor[] {
  const byTag = new Map(images.map((image) => [image.tag, image]));
  return [...byTag.values()]
    .sort((a, b) => (a.tag < b.tag ? -1 : 1))
    .map(({ tag, base }) => ({
      name: tag,
      digest: { sha256: base },
      mediaType: 'application/vnd.oci.image.config.v1+json',
      annotations: { role: 'compiler image' },
    }));
}

/** All that is the same for each target of a run. */
export function commonMaterials({ source, manifest, lock }: RunFacts): readonly ResourceDescriptor[] {
  return [...sourceMaterial(source), ...namedFile(manifest, 'manifest'), ...namedFile(lock, 'lock')];
}

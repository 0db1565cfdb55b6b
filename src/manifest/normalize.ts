import { resolve } from 'node:path';

import type { Distribution } from '../distributions/distribution.ts';
import type { CoreMetadata } from '../python/core-metadata.ts';
import { normalizeName } from '../python/name.ts';
import { deriveSentence, deriveSummary } from './derive-summary.ts';
import { deriveDescription, deriveLicense, deriveMaintainer, deriveUrl, maintainerName } from './derive.ts';
import {
  interpreterParts,
  selectorsOf,
  type ChangelogSettings,
  type InterpreterSettings,
  type LintSettings,
  type Manifest,
  type PythonSettings,
  type ReleaseSettings,
  type VersionSettings,
} from './manifest.ts';
import { defaultPackagePrefix, defaultPrefix, defaultReleaseName } from './names.ts';
import { normalizeLibraries } from './normalize-libraries.ts';
import { normalizePackages } from './normalize-packages.ts';
import { normalizeHealth, normalizeSlim } from './normalize-tree.ts';
import { mergeCommon } from './overrides.ts';
import { normalizeRepository } from './normalize-repository.ts';
import type { WrittenLint, WrittenManifest, WrittenPython, WrittenRelease, WrittenRepository } from './schema.ts';
import { trimSlashes, type SourceContext } from './source-files.ts';

/** What an application says about itself, as far as a manifest can lack it. */
export interface DescribedApplication {
  readonly metadata: CoreMetadata;
  /** Names of the scripts that it puts into `bin`. */
  readonly scriptNames: readonly string[];
}

export interface NormalizeContext extends SourceContext {
  readonly application: DescribedApplication;
  /** Its selectors choose the overrides. */
  readonly distribution: Distribution;
  /** The manifest's own file, absolute; undefined when there is none. */
  readonly file: string | undefined;
}

/**
 * Fills in what a manifest does not say: from the overrides that are for the distribution, from the application's
 * metadata, from our defaults.
 * @param written has passed the schema and the rules; `{}` where there is no manifest
 * @throws CoachbuilderError `unsupported-by-target` for a relation that the distribution's packages cannot have
 */
export function normalizeManifest(written: WrittenManifest, context: NormalizeContext): Manifest {
  const { metadata } = context.application;
  const chain = selectorsOf(context.distribution);
  const common = mergeCommon(written, chain);
  const name = normalizeName(written.name ?? metadata.name);
  const prefix = trimSlashes(written.prefix ?? defaultPrefix(name));
  const packagePrefix = written['package-prefix'] ?? defaultPackagePrefix;
  const maintainer = common.maintainer ?? deriveMaintainer(metadata, name);
  const vendor = common.vendor ?? maintainerName(maintainer);
  const summary = common.summary ?? deriveSummary(metadata, name);
  const sentence = common.summary === undefined ? deriveSentence(metadata) : undefined;
  const prose = common.description?.trim() ?? deriveDescription(metadata) ?? sentence;
  return {
    name,
    prefix,
    vendor,
    maintainer,
    license: common.license ?? deriveLicense(metadata),
    url: common.url ?? deriveUrl(metadata),
    summary,
    description: prose ?? `${summary}.`,
    epoch: common.epoch ?? 0,
    version: normalizeVersion(written.version),
    changelog: normalizeChangelog(written.changelog, context.directory),
    categories: { deb: common.categories?.deb ?? 'admin', rpm: common.categories?.rpm ?? 'Applications/System' },
    packagePrefix,
    distributionTag: common['distribution-tag'] ?? true,
    python: normalizePython(common.python ?? {}, context.directory),
    libraries: normalizeLibraries(common.libraries),
    slim: normalizeSlim(common.slim),
    health: normalizeHealth(common.health),
    packages: normalizePackages(written.packages, {
      ...context,
      chain,
      scriptNames: context.application.scriptNames,
      name,
      packagePrefix,
      summary,
      mainDescription:
        common.description?.trim() ?? [...(prose === undefined ? [] : [prose]), aboutTree(name, prefix)].join('\n\n'),
    }),
    release:
      written.release &&
      normalizeRelease(written.release, {
        vendor,
        packagePrefix,
        directory: context.directory,
        repository: written.repository,
      }),
    lint: normalizeLint(written.lint),
    tests: written.tests,
    directory: context.directory,
    file: context.file,
  };
}

function aboutTree(name: string, prefix: string): string {
  return `This package contains ${name} and the Python libraries that it needs, in a virtual environment of its own below ${prefix}.`;
}

/** The directory of the Python project that a manifest is about, absolute. */
export function projectDirectory(written: WrittenManifest, directory: string): string {
  return resolve(directory, written.source ?? '.');
}

/** Where the version of the packages comes from; without a word about it, from the wheel's metadata. */
export function normalizeVersion(written: WrittenManifest['version']): VersionSettings {
  return { from: written?.from ?? 'source', tagPrefix: written?.['tag-prefix'], value: written?.value };
}

function normalizeChangelog(written: string | undefined, directory: string): ChangelogSettings {
  if (written === undefined) return { from: 'auto' };
  return written === 'git' || written === 'none'
    ? { from: written }
    : { from: 'file', path: resolve(directory, written) };
}

function normalizePython(written: WrittenPython, directory: string): PythonSettings {
  return {
    interpreter: normalizeInterpreter(written.interpreter, directory),
    requirements: (written.requirements ?? []).map((path) => resolve(directory, path)),
    constraints: (written.constraints ?? []).map((path) => resolve(directory, path)),
    extras: (written.extras ?? []).map(normalizeName),
    lockFile: written['lock-file'] === undefined ? undefined : resolve(directory, written['lock-file']),
    indexes: written.indexes ?? [],
    bytecode: written.bytecode ?? 'auto',
  };
}

function normalizeInterpreter(written: WrittenPython['interpreter'], directory: string): InterpreterSettings {
  if (written === undefined || written === 'system') return { kind: 'system' };
  if (!('bundled' in written)) return { kind: 'packaged', package: written.package, path: written.path };
  const { version, archive, build, sha256, prune } = written.bundled;
  return {
    kind: 'bundled',
    version,
    archive: /^[a-z]+:\/\//i.test(archive) ? archive : resolve(directory, archive),
    build,
    sha256,
    prune: interpreterParts.filter((part) => (Array.isArray(prune) ? prune.includes(part) : prune !== false)),
  };
}

function normalizeLint(written: WrittenLint | undefined): LintSettings {
  const overrides = written?.overrides ?? [];
  return {
    overrides: overrides.map(({ tag, path, linter, reason }) => ({ tag, path, linter, reason: reason.trim() })),
  };
}

interface ReleaseContext {
  readonly vendor: string;
  readonly packagePrefix: string;
  readonly directory: string;
  readonly repository: WrittenRepository | undefined;
}

function normalizeRelease(
  written: WrittenRelease,
  { vendor, packagePrefix, directory, repository }: ReleaseContext,
): ReleaseSettings {
  const { id } = written;
  const name = written.name ?? vendor;
  const channels = written.channels ?? [
    { id, enabled: true },
    { id: `${id}-testing`, name: `${name} testing`, enabled: false, suffix: '-testing' },
  ];
  return {
    id,
    name,
    packageName: written['package-name'] ?? defaultReleaseName(packagePrefix),
    version: written.version ?? '1',
    baseurl: written.baseurl.replace(/\/+$/, ''),
    key: written.key === undefined ? undefined : resolve(directory, written.key),
    channels: channels.map((channel) => ({
      id: channel.id,
      name: channel.name ?? name,
      enabled: channel.enabled ?? true,
      suffix: channel.suffix ?? '',
    })),
    repository: normalizeRepository(repository, { name, directory }),
  };
}

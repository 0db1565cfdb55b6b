import { posix } from 'node:path';

import type { Distribution } from '../distributions/distribution.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { Architecture } from '../model/architecture.ts';
import { formatArchitecture, independentArchitecture, type PackageFormat } from '../model/format.ts';
import type { PackageVersion } from '../model/package-version.ts';
import type { BuildPlan, BuildTarget, PlannedPackage, PlannedRelease, TargetInterpreter } from './build-plan.ts';
import { planBundledInterpreter } from './bundled-interpreter.ts';
import { packageVersion } from './version-mapping.ts';

/** The file name that a format gives to a package. */
export type NameFile = (format: PackageFormat, name: string, version: PackageVersion, architecture: string) => string;

/** What a target is for. */
export interface TargetChoice {
  readonly distribution: Distribution;
  readonly architecture: Architecture;
}

export interface PlanRequest {
  /** Those of one distribution are neighbours. */
  readonly choices: readonly TargetChoice[];
  /** The architecture of the build machine: a target is labelled with its own only when it differs. */
  readonly hostArchitecture: Architecture;
  /** The manifest with the overrides of a distribution applied. */
  readonly manifestFor: (distribution: Distribution, architecture: Architecture) => Manifest;
  /** The version (PEP 440) that the packages for a distribution get: an index may offer each another one. */
  readonly versionFor: (distribution: Distribution, architecture: Architecture) => string;
  readonly nameFile: NameFile;
  /** Release packages that the project describes itself, by the distribution's id. */
  readonly ownReleases?: ReadonlyMap<string, PlannedRelease>;
}

/**
 * The interpreter that a target's packages run with: the distribution's own, or the packaged or bundled one that the
 * manifest names.
 * @throws CoachbuilderError `manifest-invalid` when nothing is bundled for the architecture
 */
export function interpreterOf(
  manifest: Pick<Manifest, 'python' | 'prefix'>,
  distribution: Distribution,
  architecture: Architecture,
): TargetInterpreter {
  const { interpreter } = manifest.python;
  if (interpreter.kind === 'bundled') return planBundledInterpreter(interpreter, manifest.prefix, architecture);
  if (interpreter.kind === 'system') {
    const [major = '', minor = ''] = distribution.python.version.split('.');
    return { ...distribution.python, minor: `${major}.${minor}` };
  }
  const minor = /python(\d+\.\d+)$/.exec(interpreter.path)?.[1];
  if (minor === undefined) throw new Error(`Internal error: interpreter ${interpreter.path} passed the rules`);
  return { package: interpreter.package, path: interpreter.path, version: minor, minor };
}

/** The version of a release package: its own, not the application's; always with the tag, since its content is. */
export function planRelease(
  manifest: Manifest,
  distribution: Distribution,
  nameFile: NameFile,
): PlannedRelease | undefined {
  if (manifest.release === undefined) return undefined;
  const version = { epoch: 0, version: manifest.release.version, release: `1${distribution.tag}` };
  const architecture = independentArchitecture(distribution.format);
  return { version, fileName: nameFile(distribution.format, manifest.release.packageName, version, architecture) };
}

/**
 * Makes sure that a distribution runs on an architecture.
 * @throws CoachbuilderError `unsupported-by-target` with the architectures on which it does
 */
export function requireArchitecture(distribution: Distribution, architecture: Architecture): void {
  if (distribution.architectures.includes(architecture)) return;
  throw new CoachbuilderError('unsupported-by-target', `${distribution.title} does not run on ${architecture}`, {
    hint: `choose one of ${distribution.architectures.join(', ')}`,
  });
}

/**
 * Each distribution on each of the architectures.
 * @param named ids of the distributions that were asked for by name: those have to run on every architecture
 * @returns `lacking`: combinations that do not exist, of distributions that were only among all of them
 * @throws CoachbuilderError `unsupported-by-target` for one that was named, and when nothing is left
 */
export function chooseTargets(
  distributions: readonly Distribution[],
  architectures: readonly Architecture[],
  named: ReadonlySet<string>,
): { readonly choices: readonly TargetChoice[]; readonly lacking: readonly TargetChoice[] } {
  const all = distributions.flatMap((distribution) =>
    architectures.map((architecture): TargetChoice => ({ distribution, architecture })),
  );
  const exists = ({ distribution, architecture }: TargetChoice): boolean =>
    distribution.architectures.includes(architecture);
  const choices = all.filter(exists);
  const lacking = all.filter((choice) => !exists(choice));
  for (const { distribution, architecture } of lacking)
    if (choices.length === 0 || named.has(distribution.id)) requireArchitecture(distribution, architecture);
  return { choices, lacking };
}

/** What a version (PEP 440) is called as a package of a target. @throws CoachbuilderError as `packageVersion` */
export function versionOn(
  { distribution, manifest }: Pick<BuildTarget, 'distribution' | 'manifest'>,
  version: string,
): PackageVersion {
  return packageVersion(version, {
    epoch: manifest.epoch,
    format: distribution.format,
    tag: manifest.distributionTag ? distribution.tag : undefined,
  });
}

function planTarget(request: PlanRequest, { distribution, architecture }: TargetChoice): BuildTarget {
  const { nameFile } = request;
  requireArchitecture(distribution, architecture);
  const manifest = request.manifestFor(distribution, architecture);
  const pythonVersion = request.versionFor(distribution, architecture);
  const version = versionOn({ distribution, manifest }, pythonVersion);
  const packages = manifest.packages.map((settings): PlannedPackage => {
    const word = formatArchitecture(distribution.format, settings.architecture, architecture);
    return { settings, architecture: word, fileName: nameFile(distribution.format, settings.name, version, word) };
  });
  return {
    label: targetLabel(distribution, architecture, request.hostArchitecture),
    subdirectory: '',
    distribution,
    architecture,
    interpreter: interpreterOf(manifest, distribution, architecture),
    manifest,
    version,
    pythonVersion,
    packages,
    release: request.ownReleases?.get(distribution.id) ?? planRelease(manifest, distribution, nameFile),
  };
}

/** How reports name a target: the architecture is said only where it is not that of the build machine. */
export function targetLabel(
  { id }: Pick<Distribution, 'id'>,
  architecture: Architecture,
  hostArchitecture: Architecture,
): string {
  return architecture === hostArchitecture ? id : `${id}/${architecture}`;
}

function fileNames(target: BuildTarget): readonly string[] {
  const names = target.packages.map((planned) => planned.fileName);
  return target.release === undefined ? names : [...names, target.release.fileName];
}

/** The files that a target writes, relative to the destination. */
export function outputNames(target: BuildTarget): readonly string[] {
  return fileNames(target).map((name) => posix.join(target.subdirectory, name));
}

/**
 * Those of them that must not be there yet. The release package may: with one version, every build makes the same one.
 */
export function newNames(target: BuildTarget): readonly string[] {
  return target.packages.map(({ fileName }) => posix.join(target.subdirectory, fileName));
}

/**
 * Whether targets would give one name to different files. The rebuilds of one enterprise release do: all of EL 9 is
 * tagged `.el9`, and without tags every rpm target does.
 */
export function shareNames(names: readonly string[]): boolean {
  return new Set(names).size < names.length;
}

/**
 * Decides everything about the targets that can be decided before anything is fetched.
 * Targets that would write files of one name get a subdirectory each.
 * @throws CoachbuilderError `unsupported-by-target` for an architecture that a distribution does not run on,
 * `version-invalid` for a version outside PEP 440
 */
export function planBuild(request: PlanRequest): BuildPlan {
  const targets = request.choices.map((choice) => planTarget(request, choice));
  const distributions = new Set(request.choices.map(({ distribution }) => distribution.id));
  // Two architectures of one distribution share what does not depend on them: those files are the same.
  const ofEach = [...distributions].map((id) => [
    ...new Set(targets.filter(({ distribution }) => distribution.id === id).flatMap(fileNames)),
  ]);
  const separate = shareNames(ofEach.flat());
  return {
    schemaVersion: 1,
    targets: separate ? targets.map((target) => ({ ...target, subdirectory: target.distribution.id })) : targets,
  };
}

import type { Distribution } from '../distributions/distribution.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { Architecture } from '../model/architecture.ts';
import { formatArchitecture, independentArchitecture, type PackageFormat } from '../model/format.ts';
import type { PackageVersion } from '../model/package-version.ts';
import type { BuildPlan, BuildTarget, PlannedPackage, PlannedRelease, TargetInterpreter } from './build-plan.ts';
import { packageVersion } from './version-mapping.ts';

/** The file name that a format gives to a package. */
export type NameFile = (format: PackageFormat, name: string, version: PackageVersion, architecture: string) => string;

export interface PlanRequest {
  readonly distributions: readonly Distribution[];
  readonly architecture: Architecture;
  /** The architecture of the build machine: a target is labelled with its own only when it differs. */
  readonly hostArchitecture: Architecture;
  /** The manifest with the overrides of a distribution applied. */
  readonly manifestFor: (distribution: Distribution) => Manifest;
  /** The version (PEP 440) that the packages for a distribution get: an index may offer each another one. */
  readonly versionFor: (distribution: Distribution) => string;
  readonly nameFile: NameFile;
}

/**
 * The interpreter that a target's packages run with: the distribution's own, or the packaged one that the manifest names.
 */
export function interpreterOf(manifest: Pick<Manifest, 'python'>, distribution: Distribution): TargetInterpreter {
  const { interpreter } = manifest.python;
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

function planTarget(request: PlanRequest, distribution: Distribution): BuildTarget {
  const { architecture, nameFile } = request;
  if (!distribution.architectures.includes(architecture)) {
    throw new CoachbuilderError('unsupported-by-target', `${distribution.title} does not run on ${architecture}`, {
      hint: `choose one of ${distribution.architectures.join(', ')}`,
    });
  }
  const manifest = request.manifestFor(distribution);
  const version = packageVersion(request.versionFor(distribution), {
    epoch: manifest.epoch,
    format: distribution.format,
    tag: manifest.distributionTag ? distribution.tag : undefined,
  });
  const packages = manifest.packages.map((settings): PlannedPackage => {
    const word = formatArchitecture(distribution.format, settings.architecture, architecture);
    return { settings, architecture: word, fileName: nameFile(distribution.format, settings.name, version, word) };
  });
  const foreign = architecture === request.hostArchitecture ? '' : `/${architecture}`;
  return {
    label: `${distribution.id}${foreign}`,
    distribution,
    architecture,
    interpreter: interpreterOf(manifest, distribution),
    manifest,
    version,
    packages,
    release: planRelease(manifest, distribution, nameFile),
  };
}

/** The names of all files that a target writes. */
export function outputNames(target: BuildTarget): readonly string[] {
  const names = target.packages.map((planned) => planned.fileName);
  return target.release === undefined ? names : [...names, target.release.fileName];
}

function refuseSharedNames(targets: readonly BuildTarget[]): void {
  const owners = new Map<string, BuildTarget>();
  for (const target of targets) {
    for (const name of outputNames(target)) {
      const owner = owners.get(name);
      if (owner !== undefined) {
        throw new CoachbuilderError('file-conflict', `${owner.label} and ${target.label} would both write ${name}`, {
          hint: 'set distribution-tag: true in the manifest, or build them one at a time with different --destination-path',
        });
      }
      owners.set(name, target);
    }
  }
}

/**
 * Decides everything about the targets that can be decided before anything is fetched.
 * @throws CoachbuilderError `unsupported-by-target` for an architecture that a distribution does not run on,
 * `file-conflict` when two targets would write one file, `version-invalid` for a version outside PEP 440
 */
export function planBuild(request: PlanRequest): BuildPlan {
  const targets = request.distributions.map((distribution) => planTarget(request, distribution));
  refuseSharedNames(targets);
  return { schemaVersion: 1, targets };
}

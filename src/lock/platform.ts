import type { Distribution, PackagedPython } from '../distributions/distribution.ts';
import type { Architecture } from '../model/architecture.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { supportedTags } from '../python/tags.ts';
import { wheelRank } from '../python/wheel-name.ts';

/** The interpreter and the C library that files are chosen for; several distributions may share them. */
export interface TargetPlatform {
  /** `CentOS 7`: for messages. */
  readonly title: string;
  /** `3.6.8`, or `3.6` when the patch level is not known. */
  readonly pythonVersion: string;
  /** `2.17`. */
  readonly glibc: string;
  readonly architecture: Architecture;
  /** Where a wheel for it can be compiled; absent when its interpreter is not one that a distribution packages. */
  readonly native?: NativePlatform;
}

/** A distribution, and the interpreter of it that extension modules are compiled for. */
export interface NativePlatform {
  readonly distribution: Pick<Distribution, 'id' | 'title' | 'packageManager' | 'image'>;
  readonly python: PackagedPython;
}

/** The platform of a build target. */
export function platformOf(target: Pick<BuildTarget, 'distribution' | 'interpreter' | 'architecture'>): TargetPlatform {
  const { distribution, interpreter, architecture } = target;
  return {
    title: distribution.title,
    pythonVersion: interpreter.version,
    glibc: distribution.glibc,
    architecture,
    ...(interpreter.bundle === undefined ? { native: { distribution, python: interpreter } } : {}),
  };
}

/** `3.6` of `3.6.8`. */
export function pythonMinor(platform: Pick<TargetPlatform, 'pythonVersion'>): string {
  return platform.pythonVersion.split('.').slice(0, 2).join('.');
}

/** The key of the platform's environment in the lock: `cpython-3.6-glibc-2.17-x86_64`. */
export function platformKey(platform: TargetPlatform): string {
  return `cpython-${pythonMinor(platform)}-glibc-${platform.glibc}-${platform.architecture}`;
}

/** `CentOS 7 (CPython 3.6, glibc 2.17, x86_64)`. */
export function describePlatform(platform: TargetPlatform): string {
  return `${platform.title} (CPython ${pythonMinor(platform)}, glibc ${platform.glibc}, ${platform.architecture})`;
}

/** Every wheel tag that the platform accepts, best first. */
export function platformTags(platform: TargetPlatform): readonly string[] {
  return supportedTags({
    pythonMinor: pythonMinor(platform),
    glibc: platform.glibc,
    architecture: platform.architecture,
  });
}

/** Whether a platform accepts a wheel, by its file name. */
export function acceptsWheel(platform: TargetPlatform, fileName: string): boolean {
  return wheelRank(fileName, platformTags(platform)) !== undefined;
}

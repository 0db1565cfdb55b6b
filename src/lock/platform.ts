import type { Architecture } from '../model/architecture.ts';
import type { BuildTarget } from '../plan/build-plan.ts';
import { supportedTags } from '../python/tags.ts';

/** The interpreter and the C library that files are chosen for; several distributions may share them. */
export interface TargetPlatform {
  /** `CentOS 7`: for messages. */
  readonly title: string;
  /** `3.6.8`, or `3.6` when the patch level is not known. */
  readonly pythonVersion: string;
  /** `2.17`. */
  readonly glibc: string;
  readonly architecture: Architecture;
}

/** The platform of a build target. */
export function platformOf(target: Pick<BuildTarget, 'distribution' | 'interpreter' | 'architecture'>): TargetPlatform {
  return {
    title: target.distribution.title,
    pythonVersion: target.interpreter.version,
    glibc: target.distribution.glibc,
    architecture: target.architecture,
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

import type { Architecture } from '../model/architecture.ts';

/** The variables that environment markers can use (PEP 508), as the target's interpreter would answer. */
export interface MarkerEnvironment {
  readonly implementation_name: 'cpython';
  readonly implementation_version: string;
  readonly os_name: 'posix';
  readonly platform_machine: string;
  readonly platform_release: string;
  readonly platform_system: 'Linux';
  readonly platform_version: string;
  readonly python_full_version: string;
  readonly platform_python_implementation: 'CPython';
  readonly python_version: string;
  readonly sys_platform: string;
}

/**
 * What CPython on a Linux target answers. The kernel's release and version are unknown when a package is built and
 * stay empty.
 * @param target `pythonVersion` is `3.6.8`, or `3.6` when the patch level is unknown, which then counts as 0
 */
export function markerEnvironment(target: {
  readonly pythonVersion: string;
  readonly architecture: Architecture;
}): MarkerEnvironment {
  const numbers = target.pythonVersion.split('.');
  const minor = numbers.slice(0, 2).join('.');
  const full = numbers.length < 3 ? `${minor}.0` : target.pythonVersion;
  return {
    implementation_name: 'cpython',
    implementation_version: full,
    os_name: 'posix',
    platform_machine: target.architecture,
    platform_release: '',
    platform_system: 'Linux',
    platform_version: '',
    python_full_version: full,
    platform_python_implementation: 'CPython',
    python_version: minor,
    // Python 2 put the kernel's major version behind the name (sys.platform in the library reference).
    sys_platform: numbers[0] === '2' ? 'linux2' : 'linux',
  };
}

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

import type { ToolCall } from './git.ts';

/**
 * pip is always run as a module of the first `python3` on the PATH. Nothing here names an index: addresses and
 * credentials reach pip through its environment only, because arguments can be read by every user of the machine.
 */
const pip = { tool: 'python3', prefix: ['-m', 'pip'] } as const;

function call(args: readonly string[]): ToolCall {
  return { tool: pip.tool, args: [...pip.prefix, ...args] };
}

/** Prints the version alone; running pip to ask it takes several times as long. */
export function pipVersion(): ToolCall {
  return { tool: pip.tool, args: ['-c', 'import pip; print(pip.__version__)'] };
}

/** Prints `section.key='value'`, a line each, values as Python literals. */
export function pipConfiguration(): ToolCall {
  return call(['config', 'list']);
}

/** The interpreter and platform that pip chooses wheels for (pip's `--platform`, `--python-version`, `--implementation`). */
interface PipTarget {
  /** `3.6` or `3.6.8`. */
  readonly python: string;
  /** Newest first: pip takes the order for preference and expands no PEP 600 tag by itself. */
  readonly platforms: readonly string[];
}

function targetOptions(target: PipTarget): readonly string[] {
  return [
    '--implementation',
    'cp',
    '--python-version',
    target.python,
    ...target.platforms.flatMap((platform) => ['--platform', platform]),
  ];
}

export interface PipDownload {
  /** A requirements file in which every line has hashes. */
  readonly requirements: string;
  readonly destination: string;
  /** Absent: the host's own interpreter. */
  readonly target?: PipTarget;
}

/** Downloads wheels, checked by hash, without looking at what they require. */
export function pipDownload(download: PipDownload): ToolCall {
  return call([
    'download',
    '--quiet',
    '--no-deps',
    '--require-hashes',
    '--only-binary',
    ':all:',
    '--dest',
    download.destination,
    // What was locked for one patch release serves its neighbours; the closure is checked afterwards.
    ...(download.target === undefined ? [] : ['--ignore-requires-python', ...targetOptions(download.target)]),
    '--requirement',
    download.requirements,
  ]);
}

export interface PipWheel {
  /** What to build: a path, or a requirements file. */
  readonly source: { readonly path: string } | { readonly requirements: string };
  readonly destination: string;
  /** Projects that have to be built even if there is a wheel of them. */
  readonly fromSource?: readonly string[];
  readonly requireHashes?: boolean;
}

/**
 * Builds wheels in an isolated environment (PEP 517). The host's interpreter only runs the build, so the project's own
 * `Requires-Python`, which is about where it will run, is not applied to it.
 */
export function pipWheel(wheel: PipWheel): ToolCall {
  return call([
    'wheel',
    '--no-deps',
    '--use-pep517',
    '--ignore-requires-python',
    ...(wheel.requireHashes === true ? ['--require-hashes'] : []),
    ...(wheel.fromSource === undefined ? [] : ['--no-binary', wheel.fromSource.join(',')]),
    '--wheel-dir',
    wheel.destination,
    ...('path' in wheel.source ? [wheel.source.path] : ['--requirement', wheel.source.requirements]),
  ]);
}

export interface PipMetadata {
  /** Absolute path of a project or an sdist. */
  readonly path: string;
  /** Where pip writes its report (JSON), with the metadata. */
  readonly report: string;
}

/** Has a project's backend tell its metadata (PEP 517, `prepare_metadata_for_build_wheel`) without building the wheel. */
export function pipMetadata({ path, report }: PipMetadata): ToolCall {
  return call([
    'install',
    '--dry-run',
    '--quiet',
    '--no-deps',
    '--ignore-installed',
    '--ignore-requires-python',
    '--use-pep517',
    '--report',
    report,
    path,
  ]);
}

export interface PipResolve {
  /** Absolute path of `src/lock/resolver.py`, which answers pip's questions about markers for the target. */
  readonly shim: string;
  /** PEP 508 variables of the target. */
  readonly markers: Readonly<Record<string, string>>;
  readonly target: PipTarget;
  readonly requirements: string;
  readonly constraints: string;
  /** Where pip writes its report (JSON). */
  readonly report: string;
  /** An empty directory: pip demands one, and writes nothing to it. */
  readonly directory: string;
  /** Whether sdists may be used where there is no wheel. */
  readonly allowSource: boolean;
}

/** Resolves for another interpreter and platform, and installs nothing. */
export function pipResolve(resolve: PipResolve): ToolCall {
  return {
    tool: pip.tool,
    args: [
      resolve.shim,
      JSON.stringify(resolve.markers),
      'install',
      '--dry-run',
      '--quiet',
      '--ignore-installed',
      '--target',
      resolve.directory,
      '--report',
      resolve.report,
      ...(resolve.allowSource ? ['--prefer-binary', '--use-pep517'] : ['--only-binary', ':all:']),
      ...targetOptions(resolve.target),
      '--constraint',
      resolve.constraints,
      '--requirement',
      resolve.requirements,
    ],
  };
}

export interface PipDownloadSource {
  /** Absolute path of `src/wheelhouse/builders/fetch-sdist.py`, which keeps pip from running the project's code. */
  readonly shim: string;
  readonly name: string;
  readonly version: string;
  /** A requirements file with one line, which has a hash. */
  readonly requirements: string;
  readonly destination: string;
}

/** Downloads one sdist, checked by hash. */
export function pipDownloadSource(download: PipDownloadSource): ToolCall {
  return {
    tool: pip.tool,
    args: [
      download.shim,
      download.name,
      download.version,
      'download',
      '--quiet',
      '--no-deps',
      '--ignore-requires-python',
      '--require-hashes',
      '--no-binary',
      ':all:',
      '--dest',
      download.destination,
      '--requirement',
      download.requirements,
    ],
  };
}

export interface PipWheelOffline {
  /** Absolute path of the interpreter that builds. */
  readonly python: string;
  /** Absolute path of the directory that a wheel of pip was unpacked into. */
  readonly pip: string;
  /** Directory of wheels: everything that the build may install. */
  readonly wheels: string;
  /** Absolute path of the sdist. */
  readonly source: string;
  readonly destination: string;
}

/** The command line that builds a wheel in isolation (PEP 517), without any index. */
export function pipWheelOffline(wheel: PipWheelOffline): readonly string[] {
  return [
    wheel.python,
    `${wheel.pip}/pip`,
    '--isolated',
    '--disable-pip-version-check',
    '--no-cache-dir',
    'wheel',
    '--no-index',
    '--find-links',
    wheel.wheels,
    '--no-deps',
    '--use-pep517',
    '--wheel-dir',
    wheel.destination,
    wheel.source,
  ];
}

import type { ToolCall } from './git.ts';

/** Prints what apt on this machine is told about the network, for {@link aptNetworkOptions}; apt-config(8). */
export function aptConfiguration(): ToolCall {
  return { tool: 'apt-config', args: ['dump', '--format', '%f "%v"%n', 'Acquire'] };
}

/** Proxies, and whether old archives are forgiven their dates: what a root has to be told as well. */
export function aptNetworkOptions(configuration: string): readonly string[] {
  return configuration.split('\n').filter((line) => /^Acquire::(?:https?::Proxy\S*|Check-[\w-]+) ".+"$/.test(line));
}

export interface DebianRootRequest {
  /** Code name of the release. */
  readonly suite: string;
  /** Installed beside the essential ones and apt. */
  readonly packages: readonly string[];
  /** apt.conf(5) lines, which stay in the root. */
  readonly aptOptions: readonly string[];
  /** Absolute path of the tarball; its end says how it is compressed. */
  readonly output: string;
}

/** Makes a tarball of a Debian release with the lists of its archive, of which `apt-get install` works; mmdebstrap(1). */
export function makeDebianRoot({ suite, packages, aptOptions, output }: DebianRootRequest): ToolCall {
  return {
    tool: 'mmdebstrap',
    args: [
      '--variant=minbase',
      `--include=${packages.join(',')}`,
      ...aptOptions.map((option) => `--aptopt=${option}`),
      '--skip=cleanup/apt/lists',
      suite,
      output,
    ],
  };
}

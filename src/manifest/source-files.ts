import { resolve } from 'node:path';
import { join } from 'node:path/posix';

/** What a path of the manifest leads to on this machine. */
export interface SourceDescription {
  readonly kind: 'file' | 'directory';
  /** Whether anybody may execute the file; false for directories. */
  readonly executable: boolean;
  /** The files below a directory, at any depth, as relative paths with `/`, sorted; empty for files. */
  readonly entries: readonly string[];
  /** What stands after the `#!` that a file begins with; absent without one. */
  readonly interpreter?: string;
}

/**
 * Looks at an absolute path; links are followed.
 * @returns undefined when there is no file or directory
 */
type DescribeSource = (path: string) => SourceDescription | undefined;

export interface SourceContext {
  /** Absolute: where relative paths of the manifest start. */
  readonly directory: string;
  readonly describeSource: DescribeSource;
}

/** A file that a package installs. */
export interface InstalledFile {
  /** Absolute path where it is installed. */
  readonly path: string;
  /** Absolute path where it comes from. */
  readonly source: string;
  readonly executable: boolean;
}

/** One entry of `files` as the files that it stands for: itself, or all below it. Nothing when the source is missing. */
export function expandSource(installedPath: string, source: string, context: SourceContext): InstalledFile[] {
  const absolute = resolve(context.directory, source);
  const path = trimSlashes(installedPath);
  const described = context.describeSource(absolute);
  if (described === undefined) return [];
  if (described.kind === 'file') return [{ path, source: absolute, executable: described.executable }];
  return described.entries.map((entry) => {
    const file = resolve(absolute, entry);
    return { path: join(path, entry), source: file, executable: context.describeSource(file)?.executable ?? false };
  });
}

/** A directory's path without the slashes that people like to end it with. */
export function trimSlashes(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}

import type { CommandResult } from '../system/command.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { PackageFacts } from './package-facts.ts';
import type { Root } from './root.ts';

/** A command inside of a root. */
export type InsideCommand = readonly [program: string, ...args: string[]];

/** The package manager of a root: how it is asked, and what its answers mean. */
export interface PackageManager {
  /** For people: `apt-get`, `dnf`, `rpm`. */
  readonly name: string;
  /** Reads a package file. @throws CoachbuilderError `command-failed` when the target's own tool cannot */
  describe(root: Root, file: string): Promise<PackageFacts>;
  /** Installs package files, or upgrades to them, with what they depend on. */
  install(files: readonly string[]): InsideCommand;
  /** Fetches the lists of what can be installed; undefined where installing does it. */
  readonly refresh: InsideCommand | undefined;
  remove(names: readonly string[]): InsideCommand;
  /** Removes configuration and data as well; undefined where there is no such thing. */
  readonly purge: ((names: readonly string[]) => InsideCommand) | undefined;
  /** Prints `installed`, a space, and the version as {@link PackageFacts.version} is written; else anything else. */
  version(name: string): InsideCommand;
  /** Prints what is not as the package holds it; nothing otherwise. */
  verify(name: string): InsideCommand;
  /** Lines of its answer that say nothing against the package. */
  readonly excused?: RegExp;
  /** Succeeds when an installed package holds a path. */
  owner(path: string): InsideCommand;
}

/** The last lines that a command printed, for people. */
export function lastLines({ stdout, stderr }: Pick<CommandResult, 'stdout' | 'stderr'>, count = 20): readonly string[] {
  return `${stdout}\n${stderr}`
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count);
}

/** Runs a command inside of a root that has to succeed, before any check. @throws CoachbuilderError `command-failed` */
export async function mustRunInside(root: Root, argv: InsideCommand): Promise<string> {
  const result = await root.run(argv);
  if (result.exitCode === 0) return result.stdout;
  throw new CoachbuilderError(
    'command-failed',
    `${argv.join(' ')} ended with status ${String(result.exitCode)} in ${root.title}`,
    { details: lastLines(result) },
  );
}

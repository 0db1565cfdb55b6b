import type { CommandResult } from '../../src/system/command.ts';
import type { PackageManager } from '../../src/verification/package-manager.ts';
import type { PackageFacts, PackagedPath } from '../../src/verification/package-facts.ts';
import type { Root, RootCommandOptions } from '../../src/verification/root.ts';

/** A package with the given paths; those that end in a slash are directories, those in `bin` are executable. */
export function somePackage(name: string, paths: readonly string[], facts: Partial<PackageFacts> = {}): PackageFacts {
  const entries = paths.map((path): PackagedPath => {
    if (path.endsWith('/')) return { path: path.slice(0, -1), kind: 'directory', executable: false };
    return { path, kind: 'file', executable: /\/s?bin\//.test(path) };
  });
  return { file: `/packages/${name}`, name, version: '2-1', entries, configuration: [], ...facts };
}

type Answer = Partial<CommandResult>;

/** What a fake root holds and answers; tests change it as they go. */
export interface FakeSystem {
  readonly files: Set<string>;
  /** Why no init runs. */
  withoutInit?: string;
  /** Every command that was run, with `(user) ` before those of a user without rights. */
  readonly log: string[];
  /** The first answer whose key is the beginning of the command; a function may change the files. */
  readonly answers: Record<string, Answer | (() => Answer)>;
}

/** A root in memory: files, and answers to commands; everything else succeeds and prints nothing. */
export function fakeRoot(system: FakeSystem): Root {
  return {
    title: 'the fake root',
    withoutInit: system.withoutInit,
    run(argv, options: RootCommandOptions = {}) {
      const command = argv.join(' ');
      system.log.push(`${options.unprivileged === true ? '(user) ' : ''}${command}`);
      const key = Object.keys(system.answers).find((beginning) => command.startsWith(beginning));
      const answer = key === undefined ? {} : (system.answers[key] ?? {});
      const result = typeof answer === 'function' ? answer() : answer;
      return Promise.resolve({ exitCode: 0, stdout: '', stderr: '', duration: 1, ...result });
    },
    copyIn: (sources, directory) =>
      Promise.resolve(sources.map((source) => `${directory}/${source.split('/').at(-1) ?? ''}`)),
    existing: (paths) => Promise.resolve(new Set(paths.filter((path) => system.files.has(path)))),
    filesBelow: (path) => Promise.resolve([...system.files].filter((file) => file.startsWith(`${path}/`)).sort()),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A package manager whose commands read like what they do. */
export function fakeManager(canPurge = true): PackageManager {
  return {
    name: 'fake',
    describe: () => Promise.reject(new Error('not used')),
    install: (files) => ['install', ...files],
    refresh: ['refresh'],
    remove: (names) => ['remove', ...names],
    purge: canPurge ? (names) => ['purge', ...names] : undefined,
    version: (name) => ['version', name],
    verify: (name) => ['verify', name],
    owner: (path) => ['owner', path],
  };
}

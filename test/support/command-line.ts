import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { startIndexServer, type IndexServer } from './index-server.ts';
import type { Outcome } from './machine.ts';
import { uvDirectory } from './tool-ports.ts';
import { sourceTree, type SdistOptions } from './wheels.ts';

const repository = join(import.meta.dirname, '../..');

export type CommandName = 'build-package' | 'build-release-package' | 'explain';

export interface CommandOptions {
  readonly cwd?: string;
  /** Over the environment that every command gets; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly command?: CommandName;
  /** Words before the command: another user, another namespace. */
  readonly through?: readonly string[];
}

/** Our own commands as a person runs them, with a home, a cache and an index that belong to the test. */
export interface CommandLine extends AsyncDisposable {
  /** Absolute; everything of the test lies below it. */
  readonly directory: string;
  readonly cache: string;
  readonly index: IndexServer;
  /** The directory whose wheels and sdists the index offers. */
  readonly indexFiles: string;
  /** A new directory. */
  newDirectory(label: string): string;
  /** Writes a project whose build needs nothing from the index, with further files. */
  project(options: SdistOptions, files?: Readonly<Record<string, string>>): string;
  run(args: readonly string[], options?: CommandOptions): Promise<Outcome>;
  /** Starts a command and leaves it running. Nothing is linted unless the arguments say so: it takes seconds. */
  start(
    args: readonly string[],
    options?: CommandOptions,
  ): { readonly child: ChildProcess; readonly end: Promise<Outcome> };
}

/** The interpreter of a version manager is found by its variables. */
function versionManager(): Record<string, string> {
  const root = process.env['PYENV_ROOT'];
  return root === undefined ? {} : { PYENV_ROOT: root };
}

function launch(
  argv: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): { readonly child: ChildProcess; readonly end: Promise<Outcome> } {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
    });
  }
  const end = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ exitCode: code ?? 128, ...output });
    });
  });
  return { child, end };
}

function defined(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Writes files below a directory, by their relative paths. */
export function writeFiles(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

/** Every path below a directory, relative and sorted; directories end in a slash. */
export function listing(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .map(
      (entry) => `${join(entry.parentPath, entry.name).slice(directory.length + 1)}${entry.isDirectory() ? '/' : ''}`,
    )
    .sort();
}

/** Makes a directory with a home, a cache and an empty index on loopback; all of it goes on disposal. */
export async function openCommandLine(): Promise<CommandLine> {
  const directory = mkdtempSync(join(tmpdir(), 'coachbuilder-cli-'));
  const indexFiles = join(directory, 'index');
  const cache = join(directory, 'cache');
  const home = join(directory, 'home');
  for (const path of [indexFiles, home]) mkdirSync(path);
  const index = await startIndexServer(indexFiles);
  const uv = await uvDirectory();
  const path = process.env['PATH'] ?? '/usr/bin:/bin';
  const environment = {
    PATH: uv === undefined || uv === '' ? path : `${uv}:${path}`,
    HOME: home,
    XDG_CACHE_HOME: cache,
    PIP_CONFIG_FILE: '/dev/null',
    PIP_INDEX_URL: index.url,
    ...versionManager(),
  };
  let count = 0;
  const newDirectory = (label: string): string => {
    count += 1;
    const made = join(directory, `${String(count).padStart(2, '0')}-${label}`);
    mkdirSync(made);
    return made;
  };
  const start: CommandLine['start'] = (args, options = {}) => {
    const command = options.command ?? 'build-package';
    const builds = /^build-/.test(command);
    const lint = !builds || args.some((word) => /^--(?:lint|bake|matrix)\b/.test(word)) ? [] : ['--lint=off'];
    return launch([...(options.through ?? []), join(repository, 'admin', command), ...lint, ...args], {
      cwd: options.cwd ?? directory,
      env: defined({ ...environment, ...options.env }),
    });
  };
  const run: CommandLine['run'] = async (args, options) => start(args, options).end;
  // The first use of a checkout compiles the program, and says so.
  const first = await run(['--help']);
  if (first.exitCode !== 0) throw new Error(first.stderr);
  return {
    directory,
    cache,
    index,
    indexFiles,
    newDirectory,
    project(options, files = {}) {
      const made = newDirectory(options.name);
      writeFiles(made, { ...sourceTree(options), ...files });
      return made;
    },
    start,
    run,
    async [Symbol.asyncDispose]() {
      await index[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

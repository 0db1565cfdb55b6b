import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { isErrno } from '../system/files.ts';
import type { ChildEnvironments, CommandRunner } from '../system/command.ts';

/** An interpreter of this machine. */
export interface FoundInterpreter {
  /** Absolute path of the program itself, never of a shim that chooses one. */
  readonly path: string;
  /** `3.11.2`. */
  readonly version: string;
  /** `3.11`. */
  readonly minor: string;
}

/** Through what an interpreter is looked for. */
export interface InterpreterSearch {
  readonly commands: CommandRunner;
  readonly environments: ChildEnvironments;
}

/** Answers in a form that no banner or warning can be mistaken for. */
const probe = [
  'import json, platform, sys',
  'print(json.dumps({"executable": sys.executable, "version": "%d.%d.%d" % sys.version_info[:3],',
  '"implementation": platform.python_implementation(), "level": sys.version_info[3]}))',
].join('\n');
/** Milliseconds; a shim may have to look around before it starts something. */
const probeTimeout = 20_000;

/** Directories which do not depend on the user. */
const systemDirectories = ['/usr/bin', '/usr/local/bin'] as const;

/**
 * Looks for a released CPython of a minor version on this machine: on the PATH, in the usual directories, and among those that
 * pyenv and uv have installed. Every candidate is started and asked, because shims answer to names of interpreters that they do not have.
 * @param minor such as `3.11`; at least 3.4, whose interpreter can be started in isolation (`-I`)
 * @returns undefined when there is none
 */
export async function findInterpreter(minor: string, search: InterpreterSearch): Promise<FoundInterpreter | undefined> {
  for (const candidate of await candidates(minor, search.environments.base)) {
    const found = await askInterpreter(candidate, search);
    if (found?.minor === minor) return found;
  }
  return undefined;
}

async function candidates(minor: string, environment: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { PATH: path = '', HOME: home, XDG_DATA_HOME: data, UV_PYTHON_INSTALL_DIR: uv } = environment;
  const pyenv = environment['PYENV_ROOT'] ?? (home === undefined ? undefined : join(home, '.pyenv'));
  const share = data ?? (home === undefined ? undefined : join(home, '.local/share'));
  const uvPythons = uv ?? (share === undefined ? undefined : join(share, 'uv/python'));
  const directories = [
    ...path.split(':').filter((directory) => directory.startsWith('/')),
    ...systemDirectories,
    ...(await installations(pyenv === undefined ? undefined : join(pyenv, 'versions'), `${minor}.`)),
    ...(await installations(uvPythons, `cpython-${minor}.`)),
  ];
  const paths = [...new Set(directories.map((directory) => join(directory, `python${minor}`)))];
  const executable = await Promise.all(paths.map(isExecutable));
  return paths.filter((_, index) => executable[index]);
}

/** The `bin` directories of the installations below `parent` whose name begins so; in the order of names. */
async function installations(parent: string | undefined, beginning: string): Promise<readonly string[]> {
  if (parent === undefined) return [];
  try {
    const names = await readdir(parent);
    return names
      .filter((name) => name.startsWith(beginning))
      .sort()
      .map((name) => join(parent, name, 'bin'));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw error;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Asks a program whether it is a released CPython that runs on this machine. It writes nothing, bytecode neither.
 * @returns undefined when it is none
 */
export async function askInterpreter(
  path: string,
  { commands, environments }: InterpreterSearch,
): Promise<FoundInterpreter | undefined> {
  const spec = { tool: path, args: ['-I', '-B', '-c', probe], cwd: '/', env: environments.base, timeout: probeTimeout };
  const { exitCode, stdout } = await commands.tryRun(spec).catch((error: unknown) => {
    // Executable, but made for another machine, or a script whose own interpreter is gone.
    if (error instanceof Error && error.name === 'CoachbuilderError') return { exitCode: 127, stdout: '' };
    throw error;
  });
  if (exitCode !== 0) return undefined;
  const answer = parseAnswer(stdout);
  if (answer?.implementation !== 'CPython' || answer.level !== 'final') return undefined;
  const [major = '', minor = ''] = answer.version.split('.');
  return { path: answer.executable, version: answer.version, minor: `${major}.${minor}` };
}

interface Answer {
  readonly executable: string;
  readonly version: string;
  readonly implementation: string;
  readonly level: string;
}

function parseAnswer(text: string): Answer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { executable, version, implementation, level } = value as Readonly<Record<string, unknown>>;
  if (typeof executable !== 'string' || !executable.startsWith('/')) return undefined;
  if (typeof version !== 'string' || typeof implementation !== 'string' || typeof level !== 'string') return undefined;
  return { executable, version, implementation, level };
}

import { closeSync, openSync, readSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import type { DistributionTable } from '../distributions/table.ts';
import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Diagnostic } from '../errors/diagnostic.ts';
import { isErrno } from '../system/files.ts';
import { checkManifest } from './check.ts';
import { parseTomlManifest, parseYamlManifest, type ParsedText } from './parse.ts';
import type { Places } from './places.ts';
import type { WrittenManifest } from './schema.ts';
import type { SourceDescription } from './source-files.ts';

/** The file that a manifest of its own is in. */
const manifestFileName = 'coachbuilder.yaml';
const projectFileName = 'pyproject.toml';

export interface ReadManifestOptions {
  /** Absolute: where a manifest is looked for, and what a relative `file` counts from. */
  readonly startDirectory: string;
  /** The manifest that the user named; it has to be there. */
  readonly file?: string | undefined;
}

export interface ManifestFile {
  readonly written: WrittenManifest;
  /** Absolute. */
  readonly file: string;
  /** Absolute: where relative paths of the manifest start. */
  readonly directory: string;
  readonly warnings: readonly Diagnostic[];
  /** The distributions that we know, with the manifest's own. */
  readonly distributions: DistributionTable;
  /** Where everything in it stands. */
  readonly places: Places;
}

/**
 * Reads and checks the manifest: the named file, else `coachbuilder.yaml`, else `[tool.coachbuilder]` in pyproject.toml.
 * @returns undefined when none was named and none is there
 * @throws CoachbuilderError `manifest-missing`, or one `manifest-invalid` with a diagnostic for everything that is wrong
 */
export async function readManifest(options: ReadManifestOptions): Promise<ManifestFile | undefined> {
  const found = options.file === undefined ? await findManifest(options.startDirectory) : await openManifest(options);
  if (found === undefined) return undefined;
  const { file, parsed } = found;
  const directory = dirname(file);
  const { written, diagnostics, distributions } = checkManifest(parsed, { file, directory, describeSource });
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    const problems = errors.length === 1 ? 'a problem' : `${String(errors.length)} problems`;
    throw new CoachbuilderError('manifest-invalid', `the manifest ${file} has ${problems}`, { diagnostics });
  }
  return { written, file, directory, warnings: diagnostics, distributions, places: parsed.places };
}

interface FoundManifest {
  /** Absolute. */
  readonly file: string;
  readonly parsed: ParsedText;
}

async function openManifest({ startDirectory, file = manifestFileName }: ReadManifestOptions): Promise<FoundManifest> {
  const path = resolve(startDirectory, file);
  const text = await readText(path);
  if (text === undefined) {
    throw new CoachbuilderError('manifest-missing', `there is no manifest ${path}`, {
      hint: `create it, or leave out --manifest: ${manifestFileName} and ${projectFileName} are found by themselves`,
    });
  }
  const parsed = parseManifest(path, text);
  if (parsed.value === undefined && parsed.diagnostics.length === 0) {
    throw new CoachbuilderError('manifest-missing', `${path} has no table [tool.coachbuilder]`, {
      hint: `add the table, or write a ${manifestFileName}`,
    });
  }
  return { file: path, parsed };
}

async function findManifest(directory: string): Promise<FoundManifest | undefined> {
  const file = join(directory, manifestFileName);
  const projectFile = join(directory, projectFileName);
  const [text, projectText] = await Promise.all([readText(file), readText(projectFile)]);
  const project = projectText === undefined ? undefined : parseManifest(projectFile, projectText);
  if (text === undefined) {
    if (project === undefined || (project.value === undefined && project.diagnostics.length === 0)) return undefined;
    return { file: projectFile, parsed: project };
  }
  if (project?.value !== undefined) {
    const message = `there are two manifests: ${file} and [tool.coachbuilder] in ${projectFile}`;
    throw new CoachbuilderError('manifest-invalid', message, { hint: 'keep one of them, or name one with --manifest' });
  }
  return { file, parsed: parseManifest(file, text) };
}

function parseManifest(file: string, text: string): ParsedText {
  return basename(file).endsWith('.toml') ? parseTomlManifest(text, file) : parseYamlManifest(text, file);
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (isErrno(error, 'EACCES', 'EISDIR')) {
      throw new CoachbuilderError('manifest-invalid', `the manifest ${path} cannot be read`, {
        hint: 'name a file that you may read',
        cause: error,
      });
    }
    throw error;
  }
}

/** The source port of the real file system. What cannot be looked at counts as missing. */
export function describeSource(path: string): SourceDescription | undefined {
  try {
    const stats = statSync(path);
    if (stats.isFile()) {
      const interpreter = interpreterOf(path);
      const executable = (stats.mode & 0o111) !== 0;
      return { kind: 'file', executable, entries: [], ...(interpreter === undefined ? {} : { interpreter }) };
    }
    if (!stats.isDirectory()) return undefined;
    return { kind: 'directory', executable: false, entries: listFiles(path, '', new Set()).sort() };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return undefined;
    throw error;
  }
}

/** Enough for any first line that the kernel reads (execve(2)), in bytes. */
const longestFirstLine = 256;

/** What a file's `#!` names; undefined without one, and for a file that may not be read: who needs its content says so. */
function interpreterOf(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (isErrno(error, 'EACCES')) return undefined;
    throw error;
  }
  try {
    const buffer = Buffer.alloc(longestFirstLine);
    const head = buffer.toString('utf8', 0, readSync(file, buffer));
    return /^#![ \t]*([^\r\n]*)/.exec(head)?.[1]?.trim();
  } finally {
    closeSync(file);
  }
}

/** @param above real paths of the directories around this one: a link to one of them leads nowhere new */
function listFiles(root: string, below: string, above: ReadonlySet<string>): string[] {
  const directory = join(root, below);
  const real = realpathSync(directory);
  if (above.has(real)) return [];
  const around = new Set([...above, real]);
  return readdirSync(directory).flatMap((name) => {
    const entry = below === '' ? name : `${below}/${name}`;
    const isDirectory = statSync(join(root, entry), { throwIfNoEntry: false })?.isDirectory() ?? false;
    return isDirectory ? listFiles(root, entry, around) : [entry];
  });
}

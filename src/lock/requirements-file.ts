import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Diagnostic } from '../errors/diagnostic.ts';
import { parseRequirement, type Requirement } from '../python/requirement.ts';
import { isErrno } from '../system/files.ts';

/** A line of a requirements or constraints file. */
export interface RequirementLine {
  readonly requirement: Requirement;
  /** sha256 digests, hexadecimal; empty when the line has no hashes. */
  readonly hashes: readonly string[];
}

/** What requirements files say, those that they include with `-r` and `-c` as well. */
export interface RequirementsFile {
  readonly requirements: readonly RequirementLine[];
  readonly constraints: readonly RequirementLine[];
  /** Lines that cannot be followed. */
  readonly diagnostics: readonly Diagnostic[];
  /** Options that have no effect here, as `option (file:line)`. */
  readonly ignored: readonly string[];
}

interface Collected {
  readonly requirements: RequirementLine[];
  readonly constraints: RequirementLine[];
  readonly diagnostics: Diagnostic[];
  readonly ignored: string[];
  /** Absolute paths that were read already, so that files that include each other come to an end. */
  readonly seen: Set<string>;
  readonly passOverProject: boolean;
}

/** Options of pip's requirements file format that say where from or how; the manifest and the lock decide that here. */
const withoutEffect =
  /^(?:-i|-f|--(?:index-url|extra-index-url|no-index|find-links|no-binary|only-binary|prefer-binary|require-hashes|pre|trusted-host|use-feature))(?=[\s=]|$)/;

/** Joins lines that end in a backslash, as pip does before it removes comments. */
function logicalLines(text: string): readonly { readonly text: string; readonly line: number }[] {
  const lines: { text: string; line: number }[] = [];
  let open = false;
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const continued = raw.endsWith('\\') && !/^\s*#/.test(raw);
    const part = continued ? raw.slice(0, -1) : raw;
    const last = lines.at(-1);
    if (open && last !== undefined) last.text += ` ${part.trim()}`;
    else lines.push({ text: part, line: index + 1 });
    open = continued;
  }
  return lines
    .map(({ text: written, line }) => ({ text: written.replace(/(?:^|\s+)#.*$/, '').trim(), line }))
    .filter((line) => line.text !== '');
}

function parseLine(text: string): RequirementLine {
  const hashes: string[] = [];
  const others: string[] = [];
  const rest = text
    .replaceAll(/\s--hash[=\s]([a-z0-9]+):([0-9a-f]+)/gi, (_, algorithm: string, digest: string) => {
      if (algorithm.toLowerCase() === 'sha256') hashes.push(digest.toLowerCase());
      else others.push(algorithm);
      return '';
    })
    .replaceAll(/\s--(?:config-settings?|global-option)[=\s]\S+/g, '');
  if (others.length > 0 && hashes.length === 0) {
    throw new CoachbuilderError('requirement-invalid', `its hashes are ${others.join(', ')}, not sha256`, {
      hint: 'add --hash=sha256:…',
    });
  }
  return { requirement: parseRequirement(rest.trim()), hashes };
}

/** Why a line of pip's format cannot be used here; undefined for what has to be a requirement. */
function refusal(text: string): string | undefined {
  if (/^(?:-e|--editable)(?=[\s=]|$)/.test(text)) return 'an editable installation points to this machine';
  if (/^[./]|^file:/.test(text)) return 'a path has no place in a lock that works on every machine';
  if (/^[a-z+]+:\/\//i.test(text)) return 'an address needs a name: "name @ address"';
  if (text.startsWith('-')) return `the option ${text.split(/[\s=]/)[0] ?? text} is not known`;
  return undefined;
}

/** The project itself as `uv export` and `pip freeze` name it beside its dependencies: `-e .`, `./`, `.[extra]`. */
const projectItself = /^(?:(?:-e|--editable)[\s=]*)?\.\/?(?:\[[^\]]*\])?$/;

async function collect(path: string, kind: 'requirements' | 'constraints', into: Collected): Promise<void> {
  if (into.seen.has(`${kind} ${path}`)) return;
  into.seen.add(`${kind} ${path}`);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES')) throw error;
    throw new CoachbuilderError('manifest-invalid', `the ${kind} file ${path} cannot be read`, {
      hint: `correct python.${kind} in the manifest, or the -r or -c line that names the file`,
      cause: error,
    });
  }
  for (const { text: written, line } of logicalLines(text)) {
    const problem = (message: string, hint: string): void => {
      into.diagnostics.push({ severity: 'error', message, file: path, line, column: 1, hint });
    };
    const [, option, file] = /^(-r|-c|--requirement|--constraint)[\s=]*(\S.*)$/.exec(written) ?? [];
    if (option !== undefined && file !== undefined) {
      const included = option === '-c' || option === '--constraint' ? 'constraints' : kind;
      await collect(resolve(dirname(path), file.trim()), included, into);
      continue;
    }
    if (withoutEffect.test(written)) {
      into.ignored.push(`${written.split(/[\s=]/)[0] ?? written} (${path}:${String(line)})`);
      continue;
    }
    if (into.passOverProject && projectItself.test(written)) continue;
    const refused = refusal(written);
    if (refused !== undefined) {
      problem(`"${written}" cannot be locked: ${refused}`, 'name a project and a version of it instead');
      continue;
    }
    try {
      into[kind].push(parseLine(written));
    } catch (error) {
      if (!(error instanceof CoachbuilderError)) throw error;
      problem(error.message, error.hint ?? 'write it as PEP 508 has it: name[extra]>=1.0; marker');
    }
  }
}

/**
 * Reads requirements and constraints files in pip's format.
 * @param files absolute paths
 * @param options `passOverProject`: a line that names the project itself is nothing to complain about
 * @throws CoachbuilderError `manifest-invalid` when a file cannot be read
 */
export async function readRequirementsFiles(
  files: { readonly requirements: readonly string[]; readonly constraints: readonly string[] },
  options: { readonly passOverProject?: boolean } = {},
): Promise<RequirementsFile> {
  const passOverProject = options.passOverProject === true;
  const into: Collected = {
    requirements: [],
    constraints: [],
    diagnostics: [],
    ignored: [],
    seen: new Set(),
    passOverProject,
  };
  for (const file of files.requirements) await collect(file, 'requirements', into);
  for (const file of files.constraints) await collect(file, 'constraints', into);
  return into;
}

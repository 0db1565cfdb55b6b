import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { identifyElfFile } from '../../tree/elf-identity.ts';
import { findFileLeaks } from '../leaks.ts';
import { credentialIn, isForShow, secretBytes } from './credentials.ts';
import type { HealthFinding } from './finding.ts';
import { litterOf } from './litter.ts';

/** A file that the manifest adds to a package, beside the tree. */
export interface PayloadFile {
  /** Absolute path on the target. */
  readonly path: string;
  /** Absolute path on this machine. */
  readonly source: string;
  /** The directory that the manifest names instead of the file, absolute on this machine. */
  readonly directory: string | undefined;
  /** Where the manifest says it: `packages.main.files`. */
  readonly key: string;
}

export interface PayloadRequest {
  /** Absolute paths, as `forbiddenPaths` gives them. */
  readonly forbidden: readonly string[];
  /** Credentials of this build. */
  readonly secrets: readonly string[];
  /** `3.11`: of the target's interpreter. */
  readonly minor: string;
}

/** Files after which the event loop gets a turn. */
const filesPerTurn = 64;

function origin({ key, source }: PayloadFile): string {
  return `(${key}, from ${source})`;
}

function isReadable(source: string): boolean {
  try {
    accessSync(source, constants.R_OK);
    return statSync(source).isFile();
  } catch {
    return false;
  }
}

const accepting = 'or accept it with a reason in health.accept';

/** How a file that nobody meant gets out of a package. */
function hintOf({ directory, key }: PayloadFile): string {
  return directory === undefined
    ? `take it out of ${key}, ${accepting}`
    : `move it out of ${directory}, name the files of that directory one by one, ${accepting}`;
}

/**
 * Credentials, by the rules for the application in the tree. A file that the manifest names itself is meant: what only
 * its name tells of is a warning then.
 */
function credentialFinding(file: PayloadFile, secrets: readonly Buffer[]): readonly HealthFinding[] {
  const { path, source, directory } = file;
  const facts = { names: [path, source], size: statSync(source).size, isElf: identifyElfFile(source) !== undefined };
  const found = credentialIn(facts, secrets, () => readFileSync(source));
  if (found === undefined) return [];
  const mild = isForShow(path) || (found.byName && directory === undefined);
  const message = `${path} ${origin(file)} ${found.what}`;
  return [{ check: 'credentials', severity: mild ? 'warning' : 'error', path, message, hint: hintOf(file) }];
}

/** Checkouts and caches in directories that the manifest names. */
function litterFinding(file: PayloadFile, minor: string): readonly HealthFinding[] {
  const { path, source, directory } = file;
  if (directory === undefined) return [];
  const relative = posix.relative(directory, source);
  const litter = litterOf(relative, `cpython-${minor.replace('.', '')}`);
  if (litter === undefined) return [];
  const root = posix.join(path.slice(0, -relative.length), litter.root);
  const from = origin({ ...file, source: posix.join(directory, litter.root) });
  const finding = { path: root, message: `${root} ${from} ${litter.what}`, hint: hintOf(file) };
  return [{ check: litter.check, severity: 'error', ...finding }];
}

/**
 * Looks over what the manifest adds to packages as the tree is looked over: for credentials, paths of the build machine,
 * checkouts and caches. Files that cannot be read are left to whoever packages them, who says so.
 */
export async function inspectPayload(
  files: readonly PayloadFile[],
  { forbidden, secrets, minor }: PayloadRequest,
): Promise<readonly HealthFinding[]> {
  const there = files.filter(({ source }) => isReadable(source));
  const bytes = secretBytes(secrets);
  const findings = new Map<string, HealthFinding>();
  for (const [index, file] of there.entries()) {
    if (index % filesPerTurn === filesPerTurn - 1) await setImmediate();
    for (const finding of [...credentialFinding(file, bytes), ...litterFinding(file, minor)]) {
      findings.set(`${finding.check} ${finding.path}`, finding);
    }
  }
  const byPath = new Map(there.map((file) => [file.path, file]));
  const leaks = (await findFileLeaks(there, forbidden)).flatMap(({ path, names }): readonly HealthFinding[] => {
    const file = byPath.get(path);
    if (file === undefined) return [];
    const message = `${path} ${origin(file)} names ${names}, a path of the build machine`;
    const hint = `write the path that it has where it is installed, ${accepting}`;
    return [{ check: 'build-paths', severity: 'error', path, message, hint }];
  });
  return [...findings.values(), ...leaks];
}

import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import type { MarkerEnvironment } from '../../python/environment.ts';
import type { Requirement } from '../../python/requirement.ts';
import { parseTomlValues } from '../../python/toml.ts';
import type { Table } from '../../python/untyped.ts';

/** For what a lock of another tool is read. */
export interface LockScope {
  readonly markers: MarkerEnvironment;
  /** Extras of the application that are packaged, normalized. */
  readonly extras: readonly string[];
  /** Normalized name of an application that is built here: the lock may name it, and it is not one of its own dependencies. */
  readonly own: string | undefined;
  /** What is required of the lock, for the target: where one begins that tells dependencies only. */
  readonly roots: readonly Requirement[];
}

/** A file that a lock allows. Requirements files tell digests only. */
export interface ImportedFile {
  readonly fileName: string | undefined;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** A distribution that a lock has for one target. */
export interface ImportedPackage {
  /** Normalized (PEP 503). */
  readonly name: string;
  /** Empty when the lock does not say, which it may leave out for a direct reference. */
  readonly version: string;
  /** Of a direct reference. */
  readonly url: string | undefined;
  readonly files: readonly ImportedFile[];
  /** Why the package cannot be pinned: it is a directory, a repository. */
  readonly unpinnable: string | undefined;
}

/**
 * Reads the text of a lock and chooses what it has for a target; pure.
 * @throws CoachbuilderError `lock-file-unusable`; Error with the parser's words for what is not TOML
 */
export type LockReader = (text: string, scope: LockScope) => readonly ImportedPackage[];

/** The error for a lock of another tool that does not say what we need; the caller adds the path. */
export function unusable(problem: string, hint: string, details: readonly string[] = []): CoachbuilderError {
  return new CoachbuilderError('lock-file-unusable', problem, { hint, details });
}

const sha256Pattern = /^[0-9a-f]{64}$/;

/** `sha256:<hexadecimal>` as uv and Poetry write it. @returns undefined for any other digest */
export function sha256Of(hash: unknown): string | undefined {
  const digest = typeof hash === 'string' && hash.startsWith('sha256:') ? hash.slice('sha256:'.length) : undefined;
  return digest !== undefined && sha256Pattern.test(digest) ? digest : undefined;
}

/** Why a source that is no file cannot be pinned. */
export const unpinnableSources = {
  directory: 'it is a directory on the machine where the lock was made',
  repository: 'it is a repository, and only files have a sha256',
} as const;

let lastParsed: { readonly text: string; readonly document: Table } | undefined;

/**
 * Parses the text of a lock. A large one takes seconds, and every target of a run reads the same one: so the last is kept.
 * @throws Error with the parser's own words when it is not TOML
 */
export function parseLockText(text: string): Table {
  if (lastParsed?.text !== text) lastParsed = { text, document: parseTomlValues(text) };
  return lastParsed.document;
}

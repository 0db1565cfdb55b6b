import { readFile } from 'node:fs/promises';

import { LineCounter, parseDocument, stringify } from 'yaml';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { isErrno, writeFileAtomic } from '../system/files.ts';
import { canonicalDistribution, canonicalInputs } from './fingerprint.ts';
import type { Lock, LockedEnvironment } from './lock.ts';
import { lockSchema } from './schema.ts';

/** The lock's name beside the manifest. */
export const lockFileName = 'coachbuilder.lock';

const header = `# Written by Coachbuilder: the files that every package is made of, by sha256. Commit it; do not edit it.
`;

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The text of a lock: always the same for the same content. */
export function formatLock(lock: Lock): string {
  const canonical: Lock = {
    schemaVersion: 1,
    environments: [...lock.environments]
      .sort((a, b) => byText(a.key, b.key))
      .map(({ key, inputs, fingerprint, distributions }) => ({
        key,
        inputs: canonicalInputs(inputs),
        fingerprint,
        distributions: distributions.map(canonicalDistribution),
      })),
  };
  return header + stringify(canonical, { lineWidth: 0, aliasDuplicateObjects: false });
}

function invalid(path: string, details: readonly string[]): CoachbuilderError {
  return new CoachbuilderError('lock-invalid', `${path} is not a lock that this version can read`, {
    hint: 'restore the file from version control, or delete it and lock again without --locked',
    details,
  });
}

/**
 * Parses a lock.
 * @param path for messages
 * @throws CoachbuilderError `lock-invalid`
 */
export function parseLock(text: string, path: string): Lock {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0)
    throw invalid(
      path,
      document.errors.map((error) => error.message),
    );
  const result = lockSchema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (result.success) return result.data;
  throw invalid(
    path,
    result.error.issues
      .slice(0, 10)
      .map((issue) => `${issue.path.map(String).join('.') || 'the file'}: ${issue.message}`),
  );
}

/**
 * Reads a lock.
 * @returns undefined when there is no such file
 * @throws CoachbuilderError `lock-invalid`
 */
export async function readLock(path: string): Promise<Lock | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  return parseLock(text, path);
}

/**
 * Writes a lock, whole or not at all.
 * @throws CoachbuilderError `output-unwritable`, `disk-full`
 */
export async function writeLock(path: string, lock: Lock): Promise<void> {
  await writeFileAtomic(path, formatLock(lock));
}

/** A lock with one environment put in or replaced, and all others kept. */
export function withEnvironment(lock: Lock | undefined, environment: LockedEnvironment): Lock {
  const others = (lock?.environments ?? []).filter(({ key }) => key !== environment.key);
  return { schemaVersion: 1, environments: [...others, environment].sort((a, b) => byText(a.key, b.key)) };
}

import { CoachbuilderError } from '../../errors/coachbuilder-error.ts';
import type { Located } from './deb822.ts';

/** The error for a published file that is not what it has to be. */
export function invalidFile(origin: string, problem: string, hint?: string): CoachbuilderError {
  return new CoachbuilderError('repository-invalid', `${origin}: ${problem}`, {
    hint: hint ?? 'restore it from a copy; until then nothing is published there, so that nothing of it is lost',
  });
}

/** {@link invalidFile} for a line of a file. */
export function invalidLines(origin: string): Located {
  return (line, problem) => invalidFile(`${origin}, line ${String(line)}`, problem);
}

/** A path that names one object, literally: no `./`, no `//`, no `..`, nothing that a URL or a line would break at. */
export function isPlainPath(path: string): boolean {
  return /^[!-~]+$/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/**
 * The text of published bytes.
 * @throws CoachbuilderError `repository-invalid` when they are no UTF-8
 */
export function decodeText(bytes: Uint8Array, origin: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalidFile(origin, 'this is no text in UTF-8');
  }
}

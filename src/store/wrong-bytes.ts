import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { NewObject } from './object-store.ts';

/** The error for an object whose bytes are not those that were announced: somebody rewrote the file meanwhile. */
export function wrongBytes(
  object: NewObject,
  found: { readonly sha256: string; readonly size: number },
): CoachbuilderError {
  const source = object.body.kind === 'file' ? object.body.path : object.key;
  return new CoachbuilderError('hash-mismatch', `${source} changed while it was being published as ${object.key}`, {
    details: [
      `announced: ${String(object.size)} bytes, SHA-256 ${object.sha256}`,
      `found:     ${String(found.size)} bytes, SHA-256 ${found.sha256}`,
    ],
    hint: 'publish again when nothing writes the file any more; nothing of it was stored',
  });
}

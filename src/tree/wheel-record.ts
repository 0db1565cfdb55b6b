import { basename } from 'node:path';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { parseRecord } from '../python/record.ts';
import type { WheelFile } from '../wheelhouse/wheelhouse.ts';

/** What a wheel's RECORD promises about one of its members. */
export interface MemberPin {
  /** As node's crypto calls it. */
  readonly algorithm: 'sha256' | 'sha384' | 'sha512';
  /** URL-safe base64 without padding. */
  readonly digest: string;
}

/** "sha256 or better" (binary distribution format, "Signed wheel files"). */
const algorithms = ['sha256', 'sha384', 'sha512'] as const;

/** RECORD cannot hold its own hash, and signatures of it are made after it. They are not installed either. */
export function unrecorded(member: string, distInfo: string): boolean {
  return ['RECORD', 'RECORD.jws', 'RECORD.p7s'].some((name) => member === `${distInfo}/${name}`);
}

function parsePin(hash: string | undefined): MemberPin | undefined {
  if (hash === undefined) return undefined;
  const separator = hash.indexOf('=');
  const algorithm = algorithms.find((candidate) => candidate === hash.slice(0, separator));
  if (algorithm === undefined) return undefined;
  return { algorithm, digest: hash.slice(separator + 1).replace(/=+$/, '') };
}

/**
 * Reads the RECORD of a wheel.
 * @returns what it promises, by the name of the member; without RECORD itself and its signatures
 * @throws CoachbuilderError `wheel-invalid` when a line has no hash, or one that is too weak to trust
 */
export function readWheelRecord(wheel: WheelFile, text: string, distInfo: string): ReadonlyMap<string, MemberPin> {
  const pins = new Map<string, MemberPin>();
  for (const { path, hash } of parseRecord(text)) {
    // Some builders list directories, which are no members.
    if (unrecorded(path, distInfo) || path.endsWith('/')) continue;
    const pin = parsePin(hash);
    if (pin === undefined) {
      throw new CoachbuilderError(
        'wheel-invalid',
        `${basename(wheel.path)} lists ${path} in its RECORD ${hash === undefined ? 'without a hash' : `with the hash "${hash}", which is not sha256 or better`}`,
        { hint: `build or fetch ${wheel.name} again; if it stays so, report it to the project that published it` },
      );
    }
    pins.set(path, pin);
  }
  return pins;
}

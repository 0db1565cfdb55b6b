import { resolve } from 'node:path';

import { readFingerprint } from '../model/fingerprint.ts';
import { isBucket } from '../model/store-location.ts';
import type { RepositorySettings } from './repository-settings.ts';
import type { WrittenRepository } from './schema.ts';

const secondsOfDay = 86_400;

/** `14d` or `14`; the rules have seen that it is one of them. */
function seconds(days: string): number {
  return Number(days.replace(/d$/, '')) * secondsOfDay;
}

/** @param name of the release package, for people */
export function normalizeRepository(
  written: WrittenRepository | undefined,
  { name, directory }: { readonly name: string; readonly directory: string },
): RepositorySettings {
  const { store } = written ?? {};
  const origin = written?.origin ?? name;
  return {
    store: store === undefined || isBucket(store) ? store : resolve(directory, store),
    endpoint: written?.endpoint,
    region: written?.region,
    signingKey: readFingerprint(written?.['signing-key'] ?? ''),
    origin,
    label: written?.label ?? origin,
    layout: written?.layout ?? 'flat',
    component: written?.component ?? 'main',
    mirrorlist: written?.mirrorlist ?? written !== undefined,
    validUntil: written?.['valid-until'] === undefined ? undefined : seconds(written['valid-until']),
    generations: written?.generations ?? 5,
    grace: seconds(written?.grace ?? '7d'),
  };
}

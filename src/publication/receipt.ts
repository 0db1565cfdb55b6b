import { formatCount } from '../report/format.ts';
import type { Publication } from './apply.ts';
import type { ChangeOutcome } from './change-place.ts';
import { placeTitle } from './place-rules.ts';
import type { PutRecord } from './uploads.ts';

const words = {
  published: 'published',
  repaired: 'repaired',
  unchanged: 'all of it is published already',
} as const satisfies Record<ChangeOutcome['outcome'], string>;

function isPut({ outcome }: PutRecord): boolean {
  return outcome === 'put' || outcome === 'copied';
}

/** Whether a publication has written anything. */
export function isWritten({ places, others }: Publication): boolean {
  return [...places.flatMap(({ objects }) => objects), ...others].some(isPut);
}

function counts(objects: readonly PutRecord[]): {
  readonly put: readonly string[];
  readonly skipped: readonly string[];
} {
  return {
    put: objects.filter(isPut).map(({ key }) => key),
    skipped: objects.filter((each) => !isPut(each)).map(({ key }) => key),
  };
}

/** `publication.json`: what a publication put, and what it found there. */
export function receiptJson({ title, places, others }: Publication): string {
  const receipt = {
    schemaVersion: 1,
    store: title,
    places: places.map(({ place, outcome, date, entries, objects, retries }) => ({
      ...{ root: place.root, suite: place.suite, distribution: place.distribution.id, channel: place.channel },
      ...{ url: place.url, outcome, date, packages: entries.length, retries },
      ...counts(objects),
    })),
    others: counts(others),
  };
  return `${JSON.stringify(receipt, null, 2)}\n`;
}

/** What a publication did, for people: a line for each place. */
export function receiptText({ places, others }: Publication): string {
  const lines = places.map(({ place, outcome, entries, objects, retries }) => {
    const again = retries === 0 ? '' : `, after ${formatCount(retries, 'further attempt')}`;
    const put = objects.filter(isPut).length;
    const written = put === 0 ? '' : `, ${formatCount(put, 'object')} written`;
    return `${placeTitle(place)}: ${words[outcome]}, ${formatCount(entries.length, 'package')} in the index${written}${again}`;
  });
  const written = others.filter(isPut).map(({ key }) => key);
  return [...lines, ...written].map((line) => `${line}\n`).join('');
}

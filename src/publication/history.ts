import { gunzipSync } from 'node:zlib';

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { gzip } from '../formats/gzip.ts';
import type { PublishedIndex } from '../repository/index-format.ts';
import type { Place } from '../repository/place.ts';
import { bytesObject } from '../store/new-object.ts';
import type { ObjectReader, ObjectStore } from '../store/object-store.ts';
import { sha256Of } from '../system/files.ts';
import { parseHistory } from './history-schema.ts';

/*
 * The history of a place: for each index that was replaced, an object that names all that a client which still has it may
 * ask for. Garbage collection keeps that. A publisher writes it before it exchanges the head, about the index that it has
 * read: only what has been published gets here, however many publishers lose the exchange.
 *
 * They are named by date and content. Two publishers may have seen different aliases beside the same head: both count.
 */

const directory = '.history/';

/** An index that was replaced, or is about to be. */
export interface Generation {
  /** Key of the object that tells of it. */
  readonly key: string;
  /** Seconds since 1970: the date of its index. */
  readonly date: number;
  /** Seconds since 1970 at which the next index took its place. */
  readonly replaced: number;
}

/** All that a client which has an index may ask for, as keys relative to the store. */
export function namedBy(place: Pick<Place, 'root'>, index: Pick<PublishedIndex, 'objects' | 'entries'>): string[] {
  return [...index.objects, ...index.entries.map(({ file }) => `${place.root}/${file}`)];
}

/** @param head key of the head of a place; apt's classic layout has several heads below one root */
function historyPrefix(head: string): string {
  return `${head.slice(0, head.lastIndexOf('/') + 1)}${directory}`;
}

/** Seconds since 1970: the date of the index that an object of a history is about; undefined for any other key. */
export function historyDate(key: string): number | undefined {
  const [, date] = /\/\.history\/(\d+)-[0-9a-f]{12}\.json\.gz$/.exec(key) ?? [];
  return date === undefined ? undefined : Number(date);
}

/**
 * Tells the history of an index that is about to be replaced.
 * @param head key of the head of the place
 */
export async function keepGeneration(
  head: string,
  place: Pick<Place, 'root'>,
  index: PublishedIndex,
  store: ObjectStore,
): Promise<void> {
  const keys = [...new Set(namedBy(place, index))].sort();
  const bytes = gzip(JSON.stringify({ schema: 1, date: index.date, keys }));
  const key = `${historyPrefix(head)}${String(index.date)}-${sha256Of(bytes).slice(0, 12)}.json.gz`;
  const about = { contentType: 'application/gzip', caching: 'immutable' } as const;
  await store.put(bytesObject(key, bytes, about), { kind: 'absent' });
}

/**
 * What was replaced at a place, the newest first; those of one date are one index. What is told of the present index, or
 * of one that only is about to be, is not among them.
 * @param keys of all objects of the place
 * @param current the date of the index that is there now
 */
export function generationsOf(
  head: string,
  keys: Iterable<string>,
  current: number,
): readonly (readonly Generation[])[] {
  const prefix = historyPrefix(head);
  const byDate = new Map<number, string[]>();
  for (const key of keys) {
    const date = key.startsWith(prefix) ? historyDate(key) : undefined;
    if (date !== undefined && date < current) byDate.set(date, [...(byDate.get(date) ?? []), key]);
  }
  const dates = [...byDate.keys()].sort((a, b) => b - a);
  return dates.map((date, index) =>
    (byDate.get(date) ?? []).map((key) => ({ key, date, replaced: dates[index - 1] ?? current })),
  );
}

/**
 * What a generation has to keep, as keys relative to the store.
 * @throws CoachbuilderError `repository-invalid` when it cannot be read
 */
export async function readGeneration({ key }: Generation, reader: ObjectReader): Promise<readonly string[]> {
  const object = await reader.get(key);
  try {
    if (object !== undefined) return parseHistory(JSON.parse(gunzipSync(object.bytes).toString()));
  } catch {
    // Said below, together with what is not there.
  }
  throw new CoachbuilderError('repository-invalid', `${reader.title}/${key} cannot be read`, {
    hint: 'it tells what clients of an earlier index may ask for; remove it when there are none any more',
  });
}

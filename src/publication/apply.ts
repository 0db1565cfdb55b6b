import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { Reporter } from '../report/event.ts';
import type { Place } from '../repository/place.ts';
import type { NewObject } from '../store/object-store.ts';
import type { ChangePorts } from './change-ports.ts';
import { changePlace, type ChangeOutcome, type PlaceChange } from './change-place.ts';
import { addEntries } from './entries.ts';
import { placeTitle } from './place-rules.ts';
import type { PlacePlan, PublicationPlan } from './plan.ts';
import type { IndexFormats } from './published.ts';
import { readBackObjects } from './read-back.ts';
import { keyObject, writeStanding } from './standing-objects.ts';
import type { PutRecord } from './uploads.ts';
import { writePages, type PageRequest } from './write-pages.ts';

export interface ApplyPorts extends Omit<ChangePorts, 'format'> {
  readonly formats: IndexFormats;
}

/** Which repository changes, and what its pages say of it. */
export type ChangedRepository = Omit<PageRequest, 'places'>;

/** What came of a publication. */
export interface Publication {
  readonly title: string;
  readonly places: readonly ChangeOutcome[];
  /** The key, release packages at addresses without a version, pages. */
  readonly others: readonly PutRecord[];
}

function changeOf({ place, packages }: PlacePlan, validFor: number | undefined): PlaceChange {
  const arrivals = packages.map(({ entry, file }) => ({ kind: 'upload', entry, path: file.path }) as const);
  return {
    ...{ place, arrivals, write: 'when-changed', validFor },
    edit: (entries) =>
      addEntries(
        entries,
        arrivals.map(({ entry }) => entry),
        placeTitle(place),
      ),
  };
}

/**
 * The failure of a publication that is half done: whole places are finished, and the rest waits for another run. What ends
 * it and is no failure, such as an interruption, has no details: it is said by a warning.
 */
export function unfinished(error: unknown, done: readonly ChangeOutcome[], reporter: Reporter): unknown {
  const titles = done.map(({ place }) => placeTitle(place));
  const state = titles.length === 0 ? 'no repository was finished' : `finished: ${titles.join(', ')}`;
  const advice = 'the same command finishes what is left; clients work on with what is published';
  if (error instanceof CoachbuilderError) return error.withDetails(state, advice);
  reporter.report({ type: 'warning', message: `${state}; ${advice}` });
  return error;
}

/**
 * Changes one place after another: a failure leaves whole places behind it. Pages come last, because they may lag behind
 * the indexes and never lead.
 * @param before objects that have to be there before the first index
 * @param places whose pages are written; without it those that change
 * @throws CoachbuilderError as `changePlace` does, with what was done until then
 */
export async function applyChanges(
  changes: readonly PlaceChange[],
  repository: ChangedRepository,
  ports: ApplyPorts,
  {
    before = [],
    places: described = changes.map(({ place }) => place),
  }: { readonly before?: readonly NewObject[]; readonly places?: readonly Place[] | undefined } = {},
): Promise<Publication> {
  const { formats, ...rest } = ports;
  const { reporter, store } = ports;
  const places: ChangeOutcome[] = [];
  const others: PutRecord[] = [];
  try {
    for (const object of before) others.push(await writeStanding(object, store));
    for (const change of changes) {
      reporter.report({ type: 'stage-progress', stage: 'publish', message: placeTitle(change.place) });
      places.push(await changePlace(change, { ...rest, format: formats[change.place.format] }));
    }
    others.push(...(await writePages({ ...repository, places: described }, ports)));
    await readBackObjects(others, ports);
  } catch (error) {
    throw unfinished(error, places, reporter);
  }
  return { title: store.title, places, others };
}

/**
 * Does what a plan says. The key is there before the first index that it signs.
 * @throws as `applyChanges`
 */
export async function applyPublication(
  plan: PublicationPlan,
  repository: ChangedRepository,
  ports: ApplyPorts,
): Promise<Publication> {
  const { release, keys } = repository;
  const changes = plan.places.map((planned) => changeOf(planned, release.repository.validUntil));
  return await applyChanges(changes, repository, ports, { before: [keyObject(release, keys.text)] });
}

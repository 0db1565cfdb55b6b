import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { ReleaseSettings } from '../manifest/manifest.ts';
import type { Reporter } from '../report/event.ts';
import type { NewObject } from '../store/object-store.ts';
import type { ChangePorts } from './change-ports.ts';
import { changePlace, type ChangeOutcome } from './change-place.ts';
import { addEntries } from './entries.ts';
import { placeTitle } from './place-rules.ts';
import type { PlacePlan, PublicationPlan } from './plan.ts';
import type { IndexFormats } from './published.ts';
import { readBackObjects } from './read-back.ts';
import { writeStanding } from './standing-objects.ts';
import type { PutRecord } from './uploads.ts';

export interface ApplyPorts extends Omit<ChangePorts, 'format'> {
  readonly formats: IndexFormats;
}

export interface ApplyRequest {
  readonly plan: PublicationPlan;
  readonly release: ReleaseSettings;
  /** The file with the public keys. */
  readonly key: NewObject;
  /** Writes release packages at addresses without a version, and the pages, from what the indexes say now. */
  readonly writePages: () => Promise<readonly PutRecord[]>;
}

/** What came of a publication. */
export interface Publication {
  readonly title: string;
  readonly places: readonly ChangeOutcome[];
  /** The key, release packages at addresses without a version, pages. */
  readonly others: readonly PutRecord[];
}

async function applyPlace(
  { place, packages }: PlacePlan,
  { release }: ApplyRequest,
  ports: ApplyPorts,
): Promise<ChangeOutcome> {
  const { formats, ...rest } = ports;
  const arrivals = packages.map(({ entry, file }) => ({ kind: 'upload', entry, path: file.path }) as const);
  return changePlace(
    {
      ...{ place, arrivals, write: 'when-changed', validFor: release.repository.validUntil },
      edit: (entries) =>
        addEntries(
          entries,
          arrivals.map(({ entry }) => entry),
          placeTitle(place),
        ),
    },
    { ...rest, format: formats[place.format] },
  );
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
 * Does what a plan says, place after place: a failure leaves whole places behind it. The key is there before the first
 * index that it signs; pages come last, because they may lag behind the indexes and never lead.
 * @throws CoachbuilderError as `changePlace` does, with what was done until then
 */
export async function applyPublication(request: ApplyRequest, ports: ApplyPorts): Promise<Publication> {
  const { plan, key, writePages } = request;
  const places: ChangeOutcome[] = [];
  const others: PutRecord[] = [];
  try {
    others.push(await writeStanding(key, ports.store));
    for (const planned of plan.places) {
      ports.reporter.report({ type: 'stage-progress', stage: 'publish', message: placeTitle(planned.place) });
      places.push(await applyPlace(planned, request, ports));
    }
    others.push(...(await writePages()));
    await readBackObjects(others, ports);
  } catch (error) {
    throw unfinished(error, places, ports.reporter);
  }
  return { title: plan.title, places, others };
}

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { IndexEntry } from '../repository/index-format.ts';
import type { Place } from '../repository/place.ts';
import type { ChangePorts } from './change-ports.ts';
import { placeTitle } from './place-rules.ts';

/** Milliseconds between looks: a cache in front of a store may be slow to see that a head is new. */
const pauses = [0, 200, 1_000, 3_000] as const;

function unseen(place: Place, reason: string, cause: unknown): CoachbuilderError {
  return new CoachbuilderError(
    'repository-invalid',
    `${placeTitle(place)} is published, but clients do not see it at ${place.url}: ${reason}`,
    {
      hint: 'see that the address leads to this store, that its objects may be read by everybody (admin/bucket-policy), and that no cache keeps the index; then run the command again',
      cause,
    },
  );
}

/** What clients see of an index that was just published; undefined when it is that one, or a newer one. */
async function look(
  { place, date, entries }: PublishedState,
  { format, verifier, publicReader }: ChangePorts,
): Promise<string | undefined> {
  if (publicReader === undefined) return undefined;
  const seen = await format.read(place, publicReader, verifier);
  if (seen === undefined) return 'there is no index';
  if (seen.date < date) return 'they get an older index';
  if (seen.date > date) return undefined; // another publisher's, who began with ours
  return seen.entries.length === entries.length ? undefined : 'they get another index';
}

interface PublishedState {
  readonly place: Place;
  /** Seconds since 1970. */
  readonly date: number;
  readonly entries: readonly IndexEntry[];
}

/**
 * Reads what was published through its public address, without credentials, and verifies it like a client.
 * @throws CoachbuilderError `repository-invalid` when that is not what was published; what `IndexFormat.read` throws
 */
export async function readBack(state: PublishedState, ports: ChangePorts): Promise<void> {
  let problem: string | undefined;
  let cause: unknown;
  for (const pause of pauses) {
    await ports.clock.wait(pause);
    try {
      problem = await look(state, ports);
      cause = undefined;
    } catch (error) {
      if (!(error instanceof CoachbuilderError)) throw error;
      problem = error.message;
      cause = error;
    }
    if (problem === undefined) return;
  }
  throw unseen(state.place, problem ?? '', cause);
}

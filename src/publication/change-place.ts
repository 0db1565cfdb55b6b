import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { IndexEntry, PublishedIndex } from '../repository/index-format.ts';
import type { Place } from '../repository/place.ts';
import type { NewObject, ObjectStore } from '../store/object-store.ts';
import { writeAliases } from './aliases.ts';
import type { ChangePorts } from './change-ports.ts';
import { keepGeneration } from './history.ts';
import { damagedPackages, damageReport, findDamaged, type DamagedPackage } from './kept-packages.ts';
import { nextDate, placeTitle, requireUnchangedFields, widen } from './place-rules.ts';
import { readBack } from './read-back.ts';
import { Uploads, type Arrival, type PutRecord } from './uploads.ts';

/** A change of one place: what comes, and what the index says afterwards. */
export interface PlaceChange {
  readonly place: Place;
  /** Objects that have to be there before the index names them. */
  readonly arrivals: readonly Arrival[];
  /**
   * The entries of the next index from those of the published one (none when nothing was published yet). Called again
   * with others when somebody else has published meanwhile; returns its argument when there is nothing to change.
   * @throws CoachbuilderError `publication-refused`
   */
  readonly edit: (entries: readonly IndexEntry[]) => readonly IndexEntry[];
  /** Whether the index is written anew also when its entries stay as they are: `refresh`, which signs again. */
  readonly write: 'when-changed' | 'always';
  /** Seconds for which clients trust the index; undefined means for ever. */
  readonly validFor: number | undefined;
}

/** What came of a change. */
export interface ChangeOutcome {
  readonly place: Place;
  /**
   * `published`: a new head. `repaired`: a new head, only because a killed publisher had left aliases behind it.
   * `unchanged`: nothing was written.
   */
  readonly outcome: 'published' | 'repaired' | 'unchanged';
  /** Seconds since 1970: the date of the index that is there now. */
  readonly date: number;
  /** Of the index that is there now. */
  readonly entries: readonly IndexEntry[];
  /** Keys, in the order in which they were asked to be written, with what came of it. */
  readonly objects: readonly PutRecord[];
  /** How often another publisher was faster. */
  readonly retries: number;
}

/** How often another publisher may be faster. Six at once need at most six rounds; jitter makes it fewer. */
const rounds = 20;

/** Milliseconds that a publisher waits after it has lost, at most in the first round and in any. */
const firstPause = 50;
const longestPause = 2_000;

async function pause(retries: number, { clock }: ChangePorts): Promise<void> {
  await clock.wait(Math.ceil(clock.random() * Math.min(longestPause, firstPause * 2 ** retries)));
}

/** An entry's place and bytes, to compare by. */
function content({ file, sha256 }: Pick<IndexEntry, 'file' | 'sha256'>): string {
  return `${file} ${sha256}`;
}

/** The index that was read, and the entries of the next one. */
interface PlaceState {
  readonly published: PublishedIndex | undefined;
  readonly entries: readonly IndexEntry[];
}

/** What has to be seen to before an index may name its entries. */
interface Newcomers {
  readonly arrivals: readonly Arrival[];
  /** In the store already, though no index names them. */
  readonly others: readonly IndexEntry[];
  /** Named by the last index and by the next one, and not there as they say; no arrival brings them back. */
  readonly damaged: readonly DamagedPackage[];
}

/**
 * What has come, and what is no longer there.
 * @throws CoachbuilderError `repository-invalid` when the index would name more than before, and also what is not there.
 *   One that names no more makes nothing worse: who yanks and who refreshes before Valid-Until must not be locked out
 */
async function newcomers(
  change: PlaceChange,
  { published, entries }: PlaceState,
  store: ObjectStore,
): Promise<Newcomers> {
  const known = new Set(published?.entries.map(content));
  const kept = entries.filter((entry) => known.has(content(entry)));
  const damaged = await findDamaged(kept, change.place, store);
  const lost = new Set(damaged.filter(({ found }) => found === undefined).map(({ entry }) => content(entry)));
  const arrivals = change.arrivals.filter(({ entry }) => !known.has(content(entry)) || lost.has(content(entry)));
  const coming = new Set(arrivals.map(({ entry }) => content(entry)));
  const left = damaged.filter(({ entry }) => !coming.has(content(entry)));
  if (left.length > 0 && kept.length < entries.length) throw damagedPackages(left, change.place);
  const others = entries.filter((entry) => !known.has(content(entry)) && !coming.has(content(entry)));
  return { arrivals, others, damaged: left };
}

/** A new head that has taken its place. */
interface Attempted {
  readonly date: number;
  readonly etag: string;
  readonly aliases: readonly NewObject[];
  readonly damaged: readonly DamagedPackage[];
}

/** One attempt: a new head, or word that somebody else has written one since `published` was read. */
async function attempt(
  change: PlaceChange,
  state: PlaceState,
  { ports, uploads }: { readonly ports: ChangePorts; readonly uploads: Uploads },
): Promise<Attempted | undefined> {
  const { published, entries } = state;
  const place = widen(change.place, published);
  const date = nextDate(place, published, ports.clock);
  const validUntil = change.validFor === undefined ? undefined : date + change.validFor;
  const { arrivals, others, damaged } = await newcomers(change, state, ports.store);
  await uploads.packages(arrivals, place, others);
  const rendered = await ports.format.render({ place, entries, date, validUntil, signer: ports.signer });
  await uploads.immutable(rendered.immutable);
  // Garbage collection keeps what clients of an earlier index may ask for; this one is about to be one of them.
  if (published !== undefined) await keepGeneration(ports.format.headOf(place), place, published, ports.store);
  // What lay there before may have been swept since it was looked at; what this run has put is too young for that.
  await uploads.confirm();
  const swapped = await ports.store.put(
    rendered.head,
    published?.etag === undefined ? { kind: 'absent' } : { kind: 'unchanged', etag: published.etag },
  );
  uploads.record(rendered.head, swapped.outcome === 'stored' ? 'put' : 'lost');
  return swapped.outcome === 'stored' ? { date, etag: swapped.etag, aliases: rendered.aliases, damaged } : undefined;
}

function warnOf(damaged: readonly DamagedPackage[], place: Place, { reporter }: ChangePorts): void {
  const { message, details, hint } = damageReport(damaged, place);
  reporter.report({ type: 'warning', message: [message, ...details].join('; '), hint });
}

/**
 * The one way in which a place changes: read the head, edit the entries, put packages, put the index, look that all it
 * names is there, swap the head when it is still the one that was read, write the aliases, read all back as a client.
 *
 * Before the head is swapped nothing that a client reads has changed; the head is one object, so that clients see the
 * old index or the new one. Killed anywhere, the next run of the same change finishes it.
 * @throws CoachbuilderError `publication-refused` (from `edit`; the clock; Origin, Label, Suite or Codename would change;
 *   an object of the same name has other bytes), `publication-conflict` (others were faster, again and again),
 *   `repository-invalid` and `signature-invalid` (what is published is damaged, packages included, or not what a client
 *   sees afterwards), `signing-failed`, `store-unavailable`, `store-denied`, `store-missing`
 */
export async function changePlace(change: PlaceChange, ports: ChangePorts): Promise<ChangeOutcome> {
  const { place } = change;
  const uploads = new Uploads(ports.store);
  for (let retries = 0; retries <= rounds; retries += 1) {
    const published = await ports.format.read(place, ports.store, ports.verifier);
    if (published !== undefined) requireUnchangedFields(place, published);
    const before = published?.entries ?? [];
    const entries = change.edit(before);
    const stale = (published?.staleAliases.length ?? 0) > 0;
    const isChanged = entries !== before || change.write === 'always' || published?.etag === undefined;
    const brought = change.arrivals.map(({ entry }) => entry);
    if (!isChanged && !stale) {
      const { date } = published;
      // A run whose reading back failed has published: it is this one that has to see that clients get it now.
      await readBack({ place, date, entries, brought }, ports);
      return { place, outcome: 'unchanged', date, entries, objects: uploads.records, retries };
    }
    const done = await attempt(change, { published, entries }, { ports, uploads });
    if (done !== undefined) {
      const { date, damaged } = done;
      if (damaged.length > 0) warnOf(damaged, place, ports);
      await writeAliases(done.aliases, { key: ports.format.headOf(place), etag: done.etag }, ports.store, uploads);
      await readBack({ place, date, entries, brought }, ports);
      return { place, outcome: isChanged ? 'published' : 'repaired', date, entries, objects: uploads.records, retries };
    }
    await pause(retries, ports);
  }
  throw new CoachbuilderError(
    'publication-conflict',
    `other publishers of ${placeTitle(place)} were faster ${String(rounds + 1)} times`,
    { hint: 'run the same command again; nothing of it was lost, and nothing is half published' },
  );
}

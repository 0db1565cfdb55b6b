import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { IndexEntry, PackageFile, PublishedIndex } from '../repository/index-format.ts';
import type { Place } from '../repository/place.ts';
import type { Signer, Verifier } from '../signing/signer.ts';
import type { NewObject, ObjectReader } from '../store/object-store.ts';
import type { Shipment } from './arrange.ts';
import type { Clock } from './clock.ts';
import { addEntries } from './entries.ts';
import { nextDate, placeTitle, requireUnchangedFields, widen } from './place-rules.ts';
import type { IndexFormats } from './published.ts';

/** The order in which a publication writes. What an earlier phase writes, no client asks for before a later one is done. */
export const phases = ['packages', 'index', 'head', 'aliases'] as const;
export type Phase = (typeof phases)[number];

/** An object that a publication writes. */
export interface PlannedObject {
  /** With `*` for the part that depends on a signature. */
  readonly key: string;
  /** Bytes; undefined where the size depends on a signature that is yet to be made. */
  readonly size: number | undefined;
}

export interface PlannedPackage {
  readonly file: PackageFile;
  readonly entry: IndexEntry;
  /** Of its object, relative to the store. */
  readonly key: string;
  /** `present`: the index names these very bytes already. */
  readonly state: 'new' | 'present' | 'refused';
  /** Why it is refused. */
  readonly reason: string | undefined;
}

export interface PlacePlan {
  readonly place: Place;
  readonly packages: readonly PlannedPackage[];
  /** `repair`: nothing but aliases that a killed publisher left behind. */
  readonly change: 'publish' | 'repair' | 'none' | 'refuse';
  /** Why the place as a whole is refused. */
  readonly refusal: string | undefined;
  /** Packages in the index before and after. */
  readonly before: number;
  readonly after: number;
  /** What the index says afterwards. */
  readonly entries: readonly IndexEntry[];
  /** What is written, when that was asked for; nothing when there is no change. */
  readonly phases: Readonly<Record<Phase, readonly PlannedObject[]>> | undefined;
}

/** What a publication will do. */
export interface PublicationPlan {
  /** Of the store. */
  readonly title: string;
  readonly places: readonly PlacePlan[];
}

export interface PlanPorts {
  readonly reader: ObjectReader;
  readonly formats: IndexFormats;
  readonly verifier: Verifier;
  readonly clock: Pick<Clock, 'now'>;
}

export interface PlanRequest {
  readonly shipments: readonly Shipment[];
  /** Seconds for which clients trust an index; undefined means for ever. */
  readonly validFor: number | undefined;
  /** Whether all objects of the new indexes are worked out: for people who want to see them. */
  readonly preview: boolean;
}

/** Signatures of two lengths, so that what depends on them shows. */
function pretendedSigner(length: number): Signer {
  const signature = `${'x'.repeat(length)}\n`;
  return {
    fingerprint: '0'.repeat(40),
    signingFingerprint: '0'.repeat(40),
    publicKey: '',
    clearSign: (text) => Promise.resolve(`${text}${signature}`),
    detachSign: () => Promise.resolve(signature),
    signRpm: () => Promise.reject(new Error('Internal error: a plan signs no packages')),
  };
}

/** A key with `*` in place of what depends on a signature. */
function maskKey(key: string, other: string): string {
  const others = other.split('/');
  return key
    .split('/')
    .map((segment, index) => {
      const counterpart = others[index] ?? '';
      if (segment === counterpart) return segment;
      let common = 0;
      while (segment.charAt(common) === counterpart.charAt(common)) common += 1;
      return `${segment.slice(0, common)}*`;
    })
    .join('/');
}

/** The objects of two renderings, which differ in their signatures only. */
function compareObjects(objects: readonly NewObject[], others: readonly NewObject[]): readonly PlannedObject[] {
  return objects.map(({ key, size, sha256 }, index) => {
    const other = others[index];
    return { key: maskKey(key, other?.key ?? key), size: other?.sha256 === sha256 ? size : undefined };
  });
}

async function previewPhases(
  place: Place,
  state: {
    readonly published: PublishedIndex | undefined;
    readonly entries: readonly IndexEntry[];
    readonly packages: readonly PlannedPackage[];
    readonly validFor: number | undefined;
  },
  { formats, clock }: PlanPorts,
): Promise<Readonly<Record<Phase, readonly PlannedObject[]>>> {
  const { published, entries, packages, validFor } = state;
  const date = nextDate(place, published, clock);
  const request = {
    ...{ place: widen(place, published), entries, date },
    validUntil: validFor === undefined ? undefined : date + validFor,
  };
  const [one, other] = await Promise.all(
    [300, 800].map((length) => formats[place.format].render({ ...request, signer: pretendedSigner(length) })),
  );
  if (one === undefined || other === undefined) throw new Error('Internal error: nothing was rendered');
  return {
    packages: packages.filter(({ state }) => state === 'new').map(({ key, file }) => ({ key, size: file.size })),
    index: compareObjects(one.immutable, other.immutable),
    head: compareObjects([one.head], [other.head]),
    aliases: compareObjects(one.aliases, other.aliases),
  };
}

/** What an action is refused for; any other failure goes on. */
function refusalOf<Result>(action: () => Result): { readonly result?: Result; readonly refusal?: string } {
  try {
    return { result: action() };
  } catch (error) {
    if (error instanceof CoachbuilderError && error.code === 'publication-refused') {
      return { refusal: [error.message, ...error.details].join('; ') };
    }
    throw error;
  }
}

async function planPlace(shipment: Shipment, request: PlanRequest, ports: PlanPorts): Promise<PlacePlan> {
  const { place, files } = shipment;
  const format = ports.formats[place.format];
  const published = await format.read(place, ports.reader, ports.verifier);
  const before = published?.entries ?? [];
  const described = await format.describe(place, files);
  const refusal = refusalOf(() => {
    if (published !== undefined) requireUnchangedFields(place, published);
    nextDate(place, published, ports.clock);
  }).refusal;
  let entries = before;
  const packages = described.map((entry, index): PlannedPackage => {
    const file = files[index];
    if (file === undefined) throw new Error('Internal error: more entries than files');
    const known = entries;
    const added = refusalOf(() => addEntries(known, [entry], placeTitle(place)));
    entries = added.result ?? entries;
    const state = added.result === undefined ? 'refused' : added.result === known ? 'present' : 'new';
    return { file, entry, key: `${place.root}/${entry.file}`, state, reason: added.refusal };
  });
  const isRefused = refusal !== undefined || packages.some(({ state }) => state === 'refused');
  const isNew = entries !== before || published?.etag === undefined;
  const isStale = (published?.staleAliases.length ?? 0) > 0;
  const change = isRefused ? 'refuse' : isNew ? 'publish' : isStale ? 'repair' : 'none';
  const isPreviewed = request.preview && (change === 'publish' || change === 'repair');
  const state = { published, entries, packages, validFor: request.validFor };
  const after = isRefused ? before : entries;
  return {
    ...{ place, packages, change, refusal, before: before.length, after: after.length, entries: after },
    phases: isPreviewed ? await previewPhases(place, state, ports) : undefined,
  };
}

/**
 * What a publication would do to the places as they are now. Reads metadata and writes nothing.
 * @throws what `IndexFormat.read` and `IndexFormat.describe` throw; what is to be refused is in the plan
 */
export async function planPublication(request: PlanRequest, ports: PlanPorts): Promise<PublicationPlan> {
  const places: PlacePlan[] = [];
  for (const shipment of request.shipments) places.push(await planPlace(shipment, request, ports));
  return { title: ports.reader.title, places };
}

/** @throws CoachbuilderError `publication-refused` that names everything that is refused, when anything is */
export function requireAccepted({ places }: PublicationPlan): void {
  const reasons = places.flatMap(({ place, refusal, packages }) => [
    ...(refusal === undefined ? [] : [`${placeTitle(place)}: ${refusal}`]),
    ...packages.map(({ reason }) => reason).filter((reason) => reason !== undefined),
  ]);
  if (reasons.length === 0) return;
  throw new CoachbuilderError('publication-refused', 'what is to be published contradicts what is published', {
    details: reasons,
    hint: 'what was published never changes: give new packages a higher version or release; nothing was published',
  });
}

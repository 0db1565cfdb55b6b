import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import type { IndexEntry, PublishedIndex } from '../repository/index-format.ts';
import type { Place } from '../repository/place.ts';
import { timestamp } from '../sbom/bill.ts';
import { mapConcurrently, sha256Of } from '../system/files.ts';
import { placeTitle } from './place-rules.ts';
import type { ReadingPorts } from './published.ts';
import { orphanRepair, type Indexed, type ReleaseAddress } from './standing-objects.ts';

/** Something that clients meet, or soon will. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** The place; undefined for what is about the store as a whole. */
  readonly repository: string | undefined;
  readonly message: string;
  /** What to do about it. */
  readonly repair: string;
}

/** A place as clients see it. */
export interface VerifiedPlace {
  readonly repository: string;
  readonly packages: number;
  /** Seconds since 1970. */
  readonly date: number;
  readonly validUntil: number | undefined;
}

export interface Verification {
  /** Where something is published. */
  readonly places: readonly VerifiedPlace[];
  readonly findings: readonly Finding[];
}

export interface VerifyRequest {
  readonly places: readonly Place[];
  /** Places that the repository says it has: without an index, they are broken. */
  readonly expected: readonly Place[];
  /** Addresses of release packages, of the distributions whose places are all looked at. */
  readonly standing: readonly ReleaseAddress[];
  /** Whether packages are read, too, instead of being asked for their size and, where the store tells, their SHA-256. */
  readonly deep: boolean;
  /** The keys that sign: seconds since 1970 at which each expires. */
  readonly keys: readonly { readonly fingerprint: string; readonly expires: number | undefined }[];
}

export type VerifyPorts = ReadingPorts & { readonly clock: { now(): number } };

/** Requests at once. */
const limit = 8;

const day = 86_400;

/** How long before a key or an index expires somebody is told; seconds. */
const keyNotice = 90 * day;
const indexNotice = 3 * day;

/** apt's Acquire::Max-FutureTime: how far in the future an index may be dated; apt.conf(5). */
const tolerance = 10;

type Told = Omit<Finding, 'repository'>;

function error(message: string, repair: string): Told {
  return { severity: 'error', message, repair };
}

function warning(message: string, repair: string): Told {
  return { severity: 'warning', message, repair };
}

function days(seconds: number): string {
  const count = Math.max(Math.floor(seconds / day), 0);
  return count === 1 ? '1 day' : `${String(count)} days`;
}

const refresh = 'run: admin/publish-packages refresh';

function judgeTimes(place: Place, { date, validUntil }: PublishedIndex, now: number): readonly Told[] {
  const found: Told[] = [];
  if (date > now + tolerance) {
    const repair = `set the clock of whoever publishes; clients accept the index from then on, or from this machine's clock on if that is the wrong one`;
    found.push({
      ...(place.format === 'deb' ? error : warning)(`the index is dated in the future: ${timestamp(date)}`, repair),
    });
  }
  if (validUntil !== undefined && validUntil <= now)
    found.push(error(`the index has expired on ${timestamp(validUntil)}: every client refuses it`, refresh));
  else if (validUntil !== undefined && validUntil < now + Math.min(indexNotice, (validUntil - date) / 2))
    found.push(
      warning(`the index expires in ${days(validUntil - now)}, on ${timestamp(validUntil)}`, `${refresh}, from cron`),
    );
  return found;
}

function judgeKeys({ keys }: VerifyRequest, now: number): readonly Told[] {
  return keys.flatMap(({ fingerprint, expires }) => {
    if (expires === undefined || expires > now + keyNotice) return [];
    const repair =
      'extend it (gpg --quick-set-expire) or make another (admin/create-key), and publish a release package with it; see "Keys and signatures" in docs/publishing.md';
    if (expires <= now) return [error(`the key ${fingerprint} has expired on ${timestamp(expires)}`, repair)];
    return [warning(`the key ${fingerprint} expires in ${days(expires - now)}, on ${timestamp(expires)}`, repair)];
  });
}

async function judgePackage(
  entry: IndexEntry,
  place: Place,
  { request, ports }: { readonly request: VerifyRequest; readonly ports: VerifyPorts },
): Promise<readonly Told[]> {
  const key = `${place.root}/${entry.file}`;
  const again = `yank ${entry.name}=${entry.version} and publish its file again`;
  const stored = await ports.reader.head(key);
  if (stored === undefined) return [error(`${key} is in the index and cannot be had`, again)];
  const other = `delete the object ${key}, then ${again}`;
  if (stored.size !== entry.size)
    return [error(`${key} has ${String(stored.size)} bytes, and ${String(entry.size)} in the index`, other)];
  let sha256 = stored.sha256;
  if (request.deep) {
    const object = await ports.reader.get(key);
    sha256 = object === undefined ? undefined : sha256Of(object.bytes);
  }
  if (sha256 === undefined || sha256 === entry.sha256) return [];
  return [error(`${key} has the SHA-256 ${sha256}, and ${entry.sha256} in the index`, other)];
}

async function judgePlace(
  place: Place,
  index: PublishedIndex,
  { request, ports }: { readonly request: VerifyRequest; readonly ports: VerifyPorts },
): Promise<readonly Told[]> {
  const found = [...judgeTimes(place, index, ports.clock.now())];
  if (index.etag === undefined)
    found.push(warning('another program made the index; it has no head yet', 'publish something, or run refresh'));
  const stale = new Set(index.staleAliases);
  if (stale.size > 0)
    found.push(error(`what older clients read is not what the head says: ${[...stale].join(', ')}`, refresh));
  const objects = index.objects.filter((key) => !stale.has(key));
  const missing = await mapConcurrently(objects, limit, async (key) =>
    (await ports.reader.head(key)) === undefined ? [key] : [],
  );
  for (const key of missing.flat()) found.push(error(`${key} is named by the head and cannot be had`, refresh));
  const packages = await mapConcurrently(index.entries, limit, (entry) =>
    judgePackage(entry, place, { request, ports }),
  );
  return [...found, ...packages.flat()];
}

/** Release packages at addresses that people write down, which no index has: new machines are set up with them. */
async function judgeStanding(
  standing: readonly ReleaseAddress[],
  indexes: readonly Indexed[],
  { reader }: VerifyPorts,
): Promise<readonly Told[]> {
  const orphans = standing.filter(({ distribution, name }) =>
    indexes
      .filter(({ place }) => place.distribution.id === distribution)
      .every(({ entries }) => entries.every((entry) => entry.name !== name)),
  );
  const found = await mapConcurrently(orphans, limit, async ({ key }) =>
    (await reader.head(key)) === undefined
      ? []
      : [warning(`${key} can be had, although no index has a release package for it`, orphanRepair)],
  );
  return found.flat();
}

/** What makes an index unreadable is what clients meet: a finding, not the end of verifying. */
async function tryRead(place: Place, ports: VerifyPorts): Promise<PublishedIndex | CoachbuilderError | undefined> {
  try {
    return await ports.formats[place.format].read(place, ports.reader, ports.verifier);
  } catch (thrown) {
    const isFinding =
      thrown instanceof CoachbuilderError && ['signature-invalid', 'repository-invalid'].includes(thrown.code);
    if (isFinding) return thrown;
    throw thrown;
  }
}

/**
 * Looks at repositories from outside, as clients do: heads and their signatures, indexes and their hashes, every package,
 * what older clients read, and whatever expires.
 * @throws CoachbuilderError `store-unavailable`, `store-denied`, `store-missing`
 */
export async function verifyPublication(request: VerifyRequest, ports: VerifyPorts): Promise<Verification> {
  const findings: Finding[] = [];
  const places: VerifiedPlace[] = [];
  const indexes: Indexed[] = [];
  const unread = new Set<string>();
  const keys = judgeKeys(request, ports.clock.now());
  findings.push(...keys.map((told) => ({ ...told, repository: undefined })));
  const titles = new Set(request.places.map(placeTitle));
  for (const place of request.expected.filter((each) => !titles.has(placeTitle(each)))) {
    const message = `repositories.json names it, and ${ports.formats[place.format].headOf(place)} cannot be had`;
    findings.push({ ...error(message, 'restore the head, or publish there again'), repository: placeTitle(place) });
  }
  for (const place of request.places) {
    const repository = placeTitle(place);
    const index = await tryRead(place, ports);
    if (index === undefined) continue;
    if (index instanceof CoachbuilderError) {
      unread.add(place.distribution.id);
      const repair = index.hint ?? 'restore what is there, or publish again; nothing of ours repairs it';
      findings.push({ ...error([index.message, ...index.details].join('; '), repair), repository });
      continue;
    }
    const { date, validUntil, entries } = index;
    indexes.push({ place, entries });
    places.push({ repository, packages: entries.length, date, validUntil });
    const told = await judgePlace(place, index, { request, ports });
    findings.push(...told.map((one) => ({ ...one, repository })));
  }
  const judgeable = request.standing.filter(({ distribution }) => !unread.has(distribution));
  const orphans = await judgeStanding(judgeable, indexes, ports);
  findings.push(...orphans.map((told) => ({ ...told, repository: undefined })));
  if (places.length === 0 && findings.every(({ repository }) => repository === undefined)) {
    const repair = 'publish something; or look at release.baseurl and --from, and whether the objects may be read';
    const message = `nothing is published at ${ports.reader.title}`;
    findings.push({ ...error(message, repair), repository: undefined });
  }
  return { places, findings };
}

/** What was found, for people. */
export function verificationText({ places, findings }: Verification): string {
  const about = (repository: string | undefined): readonly string[] =>
    findings
      .filter((finding) => finding.repository === repository)
      .flatMap(({ severity, message, repair }) => [`  ${severity}: ${message}`, `    to repair: ${repair}`]);
  const lines = places.flatMap(({ repository, packages, date, validUntil }) => {
    const until = validUntil === undefined ? '' : `, valid until ${timestamp(validUntil)}`;
    const told = about(repository);
    const verdict = told.length === 0 ? ': ok' : ':';
    const noun = packages === 1 ? 'package' : 'packages';
    return [`${repository}: ${String(packages)} ${noun}, of ${timestamp(date)}${until}${verdict}`, ...told];
  });
  const read = new Set(places.map(({ repository }) => repository));
  const unread = [...new Set(findings.map(({ repository }) => repository))].filter(
    (repository) => repository !== undefined && !read.has(repository),
  );
  for (const repository of unread) lines.push(`${repository ?? ''}:`, ...about(repository));
  lines.push(...about(undefined).map((line) => line.replace(/^ {2}/, '')));
  return `${lines.join('\n')}\n`;
}

import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { didYouMean, suggest } from '../errors/suggest.ts';
import { compileGlob } from '../model/glob.ts';
import type { IndexEntry } from '../repository/index-format.ts';
import type { Channel, Place } from '../repository/place.ts';
import { recoverVersion } from './channel.ts';
import { sortEntries, type PublishedPlace } from './published.ts';

/** What a person asks for: `NAME=VERSION`. */
export interface Selection {
  /** As written. */
  readonly text: string;
  /** A name, or a glob: `acme-*`. */
  readonly name: string;
  /** Whole (`1:1.2.0-1+debian12`), without the epoch, without the distribution's tag (`1.2.0-1`), upstream's (`1.2.0`) or Python's (`1.2.0rc1`). */
  readonly version: string;
}

/** Which places a command is about; undefined means all. */
export interface PlaceFilter {
  /** Ids: `debian-12`. */
  readonly distributions: readonly string[] | undefined;
  readonly channel: Channel | undefined;
}

/** An entry of a place. */
export interface Found {
  readonly place: Place;
  readonly entry: IndexEntry;
}

/** @throws CoachbuilderError `usage` */
export function parseSelection(text: string): Selection {
  const [, name, version] = /^([^=\s]+?)={1,2}([^=\s]+)$/.exec(text) ?? [];
  if (name !== undefined && version !== undefined) return { text, name, version };
  throw new CoachbuilderError('usage', `"${text}" is no package and version`, {
    hint: 'write NAME=VERSION, such as acme-app=1.2.0 or acme-app=1.2.0-1; "admin/publish-packages list" shows what there is',
  });
}

export function filterPlaces(places: readonly Place[], filter: PlaceFilter): readonly Place[] {
  return places.filter(
    ({ distribution, channel }) =>
      (filter.distributions?.includes(distribution.id) ?? true) && channel === (filter.channel ?? channel),
  );
}

/** The ways in which a version may be written, the most exact first. */
function spellings({ version }: IndexEntry, { distribution }: Place): readonly string[] {
  const plain = version.replace(/^\d+:/, '');
  const untagged = plain.endsWith(distribution.tag) ? plain.slice(0, -distribution.tag.length) : plain;
  return [version, plain, untagged, plain.replace(/-[^-]*$/, '')];
}

/** Two releases of one upstream version are two packages: who says `1.2.0` has to say which. */
function requireOneVersion(selection: Selection, found: readonly Found[]): void {
  const versions = new Map<string, Set<string>>();
  for (const { place, entry } of found) {
    const key = `${place.root} ${place.suite} ${entry.name}`;
    versions.set(key, (versions.get(key) ?? new Set()).add(entry.version));
  }
  const [ambiguous] = [...versions.values()].filter((set) => set.size > 1);
  if (ambiguous === undefined) return;
  throw new CoachbuilderError('usage', `${selection.text} is more than one version: ${[...ambiguous].join(', ')}`, {
    hint: 'name the whole version',
  });
}

function unknown(selection: Selection, published: readonly PublishedPlace[], where: string): CoachbuilderError {
  const entries = published.flatMap(({ place, index }) => (index?.entries ?? []).map((entry) => ({ place, entry })));
  const matches = compileGlob(selection.name);
  const named = entries.filter(({ entry }) => matches(entry.name));
  if (named.length === 0) {
    const names = [...new Set(entries.map(({ entry }) => entry.name))];
    const message = `no package ${selection.name} is published ${where}.${didYouMean(selection.name, names)}`;
    const hint =
      entries.length === 0 ? 'nothing is published there' : 'look at what there is: admin/publish-packages list';
    return new CoachbuilderError('publication-refused', message, { hint });
  }
  const near = suggest(selection.version, [
    ...new Set(named.flatMap(({ place, entry }) => spellings(entry, place).slice(1))),
  ]);
  const versions = [...new Set(sortEntries(named.map(({ entry }) => entry)).map(({ version }) => version))];
  return new CoachbuilderError(
    'publication-refused',
    `${selection.name} ${selection.version} is not published ${where}.${near === undefined ? '' : ` Did you mean "${near}"?`}`,
    { details: [`published: ${versions.slice(0, 10).join(', ')}${versions.length > 10 ? ', …' : ''}`] },
  );
}

/**
 * By upstream's version alone, or Python's: `1.2.0` is the release, although the pre-release `1.2.0rc1` is packaged as
 * `1.2.0-0.rc.1`. That holds where all are packages of ours; what others count as releases is not told apart.
 */
function byUpstream(named: readonly Found[], version: string): readonly Found[] {
  const python = ({ place, entry }: Found): string | undefined => recoverVersion(entry.version, place.distribution.tag);
  const upstream = named.filter(({ place, entry }) => spellings(entry, place).includes(version));
  const same = named.filter((found) => python(found) === version);
  return same.length > 0 && upstream.every((found) => python(found) !== undefined) ? same : upstream;
}

/**
 * The entries that selections are about, in every place of `published` that has them.
 * @param where for messages: `in the testing channel`
 * @throws CoachbuilderError `publication-refused` for a package or version that no place has, `usage` for an upstream
 *   version of which a place has several releases
 */
export function findSelected(
  selections: readonly Selection[],
  published: readonly PublishedPlace[],
  where: string,
): readonly Found[] {
  const all = new Set<Found>();
  const everything = published.flatMap(({ place, index }) =>
    (index?.entries ?? []).map((entry): Found => ({ place, entry })),
  );
  for (const selection of selections) {
    const matches = compileGlob(selection.name);
    const named = everything.filter(({ entry }) => matches(entry.name));
    const exact = named.filter(({ place, entry }) => spellings(entry, place).slice(0, 3).includes(selection.version));
    const found = exact.length > 0 ? exact : byUpstream(named, selection.version);
    if (found.length === 0) throw unknown(selection, published, where);
    requireOneVersion(selection, found);
    for (const one of found) all.add(one);
  }
  return everything.filter((found) => all.has(found));
}

import type { PackageVersion } from '../model/package-version.ts';
import type { ChangelogEntry } from '../packages/definition.ts';
import { compareVersions, parseVersion } from '../python/version.ts';
import type { History } from './history.ts';
import type { ReleaseNotes } from './release-notes.ts';

/** So many versions a package's changelog goes back, and so many changes each: the rest is in the application's own. */
const most = { versions: 10, changes: 40 } as const;
const longestChange = 400;

/**
 * 1997-01-01. rpm refuses dates of a changelog before it (build/parseChangelog.c, `dateToTimet`), and SOURCE_DATE_EPOCH
 * may be 0.
 */
const earliest = 852_076_800;

export interface ChangelogFacts {
  /** The version of the packages, in PEP 440's notation. */
  readonly version: string;
  readonly packageVersion: PackageVersion;
  /** SOURCE_DATE_EPOCH, seconds. */
  readonly epoch: number;
  /** What an earlier version would be called as a package of the same target. */
  readonly nameVersion: (version: string) => PackageVersion;
}

function shorten(change: string): string {
  const letters = Array.from(change);
  return letters.length <= longestChange ? change : `${letters.slice(0, longestChange - 1).join('')}…`;
}

function clip(changes: readonly string[]): readonly string[] {
  if (changes.length <= most.changes) return changes.map(shorten);
  const left = changes.length - most.changes + 1;
  return [...changes.slice(0, most.changes - 1).map(shorten), `and ${String(left)} more changes`];
}

/**
 * What is said about a version: under its own heading; of what is not released, under "Unreleased". Commits since the
 * last tag are the version's in any case: its own tag is only to come.
 */
function notesOf(version: string, { from, notes }: History): ReleaseNotes | undefined {
  const wanted = parseVersion(version);
  const exact = notes.find((each) => each.version !== undefined && compareVersions(each.version, version) === 0);
  if (exact !== undefined) return exact;
  const isRelease = wanted.pre === undefined && wanted.dev === undefined && wanted.local.length === 0;
  return isRelease && from !== 'git' ? undefined : notes.find((each) => each.version === undefined);
}

/**
 * The changelog of a package: its own version, dated by SOURCE_DATE_EPOCH, and what the application's changelog tells of
 * earlier ones, the newest first. Dates go down strictly, as rpm and lintian want them; a release without a date, or with
 * one that is too late, gets the second before its successor.
 */
export function packageChangelog(history: History, facts: ChangelogFacts): readonly ChangelogEntry[] {
  const { epoch, nameVersion, packageVersion, version } = facts;
  const changes = clip(notesOf(version, history)?.changes ?? []);
  const first = Math.max(epoch, earliest);
  const entries: ChangelogEntry[] = [
    { version: packageVersion, date: first, changes: changes.length === 0 ? [`Release ${version}.`] : changes },
  ];
  const older = new Map<string, ReleaseNotes & { readonly version: string }>();
  for (const each of history.notes) {
    if (each.version === undefined || compareVersions(each.version, version) >= 0 || older.has(each.version)) continue;
    older.set(each.version, { ...each, version: each.version });
  }
  const sorted = [...older.values()].sort((a, b) => compareVersions(b.version, a.version));
  let date = first;
  let last = version;
  for (const each of sorted) {
    if (entries.length >= most.versions || date <= earliest) break;
    // `1.0` and `1.0.0` are one version.
    if (compareVersions(each.version, last) === 0) continue;
    last = each.version;
    date = Math.max(Math.min(each.date ?? date, date - 1), earliest);
    const texts = clip(each.changes);
    const named = nameVersion(each.version);
    entries.push({ version: named, date, changes: texts.length === 0 ? [`Release ${each.version}.`] : texts });
  }
  return entries;
}

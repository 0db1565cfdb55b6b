import { formatCount, formatSize } from '../report/format.ts';
import { timestamp } from '../sbom/bill.ts';
import { placeTitle } from './place-rules.ts';
import { sortEntries, type PublishedPlace } from './published.ts';

/** One package of one place. */
export interface ListedPackage {
  /** `debian/12/amd64`. */
  readonly repository: string;
  readonly distribution: string;
  readonly channel: string;
  readonly suite: string;
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Key, relative to the store. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
}

function listed({ place, index }: PublishedPlace): readonly ListedPackage[] {
  return sortEntries(index?.entries ?? []).map(({ name, version, architecture, file, size, sha256 }) => ({
    ...{ repository: place.root, distribution: place.distribution.id, channel: place.channel, suite: place.suite },
    ...{ name, version, architecture, key: `${place.root}/${file}`, size, sha256 },
  }));
}

/** What is published, as a JSON array of `ListedPackage`. */
export function listJson(published: readonly PublishedPlace[]): string {
  return `${JSON.stringify(published.flatMap(listed), null, 2)}\n`;
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function section(published: PublishedPlace): readonly string[] {
  const { place, index } = published;
  if (index === undefined) return [];
  const packages = listed(published);
  const date = timestamp(index.date);
  const title = `${placeTitle(place)} (${place.distribution.title}, ${place.channel}; ${formatCount(packages.length, 'package')}, ${date})`;
  const rows = packages.map(({ name, version, architecture, size }) => [name, version, architecture, formatSize(size)]);
  return ['', title, ...columns(rows).map((row) => `  ${row}`)];
}

/** What is published, for people: a paragraph for each place, the newest version of a package first. */
export function listText(published: readonly PublishedPlace[]): string {
  const lines = published.flatMap(section).slice(1);
  return lines.length === 0 ? 'nothing is published there\n' : `${lines.join('\n')}\n`;
}

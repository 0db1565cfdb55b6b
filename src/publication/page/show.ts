import { timestamp } from '../../sbom/bill.ts';
import { formatSize } from '../../report/format.ts';
import { installCommands, type CommandBlock } from './commands.ts';
import { urlPath } from './view-of.ts';
import type { ChannelView, DistributionView, PackageView, RepositoryView, VersionView } from './view.ts';

/** How many versions of a package are shown; repositories.json has them all. */
const shownVersions = 10;

/** A fingerprint as people compare it: in groups of four. */
export function groupFingerprint(fingerprint: string): string {
  return fingerprint.replaceAll(/(.{4})(?!$)/g, '$1 ');
}

/** The day, in UTC. */
export function day(date: number): string {
  return timestamp(date).slice(0, 'yyyy-mm-dd'.length);
}

/** `2026-11-21 13:20 UTC`. */
export function minute(date: number): string {
  return `${timestamp(date).slice(0, 'yyyy-mm-ddThh:mm'.length).replace('T', ' ')} UTC`;
}

/** One row of a table: a package file. */
export interface ShownVersion extends Pick<VersionView, 'version' | 'architecture' | 'sha256' | 'url'> {
  readonly name: string;
  readonly size: string;
  /** The address from where the page is: both are at the store's root. */
  readonly path: string;
}

export interface ShownChannel {
  readonly title: string;
  /** Unique on the page. */
  readonly anchor: string;
  readonly note: string;
  readonly date: number;
  readonly packages: readonly { readonly name: string; readonly summary: string }[];
  readonly newest: readonly ShownVersion[];
  readonly older: readonly ShownVersion[];
  /** How many files are not shown. */
  readonly hidden: number;
}

export interface ShownDistribution {
  readonly anchor: string;
  readonly title: string;
  /** A mark; empty while it is supported. */
  readonly unsupported: string;
  /** A sentence about the end of its support. */
  readonly support: string;
  readonly hasRepository: boolean;
  readonly blocks: readonly CommandBlock[];
  /** What not everybody needs. */
  readonly more: readonly CommandBlock[];
  readonly others: readonly string[];
  readonly channels: readonly ShownChannel[];
}

function shownVersion(name: string, version: VersionView): ShownVersion {
  const { version: text, architecture, size, sha256, url, file } = version;
  return { name, version: text, architecture, size: formatSize(size), sha256, url, path: urlPath(file) };
}

function divide({ name, versions }: PackageView): Pick<ShownChannel, 'newest' | 'older' | 'hidden'> {
  const numbers = [...new Set(versions.map(({ version }) => version))];
  const of = (some: readonly string[]): readonly ShownVersion[] =>
    versions.filter(({ version }) => some.includes(version)).map((version) => shownVersion(name, version));
  const [newest, older] = [of(numbers.slice(0, 1)), of(numbers.slice(1, shownVersions))];
  return { newest, older, hidden: versions.length - newest.length - older.length };
}

function showChannel({ channel, id, enabled, places, packages }: ChannelView, anchor: string): ShownChannel {
  const parts = packages.map(divide);
  return {
    title: channel === 'stable' ? 'Stable channel' : 'Testing channel',
    anchor: `${anchor}-${channel}`,
    note: enabled ? `Repository ${id}.` : `Repository ${id}, switched off unless it is asked for.`,
    date: Math.max(...places.map(({ date }) => date)),
    packages: packages.map(({ name, summary }) => ({ name, summary })),
    newest: parts.flatMap(({ newest }) => newest),
    older: parts.flatMap(({ older }) => older),
    hidden: parts.reduce((sum, { hidden }) => sum + hidden, 0),
  };
}

/** Until when, or since when: the mark beside the title, empty while there is nothing to warn of, and a sentence. */
function support(
  { distribution, unsupported }: DistributionView,
  date: number,
): Pick<ShownDistribution, 'unsupported' | 'support'> {
  const { endOfLife, endOfExtendedLife } = distribution;
  if (unsupported === undefined) {
    const extended = endOfExtendedLife === undefined ? '' : `, in extended support until ${endOfExtendedLife}`;
    return { unsupported: '', support: `Supported by its maker until ${endOfLife}${extended}.` };
  }
  const isExtended = endOfExtendedLife !== undefined && day(date) <= endOfExtendedLife;
  return {
    unsupported: isExtended ? 'extended support only' : `unsupported since ${endOfExtendedLife ?? endOfLife}`,
    support: `${unsupported.slice(0, 1).toUpperCase()}${unsupported.slice(1)}.`,
  };
}

function showDistribution(view: DistributionView, repository: RepositoryView): ShownDistribution {
  const { distribution, channels, applications } = view;
  // Ids of a manifest's own distributions may be any text; an anchor is to be typed.
  const anchor = distribution.id.replaceAll(/[^A-Za-z0-9.-]+/g, '-');
  const blocks = installCommands(view, repository);
  const isFirst = ({ id }: CommandBlock): boolean => id === 'repository' || id === 'application';
  return {
    anchor,
    title: distribution.title,
    ...support(view, repository.date),
    hasRepository: view.releasePackage !== undefined,
    blocks: blocks.filter(isFirst),
    more: blocks.filter((block) => !isFirst(block)),
    others: applications.slice(1).map(({ name }) => name),
    channels: channels.map((channel) => showChannel(channel, anchor)),
  };
}

/** What both pages show of the distributions, as texts. */
export function showDistributions(view: RepositoryView): readonly ShownDistribution[] {
  return view.distributions.map((distribution) => showDistribution(distribution, view));
}

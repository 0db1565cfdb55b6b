import type { CoreMetadata } from '../python/core-metadata.ts';
import { oneLine, present } from './metadata-text.ts';

/** Both formats list packages in lines of eighty columns (Debian Policy 3.4.1; rpmlint's `summary-too-long`). */
const longestSummary = 79;

/** Less than this tells nothing: no cut is made before it. */
const shortestClause = 20;

/** Where what follows only adds to what a text has said. */
const clause = /\s*[;:\u2013\u2014(]|\s+-+\s|\s+(?:that|which|who|where|while|so|because)\s/g;

/** What no text ends with when it is cut between words. */
const dangling =
  /(?:[\s,;:&/(\u2013\u2014-]+|\s(?:an?|the|and|or|of|for|in|on|to|with|by|from|as|at|is|are|your|its))$/i;

/** What is left when everything is taken away that a text cannot end with. */
function withoutDangling(text: string): string {
  const shorter = text.replace(dangling, '');
  return shorter === text ? text : withoutDangling(shorter);
}

/** A text of at most so many characters: as it is, else its first clause, else its first words. */
function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const ends = [...text.matchAll(clause)].map(({ index }) => index);
  const end = ends.find((index) => index >= shortestClause && index <= length);
  if (end !== undefined) return withoutDangling(text.slice(0, end));
  const space = text.lastIndexOf(' ', length);
  return withoutDangling(text.slice(0, space > 0 ? space : length));
}

/** Up to the end of the first sentence, without its full stop; `e.g. this` and `v. 2` end none. */
function firstSentence(text: string): string {
  const end = /(?<=[a-z0-9)][a-z0-9)])\.+\s+(?=[A-Z])/.exec(text)?.index;
  return (end === undefined ? text : text.slice(0, end)).replace(/[.\s]+$/, '');
}

/** Without `Fleet is`, `Fleet:`, `Fleet -` or `Fleet` at the beginning: the package's name stands beside it in every list. */
function withoutName(text: string, application: string): string {
  // A normalized name (PEP 503) has no signs but hyphens.
  const name = application.split('-').join('[-_. ]?');
  return text.replace(new RegExp(`^${name}(?:\\s+is\\s+|\\s*[:,\\u2013\\u2014]\\s*|\\s+-+\\s+|\\s+|$)`, 'i'), '');
}

/**
 * What package managers show in a line: the summary of the metadata, shaped as the formats want it (Debian Policy 3.4.1,
 * Debian Developer's Reference 6.2.2, RPM's and Fedora's rules that rpmlint looks after): at most 79 characters, no
 * article and no name of the package at the beginning, a capital, no full stop.
 */
export function deriveSummary(metadata: CoreMetadata, application: string): string {
  const stated = withoutName(firstSentence(oneLine(present(metadata.summary) ?? '')), application);
  const summary = shorten(stated.replace(/^(?:an?|the)\s+/i, ''), longestSummary);
  // One word says no more than the name.
  if (!summary.includes(' ')) return `Python application ${application}`;
  return summary.replace(/^./u, (letter) => letter.toUpperCase());
}

/** The summary of a package beside the main one, whose words it begins with, as long as a summary may be. */
export function deriveSummaryOf(kind: string, summary: string): string {
  const ending = ` (${kind})`;
  return `${shorten(summary, Math.max(longestSummary - ending.length, shortestClause))}${ending}`;
}

/** The metadata's summary as a sentence, for the description, when it is too long to be a summary: nothing is lost. */
export function deriveSentence(metadata: CoreMetadata): string | undefined {
  const stated = oneLine(present(metadata.summary) ?? '');
  return stated.length > longestSummary ? stated.replace(/(?<![.!?])$/, '.') : undefined;
}

import { renderTemplate } from '../formats/templates.ts';
import { oneLine } from '../formats/text.ts';
import { sortContents } from '../packages/contents.ts';
import type { PackageDefinition } from '../packages/definition.ts';
import { fileEntry } from '../packages/file-entry.ts';
import { sortByBytes } from '../tree/byte-order.ts';
import { wrapLine } from '../formats/wrap.ts';
import { ourOverrides, type LintSubject } from './ours.ts';
import { globSource, manifestOverride, matchesGlob, type LintOverride } from './override.ts';
import type { LintOverrideSettings } from '../manifest/manifest.ts';

/** Columns of a comment. */
const width = 100;

/** Overrides of the manifest go into the packages that they can be about: those that have such a path. */
function isAbout({ linter, path }: LintOverride, { contents, distribution }: PackageDefinition): boolean {
  if (linter !== undefined && (linter === 'lintian') !== (distribution.format === 'deb')) return false;
  return path === undefined || contents.some((entry) => matchesGlob(path, entry.path));
}

/** The overrides of a package: ours, and those of the manifest that can be about it. */
export function overridesOf(subject: LintSubject, settings: readonly LintOverrideSettings[]): readonly LintOverride[] {
  const theirs = settings.map(manifestOverride).filter((override) => isAbout(override, subject.definition));
  return [...ourOverrides(subject), ...theirs];
}

/**
 * What lintian is to find in the context of a tag. Before 2.114 it names a path at the beginning, later ones in
 * brackets at the end, so there are jokers on both sides: a package is looked at with more than one lintian.
 */
function lintianPattern({ path, note }: LintOverride): string {
  if (path !== undefined) return `*${path.replace(/^\/+/, '')}*`.replace(/\*+/g, '*');
  return note ?? '';
}

interface Line {
  readonly tag: string;
  readonly pattern: string;
  readonly reason: string;
}

/**
 * Leaves out what another pattern of the same tag covers: lintian uses the shortest that matches, and warns of those
 * that are left (`mismatched-override`).
 */
function withoutCovered(lines: readonly Line[]): readonly Line[] {
  return lines.filter(
    (line, index) =>
      !lines.some((other, position) => {
        if (other.tag !== line.tag || position === index) return false;
        if (other.pattern === line.pattern) return position < index;
        return other.pattern === '' || matchesGlob(other.pattern, line.pattern);
      }),
  );
}

/** A file of overrides for lintian (Lintian User's Manual, 2.4 "Overrides"): each with its reason as a comment above it. */
export function renderLintianOverrides(name: string, overrides: readonly LintOverride[]): string {
  const lines = overrides.map((each) => ({ tag: each.tag, pattern: lintianPattern(each), reason: each.reason }));
  return renderTemplate(
    'spec-templates/lint/lintian-overrides.ejs',
    {
      name,
      overrides: sortByBytes(withoutCovered(lines), ({ tag, pattern }) => `${tag} ${pattern}`).map((line) => ({
        ...line,
        reasonLines: wrapLine(oneLine(line.reason), width),
      })),
    },
    oneLine,
  );
}

/** A regular expression of Python's in quotes of a raw string: a quote in it is any character. */
function unquoted(pattern: string): string {
  return pattern.replaceAll("'", '.').replaceAll(/[\r\n]/g, '.');
}

function filterOf({ tag, path, note }: LintOverride): string {
  const word = globSource(tag);
  const ahead = note === undefined ? '' : `(?= ${globSource(note)}$)`;
  if (path !== undefined) return `${word}${ahead} (?:.* )?${globSource(path)}(?: .*)?$`;
  return note === undefined ? `${word}(?: |$)` : `${word} ${globSource(note)}$`;
}

function titleOf({ tag, path, note }: LintOverride): string {
  return [tag, path ?? note].filter((word) => word !== undefined).join(' ');
}

/** A file that rpmlint 1 and 2 read (`--rpmlintrc`, before 2 `--file`): a filter, and the reasons for what it lets pass. */
export function renderRpmlintrc(
  { name, architecture }: Pick<PackageDefinition, 'name' | 'architecture'>,
  overrides: readonly LintOverride[],
): string {
  const sorted = sortByBytes(overrides, titleOf);
  const alternatives = [...new Set(sorted.map(filterOf))].join('|');
  return renderTemplate(
    'spec-templates/lint/rpmlintrc.ejs',
    {
      name,
      overrides: sorted.map((each) => ({ title: titleOf(each), reasonLines: wrapLine(oneLine(each.reason), width) })),
      filter: unquoted(`^${globSource(`${name}.${architecture}`)}:\\d* [EW]: (?:${alternatives})`),
    },
    oneLine,
  );
}

/**
 * The same package with a file of overrides for lintian, in which the customers' own runs find it (Lintian User's
 * Manual, 2.4.2). One that the manifest installs there stays: it says what its author wants.
 */
export function withLintianOverrides(
  definition: PackageDefinition,
  overrides: readonly LintOverride[],
): PackageDefinition {
  const path = `/usr/share/lintian/overrides/${definition.name}`;
  const present = definition.contents.some((entry) => entry.path === path);
  if (definition.distribution.format !== 'deb' || present || overrides.length === 0) return definition;
  const text = renderLintianOverrides(definition.name, overrides);
  const entry = fileEntry(path, text);
  return { ...definition, contents: sortContents([...definition.contents, entry]) };
}

/** The file beside an rpm that lets rpmlint pass what is meant. */
export function rpmlintrcName({ fileName }: Pick<PackageDefinition, 'fileName'>): string {
  return `${fileName.replace(/\.rpm$/, '')}.rpmlintrc`;
}

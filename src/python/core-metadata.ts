import { CoachbuilderError } from '../errors/coachbuilder-error.ts';

/** What we use of a wheel's METADATA (core metadata, PEP 566, 643, 639). Absent fields are undefined or empty. */
export interface CoreMetadata {
  /** As the project writes it, not normalized. */
  readonly name: string;
  readonly version: string;
  readonly summary: string | undefined;
  readonly description: string | undefined;
  readonly license: string | undefined;
  readonly licenseExpression: string | undefined;
  readonly classifiers: readonly string[];
  readonly homepage: string | undefined;
  readonly author: string | undefined;
  readonly authorEmail: string | undefined;
  readonly maintainer: string | undefined;
  readonly maintainerEmail: string | undefined;
  readonly requiresPython: string | undefined;
  /** `Requires-Dist` lines, unparsed. */
  readonly requiresDist: readonly string[];
  readonly providesExtra: readonly string[];
}

/** One header as it was written, folded lines still apart. */
interface Header {
  /** In lower case. */
  readonly name: string;
  readonly lines: readonly string[];
}

/**
 * Parses METADATA or PKG-INFO (core metadata 1.0 to 2.4): headers as in an e-mail, with folded lines, and the
 * description as the body or as a header. `UNKNOWN`, which old tools wrote for "nothing", counts as absent. The home
 * page is `Home-page` or the project URL whose label is `homepage` after normalization (PEP 753), else the place of the
 * source or of the documentation.
 * @param text the file, decoded as UTF-8
 * @throws CoachbuilderError `wheel-invalid` without a name or a version
 */
export function parseCoreMetadata(text: string): CoreMetadata {
  const { headers, body } = splitMessage(text);
  const all = (name: string): readonly string[] =>
    headers.filter((header) => header.name === name).map((header) => unfold(header.lines));
  const one = (name: string): string | undefined => known(all(name)[0]);
  const required = (name: string): string => {
    const value = one(name);
    if (value !== undefined) return value;
    throw new CoachbuilderError('wheel-invalid', `the metadata has no ${name === 'name' ? 'Name' : 'Version'} field`);
  };
  return {
    name: required('name'),
    version: required('version'),
    summary: one('summary'),
    description: known(body) ?? known(block(headers, 'description')),
    license: known(block(headers, 'license')),
    licenseExpression: one('license-expression'),
    classifiers: all('classifier'),
    homepage: one('home-page') ?? homepageOf(all('project-url')),
    author: one('author'),
    authorEmail: one('author-email'),
    maintainer: one('maintainer'),
    maintainerEmail: one('maintainer-email'),
    requiresPython: one('requires-python'),
    requiresDist: all('requires-dist'),
    providesExtra: all('provides-extra'),
  };
}

/** The headers end at the first empty line, or at a line that is no header, as Python's e-mail parser has it. */
function splitMessage(text: string): { readonly headers: readonly Header[]; readonly body: string } {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const headers: { name: string; lines: string[] }[] = [];
  for (const [index, line] of lines.entries()) {
    const current = headers.at(-1);
    if (line === '') return { headers, body: lines.slice(index + 1).join('\n') };
    if (/^[ \t]/.test(line) && current !== undefined) {
      current.lines.push(line);
      continue;
    }
    const match = /^([!-9;-~]+):[ \t]*(.*)$/.exec(line);
    if (match === null) return { headers, body: lines.slice(index).join('\n') };
    headers.push({ name: (match[1] ?? '').toLowerCase(), lines: [match[2] ?? ''] });
  }
  return { headers, body: '' };
}

function unfold(lines: readonly string[]): string {
  return lines
    .map((line) => line.trim())
    .join(' ')
    .trim();
}

/**
 * A field of several lines as it was before it was folded: continuation lines are indented by eight blanks, or by seven
 * and a bar (core metadata, "Description").
 */
function block(headers: readonly Header[], name: string): string | undefined {
  const lines = headers.find((header) => header.name === name)?.lines;
  return lines?.map((line, index) => (index === 0 ? line : line.replace(/^ {7}[|]|^ {1,8}|^\t/, ''))).join('\n');
}

function known(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const trimmed = value.replace(/^(?:[ \t]*\n)+/, '').trimEnd();
  return trimmed === '' || trimmed.toUpperCase() === 'UNKNOWN' ? undefined : trimmed;
}

/** Labels of project URLs (PEP 753, well-known labels and their aliases) that a reader takes for the home, best first. */
const homeLabels = ['homepage', 'source', 'repository', 'sourcecode', 'github', 'documentation', 'docs'];

function homepageOf(projectUrls: readonly string[]): string | undefined {
  const byLabel = new Map(
    [...projectUrls].reverse().flatMap((projectUrl): (readonly [string, string])[] => {
      const separator = projectUrl.indexOf(',');
      const label = projectUrl.slice(0, Math.max(separator, 0));
      const url = known(projectUrl.slice(separator + 1).trim());
      return url === undefined ? [] : [[label.replace(/[\p{P}\p{S}\s]/gu, '').toLowerCase(), url]];
    }),
  );
  return homeLabels.map((label) => byLabel.get(label)).find((url) => url !== undefined);
}

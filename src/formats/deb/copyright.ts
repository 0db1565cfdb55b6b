import type { DebDistribution } from '../../distributions/distribution.ts';
import { commonPointer, referToCommon } from '../../documents/common-licenses.ts';
import { takeStatements } from '../../documents/copyright-holders.ts';
import { decodeText } from '../../documents/decode.ts';
import { debianLicense, identifiersOf, licenseExpression, licenseNode } from '../../documents/license-names.ts';
import type { Notice } from '../../documents/notices.ts';
import { renderTemplate } from '../templates.ts';
import { oneLine, textLines } from '../text.ts';

/** The lines of a formatted text after their first space (Debian Policy 5.6.13, to which the copyright format refers). */
function formatted(text: string): readonly string[] {
  return textLines(text).map((line) => {
    if (line === '') return '.';
    return line.startsWith('.') ? ` ${line}` : line;
  });
}

/** Where systems of the distribution have texts of the licences of a notice that its own text does not point to yet. */
function pointersFor({ license }: Notice, text: string, distribution: DebDistribution): readonly string[] {
  const pointers = identifiersOf(licenseNode(licenseExpression(license))).flatMap(
    (identifier) => commonPointer(identifier, distribution) ?? [],
  );
  return [...new Set(pointers)].filter((pointer) => !text.includes(pointer));
}

/** What is said where there is no text to show. */
function absence({ license }: Notice): string {
  switch (license.kind) {
    case 'unknown':
      return 'Neither the metadata nor a licence file says under which licence this is.\n';
    case 'text':
      return `There is no licence file; the metadata says:\n\n${license.text}\n`;
    case 'spdx':
      return `There is no licence file; the metadata says: ${license.expression}\n`;
  }
}

/**
 * The licence texts of a notice: its files without their statements of copyright, which have a field of their own. Lists
 * of authors say nothing about a licence.
 */
function licenseText(notice: Notice, distribution: DebDistribution): string {
  const licenses = notice.texts.filter(({ name }) => !/(?:^|\/)authors[^/]*$/i.test(name));
  const texts = licenses.map(({ name, bytes }) => {
    const { rest } = takeStatements(decodeText(bytes));
    return { name, text: textLines(referToCommon(rest, distribution)).join('\n') };
  });
  const shown = texts.filter(({ text }) => text !== '');
  const whole = shown.map(({ name, text }) => (shown.length === 1 ? text : `[${name}]\n\n${text}`)).join('\n\n');
  const pointers = pointersFor(notice, whole, distribution);
  const parts = [...(whole === '' ? [] : [whole]), ...pointers];
  return parts.length === 0 ? absence(notice) : parts.join('\n\n');
}

function copyrightOf({ author, statements }: Notice): readonly string[] {
  if (statements.length > 0) return statements.map(oneLine);
  return [author === undefined ? 'not stated' : `not stated (author: ${oneLine(author)})`];
}

interface Described {
  readonly notice: Notice;
  /** The synopsis of the License field. */
  readonly license: string;
  readonly text: string;
}

/** Texts count as equal when they differ in white space only. */
function keyOf({ license, text }: Described): string {
  return `${license}\n${oneLine(text)}`;
}

/**
 * The texts that several parts have in common, one for each short name: it gets a paragraph of its own, to which the
 * parts refer by its name. What combines licences is no name.
 */
function sharedTexts(parts: readonly Described[]): ReadonlyMap<string, Described> {
  const counts = new Map<string, number>();
  for (const part of parts) counts.set(keyOf(part), (counts.get(keyOf(part)) ?? 0) + 1);
  const shared = new Map<string, Described>();
  for (const part of parts) {
    const count = counts.get(keyOf(part)) ?? 0;
    const known = shared.get(part.license);
    const best = known === undefined ? 1 : (counts.get(keyOf(known)) ?? 0);
    if (count > best && /^\S+(?: with .+ exception)?$/.test(part.license)) shared.set(part.license, part);
  }
  return shared;
}

function titleOf({ homepage, name, version }: Notice): string {
  return `${name} ${version}${homepage === undefined ? '' : `, ${homepage}`}`;
}

/**
 * A package's copyright file in the machine-readable format 1.0 (Debian Policy 12.5), its first part everything that is
 * no other part's. Names of files count from the root, since the package comes from no source package.
 * @param notices at least one
 */
export function renderCopyright(
  { url }: { readonly url: string | undefined },
  notices: readonly Notice[],
  distribution: DebDistribution,
): string {
  const parts = notices.map((notice, index) => ({
    notice: index === 0 ? { ...notice, files: ['*'] } : notice,
    license: debianLicense(notice.license),
    text: licenseText(notice, distribution),
  }));
  // A distribution without a file in the package has no rights in it.
  const present = parts.filter(({ notice }) => notice.files.length > 0);
  const shared = sharedTexts(present);
  const isShared = (part: Described): boolean => {
    const text = shared.get(part.license);
    return text !== undefined && keyOf(text) === keyOf(part);
  };
  const [first] = notices;
  return renderTemplate(
    'spec-templates/deb/copyright.ejs',
    {
      name: first?.name ?? '',
      contact: oneLine(first?.author ?? ''),
      source: oneLine(url ?? first?.homepage ?? ''),
      parts: present.map((part) => ({
        files: part.notice.files,
        copyright: copyrightOf(part.notice),
        license: part.license,
        text: isShared(part) ? [] : formatted(part.text),
        comment: titleOf(part.notice),
      })),
      licenses: [...shared]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([license, { text }]) => ({ license, text: formatted(text) })),
    },
    (text) => text.replaceAll(/[\r\n]+/g, ' '),
  );
}

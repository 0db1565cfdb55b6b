/** Signs that nobody sees, or that turn the direction of what follows (Unicode, general categories Cc, Cf and Cs). */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}]/gu;

function visible(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(invisible, (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`);
}

/**
 * Text for one line of Markdown, as content and in a cell of a table: what it says and nothing else, be it links, HTML or
 * headings (CommonMark 0.31, 2.4: any ASCII punctuation may be escaped; GitHub Flavored Markdown, 4.10, for tables).
 */
export function escapeMarkdown(text: string): string {
  return (
    visible(text)
      .replaceAll(/[\\`*{}[\]<>#|~$&@]/g, String.raw`\$&`)
      // Within a word it emphasizes nothing: x86_64.
      .replaceAll(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, String.raw`\_`)
      // What makes a list at the beginning of a line only, and words that become links by themselves.
      .replaceAll(/^(\s*)([-+=])(?=\s|[-+=]|$)/g, String.raw`$1\$2`)
      .replaceAll(/^(\s*\d+)([.)])(?=\s|$)/g, String.raw`$1\$2`)
      .replaceAll(/\b(https?|ftp|mailto|xmpp):/gi, String.raw`$1\:`)
      .replaceAll(/\bwww\./gi, String.raw`www\.`)
  );
}

/** Code within a line (CommonMark, 6.1): the fence is longer than every run of backticks in it. */
export function codeSpan(text: string): string {
  const shown = visible(text).replaceAll('|', String.raw`\|`);
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = longest > 0 || shown === '' ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** Commands as a block of code (CommonMark, 4.5). */
export function codeBlock(lines: readonly string[]): string {
  const longest = Math.max(2, ...[...lines.join('\n').matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}sh\n${lines.join('\n')}\n${fence}`;
}

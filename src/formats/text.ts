/** One line of a text that may hold several: line ends and other runs of white space become a space. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Lines of a text without white space at their ends, without empty lines at the beginning and the end. */
export function textLines(text: string): readonly string[] {
  const trimmed = text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/^\n+|\n+$/g, '');
  return trimmed === '' ? [] : trimmed.split('\n');
}

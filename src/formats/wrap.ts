/** A text without line ends as lines of at most `width` characters; a longer word has a line of its own. */
export function wrapLine(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').filter((each) => each !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && Array.from(longer).length > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === '' ? lines : [...lines, line];
}

/** Whether a line is part of running text: lists, and what is indented, are laid out as their author wants them. */
function isProse(line: string): boolean {
  return /^[^\s]/.test(line) && !/^(?:[-*+•.]|\d+[.)])(?:\s|$)/.test(line);
}

/**
 * Lines of a description of which none is longer than `width`, as far as its words allow: a paragraph of running text
 * with a longer line is set anew (lintian's `extended-description-line-too-long`, rpmlint's `description-line-too-long`).
 */
export function wrapParagraphs(lines: readonly string[], width: number): readonly string[] {
  const result: string[] = [];
  let paragraph: string[] = [];
  const flush = (): void => {
    const isLong = paragraph.some((line) => Array.from(line).length > width);
    result.push(...(isLong ? wrapLine(paragraph.join(' '), width) : paragraph));
    paragraph = [];
  };
  for (const line of lines) {
    if (isProse(line)) paragraph.push(line);
    else {
      flush();
      result.push(line);
    }
  }
  flush();
  return result;
}

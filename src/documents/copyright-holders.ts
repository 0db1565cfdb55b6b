/** A line that states a copyright: `Copyright (c) 2015 Ann`, `© 2015-2020 Ann`, ` * Copyright: Ann`. */
const statement =
  /^[\s#*;/|>-]*(?:(?:portions?|parts?|some parts?)[\s,:]+)?(?:copyright|copyleft|\(c\)|©)(?=[\s:(©,\d])(?<rest>.*)$/iu;

/** What stands in a licence's own appendix for somebody to fill in. */
const placeholder =
  /\[yyyy\]|\{yyyy\}|<year>|\[year\]|\{year\}|<yyyy>|yyyy|name of (?:copyright|author)|<copyright holders?>|\[fullname\]|<owner>/i;

/** Prose about copyright and not a statement of one: `copyright notice, this list of conditions …`. */
const prose = /^\s*(?:notice|owner|holder|license|law|statement|and\b|in\b|or\b|is\b|the\b|to\b|treaty|disclaimer)/i;

/** Whether the rest of a statement names a year or somebody after a sign: a bare word would be the middle of a sentence. */
function namesHolder(line: string, rest: string): boolean {
  if (placeholder.test(line) || prose.test(rest)) return false;
  // By itself "(c)" is the third of a list.
  if (/^[\s#*;/|>-]*\(c\)/i.test(line) && !/^\s*(?:19|20)\d\d\b/.test(rest)) return false;
  return /\(c\)|©|\b(?:19|20)\d\d\b/i.test(line) || /^\s*:\s*\S/.test(rest);
}

/** The licences of the Free Software Foundation begin with the copyright of their own text. */
const verbatimCopies = /^\s*Everyone is permitted to copy and distribute verbatim copies/i;

export interface TakenStatements {
  /** One line each, as they were written, in their order, without repetitions. */
  readonly statements: readonly string[];
  /** The text without those lines, and with at most one empty line at a time. */
  readonly rest: string;
}

/**
 * Takes the copyright statements out of a licence text. Statements that a licence makes about its own text, and those
 * of its appendix that wait for a name, are none.
 */
export function takeStatements(text: string): TakenStatements {
  const lines = text.split('\n');
  const statements = new Set<string>();
  const kept: string[] = [];
  for (const [index, line] of lines.entries()) {
    const rest = statement.exec(line)?.groups?.['rest'];
    const after = lines.slice(index + 1, index + 6);
    const ofLicense = /free software foundation/i.test(line) && after.some((next) => verbatimCopies.test(next));
    if (rest === undefined || ofLicense || !namesHolder(line, rest)) {
      kept.push(line);
      continue;
    }
    statements.add(
      line
        .replace(/^[\s#*;/|>-]+/u, '')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    );
  }
  return { statements: [...statements], rest: kept.join('\n').replaceAll(/\n{3,}/g, '\n\n') };
}

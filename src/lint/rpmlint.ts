import type { RawFinding } from './finding.ts';

/** A line of rpmlint's: `name.architecture: W: tag details`; rpmlint 2 puts a badness before the details. */
const findingLine =
  /^(?<subject>\S+?):(?:\d+:)? (?<level>[EWI]): (?<tag>[\w%.+-]+)(?: \(Badness: \d+\))?(?: (?<note>.*))?$/;

/** The last line of every run that came to its end. */
const closing = /\b(?<packages>\d+) packages and \d+ specfiles checked;/;

const severities: Readonly<Record<string, RawFinding['severity']>> = { E: 'error', W: 'warning' };

export interface RpmlintOutput {
  /** How many packages were looked at; undefined when the run did not come to its end. */
  readonly checked: number | undefined;
  /** With `name.architecture`, as rpmlint names what it speaks of. */
  readonly findings: readonly (RawFinding & { readonly subject: string })[];
}

/** Colours, which rpmlint leaves out when it writes to no terminal, unless a variable says otherwise. */
function withoutColours(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}

/** Reads what rpmlint prints. Names of files that are not UTF-8 come with replacement characters. */
export function parseRpmlint(text: string): RpmlintOutput {
  const lines = withoutColours(text).split('\n');
  const checked = lines.map((line) => closing.exec(line)?.groups?.['packages']).findLast((each) => each !== undefined);
  return {
    checked: checked === undefined ? undefined : Number(checked),
    findings: lines.flatMap((line) => {
      const { subject, level, tag, note } = findingLine.exec(line)?.groups ?? {};
      if (subject === undefined || tag === undefined) return [];
      const severity = severities[level ?? ''] ?? 'other';
      return [{ subject, tag, severity, note: note?.trim() ?? '', pointer: undefined, silenced: false }];
    }),
  };
}

/** The explanations in what `rpmlint --explain` prints, by tag. */
export function parseRpmlintExplanations(text: string): ReadonlyMap<string, string> {
  const explanations = new Map<string, string>();
  for (const block of text.split(/\n{2,}/)) {
    const { tag, prose } = /^(?<tag>[\w%.+-]+):\n(?<prose>[\s\S]+)$/.exec(block.trim())?.groups ?? {};
    if (tag === undefined || prose === undefined || prose.startsWith('Unknown message')) continue;
    explanations.set(tag, prose.replace(/\s+/g, ' ').trim());
  }
  return explanations;
}

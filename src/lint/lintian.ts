import type { LintedFile, RawFinding } from './finding.ts';
import { checkLintianOutput } from './lintian-schema.ts';

const severities: Readonly<Record<string, RawFinding['severity']>> = { error: 'error', warning: 'warning' };

function severityOf(word: string): RawFinding['severity'] {
  return severities[word] ?? 'other';
}

/** What lintian says of overrides, ours among them: those of the manifest that match nothing we report ourselves. */
const aboutOverrides: ReadonlySet<string> = new Set(['unused-override', 'mismatched-override']);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads what lintian prints with `--exp-output=format=json`.
 * @returns undefined when it is something else
 */
export function parseLintian(text: string): readonly LintedFile[] | undefined {
  const output = checkLintianOutput(parseJson(text));
  return output?.groups.flatMap((group): readonly LintedFile[] => {
    if ('input_files' in group) {
      return group.input_files.map(({ path, hints }) => ({
        path,
        findings: hints
          .filter(({ tag }) => !aboutOverrides.has(tag))
          .map((hint) => ({
            tag: hint.tag,
            severity: severityOf(hint.visibility),
            note: hint.note ?? '',
            pointer: hint.pointer?.item?.name,
            silenced: hint.override !== undefined || (hint.masks ?? []).length > 0,
          })),
      }));
    }
    return group['input-files'].map(({ path, tags }) => ({
      path,
      findings: tags
        .filter(({ name }) => !aboutOverrides.has(name))
        .map((tag) => ({
          tag: tag.name,
          severity: severityOf(tag.severity),
          note: tag.context ?? '',
          pointer: undefined,
          silenced: tag.override !== undefined,
        })),
    }));
  });
}

/**
 * The explanations in what `lintian-explain-tags` prints, by tag: a line for each paragraph, without what is said of the tag
 * itself (its visibility and the name of the check).
 */
export function parseLintianExplanations(text: string): ReadonlyMap<string, string> {
  const explanations = new Map<string, string>();
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const tag = /^[EWIPXCO]: (?<tag>[a-z0-9-]+)$/.exec(line)?.groups?.['tag'];
    if (tag === undefined) continue;
    const after = lines.slice(index + 1);
    const end = after.findIndex((each) => !each.startsWith('N:') || /^N: {3}(?:Visibility|Severity):/.test(each));
    const prose = after.slice(0, end === -1 ? undefined : end).map((each) => each.replace(/^N:\s*/, '').trim());
    const paragraphs = prose
      .join('\n')
      .split(/\n{2,}/)
      .map((each) => each.replace(/\s+/g, ' ').trim());
    explanations.set(tag, paragraphs.filter((each) => each !== '').join('\n'));
  }
  return explanations;
}

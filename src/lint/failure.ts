import { CoachbuilderError } from '../errors/coachbuilder-error.ts';
import { wrapLine } from '../formats/wrap.ts';
import { linters, type PackageFormat } from '../model/format.ts';
import type { CommandSpec } from '../system/command.ts';
import { explainLintianCommand, explainRpmlintCommand, type LintPlace } from '../system/tools/lint.ts';
import type { LintPorts, JudgedFinding } from './lint-packages.ts';
import { parseLintianExplanations } from './lintian.ts';
import { parseRpmlintExplanations } from './rpmlint.ts';

/** Findings of one tag that are named one by one. */
const mostPlaces = 5;
/** Columns of an explanation. */
const width = 96;

interface Explainer {
  readonly command: (tags: readonly string[], place: LintPlace) => CommandSpec;
  readonly parse: (text: string) => ReadonlyMap<string, string>;
}

const explainers = {
  deb: { command: explainLintianCommand, parse: parseLintianExplanations },
  rpm: { command: explainRpmlintCommand, parse: parseRpmlintExplanations },
} as const satisfies Record<PackageFormat, Explainer>;

/** What a linter says about tags, by tag; one that says nothing is no reason to fail in another way. */
async function explain(
  format: PackageFormat,
  tags: readonly string[],
  { scratch, ports }: { readonly scratch: string; readonly ports: LintPorts },
): Promise<ReadonlyMap<string, string>> {
  const { command, parse } = explainers[format];
  try {
    const { stdout } = await ports.commands.tryRun(command(tags, { scratch, env: ports.environments.base }));
    return parse(stdout);
  } catch (error) {
    if (error instanceof CoachbuilderError && error.code === 'tool-missing') return new Map();
    throw error;
  }
}

function groupByTag(findings: readonly JudgedFinding[]): ReadonlyMap<string, readonly JudgedFinding[]> {
  const groups = new Map<string, JudgedFinding[]>();
  for (const finding of findings) groups.set(finding.tag, [...(groups.get(finding.tag) ?? []), finding]);
  return groups;
}

function placeLine({ package: name, path, note }: JudgedFinding): string {
  const words = path !== undefined && !note.includes(path.slice(1)) ? [path, note] : [note];
  return [`${name}:`, ...words.filter((word) => word !== '')].join(' ').replace(/:$/, '');
}

function groupLines(
  tag: string,
  findings: readonly JudgedFinding[],
  explanation: string | undefined,
): readonly string[] {
  const [first] = findings;
  const shown = findings.slice(0, mostPlaces).map((finding) => `  ${placeLine(finding)}`);
  const rest = findings.length - shown.length;
  return [
    `${tag} (${first?.severity ?? 'warning'} of ${first?.linter ?? ''})`,
    ...shown,
    ...(rest > 0 ? [`  and ${String(rest)} more`] : []),
    ...(explanation === undefined
      ? []
      : explanation
          .split('\n')
          .flatMap((each) => wrapLine(each, width))
          .map((line) => `    ${line}`)),
  ];
}

/** An override as the manifest has it: YAML, whose plain scalars these are, but for the ones that are quoted. */
function overrideLines([tag, findings]: readonly [string, readonly JudgedFinding[]]): readonly string[] {
  const [first] = findings;
  const path = first?.path;
  return [
    `    - tag: ${tag}`,
    ...(path === undefined ? [] : [`      path: ${/^[\w/.+-]+$/.test(path) ? path : JSON.stringify(path)}`]),
    `      reason: why it is meant to be so`,
  ];
}

/**
 * The error for findings that stand.
 * @param findings one at least, of one target
 */
export async function lintFailure(
  { label, format }: { readonly label: string; readonly format: PackageFormat },
  findings: readonly JudgedFinding[],
  how: { readonly scratch: string; readonly ports: LintPorts },
): Promise<CoachbuilderError> {
  const groups = groupByTag(findings);
  const explanations = await explain(format, [...groups.keys()], how);
  const count = findings.length === 1 ? 'a problem' : `${String(findings.length)} problems`;
  return new CoachbuilderError('lint-failed', `${linters[format]} finds ${count} in the packages of ${label}`, {
    details: [...groups].flatMap(([tag, group]) => groupLines(tag, group, explanations.get(tag))),
    hint: [
      ...(groups.has('alien-tag')
        ? ['give overrides that are for rpmlint alone "linter: rpmlint"; as for the others,']
        : []),
      'put it right, or say in the manifest that it is meant to be so, and why:',
      '',
      'lint:',
      '  overrides:',
      ...[...groups].flatMap(overrideLines),
    ].join('\n'),
  });
}

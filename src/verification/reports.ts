import { formatCount } from '../report/format.ts';
import { countOf, type CheckResult, type TestReport } from './result.ts';

/** XML 1.0, section 2.2: characters that no document may hold, not even escaped. */
const forbidden =
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};

function escape(text: string, characters: RegExp): string {
  return text.replaceAll(forbidden, '\uFFFD').replaceAll(characters, (character) => entities[character] ?? character);
}

/** An attribute's value in double quotes. Line ends are escaped, too: a parser would make spaces of them (3.3.3). */
function attribute(text: string): string {
  return `"${escape(text, /[&<>"\n\r\t]/g)}"`;
}

function content(text: string): string {
  return escape(text, /[&<>\r]/g);
}

function seconds(milliseconds: number): string {
  return `"${(milliseconds / 1000).toFixed(3)}"`;
}

function testCase(result: CheckResult, suite: string): string {
  const open = `    <testcase classname=${attribute(suite)} name=${attribute(result.title)} time=${seconds(result.duration)}`;
  const message = attribute(result.message ?? '');
  switch (result.outcome) {
    case 'passed':
      return `${open}/>`;
    case 'skipped':
      return `${open}><skipped message=${message}/></testcase>`;
    case 'failed':
      return `${open}><failure message=${message}>${content(result.output.join('\n'))}</failure></testcase>`;
  }
}

function numbers(results: readonly CheckResult[]): string {
  const total = results.reduce((sum, { duration }) => sum + duration, 0);
  const count = (outcome: CheckResult['outcome']): string => `"${String(countOf({ results }, outcome))}"`;
  return `tests="${String(results.length)}" failures=${count('failed')} errors="0" skipped=${count('skipped')} time=${seconds(total)}`;
}

function suites(report: TestReport): readonly string[] {
  const stories = [...new Set(report.results.map(({ story }) => story))];
  return stories.map((story) => {
    const results = report.results.filter((result) => result.story === story);
    const name = `${report.distribution}.${story}`;
    const properties = {
      root: report.root,
      packageManager: report.packageManager,
      packages: report.packages.join(', '),
    };
    return [
      `  <testsuite name=${attribute(name)} ${numbers(results)}>`,
      '    <properties>',
      ...Object.entries(properties).map(([key, value]) => `      <property name="${key}" value=${attribute(value)}/>`),
      '    </properties>',
      ...results.map((result) => testCase(result, name)),
      '  </testsuite>',
    ].join('\n');
  });
}

/** The reports as JUnit's XML, as CI services read it: a suite for each distribution and story, a case for each check. */
export function junitText(reports: readonly TestReport[]): string {
  const all = reports.flatMap(({ results }) => results);
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites ${numbers(all)}>`];
  return `${[...lines, ...reports.flatMap(suites), '</testsuites>'].join('\n')}\n`;
}

/** The reports as JSON; durations are milliseconds. */
export function jsonText(reports: readonly TestReport[]): string {
  return `${JSON.stringify({ schemaVersion: 1, reports }, null, 2)}\n`;
}

const marks: Readonly<Record<CheckResult['outcome'], string>> = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip' };

/** What came of the checks, a line each, for people; failures with what was printed. */
export function plainText(report: TestReport): string {
  const lines = [
    `${report.distribution}: ${report.packages.join(', ')} with ${report.packageManager} in ${report.root}`,
  ];
  for (const { story, title, outcome, message, output } of report.results) {
    const reason = message === undefined ? '' : ` (${message})`;
    lines.push(`${marks[outcome]} ${story}: ${title}${reason}`, ...output.map((line) => `       ${line}`));
  }
  return `${lines.join('\n')}\n${summary(report)}\n`;
}

/** `12 checks passed, 1 failed, 2 skipped`. */
export function summary(report: Pick<TestReport, 'results'>): string {
  const rest = (['failed', 'skipped'] as const)
    .map((outcome) => ({ outcome, count: countOf(report, outcome) }))
    .filter(({ count }) => count > 0)
    .map(({ outcome, count }) => `${String(count)} ${outcome}`);
  return [`${formatCount(countOf(report, 'passed'), 'check')} passed`, ...rest].join(', ');
}

import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { renderPage } from '../../../src/build-report/page.ts';
import { reportFileName, type BuildReport } from '../../../src/build-report/report.ts';
import { aBill, aReport, aReportedFile } from '../../support/build-report.ts';
import { aPackageDefinition, noRelations } from '../../support/definitions.ts';
import { expectGolden } from '../../support/golden.ts';
import { aRelation } from '../../support/manifest.ts';

const attack = `"><script>alert('x')</script><img src=x onerror=alert(1)>\u202e`;

/** Everything that a stranger's metadata can decide is an attack. */
const hostile: BuildReport = aReport({
  application: { name: attack, version: attack },
  source: { commit: attack, dirty: true, repository: attack },
  files: [aReportedFile(`${attack}.py`), aReportedFile('plain.py', { owner: attack })],
  bill: aBill(
    { fleet: ['evil', 'worse'], evil: [], worse: [] },
    {
      evil: { name: attack, version: attack, license: { kind: 'text', text: attack } },
      worse: { name: '', version: '', license: { kind: 'text', text: 'x'.repeat(300) } },
    },
  ),
  nativeFiles: [
    {
      path: attack,
      owner: 'pypi-evil',
      soname: attack,
      searched: [attack],
      needs: [
        { library: attack, versions: [attack], privatePath: undefined },
        { library: `lib${attack}`, versions: [attack], privatePath: attack },
      ],
    },
  ],
  declared: new Map([[attack, [attack]]]),
  packages: [
    {
      definition: aPackageDefinition({
        summary: attack,
        license: attack,
        relations: { ...noRelations, depends: [aRelation(attack)] },
      }),
      size: 1,
      sha256: 'b'.repeat(64),
    },
  ],
  lint: [
    { tool: attack, severity: attack, tag: attack, package: attack, path: attack, text: attack, overridden: attack },
  ],
});

const empty: BuildReport = aReport({
  source: { commit: undefined, dirty: false, repository: undefined },
  files: [],
  bill: { ...aBill({}), dependencies: new Map() },
  nativeFiles: [],
  packages: [{ definition: aPackageDefinition(), size: 700, sha256: 'b'.repeat(64) }],
  lint: [],
});

/** The style sheet is a file of its own that a person can read better; its digest changes with it. */
function withoutStyle(page: string): string {
  return page.replace(/<style>[^]*?<\/style>/, '<style></style>').replace(/sha256-[^&]+/, 'sha256-');
}

describe('the page about a build', () => {
  it.each([
    ['usual', aReport()],
    ['empty', empty],
    ['hostile', hostile],
  ])('is the one that a person has approved: %s', (name, report) => {
    expectGolden(`build-report/${name}.html`, withoutStyle(renderPage(report)));
  });

  it.each([
    ['usual', aReport()],
    ['empty', empty],
    ['hostile', hostile],
  ])('loads nothing and runs nothing: %s', (_name, report) => {
    const page = renderPage(report);
    expect(page).not.toMatch(/<(?:script|img|iframe|object|embed|base|form|audio|video|source|use|image)\b/i);
    // Attributes that hold code or style are behind what the policy allows; there are none.
    expect(page.replaceAll(/>[^<]*/g, '>').replaceAll(/"[^"]*"/g, '""')).not.toMatch(/\s(?:on\w+|style|src)\s*=/i);
    const links = [...page.matchAll(/\s(?:href|src|action)="([^"]*)"/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !link.startsWith('#') && link !== 'data:,')).toEqual([]);
    expect(page.match(/<style>[^]*<\/style>/)?.[0]).not.toMatch(/@import|url\(/);
  });

  it('lets its own style sheet in, by its digest, and nothing else', () => {
    const page = renderPage(aReport());
    const style = /<style>([^]*?)<\/style>/.exec(page)?.[1] ?? '';
    const digest = createHash('sha256').update(style).digest('base64');
    expect(page).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-${digest}&#39;; img-src data:; base-uri &#39;none&#39;; form-action &#39;none&#39;">`,
    );
  });

  it('links to what is there, and names nothing twice', () => {
    for (const report of [aReport(), empty, hostile]) {
      const page = renderPage(report);
      const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map((match) => match[1]);
      expect(new Set(ids).size).toBe(ids.length);
      const targets = [...page.matchAll(/href="#([^"]*)"/g)].map((match) => match[1]);
      expect(targets.filter((target) => !ids.includes(target))).toEqual([]);
    }
  });

  it('is the same whatever the order of what it is made of', () => {
    const report = aReport();
    expect(renderPage({ ...report, files: [...report.files].reverse() })).toBe(renderPage(report));
  });

  it('says whether linters ran, and puts what counts most first', () => {
    const finding = { tool: 'lintian', package: 'acme-fleet', text: '' } as const;
    expect(renderPage(aReport())).toContain('Not linted');
    expect(renderPage(aReport({ lint: [] }))).toContain('The linters found nothing.');
    const page = renderPage(
      aReport({
        lint: [
          { ...finding, severity: 'error', tag: 'overridden-error', overridden: 'it is meant' },
          { ...finding, severity: 'info', tag: 'small-matter' },
          { ...finding, severity: 'error', tag: 'real-error', path: '/opt/x' },
          { ...finding, severity: 'warning', tag: 'real-warning' },
        ],
      }),
    );
    const places = ['real-error', 'real-warning', 'small-matter', 'overridden-error'].map((tag) => page.indexOf(tag));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(page).toContain('<strong>3</strong> lint findings');
    expect(page).toContain('overridden: <bdi>it is meant</bdi>');
  });

  it('marks what is doubtful about licences', () => {
    const bill = aBill(
      { fleet: [], one: [], two: [], three: [] },
      {
        one: { license: { kind: 'unknown' } },
        two: { license: { kind: 'text', text: 'Apache 2.0' } },
        three: { id: 'interpreter', kind: 'interpreter', license: { kind: 'unknown' } },
      },
    );
    const page = renderPage(aReport({ bill }));
    expect(page).toContain('<span class="mark bad">the metadata names none</span>');
    expect(page).toContain('<span class="mark warn">not an SPDX expression; perhaps Apache-2.0 is meant</span>');
    expect(page).toContain('<strong>2</strong> doubtful licences');
  });

  it('has a name beside the package', () => {
    expect(reportFileName({ fileName: 'acme_1.0-1_amd64.deb' })).toBe('acme_1.0-1_amd64.deb.report.html');
  });
});

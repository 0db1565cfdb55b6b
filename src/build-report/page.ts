import { readTemplate, renderTemplate } from '../formats/templates.ts';
import { formatSize } from '../report/format.ts';
import { timestamp, type BillOfMaterials } from '../sbom/bill.ts';
import { fileKinds } from './file-kinds.ts';
import { drawDependencies, type DependencyDrawing } from './graph.ts';
import { countLicenses, licenseOfComponent } from './licenses.ts';
import { summarizeLibraries } from './native-files.ts';
import { showPackage } from './packages.ts';
import { pagePolicy } from './policy.ts';
import type { BuildReport, LintFinding, ReportedFile } from './report.ts';
import { divideSizes, ownerNames, type SizeGroup } from './sizes.ts';
import { escapeHtml } from './text.ts';
import { layOutTreemap } from './treemap.ts';

type Values = Readonly<Record<string, unknown>>;

/** A part of the page; escapes everything but what is printed with `<%-`. */
function render(template: string, values: Values): string {
  return renderTemplate(`spec-templates/html/${template}.ejs`, { ...helpers, ...values }, escapeHtml);
}

/** Numbers as people read them. */
function percent(part: number, whole: number): string {
  if (whole === 0) return '0 %';
  const share = (part / whole) * 100;
  return share > 0 && share < 0.1 ? '< 0.1 %' : `${share.toFixed(1)} %`;
}

/** `12 345`, with a space that does not break: no locale has a say. */
function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, '\u00a0');
}

/** Places in a drawing: two decimals are more than a screen shows. */
function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}

const helpers = { formatSize, grouped, percent, px } as const;

/** How many of the largest files are named. */
const largestFiles = 20;

/** A treemap is laid out for a screen, and once more for a telephone, where letters of the former would be too small. */
const treemapSizes = [
  { className: 'wide', width: 1080, height: 540 },
  { className: 'narrow', width: 360, height: 560 },
] as const;

function renderView(view: 'distribution' | 'kind', groups: readonly SizeGroup[], report: BuildReport): string {
  const maps = treemapSizes.map(({ className, width, height }) => {
    return render('treemap', { className, view, map: layOutTreemap(groups, width, height) });
  });
  const size = groups.reduce((sum, group) => sum + group.size, 0);
  const files = groups.reduce((sum, group) => sum + group.files, 0);
  return render('sizes-view', { view, maps: maps.join(''), groups, total: { size, files }, target: report.target });
}

function renderSizes(report: BuildReport): string {
  const { byDistribution, byKind, total } = divideSizes(report);
  const nameOf = ownerNames(report);
  const bySize = (a: ReportedFile, b: ReportedFile): number => b.size - a.size || (a.path < b.path ? -1 : 1);
  return render('sizes', {
    total,
    prefix: report.target.prefix,
    views: renderView('distribution', byDistribution, report) + renderView('kind', byKind, report),
    kinds: byKind.map(({ id, label }) => ({ id, label })),
    largest: [...report.files]
      .sort(bySize)
      .slice(0, largestFiles)
      .map(({ path, size, kind, owner }) => ({ path, size, kind: fileKinds[kind], owner: nameOf(owner).label })),
  });
}

function renderDependencies(bill: BillOfMaterials, drawing: DependencyDrawing | undefined): string {
  const { subject, components, dependencies } = bill;
  const parts = [subject, ...components];
  const byId = new Map(parts.map((part) => [part.id, part]));
  const named = (ids: readonly string[]): readonly { readonly id: string; readonly name: string }[] =>
    ids.map((id) => ({ id, name: byId.get(id)?.name ?? id }));
  return render('dependencies', {
    circular: drawing?.edges.some(({ closing }) => closing) === true,
    graph: drawing === undefined ? '' : render('graph', { drawing }),
    rows: parts.map(({ id, name, version, kind }) => ({
      ...{ id, name, version, kind },
      requires: named(dependencies.get(id) ?? []),
      requiredBy: named(
        parts.map((other) => other.id).filter((other) => dependencies.get(other)?.includes(id) === true),
      ),
    })),
  });
}

function renderLicenses(bill: BillOfMaterials): string {
  return render('licenses', {
    counts: countLicenses(bill),
    components: bill.components.map((component) => ({ ...component, license: licenseOfComponent(component) })),
  });
}

function renderNative(report: BuildReport): string {
  const nameOf = ownerNames(report);
  return render('native', {
    libraries: summarizeLibraries(report.nativeFiles).map((library) => {
      return { ...library, declared: report.declared.get(library.library) ?? [] };
    }),
    files: report.nativeFiles.map((file) => ({ ...file, soname: file.soname ?? '', owner: nameOf(file.owner).label })),
  });
}

/** Errors before warnings before what is less, what is overridden last. */
function lintRank({ severity, overridden }: LintFinding): number {
  const known = ['error', 'warning', 'info'].indexOf(severity);
  return (overridden === undefined ? 0 : 10) + (known === -1 ? 3 : known);
}

function renderLint(lint: BuildReport['lint']): string {
  const key = ({ package: name, tag, path, text }: LintFinding): string => JSON.stringify([name, tag, path, text]);
  return render('lint', {
    linted: lint !== undefined,
    findings: [...(lint ?? [])].sort((a, b) => lintRank(a) - lintRank(b) || (key(a) < key(b) ? -1 : 1)),
  });
}

/** Lets a node's edges stand out while it is pointed at, or has the focus. Numbers only: nothing in it needs escaping. */
function edgeRules(drawing: DependencyDrawing | undefined): string {
  return (drawing?.nodes ?? [])
    .map(({ index }) => {
      const number = String(index);
      return `.graph:has(.n${number}:is(:hover,:focus-visible)) :is(.o${number},.i${number}){stroke:var(--accent);stroke-width:2.5}\n`;
    })
    .join('');
}

/**
 * The page about a build: one file of HTML that loads nothing, runs no script, and leads nowhere. Its style sheet is the only
 * thing that its Content-Security-Policy lets in, by its digest.
 * @returns UTF-8; the same for the same report
 */
export function renderPage(report: BuildReport): string {
  const { application, target, source, epoch, bill, lint } = report;
  const drawing = drawDependencies(bill);
  const style = readTemplate('spec-templates/html/page.css') + edgeRules(drawing);
  return render('page', {
    application,
    target,
    source: { commit: source.commit ?? '', dirty: source.dirty, repository: source.repository ?? '' },
    epoch,
    date: timestamp(epoch),
    style,
    policy: pagePolicy(style),
    summary: {
      installed: divideSizes(report).total,
      distributions: bill.components.filter(({ kind }) => kind !== 'interpreter').length,
      nativeFiles: report.nativeFiles.length,
      packages: report.packages.length,
      licenses: bill.components.filter(({ kind, license }) => kind !== 'interpreter' && license.kind !== 'spdx').length,
      lint: lint?.filter(({ overridden }) => overridden === undefined).length ?? -1,
    },
    packages: render('packages', { packages: report.packages.map(showPackage) }),
    sizes: renderSizes(report),
    dependencies: renderDependencies(bill, drawing),
    licenses: renderLicenses(bill),
    native: renderNative(report),
    lint: renderLint(lint),
  });
}

import { pagePolicy } from '../../build-report/policy.ts';
import { escapeHtml } from '../../build-report/text.ts';
import { readTemplate, renderTemplate } from '../../formats/templates.ts';
import { formatCount } from '../../report/format.ts';
import { timestamp } from '../../sbom/bill.ts';
import { bytesObject } from '../../store/new-object.ts';
import type { NewObject } from '../../store/object-store.ts';
import { keyCommands, type CommandBlock } from './commands.ts';
import { codeBlock, codeSpan, escapeMarkdown } from './markdown.ts';
import { repositoriesDocument } from './repositories.ts';
import { groupFingerprint, minute, showDistributions, type ShownVersion } from './show.ts';
import type { RepositoryView } from './view.ts';

/** Keys, relative to the store, of what {@link renderPages} makes. */
export const pageKeys = ['index.html', 'install.md', 'repositories.json'] as const;

type Values = Readonly<Record<string, unknown>>;

function html(template: string, values: Values): string {
  return renderTemplate(`spec-templates/landing/${template}.ejs`, { ...helpers, ...values }, escapeHtml);
}

const helpers = {
  minute,
  timestamp,
  groupFingerprint,
  formatCount,
  commands: (lines: readonly string[]): string => html('commands.html', { lines }),
  block: (block: CommandBlock): string => html('block.html', { block }),
  versions: (rows: readonly ShownVersion[], caption: string): string => html('versions.html', { rows, caption }),
} as const;

/** What the two pages for people say. */
function pageValues(view: RepositoryView): Values {
  return {
    name: view.name,
    baseurl: view.baseurl,
    date: view.date,
    isSigned: view.key !== undefined,
    key: view.key ?? '',
    keyCommands: view.key === undefined ? [] : keyCommands(view.key),
    distributions: showDistributions(view),
  };
}

/** @returns HTML that runs nothing, loads nothing, and leads to what lies beside it only; the same for the same view */
export function renderLandingPage(view: RepositoryView): string {
  const style = readTemplate('spec-templates/landing/page.css');
  const values = pageValues(view);
  return html('index.html', {
    ...values,
    style,
    policy: pagePolicy(style),
    sections: showDistributions(view)
      .map((distribution) => html('distribution.html', { distribution }))
      .join(''),
  });
}

/** @returns the same in Markdown, for whoever reads in a terminal or copies it into a handbook */
export function renderInstructions(view: RepositoryView): string {
  const values = { ...pageValues(view), minute, groupFingerprint, code: codeSpan, codeBlock };
  return renderTemplate('spec-templates/landing/install.md.ejs', values, escapeMarkdown);
}

function textObject(key: string, contentType: string, text: string): NewObject {
  // They say what the indexes say, and change with them.
  return bytesObject(key, text, { contentType, caching: 'revalidate' });
}

/**
 * The files at the root of a store that tell visitors, and programs, what is there. They are written after the indexes
 * that they describe: they may lag behind them, and never lead.
 * @returns index.html, install.md, repositories.json; the same bytes for the same view
 */
export function renderPages(view: RepositoryView): readonly NewObject[] {
  return [
    textObject('index.html', 'text/html; charset=utf-8', renderLandingPage(view)),
    textObject('install.md', 'text/markdown; charset=utf-8', renderInstructions(view)),
    textObject('repositories.json', 'application/json', `${JSON.stringify(repositoriesDocument(view), null, 1)}\n`),
  ];
}

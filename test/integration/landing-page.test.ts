import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { installCommands } from '../../src/publication/page/commands.ts';
import { renderPages } from '../../src/publication/page/pages.ts';
import { viewOf, type ViewRequest } from '../../src/publication/page/view-of.ts';
import { attributes, computedStyle, openBrowser, overflow, whyNoBrowser } from '../support/browser.ts';
import { aRelease, attack, hostileRequest, publishedAt, usualRequest } from '../support/landing.ts';

const obstacle = whyNoBrowser();
const reason = obstacle === undefined ? '' : ` (skipped: ${obstacle})`;

const requests = {
  usual: usualRequest(),
  hostile: hostileRequest(),
  empty: { release: aRelease({ key: undefined }), key: undefined, date: publishedAt, places: [] },
} as const satisfies Record<string, ViewRequest>;
type Name = keyof typeof requests;
const names = Object.keys(requests) as readonly Name[];

interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** Whatever was asked for, anywhere. */
  readonly requests: readonly string[];
  /** Messages of the console, errors, dialogs. */
  readonly troubles: readonly string[];
}

/** WCAG 2.2, "relative luminance" of `rgb(…)`. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [...colour.matchAll(/[\d.]+/g)].slice(0, 3).map(([number]) => {
    const value = Number(number) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

interface Shown {
  readonly text: string;
  readonly colour: string;
  readonly ground: string;
  /** Pixels. */
  readonly fontSize: number;
}

/** As much of an element as the functions below use: the types of a browser do not belong into a program for Node. */
interface PageElement {
  readonly childNodes: Iterable<{ readonly nodeType: number; readonly textContent: string | null }>;
  readonly parentElement: PageElement | null;
  readonly textContent: string | null;
  getBoundingClientRect(): { readonly width: number; readonly height: number };
  checkVisibility(): boolean;
}

interface PageGlobals {
  readonly document: { querySelectorAll(selector: string): Iterable<PageElement> };
  readonly getComputedStyle: (element: PageElement) => Readonly<Record<string, string>>;
  getSelection(): { selectAllChildren(node: unknown): void; toString(): string };
}

/** Every element with text of its own: its colour, and the first ground below it that is not transparent. */
async function shownTexts(page: Page): Promise<readonly Shown[]> {
  return page.evaluate(() => {
    const { document, getComputedStyle } = globalThis as unknown as PageGlobals;
    const groundOf = (element: PageElement | null): string => {
      if (element === null) return 'rgb(255, 255, 255)';
      const ground = getComputedStyle(element)['backgroundColor'] ?? '';
      return ground === 'rgba(0, 0, 0, 0)' ? groundOf(element.parentElement) : ground;
    };
    return Array.from(document.querySelectorAll('body *'))
      .filter((each) => each.checkVisibility())
      .filter((each) =>
        Array.from(each.childNodes).some((node) => node.nodeType === 3 && node.textContent?.trim() !== ''),
      )
      .map((each) => ({
        text: (each.textContent ?? '').slice(0, 40),
        colour: getComputedStyle(each)['color'] ?? '',
        ground: groundOf(each),
        fontSize: Number.parseFloat(getComputedStyle(each)['fontSize'] ?? '0'),
      }));
  });
}

describe.skipIf(obstacle !== undefined)(`the landing page in Chromium${reason}`, () => {
  let browser: Browser;
  let server: Server;
  let address = '';
  const served = new Map<string, string>();
  const shots = mkdtempSync(join(tmpdir(), 'cb-landing-'));

  beforeAll(async () => {
    browser = await openBrowser();
    for (const name of names) {
      for (const { key, body } of renderPages(viewOf(requests[name]))) {
        served.set(`/${name}/${key}`, body.kind === 'bytes' ? Buffer.from(body.bytes).toString('utf8') : '');
      }
    }
    server = createServer((request, response) => {
      const content = served.get(request.url ?? '');
      response
        .writeHead(content === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' })
        .end(content);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });

  afterAll(async () => {
    await browser.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(shots, { recursive: true, force: true });
  });

  async function open(name: Name, options: BrowserContextOptions = {}): Promise<Opened> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    const [asked, troubles]: [string[], string[]] = [[], []];
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => troubles.push(message.text()));
    page.on('pageerror', (error) => troubles.push(String(error)));
    page.on('dialog', (dialog) => {
      troubles.push(dialog.message());
      void dialog.dismiss();
    });
    await page.goto(`${address}/${name}/index.html`, { waitUntil: 'networkidle' });
    return { page, requests: asked, troubles, [Symbol.asyncDispose]: () => context.close() };
  }

  async function openAllDetails(page: Page): Promise<void> {
    for (const summary of await page.locator('summary:visible').all()) await summary.click();
  }

  it.each(names)('loads nothing and runs nothing: %s', async (name) => {
    await using opened = await open(name);
    await openAllDetails(opened.page);
    expect(opened.requests.filter((url) => url !== 'data:,')).toEqual([`${address}/${name}/index.html`]);
    expect(opened.troubles).toEqual([]);
    const foreign = 'script, img, iframe, object, embed, svg, form, [style], link:not([rel=icon])';
    expect(await opened.page.locator(foreign).count()).toBe(0);
    expect(await opened.page.title()).not.toBe('owned');
  });

  it.each(names.flatMap((name) => ([360, 768, 1280] as const).map((width) => [name, width] as const)))(
    'of %s fits a window of %d px, with all that is folded',
    async (name, width) => {
      await using opened = await open(name, { viewport: { width, height: 740 } });
      await openAllDetails(opened.page);
      expect(await overflow(opened.page)).toEqual({ page: width, wide: [] });
      const path = join(shots, `${name}-${String(width)}.png`);
      await opened.page.screenshot({ path });
      expect(statSync(path).size).toBeGreaterThan(5_000);
    },
  );

  // WCAG 2.2, 1.4.3 (AA): 4.5 for text. 2.5.8 (AA): targets of 24 px; those that one comes for are larger.
  it.each(['light', 'dark'] as const)('can be read and touched on a telephone, %s', async (colorScheme) => {
    await using opened = await open('usual', { viewport: { width: 360, height: 740 }, colorScheme });
    await openAllDetails(opened.page);
    const texts = await shownTexts(opened.page);
    expect(texts.length).toBeGreaterThan(200);
    expect(texts.filter(({ colour, ground }) => contrast(colour, ground) < 4.5)).toEqual([]);
    expect(texts.filter(({ fontSize }) => fontSize < 13)).toEqual([]);
    for (const link of await opened.page.locator('nav a, summary:visible').all()) {
      expect((await link.boundingBox())?.height).toBeGreaterThanOrEqual(44);
    }
    for (const link of await opened.page.locator('tbody th a:visible').all()) {
      expect((await link.boundingBox())?.height).toBeGreaterThanOrEqual(24);
    }
  });

  it('would be seen not to be readable, and not to fit', async () => {
    await using opened = await open('usual', { viewport: { width: 360, height: 740 } });
    await opened.page.locator('.lead').evaluate((element) => {
      const { style } = element as unknown as { readonly style: Record<string, string> };
      Object.assign(style, { color: 'rgb(150, 150, 150)', width: '400px' });
    });
    const texts = await shownTexts(opened.page);
    expect(texts.filter(({ colour, ground }) => contrast(colour, ground) < 4.5)).toHaveLength(1);
    expect((await overflow(opened.page)).wide).toHaveLength(1);
  });

  it('is dark when that is asked for, and light on paper, with all that is folded', async () => {
    await using opened = await open('usual', { colorScheme: 'dark' });
    expect(await computedStyle(opened.page, 'body', 'backgroundColor')).toBe('rgb(18, 22, 26)');
    await opened.page.emulateMedia({ media: 'print' });
    expect(await computedStyle(opened.page, 'body', 'backgroundColor')).toBe('rgb(255, 255, 255)');
    const folded = opened.page.locator('details pre');
    expect(await folded.count()).toBeGreaterThan(10);
    for (const each of await folded.all()) expect(await each.isVisible()).toBe(true);
  });

  it.each(names)('has headings in order, a language, landmarks and a way past the navigation: %s', async (name) => {
    await using opened = await open(name);
    const { page } = opened;
    const tags = await page
      .locator('h1, h2, h3, h4, h5, h6')
      .evaluateAll((all) => (all as unknown as readonly { readonly tagName: string }[]).map(({ tagName }) => tagName));
    const numbers = tags.map((tag) => Number(tag.slice(1)));
    expect(numbers.filter((level) => level === 1)).toHaveLength(1);
    expect(numbers[0]).toBe(1);
    for (const [index, level] of numbers.entries()) expect(level - (numbers[index - 1] ?? 0)).toBeLessThanOrEqual(1);
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    expect(await page.locator('main').count()).toBe(1);
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').textContent()).toBe('Skip to the content');
    expect(await page.locator('main#content').count()).toBe(1);
  });

  it('leads from the navigation to a section for each distribution, and to nothing that is not there', async () => {
    await using opened = await open('usual');
    const { page } = opened;
    const targets = await attributes(page.locator('nav a'), 'href');
    expect(targets).toEqual(
      ['centos-7', 'debian-11', 'debian-13', 'fedora-43', 'opensuse-leap-15.6', 'rocky-9', 'ubuntu-14.04'].map(
        (id) => `#${id}`,
      ),
    );
    for (const target of targets) expect(await page.locator(`[id="${target?.slice(1) ?? ''}"]`).count()).toBe(1);
    const ids = await attributes(page.locator('[id]'), 'id');
    expect(new Set(ids).size).toBe(ids.length);
    // What is at this store is named relative to the page, so that a mirror of it works.
    const links = await attributes(page.locator('main a, footer a'), 'href');
    expect(links.filter((link) => /^[a-z]+:|^\//.test(link ?? ''))).toEqual([]);
    await page.locator('nav a').nth(2).click();
    expect(await page.locator('#debian-13').isVisible()).toBe(true);
    expect(await page.locator(':target').getAttribute('id')).toBe('debian-13');
  });

  it.each([
    ['with JavaScript', true],
    ['without', false],
  ])('shows the commands and nothing else where they are copied from, %s', async (_title, javaScriptEnabled) => {
    await using opened = await open('usual', { javaScriptEnabled });
    const view = viewOf(requests.usual);
    for (const distribution of view.distributions) {
      const section = opened.page.locator(`section[id="${distribution.distribution.id}"]`);
      const expected = installCommands(distribution, view).map(({ lines }) =>
        lines.map((line) => `${line}\n`).join(''),
      );
      expect(await section.locator('pre').allTextContents()).toEqual(expected);
    }
  });

  it.each([360, 1280])('gives what was typed when commands are selected and copied, at %d px', async (width) => {
    await using opened = await open('usual', { viewport: { width, height: 740 } });
    const view = viewOf(requests.usual);
    const [distribution] = view.distributions;
    const [block] = installCommands(distribution!, view);
    const selected = await opened.page
      .locator('pre')
      .first()
      .evaluate((element) => {
        const selection = (globalThis as unknown as PageGlobals).getSelection();
        selection.selectAllChildren(element);
        return selection.toString();
      });
    expect(selected).toBe(block?.lines.join('\n'));
  });

  it('shows what strangers have written as it is', async () => {
    await using opened = await open('hostile');
    const visible = attack.replace('\u202e', String.raw`\u{202e}`);
    expect(await opened.page.locator('h1').textContent()).toBe(`Acme ${visible}`);
    expect(await opened.page.locator('tbody th').first().textContent()).toBe(visible);
    expect(await opened.page.locator('nav a').count()).toBe(1);
  });

  it('says that nothing is published, where nothing is', async () => {
    await using opened = await open('empty');
    expect(await opened.page.locator('.lead').textContent()).toBe('Nothing is published here yet.');
    expect(await opened.page.locator('#key').textContent()).toContain('Nothing here is signed');
  });
});

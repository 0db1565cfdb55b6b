import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import { chromium, type Browser, type Locator, type Page } from 'playwright-core';

/** What Chromium is called: by Debian, by Ubuntu, by its maker. */
const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findBrowser(): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  return names.flatMap((name) => directories.map((directory) => join(directory, name))).find(isProgram);
}

/** Why no page can be looked at; undefined when there is a browser. */
export function whyNoBrowser(): string | undefined {
  return findBrowser() === undefined ? 'there is no Chromium; on Debian: apt-get install chromium' : undefined;
}

/** Starts this machine's Chromium without a window. It is our own process: close it. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error(whyNoBrowser());
  // Chromium's sandbox needs a user that is not root. All that is opened here are our own pages.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args });
}

/** As much of an element as these functions use: the types of a browser do not belong into a program for Node. */
interface PageElement {
  readonly outerHTML: string;
  closest(selector: string): PageElement | null;
  getAttribute(name: string): string | null;
  getBBox(): { readonly width: number; readonly height: number };
  getBoundingClientRect(): { readonly right: number };
}

/** What is global in a page. */
interface PageGlobals {
  readonly innerWidth: number;
  readonly document: {
    readonly documentElement: { readonly scrollWidth: number };
    querySelectorAll(selector: string): Iterable<PageElement>;
  };
  getComputedStyle(element: unknown): Readonly<Record<string, string>>;
}

/** An attribute of every element, in the order of the page. */
export async function attributes(locator: Locator, name: string): Promise<readonly (string | null)[]> {
  return locator.evaluateAll(
    (all, attribute) => (all as unknown as readonly PageElement[]).map((each) => each.getAttribute(attribute)),
    name,
  );
}

/** Of every element of a picture the area that it takes, in the picture's own units, as the browser measures it. */
export async function drawnAreas(locator: Locator): Promise<readonly number[]> {
  return locator.evaluateAll((all) =>
    (all as unknown as readonly PageElement[]).map((each) => each.getBBox()).map((box) => box.width * box.height),
  );
}

/** A property of an element's style as the browser computes it. */
export async function computedStyle(page: Page, selector: string, property: string): Promise<string | undefined> {
  return page
    .locator(selector)
    .first()
    .evaluate((element, name) => (globalThis as unknown as PageGlobals).getComputedStyle(element)[name], property);
}

/** How wide a page gets, and what reaches out of the window or its section; what scrolls by itself does not count. */
export async function overflow(page: Page): Promise<{ readonly page: number; readonly wide: readonly string[] }> {
  return page.evaluate(() => {
    const { document, innerWidth } = globalThis as unknown as PageGlobals;
    return {
      page: document.documentElement.scrollWidth,
      wide: Array.from(document.querySelectorAll('body *'))
        .filter((each) => each.closest('.scroll, .skip, thead') === null)
        .filter((each) => {
          const room = each.closest('section')?.getBoundingClientRect().right ?? innerWidth;
          return each.getBoundingClientRect().right > Math.min(room, innerWidth) + 0.5;
        })
        .map((each) => each.outerHTML.slice(0, 200)),
    };
  });
}

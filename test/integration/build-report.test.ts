import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';

import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { attributes, computedStyle, drawnAreas, openBrowser, overflow, whyNoBrowser } from '../support/browser.ts';
import { fleetCheckout, type BuiltPackage } from '../support/builds.ts';
import { listing, openCommandLine, type CommandLine } from '../support/command-line.ts';
import { elfLibrary } from '../support/elf.ts';
import { mustRun } from '../support/machine.ts';
import { makeWheel } from '../support/wheels.ts';

const obstacle = whyNoBrowser();
const reason = obstacle === undefined ? '' : ` (skipped: ${obstacle})`;

const attack = `"><script>document.title='owned'</script><img src="http://127.0.0.1:9/x" onerror="alert(1)"> & 'more'`;
const manifest = 'name: hello\npackage-prefix: acme\nmaintainer: Acme <acme@example.com>\nvendor: Acme\n';
const hello = {
  name: 'hello',
  version: '1.2.0',
  summary: attack,
  scripts: { hello: 'hello:main' },
  files: { 'hello.py': 'def main():\n    print("hello")\n' },
  requires: ['leaf>=1', 'twig'],
  metadata: ['License-Expression: Apache-2.0'],
};
const deb = 'acme-python-hello_1.2.0-1+debian12_amd64.deb';
const page = `${deb}.report.html`;
const environment = { SOURCE_DATE_EPOCH: '1700000000' };

type Row = BuiltPackage & { readonly report?: string };

let line: CommandLine;

beforeAll(async () => {
  line = await openCommandLine();
  makeWheel(line.indexFiles, {
    name: 'leaf',
    version: '1.0',
    tag: 'cp311-cp311-manylinux_2_17_x86_64',
    requires: ['twig'],
    metadata: [`License: ${attack}`],
    files: {
      'leaf/__init__.py': '',
      'leaf/_fast.so': elfLibrary({
        needed: ['libquick-1.so.1', 'libc.so.6'],
        versions: { 'libc.so.6': ['GLIBC_2.17'] },
        runpath: '$ORIGIN/../leaf.libs',
      }),
      'leaf.libs/libquick-1.so.1': elfLibrary({ soname: 'libquick-1.so.1' }),
      [`leaf/<img src=x onerror=alert(2)>.txt`]: 'x'.repeat(50_000),
    },
  });
  makeWheel(line.indexFiles, {
    name: 'twig',
    version: '2',
    requires: ['leaf'],
    files: { 'twig/__init__.py': '', 'twig/tests/test_twig.py': '# '.repeat(4000) },
  });
  return async () => line[Symbol.asyncDispose]();
});

function project(): string {
  return line.project(hello, { 'coachbuilder.yaml': manifest });
}

/** Bytes of the regular files in a package, as its own tool has them. */
async function installedBytes(path: string): Promise<number> {
  if (path.endsWith('.deb')) {
    const { stdout } = await mustRun(['sh', '-c', 'dpkg-deb --fsys-tarfile "$1" | tar tv', 'sh', path]);
    const files = stdout.split('\n').filter((each) => each.startsWith('-'));
    return files.reduce((sum, each) => sum + Number(each.split(/\s+/)[2]), 0);
  }
  const { stdout } = await mustRun(['rpm', '-qp', '--qf', '[%{FILEMODES:perms} %{LONGFILESIZES}\n]', path]);
  const files = stdout.split('\n').filter((each) => each.startsWith('-'));
  return files.reduce((sum, each) => sum + Number(each.split(' ')[1]), 0);
}

/** A page in the browser, and all that it did beside being there. */
interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** Paths that were asked for, of our server or of any other. */
  readonly requests: readonly string[];
  /** Messages of the console, errors, questions. */
  readonly troubles: readonly string[];
}

describe.skipIf(obstacle !== undefined)(`the page about a build in a browser${reason}`, () => {
  let browser: Browser;
  let server: Server;
  const pages = new Map<string, string>();

  beforeAll(async () => {
    browser = await openBrowser();
    // A server sees what a browser asks for, whatever the browser says about it.
    server = createServer((request, response) => {
      const text = pages.get(request.url ?? '');
      response.writeHead(text === undefined ? 404 : 200, { 'content-type': 'text/html' }).end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    await browser.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  async function open(path: string, options: BrowserContextOptions = {}): Promise<Opened> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const opened = await context.newPage();
    const requests: string[] = [];
    const troubles: string[] = [];
    const seen = (request: { readonly url?: string | undefined }): unknown => requests.push(request.url ?? '');
    server.on('request', seen);
    const address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    pages.set('/page.html', readFileSync(path, 'utf8'));
    opened.on('request', (request) => {
      if (!request.url().startsWith(address) && request.url() !== 'data:,') requests.push(request.url());
    });
    opened.on('console', (message) => troubles.push(message.text()));
    opened.on('pageerror', (error) => troubles.push(String(error)));
    opened.on('dialog', (dialog) => {
      troubles.push(dialog.message());
      void dialog.dismiss();
    });
    await opened.goto(`${address}/page.html`, { waitUntil: 'networkidle' });
    return {
      page: opened,
      requests,
      troubles,
      async [Symbol.asyncDispose]() {
        server.off('request', seen);
        await context.close();
      },
    };
  }

  async function numbers(locator: Locator, attribute: string): Promise<readonly number[]> {
    const values = await attributes(locator, attribute);
    return values.map(Number);
  }

  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const sorted = (values: readonly number[]): readonly number[] => [...values].sort((a, b) => a - b);

  /** Asserts what is true of the size part of every page, in the way of dividing that is shown. */
  async function expectSizes(shown: Page, view: 'distribution' | 'kind', bytes: number): Promise<void> {
    const map = shown.locator(`.by-${view} svg.treemap:visible`);
    expect(await map.count()).toBe(1);
    const tiles = await numbers(map.locator('rect.tile'), 'data-bytes');
    expect(sum(tiles)).toBe(bytes);
    // The same numbers in the tables, group by group and part by part.
    expect(sum(await numbers(shown.locator(`#sizes-by-${view} tbody data`), 'value'))).toBe(bytes);
    expect(await numbers(shown.locator(`#sizes-by-${view} tfoot data`), 'value')).toEqual([bytes]);
    const parts = await numbers(shown.locator(`#parts-by-${view} tbody data`), 'value');
    expect(sorted(parts.filter((value) => value > 0))).toEqual(sorted(tiles));
    // What is drawn is in proportion, as the browser measures it.
    const areas = await drawnAreas(map.locator('rect.tile'));
    for (const [index, area] of areas.entries()) {
      const share = (tiles[index] ?? 0) / bytes;
      expect(Math.abs(area / sum(areas) - share)).toBeLessThan(0.002);
    }
  }

  async function openAllDetails(shown: Page): Promise<void> {
    for (const summary of await shown.locator('summary:visible').all()) await summary.click();
  }

  async function expectNoOverflow(shown: Page): Promise<void> {
    expect(await overflow(shown)).toEqual({ page: shown.viewportSize()?.width, wide: [] });
  }

  describe('of the example', () => {
    let rows: readonly Row[];
    const main = (format: string): Row => {
      const found = rows.find((row) => row.format === format && row.report !== undefined);
      if (found === undefined) throw new Error(`there is no page of the ${format}`);
      return found;
    };

    beforeAll(async () => {
      const uri = await fleetCheckout(join(line.directory, 'example'));
      const destination = line.newDirectory('example-packages');
      const { stdout, stderr, exitCode } = await line.run(
        ['--distribution=debian-12,rocky-9', '--report', '--json', '-d', destination, uri],
        {
          env: {
            ...environment,
            PIP_INDEX_URL: process.env['PIP_INDEX_URL'],
            PIP_CONFIG_FILE: process.env['PIP_CONFIG_FILE'],
          },
        },
      );
      if (exitCode !== 0) throw new Error(stderr);
      rows = JSON.parse(stdout) as readonly Row[];
    });

    it.each(['deb', 'rpm'])(
      'says of the %s what its own tool says: size and digest of the file, bytes installed',
      async (format) => {
        const row = main(format);
        await using opened = await open(row.report ?? '');
        const shown = opened.page;
        await expectSizes(shown, 'distribution', await installedBytes(row.path));
        const { stdout } = await mustRun(['sha256sum', row.path]);
        expect(await shown.locator('#packages .digest').first().textContent()).toBe(stdout.split(' ')[0]);
        expect(await shown.locator('#packages').textContent()).toContain(basename(row.path));
        expect(await shown.locator('#packages h3').count()).toBe(rows.filter((each) => each.format === format).length);
        expect(await shown.locator('#sizes-by-distribution').textContent()).toContain('attrs');
        expect(opened.troubles).toEqual([]);
        expect(opened.requests).toEqual(['/page.html']);
      },
    );

    it.each([
      ['with JavaScript', true],
      ['without', false],
    ])('divides sizes the other way when that is clicked, %s', async (_title, javaScriptEnabled) => {
      const row = main('deb');
      const bytes = await installedBytes(row.path);
      await using opened = await open(row.report ?? '', { javaScriptEnabled });
      const shown = opened.page;
      await expectSizes(shown, 'distribution', bytes);
      expect(await shown.locator('.by-kind').isVisible()).toBe(false);
      await shown.locator('label', { hasText: 'kind of file' }).click();
      await expectSizes(shown, 'kind', bytes);
      expect(await shown.locator('.by-distribution').isVisible()).toBe(false);
      // From the keyboard as well: it is a group of radio buttons.
      await shown.keyboard.press('ArrowLeft');
      expect(await shown.locator('.by-distribution').isVisible()).toBe(true);
      expect(opened.troubles).toEqual([]);
    });

    it.each([
      [360, 'light'],
      [360, 'dark'],
      [768, 'light'],
      [1280, 'dark'],
    ] as const)('fits a screen of %d px, %s', async (width, colorScheme) => {
      await using opened = await open(main('rpm').report ?? '', { viewport: { width, height: 740 }, colorScheme });
      await expectSizes(opened.page, 'distribution', await installedBytes(main('rpm').path));
      await openAllDetails(opened.page);
      await expectNoOverflow(opened.page);
    });

    it('is dark when that is asked for', async () => {
      const ground = async (colorScheme: 'light' | 'dark'): Promise<string | undefined> => {
        await using opened = await open(main('deb').report ?? '', { colorScheme });
        return await computedStyle(opened.page, 'body', 'backgroundColor');
      };
      expect([await ground('light'), await ground('dark')]).toEqual(['rgb(244, 246, 248)', 'rgb(18, 22, 26)']);
    });

    it('can be walked through with the keyboard, and shows where one is', async () => {
      await using opened = await open(main('deb').report ?? '');
      const shown = opened.page;
      await shown.keyboard.press('Tab');
      expect(await shown.locator(':focus').textContent()).toBe('Skip to the content');
      await shown.keyboard.press('Tab');
      expect(await shown.locator(':focus').getAttribute('href')).toBe('#packages');
      expect(await computedStyle(shown, ':focus', 'outlineStyle')).toBe('solid');
    });

    it('prints whole: both ways of dividing, and what is folded', async () => {
      await using opened = await open(main('deb').report ?? '', { colorScheme: 'dark' });
      await opened.page.emulateMedia({ media: 'print' });
      // On paper, whoever reads in the dark.
      expect(await computedStyle(opened.page, 'body', 'color')).toBe('rgb(27, 33, 39)');
      expect(await computedStyle(opened.page, 'body', 'backgroundColor')).toBe('rgb(255, 255, 255)');
      for (const place of ['#sizes-by-distribution', '#sizes-by-kind', '#parts-by-kind', '#largest-files'])
        expect(await opened.page.locator(place).isVisible(), place).toBe(true);
    });
  });

  describe('of what strangers have written', () => {
    let destination: string;

    beforeAll(async () => {
      destination = line.newDirectory('hostile-packages');
      const outcome = await line.run(['--distribution=debian-12', '--report', '-d', destination, project()], {
        env: environment,
      });
      expect(outcome).toMatchObject({ exitCode: 0 });
    });

    it('shows it as it is, and runs and loads none of it', async () => {
      await using opened = await open(join(destination, page));
      const shown = opened.page;
      await openAllDetails(shown);
      expect(await shown.title()).toBe('hello 1.2.0 for debian-12');
      expect(await shown.locator('script, img, iframe, object, [onerror], [style]').count()).toBe(0);
      // A summary from metadata is cut to what the formats take.
      const summary = (await shown.locator('#packages article p').first().textContent()) ?? '';
      expect(summary).toContain("<script>document.title='owned'</script>");
      expect(attack).toContain(summary);
      expect(await shown.locator('#license-counts').textContent()).toContain(attack.slice(0, 90));
      expect(await shown.locator('#largest-files').textContent()).toContain('leaf/<img src=x onerror=alert(2)>.txt');
      expect(opened.troubles).toEqual([]);
      expect(opened.requests).toEqual(['/page.html']);
    });

    it('fits a screen of 360 px all the same', async () => {
      await using opened = await open(join(destination, page), { viewport: { width: 360, height: 740 } });
      await openAllDetails(opened.page);
      await expectNoOverflow(opened.page);
    });

    it('is kept from running by its policy, even if something slipped in', async () => {
      const path = join(line.newDirectory('altered'), 'page.html');
      const altered = readFileSync(join(destination, page), 'utf8').replace(
        '<h1>',
        '<script>document.title = "owned"</script><img src="/stolen" onerror="document.title = 1"><h1>',
      );
      writeFileSync(path, altered);
      await using opened = await open(path);
      expect(await opened.page.title()).toBe('hello 1.2.0 for debian-12');
      expect(opened.requests).toEqual(['/page.html']);
      expect(opened.troubles.join('\n')).toContain('Content Security Policy');
    });

    it('draws who requires whom, and the table says the same', async () => {
      await using opened = await open(join(destination, page));
      const shown = opened.page;
      const nodes = await attributes(shown.locator('.graph .node'), 'aria-label');
      expect(nodes).toEqual(['acme-python-hello 1.2.0-1+debian12', 'hello 1.2.0', 'leaf 1.0', 'twig 2']);
      const edges = await shown.locator('.graph .edge').count();
      expect(edges).toBe(5);
      // leaf and twig require each other.
      expect(await shown.locator('.graph .edge.closing').count()).toBe(1);
      expect(await shown.locator('#parts td[data-label=Requires] a').count()).toBe(edges);
      expect(await shown.locator('#part-pypi-leaf td[data-label=Requires]').textContent()).toBe('twig');
      expect(await shown.locator('#part-pypi-leaf td[data-label="Required by"]').textContent()).toBe('hello, twig');
    });

    it('tells what native files need, and what of it is private', async () => {
      await using opened = await open(join(destination, page));
      const cells = async (selector: string): Promise<readonly string[]> =>
        (await opened.page.locator(selector).allTextContents()).map((text) => text.replaceAll(/\s+/g, ' ').trim());
      expect(await cells('#libraries tbody th')).toEqual(['libc.so.6', 'libquick-1.so.1']);
      expect(await cells('#libraries tbody tr:first-child td')).toEqual(['the system', '1 file', 'GLIBC_2.17']);
      expect((await cells('#libraries tbody tr:last-child td'))[0]).toBe(
        'private /opt/hello/lib/python3.11/site-packages/leaf.libs/libquick-1.so.1',
      );
      expect(await cells('#native-files tbody th')).toHaveLength(2);
    });

    it('marks licences that are doubtful', async () => {
      await using opened = await open(join(destination, page));
      const marks = await opened.page.locator('#license-counts .mark').allTextContents();
      expect(marks).toEqual(['the metadata names none', 'not an SPDX expression']);
      expect(await opened.page.locator('#license-counts tbody th').last().textContent()).toBe('Apache-2.0');
    });
  });
});

describe('build-package --report', () => {
  const build = async (...args: readonly string[]): ReturnType<CommandLine['run']> =>
    line.run(args, { env: environment });

  it('writes the same bytes from another directory, under another time zone and umask', async () => {
    const [one, other] = [line.newDirectory('one'), line.newDirectory('other')];
    expect(await build('--distribution=debian-12', '--report', '-d', one, project())).toMatchObject({ exitCode: 0 });
    const outcome = await line.run(['--distribution=debian-12', '--report', '-d', other, project()], {
      through: ['sh', '-c', 'umask 077; exec "$@"', 'sh'],
      env: { ...environment, TZ: 'Asia/Tokyo', LC_ALL: 'C', XDG_CACHE_HOME: line.newDirectory('cache') },
    });
    expect(outcome).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(other, page), 'utf8')).toBe(readFileSync(join(one, page), 'utf8'));
    const text = readFileSync(join(one, page), 'utf8');
    expect(text).not.toContain(line.directory);
  });

  it('writes none by itself, and is named with --json only', async () => {
    const none = line.newDirectory('none');
    const uri = project();
    expect((await build('--distribution=debian-12', '--json', '-d', none, uri)).stdout).not.toContain('report');
    expect(listing(none).filter((name) => name.endsWith('.html'))).toEqual([]);
    const plain = await build('--distribution=debian-12', '--report', '--force', '-d', none, uri);
    expect(plain.stdout).not.toContain('.html');
    expect(listing(none).filter((name) => name.endsWith('.html'))).toEqual([page]);
  });

  it('is not replaced without --force, and then neither are packages', async () => {
    const place = line.newDirectory('there');
    writeFileSync(join(place, page), 'mine');
    const refused = await build('--distribution=debian-12', '--report', '-d', place, project());
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`error[output-exists]: ${page} is already in ${place}\n`);
    expect(listing(place)).toEqual([page]);
  });

  it('is kept by --resume, and made when it is asked for first, or when another commit is built', async () => {
    const place = line.newDirectory('resumed');
    const uri = project();
    const git = async (...words: readonly string[]): Promise<unknown> =>
      mustRun(['git', '-C', uri, '-c', 'user.name=A', '-c', 'user.email=a@example.com', ...words]);
    await git('init', '--quiet');
    await git('add', '.');
    await git('commit', '--quiet', '-m', 'one');
    const resume = async (...args: readonly string[]): Promise<readonly Row[]> => {
      const { stdout, stderr } = await build(
        '--distribution=debian-12',
        '--resume',
        '--json',
        '-d',
        place,
        ...args,
        uri,
      );
      expect(stderr).not.toContain('error');
      return JSON.parse(stdout) as readonly Row[];
    };
    await resume();
    const path = join(place, page);
    expect((await resume('--report'))[0]?.report).toBe(path);
    const first = readFileSync(path, 'utf8');
    expect((await resume('--report'))[0]?.report).toBe(path);
    expect(readFileSync(path, 'utf8')).toBe(first);
    await git('commit', '--quiet', '--allow-empty', '-m', 'two');
    await resume('--report');
    const { stdout } = await mustRun(['git', '-C', uri, 'rev-parse', 'HEAD']);
    expect(first).not.toContain(stdout.trim());
    expect(readFileSync(path, 'utf8')).toContain(`<code>${stdout.trim()}</code>`);
  });

  it('is asked for elsewhere, too', async () => {
    const { stdout } = await build('--distribution=debian-12', '--matrix=github', '--report', project());
    expect(stdout).toContain(' --report ');
  });

  it('says so when an application has no native code', async () => {
    const place = line.newDirectory('small');
    const uri = line.project(
      { name: 'small', version: '1.0', files: { 'small.py': '' } },
      { 'coachbuilder.yaml': 'name: small\nmaintainer: Acme <acme@example.com>\n' },
    );
    expect(await build('--distribution=debian-12', '--report', '-d', place, uri)).toMatchObject({ exitCode: 0 });
    const [name = ''] = listing(place).filter((each) => each.endsWith('.html'));
    expect(readFileSync(join(place, name), 'utf8')).toContain('holds no ELF files');
  });
});

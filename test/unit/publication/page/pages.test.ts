import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { renderPages } from '../../../../src/publication/page/pages.ts';
import { repositoriesSchema } from '../../../../src/publication/page/repositories-schema.ts';
import { viewOf, type ViewRequest } from '../../../../src/publication/page/view-of.ts';
import { expectGolden } from '../../../support/golden.ts';
import {
  aPlace,
  aRelease,
  attack,
  fleet,
  hostileRequest,
  publishedAt,
  usualRequest,
} from '../../../support/landing.ts';

function render(request: ViewRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(
    renderPages(viewOf(request)).map(({ key, body }) => [
      key,
      body.kind === 'bytes' ? Buffer.from(body.bytes).toString('utf8') : '',
    ]),
  );
}

const empty: ViewRequest = { release: aRelease({ key: undefined }), key: undefined, date: publishedAt, places: [] };
const onlyTesting: ViewRequest = {
  ...usualRequest(),
  places: [aPlace('debian-12', fleet('1.2.0~rc1-1+debian12', 'amd64'), { channel: 'testing' })],
};

describe('the files at the root of a store', () => {
  it.each([
    ['usual', usualRequest()],
    ['hostile', hostileRequest()],
    ['empty', empty],
    ['only-testing', onlyTesting],
  ])('say what was read and approved: %s', (name, request) => {
    for (const [key, text] of Object.entries(render(request))) expectGolden(`landing/${name}/${key}`, text);
  });

  it('are objects that caches ask after, with digests of their own', () => {
    const objects = renderPages(viewOf(usualRequest()));
    expect(objects.map(({ key, contentType, caching }) => [key, contentType, caching])).toEqual([
      ['index.html', 'text/html; charset=utf-8', 'revalidate'],
      ['install.md', 'text/markdown; charset=utf-8', 'revalidate'],
      ['repositories.json', 'application/json', 'revalidate'],
    ]);
    for (const { body, size, sha256 } of objects) {
      if (body.kind !== 'bytes') throw new Error('no bytes');
      expect(size).toBe(body.bytes.length);
      expect(sha256).toBe(createHash('sha256').update(body.bytes).digest('hex'));
    }
  });

  it('are the same whatever the order in which places and packages are given', () => {
    const request = usualRequest();
    const turned = {
      ...request,
      places: [...request.places].reverse().map((place) => ({ ...place, entries: [...place.entries].reverse() })),
    };
    expect(render(turned)).toEqual(render(request));
  });

  it.each([usualRequest(), hostileRequest(), empty, onlyTesting])(
    'say in repositories.json what its schema says',
    (request) => {
      const text = render(request)['repositories.json'] ?? '';
      expect(repositoriesSchema.safeParse(JSON.parse(text)).error).toBeUndefined();
    },
  );
});

describe('what strangers have written', () => {
  const pages = render(hostileRequest());

  it('is text in the page', () => {
    const html = pages['index.html'] ?? '';
    // Nothing turns the direction of what follows it.
    expect(html).not.toContain('\u202e');
    // All elements and their attributes are ours: those of the templates.
    const elements = new Set([...html.matchAll(/<([a-z][a-z0-9]*)/gi)].map(([, name]) => name));
    const attributes = [...html.matchAll(/<[a-z][^>]*>/gi)].flatMap(([tag]) =>
      [...tag.replaceAll(/"[^"]*"/g, '""').matchAll(/\s([^\s=>]+)/g)].map(([, name]) => name),
    );
    expect([...new Set(attributes)].sort()).toEqual(
      'aria-label aria-labelledby charset class content data-label datetime href http-equiv id lang name rel scope tabindex'.split(
        ' ',
      ),
    );
    expect([...elements].sort()).toEqual(
      'a bdi body caption code dd details div dl dt footer h1 h2 h3 head header html li link main meta nav p pre section span style summary table tbody td th thead time title tr ul'.split(
        ' ',
      ),
    );
  });

  it('is text in Markdown', () => {
    const text = (pages['install.md'] ?? '')
      .replaceAll(/^```sh\n[\s\S]*?^```$/gm, '')
      .replaceAll(/(`+)[^`].*?\1(?!`)/g, '');
    // Autolinks in angle brackets are ours: the address of the store and of the key.
    expect(text.match(/(?<!\\)<[^>]*>/g)).toEqual([
      '<https://packages.example.com>',
      '<https://packages.example.com/acme.asc>',
    ]);
    expect(text).not.toMatch(/(?<!\\)\[x/);
    expect(text).not.toContain('\u202e');
    expect(
      text
        .match(/^#{1,6} .*/gm)
        ?.filter((line) => !/^#{2,3} (?:Debian 12|The key|Stable|Add|Install|Upgrade|Remove)/.test(line)),
    ).toHaveLength(1);
  });

  it('is in no command', () => {
    const view = viewOf(hostileRequest());
    const [distribution] = view.distributions;
    expect(distribution?.applications.map(({ name }) => name)).toEqual(['l'.repeat(120), 'plain']);
    const commands = [...(pages['install.md'] ?? '').matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
      .map(([, lines]) => lines)
      .join('');
    expect(commands).not.toContain('owned');
    expect(commands).not.toMatch(/ -o 1| -o=/);
  });

  it('is all there in repositories.json', () => {
    const { distributions, name } = repositoriesSchema.parse(JSON.parse(pages['repositories.json'] ?? ''));
    expect(name).toBe(`Acme ${attack}`);
    expect(distributions[0]?.repositories[0]?.packages.map((each) => each.name)).toContain(attack);
  });
});

describe('a repository of many versions', () => {
  const versions = Array.from({ length: 2000 }, (_, index) => `1.${String(index)}-1`);
  const pages = render({
    ...usualRequest(),
    places: [
      aPlace(
        'debian-12',
        versions.map((version) => ({ name: 'app', version })),
      ),
    ],
  });

  it('shows the newest ones, says how many it does not show, and stays small', () => {
    const html = pages['index.html'] ?? '';
    expect(html.length).toBeLessThan(40_000);
    expect([...html.matchAll(/data-label="Version"><bdi>([^<]*)/g)].map(([, version]) => version)).toEqual(
      versions.slice(-10).reverse(),
    );
    expect(html).toContain('1990 packages still older');
    expect(pages['install.md']).toContain('1990');
  });

  it('names them all for programs', () => {
    const { distributions } = repositoriesSchema.parse(JSON.parse(pages['repositories.json'] ?? ''));
    const packages = distributions[0]?.repositories[0]?.packages ?? [];
    expect(packages.map(({ version }) => version)).toEqual([...versions].reverse());
  });
});

import { describe, expect, it } from 'vitest';

import { companionsOf, summaryOf } from '../../../../src/publication/page/companions.ts';
import { codeBlock, codeSpan, escapeMarkdown } from '../../../../src/publication/page/markdown.ts';
import { viewOf } from '../../../../src/publication/page/view-of.ts';
import type { DebEntry, RpmEntry } from '../../../../src/repository/index-format.ts';
import { anEntry, aPlace, fleet, someSha256, usualRequest } from '../../../support/landing.ts';

const request = usualRequest();

describe('the view of a repository', () => {
  it('orders distributions by their ids, channels by their stability, versions by their age', () => {
    const places = [
      aPlace('rocky-9', [
        { name: 'app', version: '1.9-1' },
        { name: 'app', version: '1.10-1' },
        { name: 'app', version: '1.10~rc1-1' },
      ]),
      aPlace('debian-12', [{ name: 'app', version: '1.0-1' }], { channel: 'testing' }),
      aPlace('debian-12', [
        { name: 'app', version: '1.0-1' },
        { name: 'app', version: '1:0.1-1' },
        { name: 'app', version: '1.0~a-1' },
      ]),
    ];
    const view = viewOf({ ...request, places });
    expect(view.distributions.map(({ distribution }) => distribution.id)).toEqual(['debian-12', 'rocky-9']);
    const [debian, rocky] = view.distributions;
    expect(debian?.channels.map(({ channel, id, enabled }) => [channel, id, enabled])).toEqual([
      ['stable', 'acme', true],
      ['testing', 'acme-testing', false],
    ]);
    const versions = (each: typeof debian): unknown =>
      each?.channels[0]?.packages[0]?.versions.map(({ version }) => version);
    expect(versions(debian)).toEqual(['1:0.1-1', '1.0-1', '1.0~a-1']);
    expect(versions(rocky)).toEqual(['1.10-1', '1.10~rc1-1', '1.9-1']);
  });

  it('names what is the same file on every architecture once, and keeps what differs apart', () => {
    const places = (['x86_64', 'aarch64'] as const).map((architecture) =>
      aPlace('rocky-9', fleet('1-1', architecture), { architecture }),
    );
    const [distribution] = viewOf({ ...request, places }).distributions;
    const files = distribution?.channels[0]?.packages.map(({ name, versions }) => [
      name,
      versions.map((each) => each.architecture),
    ]);
    expect(files).toEqual([
      ['acme-fleet-cli', ['noarch']],
      ['acme-fleet-node', ['noarch']],
      ['acme-python-fleet', ['aarch64', 'x86_64']],
    ]);
    expect(distribution?.channels[0]?.places.map(({ packages }) => packages.length)).toEqual([3, 3]);
    expect(distribution?.applications.map(({ name }) => name)).toEqual(['acme-fleet-cli', 'acme-fleet-node']);
  });

  it('takes the release package at its stable address for what it is told to be, else for the newest one', () => {
    const places = [
      aPlace(
        'debian-12',
        [1, 2, 10].map((version) => ({ name: 'acme-release', version: `${String(version)}-1`, size: version })),
      ),
    ];
    const of = (more: object): unknown => viewOf({ ...request, ...more, places }).distributions[0]?.releasePackage;
    const address = {
      name: 'acme-release',
      file: 'debian/acme-release.debian12.all.deb',
      url: 'https://packages.example.com/debian/acme-release.debian12.all.deb',
    };
    expect(of({})).toMatchObject({ ...address, size: 10 });
    const facts = { size: 7, sha256: someSha256('seven') };
    expect(of({ releasePackages: new Map([['debian-12', facts]]) })).toEqual({ ...address, ...facts });
  });

  it('writes addresses that a client can ask for', () => {
    const places = [aPlace('rocky-9', [{ name: 'app', version: '1^post-1', file: 'app-1^post-1.noarch.rpm' }])];
    const [distribution] = viewOf({ ...request, places }).distributions;
    expect(distribution?.channels[0]?.packages[0]?.versions[0]?.url).toBe(
      'https://packages.example.com/rocky/9/x86_64/app-1%5Epost-1.noarch.rpm',
    );
  });

  it('judges the support of a distribution by the day of the publication', () => {
    const places = [aPlace('debian-12', [])];
    const on = (day: string): unknown =>
      viewOf({ ...request, date: Date.parse(day) / 1000, places }).distributions[0]?.unsupported;
    // distro-info-data: Debian 12 until 2026-07-11.
    expect(on('2026-07-11T23:59:59Z')).toBeUndefined();
    expect(on('2026-07-12T00:00:00Z')).toContain('ended on 2026-07-11');
  });
});

describe('what packages say', () => {
  const deb = (depends: string, description = 'x'): DebEntry => ({
    ...(anEntry('deb', { name: 'a', version: '1:2-3' }) as DebEntry),
    stanza: `Package: a\nDepends: ${depends}\nDescription: ${description}`,
  });
  const rpm = (entries: string, version = '2-3'): RpmEntry => ({
    ...(anEntry('rpm', { name: 'a', version }) as RpmEntry),
    primary: `<package><summary>a &amp; &lt;b&gt; &#x41;</summary><rpm:provides><rpm:entry name="no" flags="EQ" epoch="0" ver="2" rel="3"/></rpm:provides><rpm:requires>${entries}</rpm:requires></package>`,
  });

  it.each([
    ['b (= 1:2-3), c (= 1:2-3)', ['b', 'c']],
    ['c (= 1:2-3),\n b:any (= 1:2-3)', ['b', 'c']],
    ['b (= 2-3), c (>= 1:2-3), d', []],
    // What may be another package is no companion.
    ['b (= 1:2-3) | c, d | e (= 1:2-3)', []],
    ['a (= 1:2-3), -o (= 1:2-3)', []],
  ])('names the companions of a deb: %s', (depends, companions) => {
    expect(companionsOf(deb(depends))).toEqual(companions);
  });

  it.each([
    ['<rpm:entry name="b" flags="EQ" epoch="0" ver="2" rel="3"/><rpm:entry name="/bin/sh"/>', '2-3', ['b']],
    ['<rpm:entry name="b" flags="EQ" epoch="1" ver="2" rel="3"/>', '1:2-3', ['b']],
    ['<rpm:entry name="b" flags="EQ" epoch="1" ver="2" rel="3"/>', '2-3', []],
    [
      '<rpm:entry name="b" flags="GE" epoch="0" ver="2" rel="3"/><rpm:entry name="c" flags="EQ" epoch="0" ver="2"/>',
      '2-3',
      [],
    ],
  ])('names the companions of an rpm: %s', (entries, version, companions) => {
    expect(companionsOf(rpm(entries, version))).toEqual(companions);
  });

  it('takes one line for a summary', () => {
    expect(summaryOf(deb('b', 'One line\n Another\n'))).toBe('One line');
    expect(summaryOf(rpm(''))).toBe('a & <b> A');
  });
});

describe('text in Markdown', () => {
  it.each([
    ['1.0.0-1+debian12', '1.0.0-1+debian12'],
    ['x86_64', 'x86_64'],
    ['1.0~rc1', String.raw`1.0\~rc1`],
    ['_a_ *b* `c`', String.raw`\_a\_ \*b\* \`c\``],
    ['- a', String.raw`\- a`],
    ['1. a', String.raw`1\. a`],
    ['a | b', String.raw`a \| b`],
    ['<b>[x](https://e.example)', String.raw`\<b\>\[x\](https\://e.example)`],
    ['one\n# two', String.raw`one \# two`],
    // A reader of the Markdown sees \u{202e}.
    ['\u202eback', String.raw`\\u\{202e\}back`],
  ])('is what it says: %j', (text, markdown) => {
    expect(escapeMarkdown(text)).toBe(markdown);
  });

  it('stays within its fence', () => {
    expect(codeSpan('a')).toBe('`a`');
    expect(codeSpan('a``b|c\nd')).toBe('``` a``b\\|c d ```');
    expect(codeBlock(['a', '````'])).toBe('`````sh\na\n````\n`````');
  });
});

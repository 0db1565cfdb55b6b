import { describe, expect, it } from 'vitest';

import { parseReleaseNotes } from '../../../src/documents/release-notes.ts';

const day = (text: string): number => Date.parse(`${text}T00:00:00Z`) / 1000;

describe('a changelog in the form of Keep a Changelog', () => {
  // keepachangelog.com, 1.1.0: the sections and the links below are its own.
  const text = `# Changelog

All notable changes to this project will be documented in this file.

## [Unreleased]

### Added

- v1.1 Brazilian Portuguese translation.

## [1.1.1] - 2023-03-05

### Added

- Arabic translation ([#444](https://example.com/444)).
- A \`code\` word, **bold** and
  a second line.
  - A part of it.

### Fixed

* [Broken](https://example.com) \\*link\\*.

## [1.0.0-rc.1] - 2017-06-20

### Removed

\`\`\`
- no change
\`\`\`

Prose, too.

## 0.9 - 2017-02-31

[unreleased]: https://example.com/compare/v1.1.1...HEAD
[1.1.1]: https://example.com/compare/v1.0.0...v1.1.1
`;

  it('is taken apart by its versions', () => {
    expect(parseReleaseNotes(text)).toEqual([
      { version: undefined, date: undefined, changes: ['Added: v1.1 Brazilian Portuguese translation.'] },
      {
        version: '1.1.1',
        date: day('2023-03-05'),
        changes: [
          'Added: Arabic translation (#444).',
          'Added: A code word, bold and a second line.',
          'Added: A part of it.',
          'Fixed: Broken *link*.',
        ],
      },
      { version: '1.0.0-rc.1', date: day('2017-06-20'), changes: ['Removed: Prose, too.'] },
      // There is no 31 February.
      { version: '0.9', date: undefined, changes: [] },
    ]);
  });

  it('is the same with other line ends once it is decoded', () => {
    expect(parseReleaseNotes('## 1.0\n\n- One\n')).toEqual([{ version: '1.0', date: undefined, changes: ['One'] }]);
  });
});

describe('a changelog in reStructuredText', () => {
  const text = `.. :changelog:

History
=======

.. towncrier release notes start

2.31.0 (2023-05-22)
-------------------

**Security**

- Fixed \`\`Proxy-Authorization\`\` for :pr:\`6000\`, see
  \`the advisory <https://example.com/a>\`_.

.. _release-2.30:

2.30.0 (May 3, 2023)
--------------------

Dependencies
~~~~~~~~~~~~

- Support urllib3 2.0, <b>see</b> <https://example.com>.
`;

  it('is taken apart by its versions', () => {
    expect(parseReleaseNotes(text)).toEqual([
      {
        version: '2.31.0',
        date: day('2023-05-22'),
        changes: ['Security', 'Fixed Proxy-Authorization for 6000, see the advisory.'],
      },
      {
        version: '2.30.0',
        date: day('2023-05-03'),
        changes: ['Dependencies: Support urllib3 2.0, see https://example.com.'],
      },
    ]);
  });
});

describe('the heading of a release', () => {
  const versionOf = (heading: string): string | undefined => parseReleaseNotes(`## ${heading}\n`)[0]?.version;

  it.each([
    ['v1.2.3', '1.2.3'],
    ['Version 1.2', '1.2'],
    ['Release 22.1.0 (2022-07-28)', '22.1.0'],
    ['fleet 1.0.4 released 2019-01-02', '1.0.4'],
    ['Changes in 3.0b2', '3.0b2'],
    ['[2.0.0](https://example.com/v2.0.0) (2020-01-01)', '2.0.0'],
    ['1.0.post1', '1.0.post1'],
    ['Flask 2.0.x', undefined],
    ['How to upgrade', undefined],
    ['Added', undefined],
  ])('%s', (heading, version) => {
    expect(versionOf(heading)).toBe(version);
  });

  it('may be underlined or have a line above', () => {
    expect(parseReleaseNotes('1.2\n===\n\n* x\n').map(({ version }) => version)).toEqual(['1.2']);
    expect(parseReleaseNotes('=====\n1.2.0\n=====\n\n* x\n')).toEqual([
      { version: '1.2.0', date: undefined, changes: ['x'] },
    ]);
  });

  it('tells the day, unless that may be another one', () => {
    const dateOf = (heading: string): number | undefined => parseReleaseNotes(`## ${heading}\n`)[0]?.date;
    expect(dateOf('1.0 (31 January 2020)')).toBe(day('2020-01-31'));
    expect(dateOf('1.0 - Jan 1st, 2020')).toBe(day('2020-01-01'));
    expect(dateOf('1.0 - 01/02/2020')).toBeUndefined();
    expect(dateOf('1.0')).toBeUndefined();
  });
});

it('finds nothing in a text without versions', () => {
  expect(parseReleaseNotes('# History\n\nOnce upon a time.\n')).toEqual([]);
  expect(parseReleaseNotes('')).toEqual([]);
});

import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { foldDescription, installedSize } from '../../../src/formats/deb/control.ts';
import { escapeFileName, escapeSpec } from '../../../src/formats/rpm/escape.ts';
import { binaryPayload } from '../../../src/formats/rpm/spec.ts';
import { quoteShell } from '../../../src/formats/quote-shell.ts';
import { renderTemplate } from '../../../src/formats/templates.ts';
import { packagers } from '../../../src/formats/packagers.ts';
import { aDirectory, aFile, aLink } from '../../support/definitions.ts';

describe('text for a spec', () => {
  test('has every percent sign doubled', () => {
    expect(escapeSpec('100% %{nil} %(id) %%')).toBe('100%% %%{nil} %%(id) %%%%');
  });

  test.each(['%pre', '%prep', '%Description', '%files -f x'])('cannot begin a section with %j', (line) => {
    expect(escapeSpec(`first\n${line}`)).toBe(`first\n %${line}`);
  });

  test('has file names as patterns that match nothing else', () => {
    expect(escapeFileName('/a/plain-name_1.2+x')).toBe('/a/plain-name_1.2+x');
    expect(escapeFileName('/a b/%c[d]*')).toBe('/a[[:blank:]]b/[%]c[[]d[]][*]');
  });
});

test.each([
  ['w2.xzdio', 'w2T0.xzdio'],
  ['w3T0.zstdio', 'w3T0.zstdio'],
  ['w6.gzdio', 'w6.gzdio'],
])('the payload %s is written with every core that the compressor can use: %s', (given, expected) => {
  expect(binaryPayload(given)).toBe(expected);
});

test.each([
  ['/opt/fleet', '/opt/fleet'],
  ['', "''"],
  ["it's $HOME", "'it'\\''s $HOME'"],
])('the shell word %j is quoted as %s', (given, expected) => {
  expect(quoteShell(given)).toBe(expected);
});

// Debian Policy 5.6.13.
test('a description is folded with empty lines as full stops', () => {
  expect(foldDescription('\n\none  \n\n  verbatim\r\n.\n.hidden\n\n')).toEqual([
    'one',
    '.',
    '  verbatim',
    ' .',
    ' .hidden',
  ]);
  expect(foldDescription('  \n')).toEqual([]);
});

// Debian Policy 5.6.20.
test('an installed size is in KiB and rounded up', () => {
  const size = (...sizes: readonly number[]): number =>
    installedSize({ contents: [aDirectory('/a'), ...sizes.map((bytes) => aFile('/a/b', { size: bytes }))] });
  expect([size(), size(1), size(1024), size(1024, 1), size(512, 512)]).toEqual([0, 1, 1, 2, 1]);
  expect(installedSize({ contents: [aLink('/a', '/b')] })).toBe(1);
});

describe('templates', () => {
  test('are not rendered with holes', () => {
    expect(() => renderTemplate('spec-templates/shell/forget-installation.ejs', {}, quoteShell)).toThrow(/uses marker/);
    const channels = [{ id: 'a', name: undefined, baseurl: '', enabled: true }];
    expect(() =>
      renderTemplate('release-packaging/yum.repo.ejs', { channels, autorefresh: false, key: '' }, (text) => text),
    ).toThrow(/prints something that is no text/);
  });

  test('end with a line end and hold no carriage return', () => {
    for (const directory of ['spec-templates', 'release-packaging']) {
      const root = new URL(`../../../${directory}/`, import.meta.url);
      for (const found of readdirSync(root, { recursive: true, withFileTypes: true })) {
        if (found.isFile()) expect(readFileSync(`${found.parentPath}/${found.name}`, 'utf8')).toMatch(/^[^\r]*\n$/);
      }
    }
  });
});

// As the documents name the files.
test('file names are those of each format, without the epoch', () => {
  const version = { epoch: 3, version: '0.3.0', release: '0.dev.1.307.gb6d6e9f.dirty' };
  expect(packagers.rpm.fileName('clusterhq-python-flocker', version, 'x86_64')).toBe(
    'clusterhq-python-flocker-0.3.0-0.dev.1.307.gb6d6e9f.dirty.x86_64.rpm',
  );
  expect(packagers.deb.fileName('clusterhq-flocker-cli', version, 'all')).toBe(
    'clusterhq-flocker-cli_0.3.0-0.dev.1.307.gb6d6e9f.dirty_all.deb',
  );
});

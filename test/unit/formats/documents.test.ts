import { describe, expect, it } from 'vitest';

import { documentPackage } from '../../../src/formats/documents.ts';
import type { Notice } from '../../../src/documents/notices.ts';
import type { ContentEntry } from '../../../src/packages/definition.ts';
import { gunzipSync } from 'node:zlib';
import { aFile, aPackageDefinition, someEpoch } from '../../support/definitions.ts';
import { expectGolden } from '../../support/golden.ts';

const version = { epoch: 1, version: '1.0.0', release: '1+debian12' };

function aNotice(name: string, more: Partial<Notice> = {}): Notice {
  return {
    name,
    version: '1.0',
    kind: 'library',
    license: { kind: 'spdx', expression: 'MIT' },
    statements: [`Copyright (c) 2015 ${name}`],
    author: undefined,
    homepage: undefined,
    texts: [],
    files: [`opt/fleet/lib/${name}/*`],
    ...more,
  };
}

const text = (name: string, content: string) => ({ name, bytes: Buffer.from(content) });
const application = aNotice('fleet', {
  kind: 'application',
  license: { kind: 'spdx', expression: 'Apache-2.0' },
  homepage: 'https://example.com/fleet',
  files: [],
});
const bundled = [
  aNotice('anna', { texts: [text('LICENSE', 'Copyright (c) 2015 anna\n\nDo what you like.\n')] }),
  aNotice('bert', { texts: [text('LICENSE', 'Copyright (c) 2015 bert\n\nDo what\nyou like.\n')] }),
  aNotice('carl', { texts: [text('LICENSE', 'Do something else.\n')] }),
  aNotice('dora', {
    license: { kind: 'spdx', expression: 'GPL-3.0-or-later OR MIT' },
    texts: [text('AUTHORS', 'Dora\n'), text('COPYING', '.dot\n\n\n  indented\n')],
  }),
  aNotice('emil', {
    license: { kind: 'text', text: 'Some licence\nof two lines' },
    statements: [],
    author: 'Emil\nE.',
  }),
  aNotice('fred', { license: { kind: 'unknown' }, statements: [] }),
  aNotice('gone', { files: [] }),
];
const changelog = [
  {
    version,
    date: someEpoch,
    changes: [
      'Agents report more often than they did before, and the control service keeps what they say.',
      '日本 100%',
    ],
  },
  { version: { epoch: 1, version: '0.9.0', release: '1+debian12' }, date: someEpoch - 86_400, changes: ['Older.'] },
];

function documented(on: string, contents: readonly ContentEntry[] = [], parts: readonly Notice[] = bundled) {
  const definition = aPackageDefinition({ on, contents, version, url: 'https://example.com/fleet' });
  return documentPackage(definition, {
    notices: [application, ...parts],
    changelog,
    changelogFile: { name: 'NEWS.rst', bytes: Buffer.from('News\n') },
    pythonMinor: '3.11',
  });
}

function contentOf(path: string, contents: readonly ContentEntry[]): Buffer {
  const entry = contents.find((each) => each.path === path);
  if (entry?.kind !== 'file') throw new Error(`no file ${path}`);
  const { source } = entry;
  if (source.kind === 'text') return Buffer.from(source.text);
  if (source.kind === 'bytes') return Buffer.from(source.bytes);
  throw new Error(`${path} is elsewhere`);
}

describe('the documents of a deb', () => {
  const directory = '/usr/share/doc/acme-fleet-cli';

  it('are as approved', () => {
    const { contents } = documented('debian-12');
    expectGolden('formats/documents/copyright', contentOf(`${directory}/copyright`, contents).toString());
    const packed = contentOf(`${directory}/changelog.Debian.gz`, contents);
    expectGolden('formats/documents/changelog', gunzipSync(packed).toString());
    expect(gunzipSync(contentOf(`${directory}/changelog.gz`, contents)).toString()).toBe('News\n');
  });

  it('are as approved for a package with nothing of others', () => {
    const { contents } = documented('debian-12', [], []);
    expectGolden('formats/documents/minimal/copyright', contentOf(`${directory}/copyright`, contents).toString());
  });

  it('give way to what the manifest installs there', () => {
    const mine = aFile(`${directory}/copyright`);
    expect(contentOf(mine.path, documented('debian-12', [mine]).contents).toString()).toBe(`${mine.path}\n`);
  });
});

describe('the documents of an rpm', () => {
  it('are licence files and documentation, in directories of its own', () => {
    const top = '/usr/share/licenses/acme-fleet-cli';
    const { contents } = documented('rocky-9');
    expect(contents.map(({ kind, path }) => [kind, path])).toEqual([
      ['directory', '/usr/share/doc/acme-fleet-cli'],
      ['file', '/usr/share/doc/acme-fleet-cli/NEWS.rst'],
      ['directory', top],
      ...['anna', 'bert', 'carl'].flatMap((name) => [
        ['directory', `${top}/${name}`],
        ['file', `${top}/${name}/LICENSE`],
      ]),
      ['directory', `${top}/dora`],
      ['file', `${top}/dora/AUTHORS`],
      ['file', `${top}/dora/COPYING`],
    ]);
    const marks = contents.flatMap((entry) => (entry.kind === 'file' ? [entry.documentation] : []));
    expect(new Set(marks)).toEqual(new Set(['documentation', 'license']));
  });

  it('keep to their directories, whatever the wheel calls them', () => {
    const evil = aNotice('evil', { texts: [text('../../etc/passwd', 'x'), text('a\nb', 'y')] });
    const paths = documented('rocky-9', [], [evil]).contents.map(({ path }) => path);
    expect(paths).toContain('/usr/share/licenses/acme-fleet-cli/evil/etc/passwd');
    expect(paths).toContain('/usr/share/licenses/acme-fleet-cli/evil/a_b');
  });
});

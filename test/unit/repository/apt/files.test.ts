import { describe, expect, it, test } from 'vitest';

import { CoachbuilderError } from '../../../../src/errors/coachbuilder-error.ts';
import { fileOf } from '../../../../src/repository/apt/layout.ts';
import { parsePackages, renderPackages, sortEntries } from '../../../../src/repository/apt/packages-file.ts';
import {
  parseRelease,
  parseReleaseDate,
  releaseDate,
  renderRelease,
} from '../../../../src/repository/apt/release-file.ts';
import { aptPlace } from '../../../support/apt-repository.ts';

const sha256 = 'ab'.repeat(32);

function failure(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof CoachbuilderError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'nothing is wrong';
}

function stanza(changes: Readonly<Record<string, string | undefined>> = {}): string {
  const fields: Readonly<Record<string, string | undefined>> = {
    ...{
      Package: 'acme',
      Version: '1:1.0~rc1-1',
      Architecture: 'all',
      Filename: 'acme.deb',
      Size: '10',
      SHA256: sha256,
    },
    ...changes,
  };
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value ?? ''}\n`)
    .join('');
}

describe('Packages', () => {
  test('is read into what it says, and written as it was', () => {
    const text = `${stanza({ Description: 'Acme\n More\n .\n  verbatim' })}\n${stanza({ Package: 'beta' })}\n`;
    const entries = parsePackages(text, 'Packages');
    expect(entries.map(({ name, version, file, size }) => [name, version, file, size])).toEqual([
      ['acme', '1:1.0~rc1-1', 'acme.deb', 10],
      ['beta', '1:1.0~rc1-1', 'acme.deb', 10],
    ]);
    expect(renderPackages(entries)).toBe(text);
  });

  test('may be empty', () => {
    expect(parsePackages('', 'Packages')).toEqual([]);
    expect(renderPackages([])).toBe('');
  });

  it.each([
    ['is cut off', stanza().slice(0, -1), 'line 6: the last line does not end'],
    ['begins with the rest of a field', ` x\n${stanza()}`, 'line 1: this is neither a field'],
    ['holds a comment', `# x\n${stanza()}`, 'line 1: this is neither a field'],
    ['holds a line that is no field', `${stanza()}x\n`, 'line 7: this is neither a field'],
    ['holds a field twice, in whatever case', `${stanza()}size: 3\n`, 'line 7: the field size is there twice'],
    ['has a line of blanks', `${stanza()} \n`, 'line 7: there is nothing but blanks'],
    ['has line ends of another system', stanza().replaceAll('\n', '\r\n'), 'line 1: there is a control character'],
    [
      'has a stanza without a version',
      `${stanza()}\n${stanza({ Version: undefined })}`,
      'line 8: the package has no field Version',
    ],
    ['has a version with a blank', stanza({ Version: '1 2' }), 'line 2: Version cannot be "1 2"'],
    ['has a size that is none', stanza({ Size: '-1' }), 'line 5: Size cannot be "-1"'],
    ['has a digest of another kind', stanza({ SHA256: 'ab' }), 'line 6: SHA256 cannot be "ab"'],
    ['leads out of the repository', stanza({ Filename: '../x.deb' }), 'line 4: Filename cannot be "../x.deb"'],
    ['has a path that is no literal key', stanza({ Filename: './x.deb' }), 'line 4: Filename cannot be "./x.deb"'],
    ['has an empty part in a path', stanza({ Filename: 'a//x.deb' }), 'line 4: Filename cannot be "a//x.deb"'],
  ])('is refused with its line when it %s', (_, text, problem) => {
    expect(failure(() => parsePackages(text, 's3://b/Packages'))).toContain(
      `repository-invalid s3://b/Packages, ${problem}`,
    );
  });

  test('is sorted by name, version as dpkg compares it, and architecture', () => {
    const of = (name: string, Version: string, Architecture: string): string =>
      stanza({ Package: name, Version, Architecture });
    const sorted = [
      ...[of('a-b', '1', 'all'), of('acme', '1.0~rc1', 'all'), of('acme', '1.0', 'all'), of('acme', '1.0', 'amd64')],
      ...[of('acme', '1.00', 'all'), of('acme', '1.9', 'all'), of('acme', '1.10', 'all'), of('acme', '1:0', 'all')],
    ];
    const entries = parsePackages([...sorted].reverse().join('\n'), 'Packages');
    expect(renderPackages(sortEntries(entries))).toBe(sorted.map((text) => `${text}\n`).join(''));
  });
});

describe('the file of a package', () => {
  it.each([
    ['acme', '1.0-1', 'amd64', 'acme_1.0-1_amd64.deb'],
    ['acme', '2:1.0-1', 'all', 'acme_1.0-1_all.deb'],
    ['libacme++', '1.0~rc1+local-1+debian12', 'amd64', 'libacme___1.0~rc1_local-1_debian12_amd64.deb'],
    ['acme', '1.0', 'all', 'acme_1.0_all.deb'],
  ])('%s %s %s is %s, and in the pool below its name', (name, version, architecture, file) => {
    expect(fileOf(aptPlace(), { name, version, architecture })).toBe(file);
    const directory = name.replaceAll('+', '_');
    const classic = aptPlace({ layout: 'classic', root: 'debian', suite: 'bookworm-testing' });
    expect(fileOf(classic, { name, version, architecture })).toBe(`pool/bookworm-testing/main/${directory}/${file}`);
  });
});

describe('Release', () => {
  const date = Date.UTC(2026, 10, 1, 3, 4, 5) / 1000;
  const files = [{ path: 'Packages', size: 3, sha256 }];

  test('says what apt has to know of a flat repository, and nothing of paths with ./', () => {
    const text = renderRelease({ place: aptPlace(), date, validUntil: date + 86_400, files });
    expect(text).toBe(
      [
        ...['Origin: Acme', 'Label: Acme packages', 'Suite: bookworm', 'Codename: bookworm'],
        ...['Date: Sun, 01 Nov 2026 03:04:05 UTC', 'Valid-Until: Mon, 02 Nov 2026 03:04:05 UTC'],
        ...['Acquire-By-Hash: yes', 'Architectures: amd64', 'SHA256:', ` ${sha256}                3 Packages`, ''],
      ].join('\n'),
    );
    expect(parseRelease(text, 'Release')).toEqual({
      ...{ date, validUntil: date + 86_400, isByHash: true, files },
      frozen: { Origin: 'Acme', Label: 'Acme packages', Suite: 'bookworm', Codename: 'bookworm' },
    });
  });

  test('names components and architectures of a classic one', () => {
    const place = aptPlace({
      layout: 'classic',
      root: 'debian',
      architectures: ['amd64', 'arm64'],
      component: 'extra',
    });
    const text = renderRelease({ place, date, validUntil: undefined, files });
    expect(text).toContain('\nArchitectures: amd64 arm64\nComponents: extra\n');
    expect(text).not.toContain('Valid-Until');
  });

  it.each([0, 951_827_696, 1_767_225_599, date])('reads the date %s that it writes', (seconds) => {
    expect(parseReleaseDate(releaseDate(seconds))).toBe(seconds);
  });

  it.each([
    ['Sat, 31 Feb 2026 00:00:00 UTC', undefined],
    ['Mon, 01 Nov 2026 03:04:05 UTC', undefined],
    ['Sun, 01 Nov 2026 03:04:05 +0100', undefined],
    ['Sun, 01 Nov 2026 03:04:05', undefined],
    ['2026-11-01T03:04:05Z', undefined],
    // What apt-ftparchive writes, and what Debian's archive did in days of one digit.
    ['Sun, 01 Nov 2026 03:04:05 +0000', date],
    ['Sun, 1 Nov 2026 03:04:05 GMT', date],
  ])('takes %s for %s', (text, seconds) => {
    expect(parseReleaseDate(text)).toBe(seconds);
  });

  const good = `Date: ${releaseDate(date)}\nSHA256:\n ${sha256} 3 Packages\n`;
  it.each([
    ['no date', 'SHA256:\n', 'there is no field Date'],
    ['another date', good.replace('2026', '26'), 'line 1: Date is no date in UTC'],
    ['no digests', `Date: ${releaseDate(date)}\nMD5Sum:\n`, 'there is no field SHA256'],
    ['a short digest', good.replace('ab', ''), 'line 3: this is no digest'],
    ['a way out', good.replace('Packages', '../Packages'), 'line 3: this is no digest'],
    ['a file twice', `${good} ${sha256} 4 Packages\n`, 'line 4: Packages is there twice'],
    ['two stanzas', `${good}\n${good}`, 'this is not one stanza'],
    ['nothing', '', 'this is not one stanza'],
  ])('is refused with %s', (_, text, problem) => {
    expect(failure(() => parseRelease(text, 'InRelease'))).toContain(problem);
  });
});

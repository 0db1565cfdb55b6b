import { describe, expect, it } from 'vitest';

import {
  compareParts,
  describeContent,
  firstDifference,
  type PackageMember,
  type PackageParts,
} from '../../../src/verification/package-parts.ts';
import { controlFields } from '../../../src/verification/deb-parts.ts';
import { headerParts, headerTags } from '../../../src/verification/rpm-parts.ts';

function member(sha256: string, facts: Readonly<Record<string, string>> = {}, derived = false): PackageMember {
  return { facts: new Map(Object.entries(facts)), sha256, derived };
}

function parts(
  members: Readonly<Record<string, PackageMember>>,
  fields: Readonly<Record<string, readonly string[]>> = {},
  derived: readonly string[] = [],
): PackageParts {
  return {
    fields: new Map(Object.entries(fields)),
    derived: new Set(derived),
    members: new Map(Object.entries(members)),
  };
}

function texts(first: PackageParts, second: PackageParts): readonly string[] {
  return compareParts(first, second).map(({ text }) => text);
}

describe('compareParts', () => {
  it('finds nothing in the same parts', () => {
    const one = parts({ 'data /a': member('1', { mode: '0644' }) }, { Depends: ['x'] });
    expect(texts(one, one)).toEqual([]);
  });

  it('tells fields, facts, contents and what only one has', () => {
    const first = parts(
      { 'data /a': member('1', { mode: '0644', owner: 'root' }), 'data /b': member('2') },
      { Depends: ['x'], Requirename: ['a', 'b'], Old: ['1'] },
    );
    const second = parts(
      { 'data /a': member('3', { mode: '0600', owner: 'me' }), 'data /c': member('2') },
      { Depends: ['y'], Requirename: ['a', 'c'], New: ['1'] },
    );
    expect(texts(first, second)).toEqual([
      'Depends: "x" and then "y"',
      'Requirename, value 2: "b" and then "c"',
      'Old: "1" and then nothing',
      'New: nothing and then "1"',
      'data /a: mode "0644" and then "0600", owner "root" and then "me"',
      'data /a: the content differs',
      'data /b: only in the first build',
      'data /c: only in the second build',
    ]);
  });

  it('tells another order of the same members', () => {
    const [a, b, c] = [member('1'), member('2'), member('3')];
    expect(texts(parts({ a, b, c }), parts({ a, c, b }))).toEqual(['c: stands where b stood']);
  });

  it('puts lists of files and bytecode behind what they follow from', () => {
    const names = ['data /x.dist-info/RECORD', 'data /__pycache__/x.pyc', 'data /x.py'];
    const of = (sha256: string): PackageParts => parts(Object.fromEntries(names.map((name) => [name, member(sha256)])));
    expect(compareParts(of('1'), of('2')).map(({ part }) => part)).toEqual([names[2], names[0], names[1]]);
  });

  it('leaves out what follows from others, unless there is nothing else', () => {
    const of = (sum: string, file: string): PackageParts =>
      parts({ 'control file md5sums': member(sum, {}, true), 'data /a': member(file) }, { Sigmd5: [sum] }, ['Sigmd5']);
    expect(texts(of('1', '1'), of('2', '2'))).toEqual(['data /a: the content differs']);
    expect(texts(of('1', '1'), of('2', '1'))).toEqual([
      'Sigmd5: "1" and then "2"',
      'control file md5sums: the content differs',
    ]);
  });

  it('cuts off long values', () => {
    const [text = ''] = texts(parts({}, { Description: ['x'.repeat(1000)] }), parts({}, { Description: ['y'] }));
    expect(text.length).toBeLessThan(200);
  });
});

describe('firstDifference', () => {
  it.each([
    ['', '', undefined],
    ['same', 'same', undefined],
    ['abc', 'abd', 2],
    ['abc', 'abcd', 3],
    ['', 'a', 0],
  ])('of %j and %j is at %s', (first, second, at) => {
    expect(firstDifference(Buffer.from(first), Buffer.from(second))).toBe(at);
  });
});

describe('describeContent', () => {
  it.each([
    ['shows the lines of texts', 'a\nb = 1\nc\n', 'a\nb = 2\nc\n', 'at byte 6, line 2: "b = 1" and then "b = 2"'],
    ['tells other sizes', 'a\n', 'a\nb\n', 'at byte 2, line 2 (2 bytes and then 4): "" and then "b"'],
    ['shows the first line', 'a', 'b', 'at byte 0, line 1: "a" and then "b"'],
    ['shows bytes of what is no text', 'a\0b', 'a\0c', 'at byte 2: 62 and then 63'],
    ['tells where bytes end', '\0', '\0\u0001', 'at byte 1 (1 bytes and then 2): its end and then 01'],
  ])('%s', (_what, first, second, said) => {
    expect(describeContent(Buffer.from(first), Buffer.from(second))).toBe(`the content differs ${said}`);
  });

  it('cuts no character of a long line in two', () => {
    for (const before of ['', 'x']) {
      const [first, second] = [`${before}${'ü'.repeat(50)}ö${'ü'.repeat(50)}`, `${before}${'ü'.repeat(101)}`];
      expect(describeContent(Buffer.from(first), Buffer.from(second))).toMatch(/line 1: "ü+öü+" and then "ü+"$/);
    }
  });

  it('shows a part of a long line', () => {
    const long = 'x'.repeat(500);
    expect(describeContent(Buffer.from(`${long}1${long}`), Buffer.from(`${long}2${long}`)).length).toBeLessThan(240);
  });
});

describe('controlFields', () => {
  it('reads fields with further lines', () => {
    const text = 'Package: a\nDescription: one\n two\n .\n three: four\nDepends: b\n';
    expect([...controlFields(text)]).toEqual([
      ['control field Package', ['a']],
      ['control field Description', ['one\n two\n .\n three: four']],
      ['control field Depends', ['b']],
    ]);
  });
});

describe('headerTags', () => {
  it('reads lists, nothing, and what XML writes otherwise', () => {
    const xml = [
      '<rpmHeader>',
      '  <rpmTag name="Description">',
      '\t<string>a &lt;b&gt; &amp;amp; "c"\nd</string>',
      '  </rpmTag>',
      '  <rpmTag name="Filelinktos">',
      '\t<string/>',
      '\t<string>x</string>',
      '  </rpmTag>',
      '</rpmHeader>',
    ].join('\n');
    expect([...headerTags(xml)]).toEqual([
      ['Description', ['a <b> &amp; "c"\nd']],
      ['Filelinktos', ['', 'x']],
    ]);
  });

  it('gives files what the header says of each', () => {
    const { fields, members, derived } = headerParts(
      new Map([
        ['Name', ['a']],
        ['Sigmd5', ['x']],
        ['Basenames', ['b', 'c']],
        ['Dirnames', ['/', '/d/']],
        ['Dirindexes', ['0', '1']],
        ['Filemodes', ['33188', '-24147']],
        ['Filemtimes', ['0', '86400']],
        ['Filedigests', ['1', '']],
      ]),
    );
    expect([...fields.keys()]).toEqual(['header tag Name', 'header tag Sigmd5']);
    expect([...derived]).toEqual(['header tag Sigmd5']);
    expect([...members.keys()]).toEqual(['data /b', 'data /d/c']);
    expect(Object.fromEntries(members.get('data /d/c')?.facts ?? [])).toEqual({
      // 0120655: a link, as the sixteen bits that rpm stores.
      mode: '120655',
      'modification time': '1970-01-02T00:00:00.000Z',
    });
  });
});

import { describe, expect, it } from 'vitest';

import { cutKnownPieces, cutPieces, escapeXml, readTree } from '../../../../src/repository/yum/xml.ts';

const request = {
  root: 'metadata',
  piece: 'package',
  namespaces: { '': 'urn:common', rpm: 'urn:rpm' },
  wanted: new Set(['name', 'location']),
  origin: 'primary.xml',
  rest: '<format>',
};

function documentOf(pieces: readonly string[], declarations = ''): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<metadata xmlns="urn:common" xmlns:rpm="urn:rpm"${declarations} packages="${String(pieces.length)}">`,
    ...pieces,
    '</metadata>',
  ].join('\r\n');
}

const awkward = [
  '<package type="rpm"><name>a</name><location href="x&amp;y.rpm"/><format><rpm:entry name="é😀"/></format></package>',
  '<package  a="1>2"\n><name>b &lt;location href="no"/&gt;</name><format><name>no</name></format><location\nhref=\'z\' ></location></package>',
  '<package><format/></package>',
];

describe('cutting documents', () => {
  it('gives the text of each piece and where what was asked for is in it', () => {
    const { attributes, pieces } = cutPieces(documentOf(awkward), request);
    expect(attributes['packages']).toBe('3');
    expect(pieces.map(({ xml }) => xml)).toEqual(awkward);
    const locations = pieces.map(({ xml, children }) => {
      const location = children.get('location');
      return location && [location.attributes['href'], xml.slice(location.start, location.end)];
    });
    expect(locations).toEqual([
      ['x&y.rpm', '<location href="x&amp;y.rpm"/>'],
      ['z', "<location\nhref='z' ></location>"],
      undefined,
    ]);
    expect(pieces.map(({ children }) => children.get('name')?.text)).toEqual([
      'a',
      'b <location href="no"/>',
      undefined,
    ]);
  });

  it('is the same by the short cut, for what it can tell and for what it cannot', () => {
    const plain = Array.from({ length: 3 }, (_, index) => awkward[0]!.replace('>a<', `>${String(index)}<`));
    for (const pieces of [plain, awkward, []]) {
      const document = documentOf(pieces);
      const [whole, short] = [cutPieces(document, request), cutKnownPieces(document, request)];
      expect(short.attributes).toEqual(whole.attributes);
      expect(short.pieces.map(({ xml }) => xml)).toEqual(pieces);
    }
    expect(cutKnownPieces(documentOf(plain), request)).toEqual(cutPieces(documentOf(plain), request));
  });

  it('keeps the name spaces that the root declares', () => {
    const piece = '<package><name>a</name><x:y a="1"/><location href="b"/></package>';
    const document = documentOf([piece], ' xmlns:x="urn:x?a&amp;b"');
    for (const cut of [cutPieces, cutKnownPieces]) {
      const [found] = cut(document, request).pieces;
      expect(found?.xml).toBe(piece.replace('<package', '<package xmlns:x="urn:x?a&amp;b"'));
      const location = found!.children.get('location')!;
      expect(found!.xml.slice(location.start, location.end)).toBe('<location href="b"/>');
      // Text that can be put into another document.
      expect(cut(documentOf([found!.xml]), request).pieces[0]?.xml).toBe(found?.xml);
    }
  });

  it.each([
    ['is not well-formed', documentOf(['<package><name></package>'])],
    ['is not well-formed', documentOf(awkward).slice(0, -5)],
    ['is not well-formed', documentOf(['<package><x:y/></package>'])],
    ['is not well-formed', 'no XML'],
    ['is not well-formed', documentOf(['<package>&entity;</package>'])],
    ['holds a document type', `<!DOCTYPE a [<!ENTITY b "c">]>${documentOf([]).split('\r\n').slice(1).join('')}`],
    ['holds a CDATA section', documentOf(['<package><![CDATA[<location href="x"/>]]></package>'])],
    ['holds a comment', documentOf(['<package><!-- </package> --></package>'])],
    ['holds a processing instruction', documentOf(['<package><?a b?></package>'])],
    ['holds <other> where it has no place', documentOf(['<other/>'])],
    ['holds <package> where it has no place', documentOf(['<package><a><package/></a></package>'])],
    ['holds <html> instead of <metadata>', '<html/>'],
    ['instead of <metadata>', '<metadata/>'],
    ['uses the name space urn:other instead of urn:rpm', documentOf([]).replace('urn:rpm', 'urn:other')],
  ])('refuses what %s', (problem, document) => {
    for (const cut of [cutPieces, cutKnownPieces])
      expect(() => cut(document, request)).toThrow(
        expect.objectContaining({
          code: 'repository-invalid',
          message: expect.stringContaining(problem) as string,
        }) as Error,
      );
  });
});

it('escapes what attributes and text may not hold as it is', () => {
  const text = `<a b="c">&amp;'\t\n\r]]>é`;
  expect(readTree(`<x y="${escapeXml(text)}"/>`, 'x').attributes['y']).toBe(text);
  expect(readTree(`<x>${escapeXml(text)}</x>`, 'x').text).toBe(text);
});

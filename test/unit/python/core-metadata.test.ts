import { describe, expect, it } from 'vitest';

import { parseCoreMetadata } from '../../../src/python/core-metadata.ts';

describe('parseCoreMetadata', () => {
  it('reads a current METADATA file', () => {
    const text = [
      'Metadata-Version: 2.4',
      'Name: Example_App',
      'Version: 1.2.3',
      'Summary: An example: it does',
      '  things',
      'Author-email: Zoë <zoe@example.com>',
      'Maintainer: Max',
      'Maintainer-email: max@example.com',
      'License-Expression: Apache-2.0',
      'Project-URL: Source, https://example.com/source',
      'Project-URL: Home-Page, https://example.com/, with a comma',
      'Classifier: Programming Language :: Python :: 3',
      'Classifier: Topic :: System',
      'Requires-Python: >=3.6',
      'Requires-Dist: requests>=2',
      'Requires-Dist: tls-thing; extra == "tls"',
      'Provides-Extra: tls',
      'Description-Content-Type: text/markdown',
      '',
      '# Example',
      '',
      'Body: not a header',
      '',
    ].join('\n');
    expect(parseCoreMetadata(text)).toEqual({
      name: 'Example_App',
      version: '1.2.3',
      summary: 'An example: it does things',
      description: '# Example\n\nBody: not a header',
      license: undefined,
      licenseExpression: 'Apache-2.0',
      classifiers: ['Programming Language :: Python :: 3', 'Topic :: System'],
      homepage: 'https://example.com/, with a comma',
      author: undefined,
      authorEmail: 'Zoë <zoe@example.com>',
      maintainer: 'Max',
      maintainerEmail: 'max@example.com',
      requiresPython: '>=3.6',
      requiresDist: ['requests>=2', 'tls-thing; extra == "tls"'],
      providesExtra: ['tls'],
    });
  });

  it('reads an old PKG-INFO: folded description and licence, UNKNOWN, any case, Windows line ends', () => {
    const text = [
      '\uFEFFmetadata-version: 1.1',
      'NAME: old',
      'version: 0.1',
      'Summary: UNKNOWN',
      'Home-page: http://example.com/old',
      'Project-URL: Homepage, http://example.com/other',
      'Author: UNKNOWN',
      'License: Copyright someone',
      '        ',
      '        All rights.',
      'Description: First line',
      '        ',
      '            indented code',
      '       |barred',
      'Platform: UNKNOWN',
    ].join('\r\n');
    expect(parseCoreMetadata(text)).toMatchObject({
      name: 'old',
      version: '0.1',
      summary: undefined,
      homepage: 'http://example.com/old',
      author: undefined,
      license: 'Copyright someone\n\nAll rights.',
      description: 'First line\n\n    indented code\nbarred',
      classifiers: [],
      requiresPython: undefined,
    });
  });

  it('takes the body rather than nothing when a line is no header', () => {
    expect(parseCoreMetadata('Name: a\nVersion: 1\nthis is prose\nName: b').description).toBe('this is prose\nName: b');
  });

  it.each([
    ['Version: 1\n', 'no Name field'],
    ['Name: a\nVersion: UNKNOWN\n', 'no Version field'],
    ['', 'no Name field'],
  ])('refuses %j', (text, problem) => {
    expect(() => parseCoreMetadata(text)).toThrow(expect.objectContaining({ code: 'wheel-invalid' }));
    expect(() => parseCoreMetadata(text)).toThrow(problem);
  });
});

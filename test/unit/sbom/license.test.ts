import { describe, expect, it } from 'vitest';

import { licenseOfMetadata, licenseReferences, suggestLicense, type License } from '../../../src/sbom/license.ts';
import { parseCoreMetadata } from '../../../src/python/core-metadata.ts';

/** Beginnings as they are in License fields, folded and all. */
const flask = [
  'Copyright 2010 Pallets',
  '',
  'Redistribution and use in source and binary forms, with or without',
  'modification, are permitted provided that the following conditions are met:',
  '3.  Neither the name of the copyright holder nor the names of its',
  '    contributors may be used to endorse or promote products derived from',
  '    this software without specific prior written permission.',
];
const attrs = [
  'The MIT License (MIT)',
  'Permission is hereby granted, free of charge, to any person obtaining a copy',
  'of this software and associated documentation files (the "Software"), to deal',
];

function folded(lines: readonly string[]): string {
  return lines.join('\n        ');
}

function licenseOfLines(...lines: readonly string[]): License {
  return licenseOfMetadata(parseCoreMetadata(['Name: leaf', 'Version: 1', ...lines, '', ''].join('\n')));
}

const mit = 'Classifier: License :: OSI Approved :: MIT License';

describe('the licence of a distribution', () => {
  it.each<[string, readonly string[], License]>([
    // PEP 639, "Add License-Expression field": it replaces License and the classifiers.
    ['an expression', ['License-Expression: MIT', 'License: BSD'], { kind: 'spdx', expression: 'MIT' }],
    [
      'an expression of several',
      ['License-Expression: Apache-2.0 OR BSD-3-Clause'],
      { kind: 'spdx', expression: 'Apache-2.0 OR BSD-3-Clause' },
    ],
    ['a License that is SPDX', ['License: BSD-3-Clause', mit], { kind: 'spdx', expression: 'BSD-3-Clause' }],
    ['one classifier', ['License: The MIT one', mit], { kind: 'spdx', expression: 'MIT' }],
    ['a License that is a word', ['License: BSD'], { kind: 'text', text: 'BSD' }],
    [
      'a classifier of a family',
      ['Classifier: License :: OSI Approved :: BSD License'],
      { kind: 'text', text: 'BSD License' },
    ],
    [
      'two classifiers, which may be a choice or a sum',
      [mit, 'Classifier: License :: OSI Approved :: ISC License (ISCL)'],
      { kind: 'text', text: 'MIT License, ISC License (ISCL)' },
    ],
    [
      'an expression that is none, whatever else is said',
      ['License-Expression: Apache 2', mit],
      { kind: 'text', text: 'Apache 2' },
    ],
    [
      'an expression that refers to another document',
      ['License-Expression: DocumentRef-a:LicenseRef-b'],
      { kind: 'text', text: 'DocumentRef-a:LicenseRef-b' },
    ],
    ['a text of several lines', ['License: Do', '        what'], { kind: 'text', text: 'Do\nwhat' }],
    ['nothing', ['License: UNKNOWN', 'Classifier: License :: OSI Approved'], { kind: 'unknown' }],
  ])('is told by %s', (_, lines, license) => {
    expect(licenseOfLines(...lines)).toEqual(license);
  });
});

describe('a licence that is not of the list', () => {
  it('is found in an expression', () => {
    expect(licenseReferences('MIT AND (LicenseRef-B OR LicenseRef-A OR LicenseRef-B)')).toEqual([
      'LicenseRef-A',
      'LicenseRef-B',
    ]);
  });

  it.each([
    ['Apache 2.0', 'Apache-2.0'],
    ['Apache 1.1', 'Apache-1.1'],
    ['BSD-3-Clasue', 'BSD-3-Clause'],
    ['LGPL-2.1-ony', 'LGPL-2.1-only'],
    ['MIT License', 'MIT'],
    ['BSD', undefined],
    ['LGPL License', undefined],
    ['GPLv3', 'GPL-3.0-or-later'],
    ['something of our own', undefined],
    ['MIT '.repeat(30), undefined],
    ['BSD-derived (http://www.repoze.org/LICENSE.txt)', undefined],
    ['MIT-like', undefined],
    ['Dual license: MIT, GPL', undefined],
    [folded(flask), 'BSD-3-Clause'],
    [folded(attrs), 'MIT'],
    [`Copyright A\n\n${folded(attrs)}\n${folded(flask)}`, undefined],
    ['A licence of our own.\nNothing may be done with it, not even\nredistribution in source form.', undefined],
  ])('%j is perhaps %s', (text, identifier) => {
    expect(suggestLicense(text)).toBe(identifier);
  });
});

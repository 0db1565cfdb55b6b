import { describe, expect, it } from 'vitest';

import {
  deriveDescription,
  deriveLicense,
  deriveMaintainer,
  deriveUrl,
  maintainerName,
} from '../../../src/manifest/derive.ts';
import type { CoreMetadata } from '../../../src/python/core-metadata.ts';
import { someMetadata } from '../../support/manifest.ts';

const metadata = (fields: Partial<CoreMetadata>): CoreMetadata => someMetadata({ ...fields });
const classifier = (name: string): string => `License :: OSI Approved :: ${name}`;

describe('the licence', () => {
  it.each([
    ['the expression above all', { licenseExpression: 'MIT', license: 'Apache-2.0' }, 'MIT'],
    [
      'the field when it is SPDX',
      { license: 'BSD-3-Clause', classifiers: [classifier('MIT License')] },
      'BSD-3-Clause',
    ],
    [
      'the classifier before other words',
      { license: 'Apache 2', classifiers: [classifier('Apache Software License')] },
      'Apache-2.0',
    ],
    [
      'the classifier without a field',
      { license: 'UNKNOWN', classifiers: [classifier('Mozilla Public License 2.0 (MPL 2.0)')] },
      'MPL-2.0',
    ],
    [
      'a short field as it is: a guess would be a claim',
      { license: 'BSD', classifiers: [classifier('BSD License')] },
      'BSD',
    ],
    [
      'none of several classifiers',
      { classifiers: [classifier('MIT License'), classifier('Apache Software License')] },
      'LicenseRef-Unknown',
    ],
    ['no whole text', { license: 'Permission is hereby granted,\nfree of charge' }, 'LicenseRef-Unknown'],
    ['nothing when nothing is said', {}, 'LicenseRef-Unknown'],
    ['proprietary when it is so', { classifiers: ['License :: Other/Proprietary License'] }, 'LicenseRef-Proprietary'],
  ])('is %s', (_title, fields, expected) => {
    expect(deriveLicense(metadata(fields))).toBe(expected);
  });
});

describe('the maintainer', () => {
  it.each([
    [
      { maintainer: 'Ann', maintainerEmail: 'ann@example.com', author: 'Bob', authorEmail: 'bob@example.com' },
      'Ann <ann@example.com>',
    ],
    [{ author: 'Bob', authorEmail: 'bob@example.com' }, 'Bob <bob@example.com>'],
    [{ authorEmail: 'Bob Roe <bob@example.com>' }, 'Bob Roe <bob@example.com>'],
    [{ authorEmail: '"Roe, Bob" <bob@example.com>, Ann <ann@example.com>' }, 'Roe, Bob <bob@example.com>'],
    [{ authorEmail: 'Ann <ann@example.com>, Bob <bob@example.com>' }, 'Ann <ann@example.com>'],
    [{ authorEmail: 'ann@example.com, bob@example.com' }, 'ann <ann@example.com>'],
    [{ author: 'Jörg <x>\nEvil: yes', authorEmail: 'j@example.com' }, 'Jörg x Evil: yes <j@example.com>'],
    [{ author: 'Bob' }, 'Bob <nobody@example.invalid>'],
    [{ author: 'UNKNOWN', authorEmail: 'UNKNOWN' }, 'Unknown maintainer of fleet <nobody@example.invalid>'],
    [{}, 'Unknown maintainer of fleet <nobody@example.invalid>'],
  ])('of %j is %s', (fields, expected) => {
    expect(deriveMaintainer(metadata(fields), 'fleet')).toBe(expected);
  });

  it('has a name, which is the default vendor', () => {
    expect(maintainerName('Ann B. <ann@example.com>')).toBe('Ann B.');
  });
});

describe('other fields', () => {
  it('take a home page only when it can be opened', () => {
    expect(deriveUrl(metadata({ homepage: 'https://example.com/fleet' }))).toBe('https://example.com/fleet');
    expect(deriveUrl(metadata({ homepage: 'UNKNOWN' }))).toBeUndefined();
    expect(deriveUrl(metadata({ homepage: 'https://me:secret@example.com/' }))).toBeUndefined();
  });

  it('take a description of a few paragraphs', () => {
    expect(deriveDescription(metadata({ description: 'Fleet keeps order.  \r\n\r\n\r\nIt does it well.\n' }))).toBe(
      'Fleet keeps order.\n\nIt does it well.',
    );
  });

  it.each([
    '# Fleet\n\nKeeps order.',
    'Fleet\n=====\n\nKeeps order.',
    '[![Build](https://example.com/x.svg)](https://example.com)\n\nKeeps order.',
    'Keeps order.\n\n```\nfleet run\n```\n',
    '.. image:: https://example.com/x.svg\n',
    '<p align="center">Fleet</p>',
    'Usage::\n\n    fleet run\n',
    'word '.repeat(300),
  ])('leave a README out: %j', (description) => {
    expect(deriveDescription(metadata({ description }))).toBeUndefined();
  });
});

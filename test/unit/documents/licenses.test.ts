import { existsSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { commonPointer, referToCommon } from '../../../src/documents/common-licenses.ts';
import { takeStatements } from '../../../src/documents/copyright-holders.ts';
import { decodeText } from '../../../src/documents/decode.ts';
import { combineLicenses, debianLicense } from '../../../src/documents/license-names.ts';
import type { DebDistribution } from '../../../src/distributions/distribution.ts';
import { licenseOf, type License } from '../../../src/sbom/license.ts';
import { aDistribution } from '../../support/manifest.ts';

function deb(id: string): DebDistribution {
  const distribution = aDistribution(id);
  if (distribution.format !== 'deb') throw new Error(id);
  return distribution;
}

const spdx = (expression: string): License => ({ kind: 'spdx', expression });

describe('statements of copyright', () => {
  it.each([
    'Copyright (c) 2015 Hynek Schlawack',
    'Copyright © 2008-2011, Ørjan',
    'Copyright 2019 Kenneth Reitz',
    '© 2020 Zoë and others',
    '(c) 2004 Ann',
    'Copyright: Ann B. <ann@example.com>',
    'Copyright (c) Individual contributors.',
    'Portions copyright (C) 1999 Bob',
  ])('%s', (line) => {
    expect(takeStatements(`Some licence\n\n${line}\n\nPermission.\n`)).toEqual({
      statements: [line],
      rest: 'Some licence\n\nPermission.\n',
    });
  });

  it.each([
    'copyright notice, this list of conditions and the following disclaimer.',
    'Copyright [yyyy] [name of copyright owner]',
    'Copyright (C) <year>  <name of author>',
    '(c) You must retain, in the Source form of any Derivative Works',
    'copyright holders be liable',
    'Copyright and Related Rights in the Work',
    'Licensed under the Apache License',
  ])('not: %s', (line) => {
    expect(takeStatements(`${line}\n`)).toEqual({ statements: [], rest: `${line}\n` });
  });

  it('are without the comment that they stand in, once each', () => {
    const { statements } = takeStatements(' # Copyright (c) 2015  Ann\n * Copyright (c) 2015 Ann\n');
    expect(statements).toEqual(['Copyright (c) 2015 Ann']);
  });
});

describe('the text of a licence file', () => {
  it('is UTF-8, else Latin-1, without marks and control characters', () => {
    expect(decodeText(Buffer.from('\uFEFFa\r\nb\rc\fd\u0007\te ö'))).toBe('a\nb\ncd\te ö');
    expect(decodeText(Buffer.from([0x5a, 0x6f, 0xeb]))).toBe('Zoë');
    const wide = Buffer.from('\uFEFFZoë\r\n', 'utf16le');
    expect(decodeText(wide)).toBe('Zoë\n');
    expect(decodeText(Buffer.from(wide).swap16())).toBe('Zoë\n');
  });
});

describe('texts that every Debian system has', () => {
  const directory = '/usr/share/common-licenses';
  const files = ['Apache-2.0', 'GPL-1', 'GPL-2', 'GPL-3', 'LGPL-2', 'LGPL-2.1', 'LGPL-3', 'MPL-2.0', 'CC0-1.0'];
  const there = files.filter((file) => existsSync(`${directory}/${file}`));

  it.each(there)('%s is recognized in another text, and replaced by where it is', (file) => {
    const text = readFileSync(`${directory}/${file}`, 'utf8');
    const { statements, rest } = takeStatements(text);
    // The copyright of the licence's own text is no statement about the program.
    expect(statements).toEqual([]);
    const result = referToCommon(`Before.\n\n${rest}\nAfter.\n`, deb('debian-12'));
    expect(result).toContain(`${directory}/${file}.`);
    expect(result.length).toBeLessThan(400);
    expect(result).toMatch(/^Before\.\n[^]*After\.\n$/);
  });

  it('are not taken for something that only begins alike', () => {
    const text =
      'Apache License\nVersion 2.0, January 2004\nhttp://www.apache.org/licenses/\n\nEND OF TERMS AND CONDITIONS\n';
    expect(referToCommon(text, deb('debian-12'))).toBe(text);
  });

  it('are named by an SPDX identifier', () => {
    expect(commonPointer('GPL-3.0-or-later', deb('debian-12'))).toContain(`${directory}/GPL-3.`);
    expect(commonPointer('LGPL-2.1-only', deb('debian-12'))).toContain(`${directory}/LGPL-2.1.`);
    expect(commonPointer('MIT', deb('debian-12'))).toBeUndefined();
    // Policy 4.2.0 (Debian 10) added these two.
    expect(commonPointer('MPL-2.0', deb('debian-11'))).toContain(`${directory}/MPL-2.0.`);
    expect(commonPointer('MPL-2.0', deb('ubuntu-14.04'))).toBeUndefined();
  });
});

describe("Debian's names of licences", () => {
  it.each([
    ['MIT', 'Expat'],
    ['GPL-2.0-or-later', 'GPL-2+'],
    ['GPL-2.0+', 'GPL-2+'],
    ['GPL-3.0-only', 'GPL-3'],
    ['LGPL-2.1-or-later', 'LGPL-2.1+'],
    ['BSD-3-Clause', 'BSD-3-clause'],
    ['Apache-2.0', 'Apache-2.0'],
    ['MIT OR Apache-2.0', 'Expat or Apache-2.0'],
    ['MIT AND (Apache-2.0 OR BSD-3-Clause)', 'Apache-2.0 or BSD-3-clause, and Expat'],
    ['MIT AND BSD-2-Clause AND ISC', 'Expat and BSD-2-clause and ISC'],
    ['GPL-2.0-only WITH Classpath-exception-2.0', 'GPL-2 with Classpath-2.0 exception'],
    ['LicenseRef-Proprietary', 'LicenseRef-Proprietary'],
  ])('%s is %s', (expression, name) => {
    expect(debianLicense(spdx(expression))).toBe(name);
  });

  it('are made up where there is none, without spaces', () => {
    expect(debianLicense({ kind: 'text', text: 'Dual License, see README' })).toBe(
      'LicenseRef-Dual-License-see-README',
    );
    expect(debianLicense({ kind: 'unknown' })).toBe('LicenseRef-Unknown');
  });
});

describe('the licence of an rpm', () => {
  it('is that of everything in it: each part once, the own ones first, choices in brackets', () => {
    const others = ['BSD-3-Clause', 'Apache-2.0 OR MIT', 'MIT AND PSF-2.0', 'BSD-3-Clause'].map(spdx);
    const combined = combineLicenses('MIT', others);
    expect(combined).toBe('MIT AND (Apache-2.0 OR MIT) AND BSD-3-Clause AND PSF-2.0');
    expect(licenseOf(combined).kind).toBe('spdx');
  });

  it('keeps a choice without brackets when it is all', () => {
    expect(combineLicenses('MIT OR Apache-2.0', [])).toBe('MIT OR Apache-2.0');
    expect(combineLicenses('MIT', [spdx('MIT')])).toBe('MIT');
    expect(combineLicenses('(MIT OR ISC) AND (MIT OR ISC)', [])).toBe('MIT OR ISC');
  });

  it('is an SPDX expression also where others are not', () => {
    const odd: readonly License[] = [{ kind: 'text', text: 'ZPL 2.1 / 100% free' }, { kind: 'unknown' }];
    const combined = combineLicenses('ASL 2.0', odd);
    expect(combined).toBe('LicenseRef-ASL-2.0 AND LicenseRef-Unknown AND LicenseRef-ZPL-2.1-100-free');
    expect(licenseOf(combined).kind).toBe('spdx');
  });
});

import correctLicense from 'spdx-correct';
import parseLicense from 'spdx-expression-parse';

import { suggest } from '../errors/suggest.ts';
import { deriveSpdxLicense, isSpdxExpression } from '../manifest/derive.ts';
import type { CoreMetadata } from '../python/core-metadata.ts';

/** The licence that somebody declared, as far as it can be told. */
export type License =
  | { readonly kind: 'spdx'; readonly expression: string }
  /** What was written instead of an SPDX expression. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unknown' };

/** A licence of which only a text is known; `DocumentRef-` names another SPDX document, which nobody handed to us. */
export function licenseOf(text: string): License {
  return isSpdxExpression(text) && !text.includes('DocumentRef-')
    ? { kind: 'spdx', expression: text }
    : { kind: 'text', text };
}

/**
 * The licence of a distribution: License-Expression (core metadata 2.4, PEP 639), which replaces the fields before it;
 * else what License or the classifiers mean in SPDX's words; else what they say.
 */
export function licenseOfMetadata(
  metadata: Pick<CoreMetadata, 'licenseExpression' | 'license' | 'classifiers'>,
): License {
  const { licenseExpression, license, classifiers } = metadata;
  if (licenseExpression !== undefined) return licenseOf(licenseExpression);
  const expression = deriveSpdxLicense(metadata);
  if (expression !== undefined) return licenseOf(expression);
  if (license !== undefined) return { kind: 'text', text: license };
  const classified = classifiers
    .filter((classifier) => classifier.startsWith('License ::'))
    .map((classifier) => classifier.split('::').at(-1)?.trim() ?? '');
  // `License :: OSI Approved` by itself names none.
  const named = classified.filter((name) => name !== '' && name !== 'OSI Approved');
  return named.length === 0 ? { kind: 'unknown' } : { kind: 'text', text: named.join(', ') };
}

type Expression = ReturnType<typeof parseLicense>;

function leaves(expression: Expression): readonly string[] {
  return 'conjunction' in expression ? [...leaves(expression.left), ...leaves(expression.right)] : [expression.license];
}

/** Identifiers of the expression's own making, `LicenseRef-…`, sorted. */
export function licenseReferences(expression: string): readonly string[] {
  const identifiers = leaves(parseLicense(expression)).filter((name) => name.startsWith('LicenseRef-'));
  return [...new Set(identifiers)].sort();
}

/** Whether an expression is one identifier of SPDX's list, without `+` and exception. */
export function isListedLicense(expression: string): boolean {
  return /^[\w.-]+$/.test(expression) && !expression.startsWith('LicenseRef-');
}

/** Identifiers that Python's distributions have most, for slips of the pen. */
const commonLicenses = [
  ...['0BSD', 'AGPL-3.0-only', 'AGPL-3.0-or-later', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BSL-1.0'],
  ...['GPL-2.0-only', 'GPL-2.0-or-later', 'GPL-3.0-only', 'GPL-3.0-or-later', 'LGPL-2.1-only', 'LGPL-2.1-or-later'],
  ...['LGPL-3.0-only', 'LGPL-3.0-or-later', 'MPL-2.0', 'PSF-2.0', 'Unlicense', 'ZPL-2.1'],
];

/** Families, none of whose members is meant more than another. */
const family = /^(?:[AL]?GPL|BSD)(?: licen[cs]e)?$/i;

function digits(text: string): string {
  return text.replaceAll(/\D/g, '');
}

/**
 * The SPDX identifier that a text probably means.
 * @returns undefined for what nobody could guess: a family of licences, a whole licence text
 */
export function suggestLicense(text: string): string | undefined {
  if (text.length > 80 || text.includes('\n') || family.test(text)) return undefined;
  // Another version is another licence. In a few letters every one would be a third of them.
  const alike = text.length < 6 ? [] : commonLicenses.filter((name) => digits(name) === digits(text));
  const near = suggest(text, alike) ?? correctLicense(text);
  return near === null || near === text ? undefined : near;
}

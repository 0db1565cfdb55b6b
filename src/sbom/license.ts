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

/** Words with which somebody says that it is another licence than the one that is named. */
const otherThanNamed = /\b(?:derived|like|style|based|variant|modified|custom|similar|dual|either|plus|with)\b|[()]/i;

/** Sentences that one licence has and the others that Python's distributions have do not; those of longer licences first. */
const sentences: readonly (readonly [string, RegExp])[] = [
  ['Apache-2.0', /Apache License,? Version 2\.0/i],
  ['MPL-2.0', /Mozilla Public License,? Version 2\.0/i],
  ['BSD-3-Clause', /Redistribution and use in source and binary forms.*\bNeither the names? of/is],
  ['BSD-2-Clause', /Redistribution and use in source and binary forms(?!.*\b(?:Neither|endorse|advertising)\b)/is],
  ['MIT', /Permission is hereby granted, free of charge, to any person obtaining a copy/i],
  [
    'ISC',
    /Permission to use, copy, modify, and(?:\/or)? distribute this software for any purpose with or without fee/i,
  ],
];

/** The identifier of the licence whose text somebody wrote where its name belongs. */
function identifyText(text: string): string | undefined {
  const words = text.replaceAll(/\s+/g, ' ');
  const found = sentences.filter(([, sentence]) => sentence.test(words));
  return found.length === 1 ? found[0]?.[0] : undefined;
}

/**
 * The SPDX identifier that a text probably means.
 * @returns undefined for what nobody could guess: a family of licences, a licence of somebody's own
 */
export function suggestLicense(text: string): string | undefined {
  if (text.length > 80 || text.includes('\n')) return identifyText(text);
  if (family.test(text) || otherThanNamed.test(text)) return undefined;
  // Another version is another licence. In a few letters every one would be a third of them.
  const alike = text.length < 6 ? [] : commonLicenses.filter((name) => digits(name) === digits(text));
  const near = suggest(text, alike) ?? correctLicense(text);
  return near === null || near === text ? undefined : near;
}

import correctLicense from 'spdx-correct';
import parseLicense from 'spdx-expression-parse';

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

/** The SPDX identifier that a text probably means. */
export function suggestLicense(text: string): string | undefined {
  // Of a whole licence text a guess by words would be worth nothing.
  const near = text.length > 80 || text.includes('\n') ? null : correctLicense(text);
  return near === null || near === text ? undefined : near;
}

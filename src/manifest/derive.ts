import parseLicense from 'spdx-expression-parse';

import type { CoreMetadata } from '../python/core-metadata.ts';
import { oneLine, present } from './metadata-text.ts';

/** SPDX lets a document name a licence of its own: what is honest where nobody says under which one the application is. */
export const unknownLicense = 'LicenseRef-Unknown';

/** Classifiers that name one licence; those that name a family (`BSD License`) say too little for an identifier. */
const licenseClassifiers: Readonly<Record<string, string>> = {
  'Apache Software License': 'Apache-2.0',
  'BSD License': '',
  'Boost Software License 1.0 (BSL-1.0)': 'BSL-1.0',
  'CC0 1.0 Universal (CC0 1.0) Public Domain Dedication': 'CC0-1.0',
  'European Union Public Licence 1.2 (EUPL 1.2)': 'EUPL-1.2',
  'GNU Affero General Public License v3': 'AGPL-3.0-only',
  'GNU Affero General Public License v3 or later (AGPLv3+)': 'AGPL-3.0-or-later',
  'GNU General Public License v2 (GPLv2)': 'GPL-2.0-only',
  'GNU General Public License v2 or later (GPLv2+)': 'GPL-2.0-or-later',
  'GNU General Public License v3 (GPLv3)': 'GPL-3.0-only',
  'GNU General Public License v3 or later (GPLv3+)': 'GPL-3.0-or-later',
  'GNU Lesser General Public License v2 (LGPLv2)': 'LGPL-2.0-only',
  'GNU Lesser General Public License v2 or later (LGPLv2+)': 'LGPL-2.0-or-later',
  'GNU Lesser General Public License v3 (LGPLv3)': 'LGPL-3.0-only',
  'GNU Lesser General Public License v3 or later (LGPLv3+)': 'LGPL-3.0-or-later',
  'ISC License (ISCL)': 'ISC',
  'MIT License': 'MIT',
  'MIT No Attribution License (MIT-0)': 'MIT-0',
  'Mozilla Public License 2.0 (MPL 2.0)': 'MPL-2.0',
  'Other/Proprietary License': 'LicenseRef-Proprietary',
  'Python Software Foundation License': 'PSF-2.0',
  'The Unlicense (Unlicense)': 'Unlicense',
  'Universal Permissive License (UPL)': 'UPL-1.0',
  'Zope Public License': 'ZPL-2.1',
};

/**
 * The SPDX expression that the licence fields before PEP 639 come to: the License field when it is one, else what one
 * classifier means.
 */
export function deriveSpdxLicense(metadata: Pick<CoreMetadata, 'license' | 'classifiers'>): string | undefined {
  const stated = present(metadata.license);
  if (stated !== undefined && isSpdxExpression(stated)) return stated;
  const classified = metadata.classifiers
    .filter((classifier) => classifier.startsWith('License ::'))
    .map((classifier) => licenseClassifiers[classifier.split('::').at(-1)?.trim() ?? ''] ?? '')
    .filter((identifier) => identifier !== '');
  // Several may be meant as a choice or as a sum: metadata does not tell.
  const [only, ...others] = new Set(classified);
  return others.length === 0 ? only : undefined;
}

/**
 * The licence that metadata states: its SPDX expression (PEP 639), else its License field when that is an SPDX
 * expression, else what one classifier means, else the License field as it is when it is one line, and not a whole text.
 */
export function deriveLicense(metadata: CoreMetadata): string {
  const expression = present(metadata.licenseExpression) ?? deriveSpdxLicense(metadata);
  if (expression !== undefined) return expression;
  const stated = present(metadata.license);
  return stated !== undefined && stated.length <= 80 && !stated.includes('\n') ? stated : unknownLicense;
}

/** Whether a text is an expression of SPDX 2.3, annex D, whose identifiers are in the list of licences. */
export function isSpdxExpression(text: string): boolean {
  try {
    parseLicense(text);
    return true;
  } catch {
    return false;
  }
}

/** The name and address of the maintainer, else of the author, in the form of Debian Policy 5.6.2. */
export function deriveMaintainer(metadata: CoreMetadata, application: string): string {
  return (
    contact(metadata.maintainer, metadata.maintainerEmail) ??
    contact(metadata.author, metadata.authorEmail) ??
    `Unknown maintainer of ${application} <${noAddress}>`
  );
}

/** RFC 2606, section 2: nothing under `.invalid` can ever be reached by accident. */
const noAddress = 'nobody@example.invalid';

/** A name and an email field, either of which may be absent; the latter may be `Name <address>, …` (core metadata). */
function contact(nameField: string | undefined, emailField: string | undefined): string | undefined {
  const email = present(emailField);
  const name = present(nameField);
  const named = /(?:^|,)\s*"?(?<name>[^"<>@,][^"<>@]*?)"?\s*<(?<address>[^<>\s@]+@[^<>\s@]+)>/.exec(
    email ?? '',
  )?.groups;
  const address = named?.['address'] ?? /[^<>\s@,;]+@[^<>\s@,;]+/.exec(email ?? '')?.[0];
  const person = plainName(name ?? named?.['name'] ?? address?.split('@')[0] ?? '');
  if (person === '') return undefined;
  return `${person} <${address ?? noAddress}>`;
}

/** A name that stands before `<address>` unquoted. */
function plainName(text: string): string {
  return oneLine(text.replaceAll(/[<>@"]|\S+@\S+/g, ' ')).replace(/[\s,;]+$/, '');
}

/** The name of `Name <address>`. */
export function maintainerName(maintainer: string): string {
  return maintainer.replace(/\s*<[^<>]*>\s*$/, '');
}

/** The home page, when it is an address that people can open. */
export function deriveUrl(metadata: CoreMetadata): string | undefined {
  const homepage = present(metadata.homepage);
  return homepage !== undefined && /^https?:\/\/[^\s@/]+(?:[/?#]\S*)?$/.test(homepage) ? homepage : undefined;
}

/** What gives a README away: headings, images, code, directives, tables, HTML. */
const markup = /^(?:#|=+$|-{3,}$|~{3,}$|```|\.\. |!\[|\[!\[|\||<|>>> )|!\[|<\/?[a-z]+[^>]*>|::$/im;
const longestDescription = 800;

/**
 * The description that metadata gives, when it is a few paragraphs of prose.
 * @returns undefined for a README, which tells developers about badges and installation, not administrators what a
 *   package is for
 */
export function deriveDescription(metadata: CoreMetadata): string | undefined {
  const text = present(metadata.description)?.replaceAll('\r\n', '\n');
  if (text === undefined || text.length > longestDescription || markup.test(text)) return undefined;
  return text.replaceAll(/[ \t]+$/gm, '').replaceAll(/\n{3,}/g, '\n\n');
}

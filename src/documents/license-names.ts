import parseLicense from 'spdx-expression-parse';

import { licenseOf, type License } from '../sbom/license.ts';

/** What SPDX's grammar (2.3, annex D) lets an identifier of one's own consist of. */
function ownIdentifier(text: string): string {
  const [line = ''] = text.trim().split('\n', 1);
  const word = line
    .slice(0, 60)
    .replaceAll(/[^A-Za-z0-9.]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '');
  return `LicenseRef-${word === '' ? 'Unknown' : word}`;
}

/**
 * A licence as an SPDX expression: what is none gets an identifier of our own, made of its first line, and what nobody
 * states is `LicenseRef-Unknown`.
 */
export function licenseExpression(license: License): string {
  switch (license.kind) {
    case 'spdx':
      return license.expression;
    case 'text':
      return ownIdentifier(license.text);
    case 'unknown':
      return 'LicenseRef-Unknown';
  }
}

export type LicenseNode = ReturnType<typeof parseLicense>;

/** An expression taken apart; it is one of {@link licenseExpression}. */
export function licenseNode(expression: string): LicenseNode {
  return parseLicense(expression);
}

/** Every identifier of an expression, in its order. */
export function identifiersOf(node: LicenseNode): readonly string[] {
  return 'conjunction' in node ? [...identifiersOf(node.left), ...identifiersOf(node.right)] : [node.license];
}

function leafText(node: Exclude<LicenseNode, { readonly conjunction: unknown }>): string {
  const { exception } = node;
  return `${node.license}${node.plus === true ? '+' : ''}${exception === undefined ? '' : ` WITH ${exception}`}`;
}

/** The parts of an expression that all hold, each as text; a choice is one part. */
function terms(node: LicenseNode): readonly string[] {
  if (!('conjunction' in node)) return [leafText(node)];
  return node.conjunction === 'and' ? [...terms(node.left), ...terms(node.right)] : [`(${choices(node).join(' OR ')})`];
}

function choices(node: LicenseNode): readonly string[] {
  if (!('conjunction' in node)) return [leafText(node)];
  return node.conjunction === 'or'
    ? [...choices(node.left), ...choices(node.right)]
    : [`(${terms(node).join(' AND ')})`];
}

/**
 * The licence of a package as Fedora's guidelines want it: the expression of what is in the binary package, every part
 * once, the application's first, nothing concluded and no choice made ("License: field", "Licensing Guidelines").
 * @param application as the manifest or the metadata has it
 */
export function combineLicenses(application: string, others: readonly License[]): string {
  const own = terms(licenseNode(licenseExpression(licenseOf(application))));
  const more = others.flatMap((license) => terms(licenseNode(licenseExpression(license))));
  const all = [...new Set([...own, ...[...new Set(more)].sort()])];
  const [only] = all;
  // Brackets are for a choice among other parts.
  return all.length === 1 && only !== undefined ? only.replace(/^\((.*)\)$/s, '$1') : all.join(' AND ');
}

/** The short names that differ from SPDX's ("Machine-readable debian/copyright file", 1.0, "License names"). */
const debianNames: Readonly<Record<string, string>> = {
  MIT: 'Expat',
  'BSD-2-Clause': 'BSD-2-clause',
  'BSD-3-Clause': 'BSD-3-clause',
  'BSD-4-Clause': 'BSD-4-clause',
  'Apache-1.1': 'Apache-1.1',
  'Artistic-1.0-Perl': 'Artistic-1',
};

/** Families whose versions Debian writes with `+` for "or later", and without a `.0` at the end. */
const versioned = /^(?<family>A?GPL|LGPL|GFDL)-(?<version>\d+(?:\.\d+)*?)(?:\.0)?(?<later>-only|-or-later)?$/;

/** Debian's short name of a licence; SPDX's own where Debian has none. */
function debianName(identifier: string, plus: boolean): string {
  const { family, version, later } = versioned.exec(identifier)?.groups ?? {};
  if (family !== undefined && version !== undefined)
    return `${family}-${version}${plus || later === '-or-later' ? '+' : ''}`;
  return `${debianNames[identifier] ?? identifier}${plus ? '+' : ''}`;
}

/** The operands of a chain of the same conjunction. */
function chain(node: LicenseNode, conjunction: 'and' | 'or'): readonly LicenseNode[] {
  return 'conjunction' in node && node.conjunction === conjunction
    ? [...chain(node.left, conjunction), ...chain(node.right, conjunction)]
    : [node];
}

function debianText(node: LicenseNode): string {
  if ('conjunction' in node) {
    const { conjunction } = node;
    const operands = chain(node, conjunction);
    if (conjunction === 'or') return operands.map(debianText).join(' or ');
    // Debian has no brackets: "and" binds closer, and a comma before it is the way round: "A or B, and C".
    const isChoice = (operand: LicenseNode): boolean => 'conjunction' in operand;
    const simple = operands.filter((operand) => !isChoice(operand)).map(debianText);
    const grouped = operands.filter(isChoice).map(debianText);
    return [...grouped, ...(simple.length === 0 ? [] : [simple.join(' and ')])].join(', and ');
  }
  const name = debianName(node.license, node.plus === true);
  return node.exception === undefined ? name : `${name} with ${exceptionName(node.exception)} exception`;
}

/** `Classpath-exception-2.0` is `Classpath-2.0` before the word "exception". */
function exceptionName(exception: string): string {
  return exception.replace(/-exception(?=-|$)/i, '');
}

/**
 * The synopsis of a License field: Debian's short names with "and", "or" and "with … exception" ("Machine-readable
 * debian/copyright file", 1.0, "License syntax").
 */
export function debianLicense(license: License): string {
  return debianText(licenseNode(licenseExpression(license)));
}

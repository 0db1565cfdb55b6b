import { createHash } from 'node:crypto';

import { timestamp, type BillOfMaterials, type Component } from './bill.ts';
import { contentUuid } from './content-uuid.ts';
import { licenseReferences, type License } from './license.ts';

/** SPDX 2.3, 7.24: `PrimaryPackagePurpose`. */
const purposes = {
  package: 'INSTALL',
  application: 'APPLICATION',
  library: 'LIBRARY',
  interpreter: 'APPLICATION',
} as const satisfies Record<Component['kind'], string>;

/** What the specification has for "nobody looked", which is not the same as "there is none" (`NONE`). */
const noAssertion = 'NOASSERTION';

function textReference(text: string): string {
  return `LicenseRef-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

function declaredLicense(license: License): string {
  switch (license.kind) {
    case 'unknown':
      return noAssertion;
    case 'text':
      return textReference(license.text);
    case 'spdx':
      return license.expression;
  }
}

interface ExtractedLicense {
  readonly licenseId: string;
  readonly extractedText: string;
}

/** SPDX 2.3, clause 10: every licence that is not in the list is part of the document. */
function extractedLicenses(parts: readonly Component[]): readonly ExtractedLicense[] {
  const found = new Map<string, string>();
  for (const { license } of parts) {
    if (license.kind === 'text') found.set(textReference(license.text), license.text);
    if (license.kind !== 'spdx') continue;
    for (const identifier of licenseReferences(license.expression))
      found.set(identifier, `${identifier} is what the metadata says; it holds no text of it.`);
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([licenseId, extractedText]) => ({ licenseId, extractedText }));
}

/**
 * `Person: name (address)` (SPDX 2.3, 7.5); brackets in a name would begin an address. Metadata does not tell persons
 * from organizations.
 */
function creator(kind: 'Person' | 'Organization', text: string): string {
  const plain = (name: string): string => name.replaceAll(/[()"]/g, ' ').replaceAll(/\s+/g, ' ').trim();
  const named = /^(?<name>[^<>@,]+)<(?<address>[^<>\s@]+@[^<>\s@]+)>$/.exec(text)?.groups;
  const name = named?.['name'];
  return name === undefined ? `${kind}: ${plain(text)}` : `${kind}: ${plain(name)} (${named?.['address'] ?? ''})`;
}

function spdxId(id: string): string {
  return `SPDXRef-${id}`;
}

function packageOf(part: Component): object {
  const { author, supplier, homepage, summary, fileName, cpe, sha256 } = part;
  return {
    SPDXID: spdxId(part.id),
    name: part.name,
    versionInfo: part.version,
    ...(fileName === undefined ? {} : { packageFileName: fileName }),
    ...(supplier === undefined ? {} : { supplier: creator('Organization', supplier) }),
    ...(author === undefined ? {} : { originator: creator('Person', author) }),
    // The same lock works behind any index, so no address belongs here.
    downloadLocation: noAssertion,
    filesAnalyzed: false,
    ...(sha256 === undefined ? {} : { checksums: [{ algorithm: 'SHA256', checksumValue: sha256 }] }),
    ...(homepage === undefined ? {} : { homepage }),
    licenseConcluded: noAssertion,
    licenseDeclared: declaredLicense(part.license),
    copyrightText: noAssertion,
    ...(summary === undefined ? {} : { summary }),
    primaryPackagePurpose: purposes[part.kind],
    externalRefs: [
      { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: part.purl },
      ...(cpe === undefined
        ? []
        : [{ referenceCategory: 'SECURITY', referenceType: 'cpe23Type', referenceLocator: cpe }]),
    ],
  };
}

function relationships({ subject, components, dependencies }: BillOfMaterials): readonly object[] {
  const relation = (from: string, relationshipType: string, to: string): object => {
    return { spdxElementId: spdxId(from), relationshipType, relatedSpdxElement: spdxId(to) };
  };
  return [
    relation('DOCUMENT', 'DESCRIBES', subject.id),
    ...components.map(({ id }) => relation(subject.id, 'CONTAINS', id)),
    ...[...dependencies].flatMap(([id, others]) => others.map((other) => relation(id, 'DEPENDS_ON', other))),
  ];
}

/** A bill of materials in SPDX 2.3's JSON. The namespace follows from the content. */
export function spdx(bill: BillOfMaterials): string {
  const parts = [bill.subject, ...bill.components];
  const extracted = extractedLicenses(parts);
  const name = bill.subject.fileName ?? bill.subject.name;
  const content = {
    creationInfo: { created: timestamp(bill.epoch), creators: ['Tool: coachbuilder'] },
    documentDescribes: [spdxId(bill.subject.id)],
    packages: parts.map(packageOf),
    ...(extracted.length === 0 ? {} : { hasExtractedLicensingInfos: extracted }),
    relationships: relationships(bill),
  };
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name,
    // SPDX 2.3, 6.5: who has no place of their own on the web for documents uses this one; nothing has to be there.
    documentNamespace: `https://spdx.org/spdxdocs/${encodeURIComponent(name)}-${contentUuid(content)}`,
    ...content,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
